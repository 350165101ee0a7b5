/** What agents see, want, choose and get as reward. */
import type { DevicePhase } from '../phase.ts';

export const SENSES: readonly DevicePhase[] = [];
