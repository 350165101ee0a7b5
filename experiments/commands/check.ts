/** `darwin check CONFIG`: runs a config with every economic law checked on every tick; for CI. */
import process from 'node:process';
import type { Command } from 'commander';
import { worldCount } from '../../configs/arms.ts';
import { EXIT, LawViolation, UsageError } from '../../sim/core/errors.ts';
import type { LawStatus } from '../../sim/frame.ts';
import { loadFounders } from '../founders.ts';
import { addConfigOptions, type ConfigOptions, loadConfig, openEngineOf } from '../loadConfig.ts';
import { Progress } from '../progress.ts';
import { readSeries } from '../recordedSeries.ts';
import { drive, engineLine, interruptSignal, openRun } from '../simulate.ts';
import { answer, note, table } from '../terminal.ts';

interface CheckOptions extends ConfigOptions {
  readonly fault?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  addConfigOptions(
    program
      .command('check')
      .summary('run a config with all economic laws checked on every tick')
      .description(
        'Runs a config with all economic laws checked on every tick and writes nothing. Exit code 1 on the first violation.',
      )
      .argument('<config>', 'YAML file or preset'),
  )
    .option('--fault <name>', 'break a law on purpose, for testing the checker')
    .option('--json', 'print one JSON object')
    .action(checkCommand);
}

async function checkCommand(config: string, options: CheckOptions): Promise<void> {
  const run = await readSeries(loadConfig(config, options));
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
  let laws: readonly LawStatus[] = [];
  let struck = false;
  const standing = (pass: boolean) => ({
    pass,
    ticks: simulation.tick,
    worlds: worldCount(run),
    laws: laws.map(({ name, checks, lastTick, violated }) => ({ name, checks, lastTick, violated })),
  });
  try {
    const status = await drive(simulation, run, {
      signal: interrupt.signal,
      onAdvance: (advance) => {
        laws = advance.frame.laws;
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
    const violated = laws.find((law) => law.violated !== null);
    const pass = status === 'finished' && violated === undefined;
    const finalHash = await simulation.finalHash();
    answer(options.json, { ...standing(pass), status, finalHash, violation: null }, () =>
      [
        table(
          ['law', 'checks', 'last tick'],
          laws.map((law) => [`${law.name}: ${law.about}`, String(law.checks), String(law.lastTick)]),
        ),
        violated
          ? `violated: ${violated.violated}`
          : `all ${laws.length} laws hold, ${status}, hash ${finalHash}`,
      ].join('\n'),
    );
    if (status === 'interrupted') process.exitCode = EXIT.interrupted;
    else if (!pass) process.exitCode = EXIT.checkFailed;
  } catch (error) {
    progress.stop();
    if (!(error instanceof LawViolation)) throw error;
    const { law, at } = error;
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
