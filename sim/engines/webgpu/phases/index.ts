/** All phases that the device runs, by the names of sim/tick.ts. */
import type { DevicePhase } from '../phase.ts';
import { BRAIN_PHASE } from './brain.ts';
import { LIFE } from './life.ts';
import { MARKETS } from './markets.ts';
import { OPENING } from './opening.ts';
import { SENSES } from './senses.ts';
import { SETTLEMENT } from './settlement.ts';
import { WATCHING } from './watching.ts';

export const DEVICE_PHASES: ReadonlyMap<string, DevicePhase> = new Map(
  [...OPENING, BRAIN_PHASE, ...SENSES, ...MARKETS, ...SETTLEMENT, ...LIFE, ...WATCHING].map((phase) => [
    phase.name,
    phase,
  ]),
);
