import { expect, test } from 'vitest';
import { describeOnGpu } from '../../../experiments/testDevice.ts';
import { PARITY_CASES, type ParityCase } from './parityWorlds.ts';
import { missingPhases } from './plan.ts';
import { expectRunParity } from './runParity.ts';

/** A small world of a case, from its genesis on. */
const small = (each: ParityCase, slots: number): ParityCase => ({
  ...each,
  slots: Math.min(slots, each.slots),
  ticks: 0,
});
/** Phases of worlds that the device refuses, idle in all others. */
const NEVER = ['double auction', 'exchange', 'contest'];

await describeOnGpu('worlds given the same actions', (gpu) => {
  for (const each of PARITY_CASES)
    test(`have the same integers after each of 12 ticks on both engines: ${each.what}`, async () => {
      const onCpu = await expectRunParity(gpu, small(each, 12), 12);
      // the CPU does what has no shader, and nothing else
      for (const phase of onCpu) expect([...missingPhases(), ...NEVER]).toContain(phase);
    });
});
