/** Test support: worlds in the middle of a run, with every mechanism in some of them, for comparing engines. */
import type { ResolvedRun } from '../../../configs/arms.ts';
import { parseConfig } from '../../../configs/parse.ts';
import { FREE_SLOT } from '../../../market/columns.ts';
import { DrawSequence, STREAM } from '../../core/rng.ts';
import { Shard } from '../../shard.ts';
import { crowd, hectic } from '../../testWorlds.ts';
import { phasesOf } from '../../tick.ts';
import type { World } from '../../world.ts';

/** What of a config makes the worlds of a case. */
export interface ParityCase {
  readonly what: string;
  readonly slots: number;
  /** Ticks before the one whose phase is compared. */
  readonly ticks: number;
  readonly world: object;
  readonly populations?: readonly object[];
  /** Other keys of the config. */
  readonly config?: object;
}

const learners = [{ name: 'learners', kind: 'learner' }];
const everyKind = [
  'learner',
  'random',
  'ziC',
  'ziU',
  'zip',
  'fixedMarkup',
  'rule',
  'truthful',
  'gvwy',
  'passive',
];

/** Worlds that between them have every mechanism which the device runs. */
export const PARITY_CASES: readonly ParityCase[] = [
  { what: 'a plain market', slots: 67, ticks: 90, world: {} },
  {
    what: 'every mechanism, staked contracts',
    slots: 48,
    ticks: 70,
    world: {
      serviceMarket: { shape: 'seasonal', networkEffect: 0.3 },
      policy: {
        wealthTaxPerTick: 0.001,
        staking: true,
        issuance: 'yuma',
        epoch: 7,
        feeBurn: 0.2,
        dividend: 0.1,
      },
      trust: { regime: 'programmatic' },
      dataOwnership: { platform: 0.5, market: true },
      ownership: { distribution: 'pareto', scaleEconomy: 0.2, capitalCost: 0.02, operatorShare: 0.3 },
      objectives: { enabled: true },
      amm: { redeemEvery: 5 },
    },
    populations: learners,
  },
  {
    what: 'courts, a walking demand, stake-weighted issuance',
    slots: 41,
    ticks: 60,
    world: {
      trust: { regime: 'legal', legalCost: 0.01, registrationFee: 1, delay: 3, discountRate: 0 },
      serviceMarket: { shape: 'randomWalk', period: 3, pricing: 'secondScore' },
      policy: { staking: true, issuance: 'stakeWeighted' },
    },
  },
  {
    what: 'no remedy, regime shifts, work-weighted issuance, firms',
    slots: 50,
    ticks: 80,
    world: {
      trust: { regime: 'none' },
      serviceMarket: { shape: 'regimeShift', period: 7, demand: 2, pricing: 'secondScore' },
      policy: { issuance: 'workWeighted', feeBurn: 1, dividend: 1 },
      ownership: { distribution: 'firms', firms: 3, firmShare: 0.6 },
    },
  },
  {
    what: 'every kind of trader',
    slots: 70,
    ticks: 50,
    world: {},
    populations: everyKind.map((kind) => ({ name: kind, kind })),
  },
  {
    what: 'no learner',
    slots: 29,
    ticks: 60,
    world: { dataOwnership: { platform: 0.5, market: true, price: 0.001 } },
    populations: [{ name: 'random', kind: 'random' }],
  },
  { what: 'no AMM', slots: 33, ticks: 40, world: { amm: { enabled: false } } },
  { what: 'more agents than threads', slots: 300, ticks: 25, world: { serviceMarket: { demand: 40 } } },
  { what: 'one slot', slots: 1, ticks: 30, world: {} },
];

/** The config of a case, two worlds. */
export function configOf(
  { slots, world, populations = crowd, config = {} }: ParityCase,
  seed: string,
): ResolvedRun {
  const own = { seed, ticks: 100_000, worlds: 2, slots, populations, world: merged(hectic, world) };
  return parseConfig(JSON.stringify({ ...own, ...config }));
}

/** Worlds of a case, two seeds, at the opening of tick `ticks`. */
export function runCase(each: ParityCase, seed: string): World[] {
  const shard = new Shard(configOf(each, seed), [0, 1], { laws: false });
  shard.advance(each.ticks);
  return [...shard.inside()];
}

const merged = (base: object, over: object): object => ({ ...base, ...over });

/** Runs the phases of a world's next tick that come before the named one. */
export function runUpTo(world: World, phase: string): void {
  world.ledger.tick = world.tick;
  for (const { name, run } of phasesOf(world)) {
    if (name === phase) return;
    run(world, world.tick);
  }
}

const draws = new DrawSequence();

/** A number of any size up to 2^bits, 0 in one of nine cases. */
const anySize = (bits: number): number => {
  if (draws.below(9) === 0) return 0;
  return Math.floor(draws.unit() * 2 ** (1 + draws.below(bits)));
};

/** Gives some of the living other possessions, of every size that a world can hold. */
export function perturb(world: World, seed: number): void {
  const { balances, columns, parameters } = world;
  draws.at(seed, world.tick, world.parameters.world, STREAM.scripted);
  for (let i = 0; i < parameters.slots; i++) {
    if (columns.population[i] === FREE_SLOT || draws.below(3) > 0) continue;
    balances.token[i] = anySize(27);
    balances.cash[i] = anySize(27);
    columns.data[i] = anySize(20);
    columns.reputation[i] = draws.below(4) === 0 ? 0xffff_ffff : draws.word();
    for (let c = 0; c < 4; c++) columns.skill[4 * i + c] = draws.word();
    columns.soldEma[i] = anySize(12);
  }
}
