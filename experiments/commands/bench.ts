/** `darwin bench [NAME]`: how fast this machine is, with its hardware. */
import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../../sim/core/errors.ts';
import { assertRead, BENCHMARKS, benchmarkNamed } from '../bench/index.ts';
import {
  BENCH_FLAGS,
  type BenchFlag,
  type BenchOptions,
  type BenchRow,
  FIGURES,
  type FigureName,
  type Spread,
} from '../bench/measure.ts';
import { assertWritable, countOf, writePage } from '../commandLine.ts';
import { describeHardware } from '../hardware.ts';
import { compact } from '../progress.ts';
import { answer, figure, note, table } from '../terminal.ts';

interface BenchFlags extends Readonly<Partial<Record<Exclude<BenchFlag, 'quick'>, string>>> {
  readonly quick?: boolean;
  readonly html?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('bench')
    .summary('measure agent-steps per second')
    .description(
      `Measures how fast this machine is; all benchmarks but the slow ones unless some are named.\n\n${BENCHMARKS.map(
        ({ name, about }) => `  ${name.padEnd(10)}${about}`,
      ).join('\n')}`,
    )
    .argument('[names...]', 'benchmarks')
    .option('--agents <n>', 'agents of a world; brain and engines take several, as in 100,1000,10000')
    .option('--hidden <n>', 'brain only: hidden units of each net, as in 8,16,32,64')
    .option('--worlds <n>', 'worlds')
    .option('--repeats <n>', 'measurements; the answer gives their median and range')
    .option('--threads <n>', 'highest number of threads')
    .option(
      '--engine <name>',
      'brain, tick: cpu or webgpu; engines: several that take turns, as in webgpu,cpu',
    )
    .option('--against <file>', 'another implementation to compare with, where a benchmark takes one')
    .option('--bse <path>', 'a copy of the Bristol Stock Exchange to compare with: its directory or BSE.py')
    .option('--quick', 'scaling: fewer sizes and repeats, a look before the minutes that all take')
    .option('--seconds <n>', 'page: how long agents are drawn, as in 600')
    .option('--parts <names>', 'load: watchers,runs,directory,soak; default all, the soak with --minutes')
    .option('--watchers <n>', 'load: watchers at a time')
    .option('--runs <n>', 'load: runs at a time')
    .option('--mebibytes <n>', 'load: size of the run directory that is opened')
    .option('--minutes <n>', 'load: length of the soak')
    .option('--html <file>', 'also write a page with tables and figures')
    .option('--json', 'print one JSON object')
    .action(benchCommand);
}

/** Options that are one whole number. */
const COUNTS = [
  'worlds',
  'repeats',
  'threads',
  'seconds',
  'watchers',
  'runs',
  'mebibytes',
  'minutes',
] as const;

/** Counts separated by commas; none where the option is missing. */
function countsOf(name: string, text: string | undefined): number[] {
  return text === undefined ? [] : text.split(',').map((part) => countOf(`--${name}`, part)!);
}

async function benchCommand(names: readonly string[], flags: BenchFlags): Promise<void> {
  const benchmarks =
    names.length > 0
      ? names.map(benchmarkNamed)
      : BENCHMARKS.filter(
          ({ byNameOnly, reads }) => !byNameOnly && (!flags.engine || reads.includes('engine')),
        );
  assertRead(
    benchmarks,
    BENCH_FLAGS.filter((flag) => flags[flag] !== undefined),
    names.length > 0,
  );
  const count = (name: (typeof COUNTS)[number]) => {
    const value = countOf(`--${name}`, flags[name]);
    return value === undefined ? {} : { [name]: value };
  };
  const agents = countsOf('agents', flags.agents);
  const hidden = countsOf('hidden', flags.hidden);
  const options: BenchOptions = {
    ...(agents.length === 1 ? { agents: agents[0]! } : agents.length > 1 ? { agentCounts: agents } : {}),
    ...(hidden.length > 0 ? { hiddenSizes: hidden } : {}),
    ...Object.assign({}, ...COUNTS.map(count)),
    ...(flags.parts === undefined ? {} : { parts: flags.parts }),
    ...(flags.engine === undefined ? {} : { engine: flags.engine }),
    ...(flags.against === undefined ? {} : { against: flags.against }),
    ...(flags.bse === undefined ? {} : { bse: flags.bse }),
    ...(flags.quick === undefined ? {} : { quick: flags.quick }),
  };
  if (agents.length > 1 && benchmarks.some(({ name }) => name !== 'brain' && name !== 'engines'))
    throw new UsageError('several --agents are for brain and engines alone', 'darwin bench brain ...');
  // before minutes of measuring
  if (flags.html !== undefined) {
    if (existsSync(flags.html))
      throw new UsageError(`${flags.html} exists`, 'a report is never overwritten: choose another --html');
    assertWritable('--html', flags.html);
  }
  const results: BenchRow[] = [];
  for (const benchmark of benchmarks) {
    if (benchmarks.length > 1) note(`${benchmark.name} ...`);
    results.push(...(await benchmark.run(options)));
  }
  const hardware = describeHardware();
  answer(flags.json, { hardware, results }, () =>
    [
      `${hardware.cpu}, ${hardware.cores} cores, ${hardware.memoryGiB} GiB, ${hardware.os}, node ${hardware.node}`,
      rateTable(results),
      ...new Set(results.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]))),
      ...results.flatMap(phaseTable),
      ...results.flatMap(gasTable),
    ].join('\n'),
  );
  if (flags.html !== undefined) {
    const { benchPage } = await import('../bench/reportPage.ts');
    if (writePage(flags.html, benchPage(hardware, results))) note(flags.html);
    else process.exitCode = EXIT.badInput;
  }
}

/** The figures that a row has, in the order of FIGURES. */
const figuresOf = (row: BenchRow): [FigureName, Spread][] =>
  (Object.keys(FIGURES) as FigureName[]).flatMap((figure) => {
    const spread = row[figure];
    return spread === undefined ? [] : [[figure, spread] as [FigureName, Spread]];
  });

function rateTable(results: readonly BenchRow[]): string {
  const rows = results.flatMap((row) =>
    figuresOf(row).map(([figure, { median, min, max }]) => [
      row.x === undefined ? row.name : `${row.name}: ${row.x}`,
      String(row.threads),
      String(row.agents),
      String(row.worlds),
      `${compact(median)} ${FIGURES[figure]}`,
      `${compact(min)} .. ${compact(max)}`,
      row.nsPerAgentStep === undefined ? '' : row.nsPerAgentStep.toFixed(0),
      row.bytesPerAgent === undefined ? '' : row.bytesPerAgent.toFixed(0),
      row.ratio === undefined ? '' : `${row.ratio.toFixed(2)} x ${row.ratioTo ?? ''}`.trim(),
      row.startMs === undefined ? '' : `${row.startMs.toFixed(0)} ms`,
    ]),
  );
  const head = [
    'benchmark',
    'threads',
    'agents',
    'worlds',
    'median',
    'range',
    'ns/agent-step',
    'bytes/agent',
  ];
  return table([...head, 'ratio', 'start-up'], rows);
}

function phaseTable({ phases, nsPerAgentStep = Number.NaN }: BenchRow): string[] {
  if (phases === undefined) return [];
  const rows = Object.entries(phases)
    .sort(([, a], [, b]) => b - a)
    .map(([phase, share]) => [
      phase,
      `${(100 * share).toFixed(1)} %`,
      `${(share * nsPerAgentStep).toFixed(0)} ns`,
    ]);
  return [table(['phase', 'share of a tick', 'per agent-step'], rows)];
}

function gasTable({ gasPerEntry }: BenchRow): string[] {
  if (gasPerEntry === undefined) return [];
  const rows = Object.entries(gasPerEntry).map(([mechanism, gas]) => [mechanism, figure(gas)]);
  return [table(['mechanism', 'gas/entry'], rows)];
}
