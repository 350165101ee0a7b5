#!/usr/bin/env node
/**
 * The command line `darwin`. One file a command under commands/. Expected failures are one line and an exit
 * code (0 ok, 1 a check failed, 2 bad input, 3 engine or environment missing, 130 interrupted); with `--json`
 * they are one JSON object on standard output.
 */
import process from 'node:process';
import { CommanderError } from 'commander';
import colors from 'picocolors';
import { DarwinError, EXIT, UsageError } from '../sim/core/errors.ts';
import { buildProgram } from './program.ts';

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
