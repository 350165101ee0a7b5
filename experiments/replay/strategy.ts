/**
 * Strategies out of a checkpoint: the saved world itself builds the observation that they were trained on, and their
 * brains act at it. What a pool on a chain tells, reserves and balances, replaces what the world had; all else stands
 * still as it was saved. Nobody learns.
 */
import { actionIndex } from '../../agents/actions.ts';
import { HEAD, LANES, OBSERVATION_COUNT } from '../../agents/brain/layout.ts';
import { MIND } from '../../agents/founders.ts';
import { observe } from '../../agents/observation.ts';
import { ASSET, type Asset, FINANCE, FREE_SLOT, SYSTEM, WORLD } from '../../market/columns.ts';
import { midPrice } from '../../market/pool.ts';
import { recordWealth } from '../../market/wealth.ts';
import { pieceCount } from '../../sim/checkpoint.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { mulHigh } from '../../sim/core/fixed.ts';
import { U32_MAX } from '../../sim/core/units.ts';
import { Shard } from '../../sim/shard.ts';
import type { World } from '../../sim/world.ts';
import type { SavedState } from '../checkpoints.ts';
import { keptFounders } from '../founders.ts';
import type { Manifest } from '../manifest.ts';
import { armsOf } from '../starts.ts';
import { genomeHash } from './identity.ts';

/** What a trader owns, milli-units. */
export interface Holdings {
  readonly token: number;
  readonly cash: number;
}

/** A wish to trade; amounts in milli-units. */
export interface Order {
  readonly give: Asset;
  readonly amount: number;
}

/** The name of whoever is richest among the living learners. */
export const CHAMPION = 'champion';

export class StrategyDesk {
  readonly world: World;
  /** Slot of each strategy. */
  readonly slots: readonly number[];
  private readonly minds: readonly ReadonlyMap<(typeof MIND)[number], Float32Array>[];
  private price: number;

  private constructor(shard: Shard, slots: readonly number[]) {
    this.world = [...shard.inside()][0]!;
    this.slots = slots;
    const { brain } = this.world;
    this.minds = slots.map((slot) => new Map(MIND.map((name) => [name, readMind(brain, name, slot)])));
    this.price = this.world.columns.scalar[WORLD.tokenPrice]!;
  }

  /**
   * The strategies of a saved world.
   *
   * @param names serials of living learners, or CHAMPION
   * @throws UsageError where somebody does not live or has no brain, or the world has no AMM
   */
  static async open(
    directory: string,
    manifest: Manifest,
    number: number,
    state: SavedState,
    names: readonly string[],
  ): Promise<StrategyDesk> {
    const run = armsOf(manifest, directory, []);
    const { founders } = keptFounders(directory, manifest);
    const shard = new Shard(run, [number], { laws: false, founders });
    for (let piece = 0; piece < pieceCount(run.arms[0]!.slots); piece++)
      shard.restoreWorld(number, await state.read(number, piece), { place: state.folder });
    const world = [...shard.inside()][0]!;
    if (!world.parameters.amm.enabled)
      throw new UsageError(`world ${number} of ${directory} has no AMM`, 'its strategies never traded');
    const slots = names.map((name) => slotOf(world, name));
    const twice = slots.findIndex((slot, k) => slots.indexOf(slot) !== k);
    if (twice >= 0) throw new UsageError(`--strategy names ${names[twice]} twice`, 'name each one once');
    return new StrategyDesk(shard, slots);
  }

  serial(k: number): number {
    return this.world.agents.serial[this.slots[k]!]!;
  }

  genomeHash(k: number) {
    return genomeHash(this.world, this.slots[k]!);
  }

  /** What a strategy owned when it was saved. */
  savedHoldings(k: number): Holdings {
    const { token, cash } = this.world.balances;
    return { token: token[this.slots[k]!]!, cash: cash[this.slots[k]!]! };
  }

  /** The pool when it was saved. */
  savedReserves(): Holdings {
    const { systemToken, systemCash } = this.world.balances;
    return { token: systemToken[SYSTEM.amm]!, cash: systemCash[SYSTEM.amm]! };
  }

  /**
   * What every strategy wants to do; null = nothing.
   *
   * @param tick ticks since the checkpoint, which decides their luck
   * @param reserves of the pool now
   * @param holdings of each strategy now
   */
  decide(tick: number, reserves: Holdings, holdings: readonly Holdings[]): (Order | null)[] {
    const { world } = this;
    const { balances, columns, brain } = world;
    balances.systemToken[SYSTEM.amm] = reserves.token;
    balances.systemCash[SYSTEM.amm] = reserves.cash;
    this.slots.forEach((slot, k) => {
      balances.token[slot] = Math.min(U32_MAX, holdings[k]!.token);
      balances.cash[slot] = Math.min(U32_MAX, holdings[k]!.cash);
    });
    columns.scalar[WORLD.tokenPriceBefore] = this.price;
    this.price = midPrice(world);
    columns.scalar[WORLD.tokenPrice] = this.price;
    recordWealth(world, this.price);
    const now = world.tick + tick;
    observe(world, now);
    brain.step(now);
    return this.slots.map((slot, k) => {
      for (const [name, values] of this.minds[k]!) brain.writeRows(name, slot, values);
      brain.resetLearning(slot);
      return this.orderOf(slot, holdings[k]!);
    });
  }

  /** What a strategy saw, by feature. */
  observation(k: number): Float32Array {
    const out = new Float32Array(OBSERVATION_COUNT);
    this.world.brain.readRows('observation', this.slots[k]!, out);
    return out;
  }

  private orderOf(slot: number, { token, cash }: Holdings): Order | null {
    const choice = this.world.brain.columns.action[actionIndex(slot) + HEAD.finance * LANES]!;
    const step = this.world.parameters.policy.financeStep;
    if (choice === FINANCE.sellToken) return order(ASSET.token, mulHigh(Math.min(U32_MAX, token), step));
    if (choice === FINANCE.buyToken) return order(ASSET.cash, mulHigh(Math.min(U32_MAX, cash), step));
    return null;
  }
}

const order = (give: Asset, amount: number): Order | null => (amount === 0 ? null : { give, amount });

function readMind(brain: World['brain'], name: (typeof MIND)[number], slot: number): Float32Array {
  const values: number[] = [];
  brain.readRows(name, slot, values);
  return Float32Array.from(values);
}

function slotOf(world: World, name: string): number {
  const { columns, agents, parameters } = world;
  const learners = Array.from({ length: parameters.slots }, (_, slot) => slot).filter((slot) => {
    const population = columns.population[slot]!;
    return population !== FREE_SLOT && parameters.populations[population]!.kind === 'learner';
  });
  const found =
    name === CHAMPION
      ? learners.reduce<number | undefined>(
          (best, slot) => (best === undefined || columns.wealth[slot]! > columns.wealth[best]! ? slot : best),
          undefined,
        )
      : learners.find((slot) => String(agents.serial[slot]) === name.trim());
  if (found !== undefined) return found;
  const some = learners.slice(0, 5).map((slot) => agents.serial[slot]);
  throw new UsageError(
    `no learner ${name} lives at tick ${world.tick} of world ${parameters.world}`,
    some.length === 0 ? 'nobody who learns lives there' : `for example ${some.join(', ')}, or ${CHAMPION}`,
  );
}
