#!/usr/bin/env node
/**
 * The command line `darwin`. One file a command under commands/. Expected failures are one line and an exit
 * code (0 ok, 1 a check failed, 2 bad input, 3 engine or environment missing, 130 interrupted); with `--json`
 * they are one JSON object on standard output.
 */
import process from 'node:process';
import { buildProgram } from './program.ts';
import { tellFailure } from './script.ts';

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
  process.exitCode = tellFailure(error, 'darwin --help', args.includes('--json'));
}
