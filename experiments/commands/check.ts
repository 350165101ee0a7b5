/** `darwin check CONFIG`: every economic law on every tick, and metrics against what was accepted; for CI. */
import { renameSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import type { Command } from 'commander';
import { type ResolvedRun, worldCount } from '../../configs/arms.ts';
import { EXIT, LawViolation, UsageError } from '../../sim/core/errors.ts';
import type { LawStatus } from '../../sim/frame.ts';
import {
  BASELINE_SEEDS,
  type Baseline,
  baselineOf,
  FigureBook,
  isSameConfig,
  type Judgement,
  judge,
  readBaseline,
} from '../baseline/baseline.ts';
import { annotations, judgementLine, junit, offBy } from '../baseline/publish.ts';
import { assertWritable, countOf, writePage } from '../commandLine.ts';
import { addExtendOption, loadExtensions } from '../extensions.ts';
import { loadFounders } from '../founders.ts';
import { addConfigOptions, type ConfigOptions, loadConfig, openEngineOf } from '../loadConfig.ts';
import { Progress } from '../progress.ts';
import { readSeries } from '../recordedSeries.ts';
import { drive, engineLine, interruptSignal, openRun } from '../simulate.ts';
import { answer, figure, note, table } from '../terminal.ts';

interface CheckOptions extends ConfigOptions {
  readonly extend?: readonly string[];
  readonly baseline?: string;
  readonly accept?: boolean;
  readonly seeds?: string;
  readonly junit?: string;
  readonly fault?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  addExtendOption(
    addConfigOptions(
      program
        .command('check')
        .summary('run a config with all economic laws checked on every tick')
        .description(
          'Runs a config with all economic laws checked on every tick, and its metrics against a baseline where one is given; writes no run. Exit code 1 on the first violation, or where a metric lies outside of what was accepted.',
        )
        .argument('<config>', 'YAML file or preset'),
    ),
  )
    .option('--baseline <file>', 'hold the metrics against this file')
    .option('--accept', 'write --baseline from this run instead')
    .option('--seeds <n>', `worlds of each arm for --accept, at least 3, by default ${BASELINE_SEEDS}`)
    .option('--junit <file>', 'write laws and metrics as a JUnit report')
    .option('--fault <name>', 'break a law on purpose, for testing the checker')
    .option('--json', 'print one JSON object')
    .action(checkCommand);
}

/** What is asked for beside laws, proved possible before anything runs. */
function asked(options: CheckOptions): {
  readonly baseline: Baseline | null;
  readonly set: readonly string[];
} {
  const { baseline: file, accept, seeds } = options;
  if (file === undefined && accept) throw new UsageError('--accept needs a file', 'give --baseline FILE');
  if (seeds !== undefined && !accept)
    throw new UsageError('--seeds is for --accept', 'a check has as many worlds as its config');
  if (options.junit !== undefined) assertWritable('--junit', options.junit);
  const set = options.set ?? [];
  if (file === undefined) return { baseline: null, set };
  if (!accept) return { baseline: readBaseline(file), set };
  assertWritable('--baseline', file);
  const worlds = countOf('--seeds', seeds) ?? BASELINE_SEEDS;
  if (worlds < 3) throw new UsageError(`--seeds ${worlds} tells nothing of luck`, 'at least 3, better 20');
  return { baseline: null, set: [...set, `worlds=${worlds}`] };
}

/** What a check has found so far. */
class Findings {
  laws: readonly LawStatus[] = [];
  judgements: readonly Judgement[] = [];
  private readonly config: string;
  private readonly options: CheckOptions;

  constructor(config: string, options: CheckOptions) {
    this.config = config;
    this.options = options;
  }

  get outside(): Judgement[] {
    return this.judgements.filter(({ pass }) => !pass).sort((a, b) => b.errors - a.errors);
  }

  /** Annotations and JUnit. */
  publish(): void {
    const { laws, judgements, outside, config, options } = this;
    const broken = laws.flatMap(({ violated }) => (violated === null ? [] : [violated]));
    if (process.env.GITHUB_ACTIONS === 'true')
      for (const line of [
        ...annotations(config, 'economic law broken', broken),
        ...annotations(config, 'metric outside of the accepted interval', outside.map(judgementLine)),
      ])
        note(line);
    if (options.junit !== undefined) writePage(options.junit, junit(config, laws, judgements));
  }

  /** For `--json`. */
  value(): object {
    if (this.options.baseline === undefined || this.options.accept) return {};
    return {
      baseline: {
        file: this.options.baseline,
        compared: this.judgements.length,
        outside: this.outside.map(({ pass: _, ...one }) => one),
      },
    };
  }

  text(): string[] {
    const { judgements, outside } = this;
    if (judgements.length === 0) return [];
    if (outside.length === 0) return [`all ${judgements.length} metrics lie where they were accepted`];
    const arms = [...new Set(outside.map(({ arm }) => arm))];
    return [
      ...arms.flatMap((arm) => [
        ...(arm === '' ? [] : [`${arm}:`]),
        table(
          ['metric', 'accepted', 'got', 'how far'],
          outside
            .filter((one) => one.arm === arm)
            .map((one) => [
              one.metric,
              `${figure(one.low)} to ${figure(one.high)}`,
              figure(one.got),
              offBy(one),
            ]),
        ),
      ]),
      `${outside.length} of ${judgements.length} metrics lie outside of what ${this.options.baseline} accepts; if that is meant: --accept`,
    ];
  }
}

async function checkCommand(config: string, options: CheckOptions): Promise<void> {
  const { baseline, set } = asked(options);
  await loadExtensions(options.extend);
  const run = await readSeries(loadConfig(config, { ...options, set }));
  const { founders } = await loadFounders(run);
  const { engine, why } = await openEngineOf(run);
  const { simulation, ...plan } = await openRun(run, engine, {
    laws: true,
    founders,
    ...(options.fault === undefined ? {} : { fault: options.fault }),
  });
  if (engine.name !== 'cpu') note(engineLine(run, engine, why, plan));
  const interrupt = interruptSignal();
  const progress = new Progress(simulation.ticks);
  const book = new FigureBook(run);
  const findings = new Findings(config, options);
  let struck = false;
  const standing = (pass: boolean) => ({
    pass,
    ticks: simulation.tick,
    worlds: worldCount(run),
    laws: findings.laws.map(({ name, checks, lastTick, violated }) => ({ name, checks, lastTick, violated })),
  });
  try {
    const status = await drive(simulation, run, {
      signal: interrupt.signal,
      onAdvance: (advance) => {
        findings.laws = advance.frame.laws;
        book.add(advance.frames);
        struck ||= advance.faultStruck;
        progress.update(simulation.tick, advance.agentSteps);
      },
    });
    progress.stop();
    if (options.fault !== undefined && !struck && status === 'finished') {
      throw new UsageError(
        `fault '${options.fault}' found no opportunity in ${simulation.tick} ticks`,
        'raise --ticks, or check a config with the mechanism that it breaks',
      );
    }
    const violated = findings.laws.find((law) => law.violated !== null);
    if (status === 'finished' && violated === undefined) settle(run, book, baseline, findings, options);
    const pass = status === 'finished' && violated === undefined && findings.outside.length === 0;
    const finalHash = await simulation.finalHash();
    findings.publish();
    answer(options.json, { ...standing(pass), status, finalHash, violation: null, ...findings.value() }, () =>
      [
        table(
          ['law', 'checks', 'last tick'],
          findings.laws.map((law) => [`${law.name}: ${law.about}`, String(law.checks), String(law.lastTick)]),
        ),
        violated
          ? `violated: ${violated.violated}`
          : `all ${findings.laws.length} laws hold, ${status}, hash ${finalHash}`,
        ...findings.text(),
      ].join('\n'),
    );
    if (status === 'interrupted') process.exitCode = EXIT.interrupted;
    else if (!pass) process.exitCode = EXIT.checkFailed;
  } catch (error) {
    progress.stop();
    if (!(error instanceof LawViolation)) throw error;
    const { law, at } = error;
    findings.laws = findings.laws.some(({ name }) => name === law)
      ? findings.laws.map((one) => (one.name === law ? { ...one, violated: error.message } : one))
      : [{ name: law, about: '', checks: 1, lastTick: at.tick, violated: error.message }];
    findings.publish();
    if (options.json) {
      answer(
        true,
        {
          ...standing(false),
          status: 'failed',
          finalHash: null,
          violation: { law, ...at, message: error.message },
        },
        () => '',
      );
    } else note(`error: ${error.line}`);
    process.exitCode = EXIT.checkFailed;
  } finally {
    interrupt.release();
    await simulation.close();
    await engine.close();
  }
}

/** Accepts what a run showed, or holds it against what was accepted. */
function settle(
  run: ResolvedRun,
  book: FigureBook,
  baseline: Baseline | null,
  findings: Findings,
  { baseline: file, accept }: CheckOptions,
): void {
  if (accept) {
    const text = `${JSON.stringify(baselineOf(run, book.figures()), null, 1)}\n`;
    writeFileSync(`${file}.writing`, text);
    renameSync(`${file}.writing`, file!);
    note(`${file}: metrics of ${run.arms[0]!.worlds} worlds of each arm accepted`);
  } else if (baseline !== null) {
    if (!isSameConfig(run, baseline)) note(`the config is not the one that ${file} was accepted for`);
    findings.judgements = judge(run, book.figures(), baseline);
  }
}
