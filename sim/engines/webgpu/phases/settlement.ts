/** Contracts, circulation, debts, bills, swaps and stakes. */
import type { DevicePhase } from '../phase.ts';

export const SETTLEMENT: readonly DevicePhase[] = [];
