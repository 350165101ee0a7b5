/** Markets, data and training. */
import type { DevicePhase } from '../phase.ts';

export const MARKETS: readonly DevicePhase[] = [];
