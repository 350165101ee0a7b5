/** Environments by name. A custom one is registered at run time and named in the schema's registry. */

import { registerNames } from '../../configs/registry.ts';
import type { WorldParameters } from '../../configs/worldParameters.ts';
import { ConfigError } from '../../sim/core/errors.ts';
import { contextualBandit } from './contextualBandit.ts';
import type { Environment, EnvironmentFactory } from './environment.ts';
import { gridWorld } from './gridWorld.ts';

const factories = new Map<string, EnvironmentFactory>([
  ['contextualBandit', contextualBandit],
  ['gridWorld', gridWorld],
]);

/** Makes an environment available to configs under `name`. Throws RangeError when the name is taken. */
export function registerEnvironment(name: string, factory: EnvironmentFactory): void {
  if (factories.has(name) || name === 'none')
    throw new RangeError(`the environment '${name}' is already registered`);
  registerNames({ environments: [name] });
  factories.set(name, factory);
}

/** The environment that a world's parameters ask for, or null for a world of markets. Throws ConfigError for an unknown name. */
export function createEnvironment(parameters: WorldParameters): Environment | null {
  const { kind } = parameters.environment;
  if (kind === 'none') return null;
  const factory = factories.get(kind);
  if (factory === undefined) {
    throw new ConfigError(
      'world.environment.kind',
      `no environment is called '${kind}'`,
      `known: none, ${[...factories.keys()].join(', ')}`,
    );
  }
  return factory(parameters);
}
