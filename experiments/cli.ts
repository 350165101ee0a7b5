#!/usr/bin/env node
/**
 * The command line `darwin`. One file a command under commands/. Expected failures are one line and an exit
 * code (0 ok, 1 a check failed, 2 bad input, 3 engine or environment missing, 130 interrupted); with `--json`
 * they are one JSON object on standard output.
 */
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import colors from 'picocolors';
import { DarwinError, EXIT, UsageError } from '../sim/core/errors.ts';
import { packageVersion } from './hardware.ts';

/** Usage errors come as exceptions, so that they too can be JSON. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const child of command.commands) throwInsteadOfExit(child);
}

/** Commands in the order of the help; a command's code is loaded when it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<{ register: (program: Command) => void }>>> = {
  run: () => import('./commands/run.ts'),
  sweep: () => import('./commands/sweep.ts'),
  report: () => import('./commands/report.ts'),
  serve: () => import('./commands/serve.ts'),
  check: () => import('./commands/check.ts'),
  verify: () => import('./commands/verify.ts'),
  validate: () => import('./commands/validate.ts'),
  replay: () => import('./commands/replay.ts'),
  bench: () => import('./commands/bench.ts'),
  engines: () => import('./commands/engines.ts'),
  config: () => import('./commands/config.ts'),
};

async function buildProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('darwin')
    .description('A Darwinian intelligence market: learning agents that evolve their own reward functions.')
    .version(packageVersion());
  const named = args[0] === undefined ? undefined : COMMANDS[args[0]];
  for (const load of named ? [named] : Object.values(COMMANDS)) (await load()).register(program);
  throwInsteadOfExit(program);
  return program;
}

/** Commander writes `error: unknown option '--foo'\n(Did you mean --bar?)`; help and version are no errors. */
function toUsageError(error: CommanderError): UsageError | null {
  if (error.exitCode === 0) return null;
  if (error.code === 'commander.help') return null;
  const [first = '', suggestion = ''] = error.message.split('\n');
  const hint = /^\((.*)\)$/.exec(suggestion.trim())?.[1] ?? 'darwin --help';
  return new UsageError(first.replace(/^error: /, ''), hint.replace(/^Did/, 'did'), { cause: error });
}

function fail(error: unknown, json: boolean): void {
  if (error instanceof CommanderError) {
    const usage = toUsageError(error);
    if (usage) fail(usage, json);
    else process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    return;
  }
  if (error instanceof DarwinError) {
    if (json) process.stdout.write(`${JSON.stringify(error)}\n`);
    else process.stderr.write(`${colors.red('error:')} ${error.line}\n`);
    process.exitCode = error.exitCode;
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  const hint = 'this is a bug: please report it; DEBUG=1 shows where';
  if (json) process.stdout.write(`${JSON.stringify({ error: { code: 'bug', message, hint } })}\n`);
  else process.stderr.write(`${colors.red('error:')} ${message} (${hint})\n`);
  if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = EXIT.checkFailed;
}

// a reader that stops early, such as `head`, is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const args = process.argv.slice(2);
try {
  const program = await buildProgram(args);
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  fail(error, args.includes('--json'));
}
