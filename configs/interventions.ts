/**
 * Interventions: numbers of a world's parameters that change at the beginning of a tick while the world runs, as planned
 * in a config or asked for by somebody who watches. Either way they stand in the config, so that it still says all that a
 * run is. permitted.ts says which numbers they are.
 */
import { type MilliToken, milli } from '../sim/core/units.ts';
import { deriveWorld } from './derive.ts';
import type { RunConfig } from './schema.ts';
import type { WorldParameters } from './worldParameters.ts';

/** A change of one number. */
export interface Intervention {
  /** Ticks that are complete when it happens: the tick of this number is the first one under the new value. */
  readonly tick: number;
  /** One of PERMITTED (permitted.ts). */
  readonly path: string;
  readonly value: number;
}

/** Interventions in the order in which they happen; of one tick, as they are listed. */
export const inOrder = (interventions: readonly Intervention[]): Intervention[] =>
  [...interventions].sort((a, b) => a.tick - b.tick);

/** A config with a number of `world` changed. */
function withNumber(config: RunConfig, { path, value }: Intervention): RunConfig {
  const changed = (node: unknown, [key, ...rest]: readonly string[]): unknown =>
    key === undefined
      ? value
      : {
          ...(node as Record<string, unknown>),
          [key]: changed((node as Record<string, unknown>)[key], rest),
        };
  return changed(config, path.split('.')) as RunConfig;
}

/** The config in force after some interventions, in order. */
export const withInterventions = (config: RunConfig, interventions: readonly Intervention[]): RunConfig =>
  interventions.reduce(withNumber, config);

/** The rate that a law holds what was issued against. */
const ISSUANCE = 'world.policy.issuancePerTick';

/** Where a world's parameters stand among those of its run. */
export type WorldPlace = Pick<WorldParameters, 'world' | 'arm' | 'replicate' | 'seed'>;

/**
 * The parameters of a world after some interventions, in order.
 *
 * @throws ConfigError when a relation between constants does not hold
 */
export function parametersAfter(
  config: RunConfig,
  { world, arm, replicate, seed }: WorldPlace,
  interventions: readonly Intervention[],
): WorldParameters {
  const parameters = deriveWorld(withInterventions(config, interventions), { world, arm, replicate, seed });
  const { policy } = parameters;
  const rates = interventions
    .filter(({ path }) => path === ISSUANCE)
    .map(({ value }) => milli<MilliToken>(value));
  if (rates.length === 0 || policy.issuance === 'none') return parameters;
  const issuanceMost = Math.max(
    milli<MilliToken>(config.world.policy.issuancePerTick),
    ...rates,
  ) as MilliToken;
  return { ...parameters, policy: { ...policy, issuanceMost } };
}

/** Parameters whose issuance may once have been at another rate, milli-token a tick. */
export function afterIssuance(parameters: WorldParameters, rate: number): WorldParameters {
  const { policy } = parameters;
  const most = policy.issuanceMost ?? policy.issuancePerTick;
  if (rate <= most) return parameters;
  return { ...parameters, policy: { ...policy, issuanceMost: rate as MilliToken } };
}

/** Which parameters of one world hold at which tick. */
export class Course {
  private readonly config: RunConfig;
  private readonly place: WorldPlace;
  private interventions: Intervention[];
  /** Highest rate of issuance before a saved state, milli-token a tick: that of the run which was branched. */
  private issuedRate = 0;
  /** Interventions that are in force. */
  private done = 0;
  /** Tick of the next one; Infinity = none is to come. */
  next = Number.POSITIVE_INFINITY;

  constructor(config: RunConfig, place: WorldPlace) {
    this.config = config;
    this.place = place;
    this.interventions = inOrder(config.interventions ?? []);
    this.next = this.interventions[0]?.tick ?? Number.POSITIVE_INFINITY;
  }

  /** Adds one that is still to come. */
  add(intervention: Intervention): void {
    this.interventions = inOrder([...this.interventions, intervention]);
    this.next = this.interventions[this.done]!.tick;
  }

  /** Takes note of the rate at which a saved state was issued until then; what was issued before stays lawful. */
  hasIssued(rate: number): void {
    this.issuedRate = rate;
  }

  /** The parameters from `tick` on, as every intervention up to it has left them; ticks do not go back. */
  parametersAt(tick: number): WorldParameters {
    const { interventions } = this;
    while (this.done < interventions.length && interventions[this.done]!.tick <= tick) this.done++;
    this.next = interventions[this.done]?.tick ?? Number.POSITIVE_INFINITY;
    const parameters = parametersAfter(this.config, this.place, interventions.slice(0, this.done));
    return afterIssuance(parameters, this.issuedRate);
  }
}
