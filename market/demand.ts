/** What consumers want each tick, before their budget: integer shapes of demand over time. */
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { portion } from '../sim/core/fixed.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import type { MarketWorld } from './columns.ts';

/** One turn, and the sine's value for one, both 2^16. */
const TURN = 0x1_0000;
const ONE = 0x1_0000;
/** A walk has this many steps between the mean and its bounds. */
export const WALK_STEPS = 4;

/**
 * The sine of phase / 2^16 turns in 2^-16, by Bhaskara I's rational formula in integers (error below
 * 0.0017): sin(x) = 16 x (h - x) / (5 h^2 - 4 x (h - x)) over the half turn h, rounded down in size.
 *
 * @param phase 0..2^16 - 1
 */
export function sine16(phase: number): number {
  const half = TURN / 2;
  const x = phase % half;
  const p = x * (half - x);
  const value = Math.floor((16 * p * ONE) / (5 * half * half - 4 * p));
  return phase < half ? value : -value;
}

/** Moves the demand walks; at genesis they start at the mean. */
export function moveDemand(world: MarketWorld, tick: number): void {
  const { serviceMarket, seed } = world.parameters;
  if (serviceMarket.shape !== 'randomWalk' || tick === 0 || tick % serviceMarket.period !== 0) return;
  const { demandState } = world.columns;
  for (let c = 0; c < CLASS_COUNT; c++) {
    const up = draw(seed, tick, c, STREAM.demand) >>> 31 === 1;
    const state = demandState[c]!;
    // reflected: at a bound the only way is back
    if (state === 0) demandState[c] = 1;
    else if (state === 2 * WALK_STEPS) demandState[c] = state - 1;
    else demandState[c] = up ? state + 1 : state - 1;
  }
}

/**
 * Tasks of class `c` wanted in a tick, V_c(t). With a = amplitude x mean, rounded down: *constant* mean; *seasonal* mean +
 * a sin(2 pi (t / period + c / C)); *randomWalk* mean + a (state - 4) / 4, one step by a fair coin every
 * period; *regimeShift* mean + a for half of the classes and mean - a for the others, which swap every period; *series*
 * mean x the recorded row of the tick, rounded down.
 */
export function wantedTasks(world: MarketWorld, tick: number, c: number): number {
  const { demand, shape, period, amplitude, series } = world.parameters.serviceMarket;
  const mean = demand[c]!;
  if (shape === 'constant') return mean;
  if (series !== null) {
    const factor = series[Math.floor(tick / period) % series.length]!;
    return Math.min(U32_MAX, Math.floor((mean * factor) / ONE));
  }
  const swing = portion(mean, amplitude);
  if (shape === 'seasonal') {
    const phase = Math.floor(((tick % period) * TURN) / period) + (c * TURN) / CLASS_COUNT;
    return mean + Math.floor((swing * sine16(phase % TURN)) / ONE);
  }
  if (shape === 'randomWalk') {
    return mean + Math.floor((swing * (world.columns.demandState[c]! - WALK_STEPS)) / WALK_STEPS);
  }
  const regime = Math.floor(tick / period) % 2;
  const favoured = c < CLASS_COUNT / 2 === (regime === 0);
  return favoured ? mean + swing : mean - swing;
}
