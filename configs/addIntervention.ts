/** An intervention that somebody asks for while a run is under way, by the rules of those that a config plans. */
import { ConfigError } from '../sim/core/errors.ts';
import type { ResolvedRun } from './arms.ts';
import type { Intervention } from './interventions.ts';
import { resolveConfig } from './parse.ts';

/** What is asked for. */
export interface Change extends Intervention {
  /** The only arm that it concerns; null = all. */
  readonly arm: number | null;
}

/** A run with an intervention more. */
export interface Intervened {
  readonly run: ResolvedRun;
  /** What happens to each arm; null = nothing. */
  readonly byArm: readonly (Intervention | null)[];
}

/**
 * Adds an intervention to the configs of a run's arms.
 *
 * @throws ConfigError when it is not permitted, by its path or its value
 */
export function addIntervention(run: ResolvedRun, { tick, path, value, arm }: Change): Intervened {
  const origin = `change of ${path}`;
  if (arm !== null && run.arms[arm] === undefined)
    throw new ConfigError(origin, `there is no arm ${arm}`, `arms are 0 to ${run.arms.length - 1}`);
  const intervention = { tick, path, value };
  const isMeant = (index: number): boolean => arm === null || arm === index;
  const arms = run.arms.map((config, index) => {
    if (!isMeant(index)) return config;
    const override = { origin, path: 'interventions[]', value: intervention };
    return resolveConfig(config, { overrides: [override] }).arms[0]!;
  });
  return {
    run: { ...run, arms },
    byArm: run.arms.map((_, index) => (isMeant(index) ? intervention : null)),
  };
}
