/** Births, deaths and what is measured. */
import type { DevicePhase } from '../phase.ts';

export const LIFE: readonly DevicePhase[] = [];
