/** `darwin bench [NAME]`: how fast this machine is, with its hardware. */
import type { Command } from 'commander';
import { UsageError } from '../../sim/core/errors.ts';
import type { BenchRow } from '../bench/run.ts';
import { describeHardware } from '../hardware.ts';
import { compact } from '../progress.ts';
import { answer, table } from '../terminal.ts';

interface BenchOptions {
  readonly agents?: string;
  readonly worlds?: string;
  readonly repeats?: string;
  readonly against?: string;
  readonly json?: boolean;
}

const NAMES = ['brain', 'run'];

export function register(program: Command): void {
  program
    .command('bench')
    .summary('measure agent-steps per second')
    .description(
      'Measures the brain kernel alone (brain) and whole runs end to end (run); both unless one is named.',
    )
    .argument('[name]', NAMES.join(' or '))
    .option('--agents <n>', 'agents of a world')
    .option('--worlds <n>', 'worlds')
    .option('--repeats <n>', 'measurements; the answer gives their median and range')
    .option('--against <file>', 'brain only: an AssemblyScript kernel to compare with')
    .option('--json', 'print one JSON object')
    .action(benchCommand);
}

function countOf(name: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`--${name} ${text} is not a whole number from 1`, `for example --${name} 8`);
  return { [name]: value };
}

async function benchCommand(name: string | undefined, options: BenchOptions): Promise<void> {
  if (name !== undefined && !NAMES.includes(name))
    throw new UsageError(`there is no benchmark ${name}`, `benchmarks: ${NAMES.join(', ')}`);
  const sizes = {
    ...countOf('agents', options.agents),
    ...countOf('worlds', options.worlds),
    ...countOf('repeats', options.repeats),
  };
  const results: BenchRow[] = [];
  if (name !== 'run') {
    const { benchBrain } = await import('../bench/brain.ts');
    const against = options.against === undefined ? {} : { against: options.against };
    for (const { name: kernel, agentsPerWorld, worlds, ...row } of await benchBrain({ ...sizes, ...against }))
      results.push({
        name: `brain ${kernel}`,
        engine: 'cpu',
        threads: 1,
        agents: agentsPerWorld * worlds,
        worlds,
        ...row,
      });
  }
  if (name !== 'brain') {
    const { benchRun } = await import('../bench/run.ts');
    results.push(...(await benchRun(sizes)));
  }
  const hardware = describeHardware();
  answer(options.json, { hardware, results }, () => {
    const rows = results.map(({ agentStepsPerSecond: rate, ...row }) => [
      row.name,
      String(row.threads),
      String(row.agents),
      String(row.worlds),
      compact(rate.median),
      `${compact(rate.min)} .. ${compact(rate.max)}`,
    ]);
    const phases = results.find((row) => row.phases)?.phases ?? {};
    const shares = Object.entries(phases)
      .sort(([, a], [, b]) => b - a)
      .map(([phase, share]) => [phase, `${(100 * share).toFixed(1)} %`]);
    return [
      `${hardware.cpu}, ${hardware.cores} cores, ${hardware.memoryGiB} GiB, ${hardware.os}, node ${hardware.node}`,
      table(['benchmark', 'threads', 'agents', 'worlds', 'agent-steps/s', 'range'], rows),
      ...(shares.length > 0 ? [table(['phase', 'share of the time of a tick'], shares)] : []),
    ].join('\n');
  });
}
