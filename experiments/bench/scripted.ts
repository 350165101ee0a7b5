/** `darwin bench scripted`: whole ticks of a market of scripted traders, through the same threads as `darwin run`. */
import { UsageError } from '../../sim/core/errors.ts';
import { createSimulation } from '../../sim/run.ts';
import { planRun } from '../plan.ts';
import { createThreadShards } from '../threads.ts';
import { benchmarkConfig } from './economy.ts';
import { type BenchOptions, type BenchRow, ratioOf, spreadOf, takeTurns } from './measure.ts';

const WARM_UP_TICKS = 500;
const TICKS_PER_TURN = 500;

interface Setting {
  readonly threads: number;
  readonly laws: boolean;
}

const nameOf = ({ laws }: Setting): string => (laws ? 'scripted' : 'scripted, no laws');

/** Measures one thread and two (or `threads`), with the economic laws checked in every tick as in any run and without. */
export async function benchScripted(options: BenchOptions = {}): Promise<BenchRow[]> {
  const { agents, worlds, repeats = 7, threads = 2 } = options;
  if (repeats < 1) throw new UsageError('a benchmark needs at least one repeat', '--repeats 7');
  const run = benchmarkConfig('scripted.yaml', {
    slots: agents,
    worlds,
    ticks: WARM_UP_TICKS + TICKS_PER_TURN * repeats,
  });
  const settings = [...new Set([1, threads])].flatMap((count): Setting[] => [
    { threads: count, laws: true },
    { threads: count, laws: false },
  ]);
  const { slots, worlds: worldCount } = run.arms[0]!;
  const simulations = settings.map(({ threads: count, laws }) =>
    createSimulation(run, { shards: createThreadShards(run, planRun(run, count).threads, { laws }) }),
  );
  try {
    for (const simulation of simulations) await simulation.advance(WARM_UP_TICKS);
    const rates = await takeTurns(
      simulations.map((simulation) => ({
        advance: async () => (await simulation.advance(simulation.tick + TICKS_PER_TURN)).agentSteps,
      })),
      repeats,
    );
    return settings.map((setting, k): BenchRow => {
      const spread = spreadOf(rates[k]!);
      return {
        name: nameOf(setting),
        engine: 'cpu',
        threads: setting.threads,
        agents: slots * worldCount,
        worlds: worldCount,
        traderStepsPerSecond: spread,
        nsPerAgentStep: 1e9 / spread.median,
        ratio: ratioOf(rates[k]!, rates[0]!),
        ratioTo: `${nameOf(settings[0]!)}, ${settings[0]!.threads} thread`,
      };
    });
  } finally {
    await Promise.all(simulations.map((simulation) => simulation.close()));
  }
}
