/** The economies of benchmarks at any size: configs of this folder, with as much of everything per agent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ResolvedRun } from '../../configs/arms.ts';
import type { Override } from '../../configs/overrides.ts';
import { parseConfig } from '../../configs/parse.ts';
import { PACKAGE_ROOT } from '../hardware.ts';

/** Agents and number of the worlds of the configs. */
export const STANDARD_WORLD = 256;
export const STANDARD_WORLDS = 8;
/** Reserves of the pool end at 2^30 milli-units. */
const RESERVES_MAX = 1_000_000;
/** Most that the schema lets consumers hold. */
const CONSUMERS_MAX = 1e9;

/** A config of this folder, its sizes replaced by what was asked for. */
export function benchmarkConfig(
  file: string,
  sizes: Readonly<Record<string, number | string | undefined>>,
): ResolvedRun {
  const place = join('experiments', 'bench', file);
  const overrides = Object.entries(sizes)
    .filter(([, value]) => value !== undefined)
    .map(([path, value]): Override => ({ origin: `--${path}`, path, value }));
  return parseConfig(readFileSync(join(PACKAGE_ROOT, place), 'utf8'), { file: place, overrides });
}

/** The benchmark economy with as much demand and money per agent at every size. */
export function economy(
  slots: number,
  worlds: number,
  file = 'plainEconomy.yaml',
  more: Readonly<Record<string, number | string>> = {},
): ResolvedRun {
  const { world } = benchmarkConfig(file, {}).arms[0]!;
  const scaled = (amount: number): number => Math.max(1, Math.round((amount * slots) / STANDARD_WORLD));
  return benchmarkConfig(file, {
    slots,
    worlds,
    ticks: 1_000_000_000,
    ...more,
    'world.serviceMarket.demand': scaled(world.serviceMarket.demand),
    'world.consumers.cash': Math.min(CONSUMERS_MAX, scaled(world.consumers.cash)),
    'world.consumers.token': Math.min(CONSUMERS_MAX, scaled(world.consumers.token)),
    'world.amm.cash': Math.min(RESERVES_MAX, scaled(world.amm.cash)),
    'world.amm.token': Math.min(RESERVES_MAX, scaled(world.amm.token)),
  });
}

/** Tail index of capacities at the standard size, the default of configs/schema.ts. */
const PARETO_ALPHA = 1.16;
/** Steps in which a larger world's tail is cut. */
const PARETO_STEP = 1.02;

/**
 * The tail index with which the richest of so many agents owns at most `most` cu at genesis, the default where that is
 * one. The richest quantile is (2 slots)^(1 / alpha) times the unit of the distribution; the mean of all is at least the
 * integral from there on.
 *
 * @param mean cu an agent
 */
export function tailIndexFor(slots: number, mean: number, most: number): number {
  const richest = (alpha: number): number => {
    const quantile = (2 * slots) ** (1 / alpha);
    const average = (alpha / (alpha - 1)) * (1 - quantile / (2 * slots));
    return Math.ceil((mean * quantile) / average);
  };
  let alpha = PARETO_ALPHA;
  // the bound is wide for few agents, whose true maximum the default keeps
  while (slots > STANDARD_WORLD && richest(alpha) > most) alpha *= PARETO_STEP;
  return alpha;
}

/** Every mechanism on, at any size: with the standard size's demand, money and bound on capacity per agent. */
export function everyMechanismAt(
  slots: number,
  worlds: number,
  more: Readonly<Record<string, number | string>> = {},
): ResolvedRun {
  const file = 'everyMechanism.yaml';
  const { genesis, hardware } = benchmarkConfig(file, {}).arms[0]!.world;
  return economy(slots, worlds, file, {
    ...more,
    'world.ownership.paretoAlpha': tailIndexFor(slots, genesis.capacity, hardware.capacityMax),
  });
}
