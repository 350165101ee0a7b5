/** Reward features of one's own: registered at run time, named in a config, valued by genomes in a built-in one's place. */

import { registerNames } from '../configs/registry.ts';
import { UsageError } from '../sim/core/errors.ts';
import { single } from '../sim/core/floatMath.ts';
import { ownCode } from '../sim/core/ownCode.ts';
import { type AgentWorld, REWARD_FEATURES } from './columns.ts';

/** A reward feature in words. */
export interface OwnFeature {
  readonly name: string;
  readonly formula: string;
  /** What values are clipped to, within [-1, 1]. */
  readonly range: readonly [number, number];
}

/**
 * Value of a feature for one living learner, called once a tick in the phase `reward`, after everything is settled. It
 * may read all columns but those of other agents in `agents`, which are written in this phase; it writes nothing, draws
 * nothing, and must depend on the world alone, or runs cannot be repeated.
 */
export type FeatureValue = (world: AgentWorld, tick: number, agent: number) => number;

interface Registered {
  readonly feature: OwnFeature;
  readonly value: FeatureValue;
}
const registered = new Map<string, Registered>();

/**
 * Makes a reward feature usable in configs (`extensions.rewardFeatures`).
 *
 * @throws RangeError when the name is taken, or the range is not within [-1, 1]
 */
export function registerRewardFeature(feature: OwnFeature, value: FeatureValue): void {
  const [low, high] = feature.range;
  if ((REWARD_FEATURES as readonly string[]).includes(feature.name))
    throw new RangeError(`the reward feature '${feature.name}' is built in`);
  if (!(low >= -1 && low < high && high <= 1))
    throw new RangeError(
      `the range of reward feature '${feature.name}' is ${low} to ${high}, not within -1 to 1`,
    );
  registerNames({ rewardFeatures: [feature.name] });
  registered.set(feature.name, { feature, value: ownCode(`reward feature '${feature.name}'`, value) });
}

/** A feature in the place of a built-in one. */
interface Placed extends Registered {
  /** Index into REWARD_FEATURES. */
  readonly at: number;
}
const placed = new WeakMap<object, readonly Placed[]>();

/** Features of one's own in a world; null where there are none. Throws RangeError for an unregistered one. */
export function ownFeaturesOf({ parameters }: AgentWorld): readonly Placed[] | null {
  const { ownFeatures } = parameters;
  if (ownFeatures === undefined || ownFeatures.length === 0) return null;
  let list = placed.get(ownFeatures);
  if (list === undefined) {
    list = ownFeatures.map(({ name, replaces }) => {
      const known = registered.get(name);
      if (known === undefined)
        throw new RangeError(`no reward feature '${name}' is registered; call registerRewardFeature first`);
      return { ...known, at: (REWARD_FEATURES as readonly string[]).indexOf(replaces) };
    });
    placed.set(ownFeatures, list);
  }
  return list;
}

/** The value of a feature for an agent, f32, within its range. Throws UsageError where it is not a number. */
export function ownFeatureValue(
  { feature: { name, range }, value }: Placed,
  world: AgentWorld,
  tick: number,
  agent: number,
): number {
  const found = value(world, tick, agent);
  // a module without types may return anything, most often nothing
  if (typeof found !== 'number' || Number.isNaN(found))
    throw new UsageError(
      `reward feature '${name}' is not a number at tick ${tick}, world ${world.parameters.world}, agent ${agent}`,
      'return a number',
    );
  return single(Math.min(range[1], Math.max(range[0], found)));
}
