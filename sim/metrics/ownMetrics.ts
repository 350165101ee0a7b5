/** Metrics of one's own: registered at run time, named in a config, recorded beside the others. */
import { registerNames } from '../../configs/registry.ts';
import { UsageError } from '../core/errors.ts';
import { ownCode } from '../core/ownCode.ts';
import type { World } from '../world.ts';
import { METRICS, type Metric } from './table.ts';

/** A metric of a world as it is at a sampled tick; reads everything, writes nothing. */
export type MetricValue = (world: World) => number;

/** Names that own metrics have, so that nothing built in is ever called so. */
const OWN_NAME = /^own[A-Z]\w{0,36}$/;
export const isOwnMetric = (name: string): boolean => OWN_NAME.test(name);

const registered = new Map<string, { readonly metric: Metric; readonly value: MetricValue }>();

/**
 * Makes a metric usable in configs that are parsed from now on (`extensions.metrics`).
 *
 * @throws RangeError when the name is taken, or no name of a column
 */
export function registerMetric(metric: Metric, value: MetricValue): void {
  const { name } = metric;
  if (METRICS.some((one) => one.name === name)) throw new RangeError(`the metric '${name}' is built in`);
  if (!isOwnMetric(name))
    throw new RangeError(`the metric '${name}' must be called own and a word, such as ownCapacityShare`);
  registerNames({ metrics: [name] });
  registered.set(name, { metric, value: ownCode(`metric '${name}'`, value) });
}

/** A registered metric in words. Throws RangeError for an unregistered one. */
export function ownMetric(name: string): Metric {
  return entryOf(name).metric;
}

function entryOf(name: string) {
  const entry = registered.get(name);
  if (entry === undefined)
    throw new RangeError(`no metric '${name}' is registered; call registerMetric first`);
  return entry;
}

/**
 * The values of a world's own metrics, in the order of the config, NaN for what was not observed; null where it has none.
 * Throws UsageError for a value that is no number.
 */
export function measureOwn(world: World): Float64Array | null {
  const { ownMetrics } = world.parameters;
  return ownMetrics === undefined
    ? null
    : Float64Array.from(ownMetrics, (name) => {
        const value: unknown = entryOf(name).value(world);
        if (typeof value === 'number') return value;
        throw new UsageError(`metric '${name}' is ${JSON.stringify(value)}, no number`, 'return a number');
      });
}
