/** What the page of a run is told once, and on which port it is. */
import { type ResolvedRun, worldParameters } from '../configs/arms.ts';
import { UsageError } from '../sim/core/errors.ts';
import { fromMilli } from '../sim/core/units.ts';
import type { RunHeader } from '../viz/protocol.ts';

export function headerOf(run: ResolvedRun): RunHeader {
  const { name, description, ticks, worlds, slots, output, populations } = run.arms[0]!;
  const byArm = worldParameters({ ...run, arms: run.arms.map((arm) => ({ ...arm, worlds: 1 })) });
  return {
    name,
    description,
    ticks,
    worlds,
    slots,
    metricsEvery: output.metricsEvery,
    arms: run.armLabels.map((label, arm) => ({
      label,
      computePrices: Array.from(byArm[arm]!.computeMarket.priceTable, fromMilli),
    })),
    populations: populations.map((population) => ({ name: population.name, kind: population.kind })),
  };
}

/** The port that an option names; 0 = any free one. Throws UsageError for anything that is no port. */
export function portOf(text: string | true | undefined): number {
  if (text === undefined || text === true) return 0;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new UsageError(`${text} is not a port`, 'give a number from 1 to 65535, or none for a free port');
  return port;
}
