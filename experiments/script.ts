/** Programs beside the command line, `npm run NAME -- OPTIONS`: options and help, exit codes, and one line where they fail. */
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import colors from 'picocolors';
import { DarwinError, EXIT, type ExitCode, UsageError } from '../sim/core/errors.ts';

/** A program that `npm run` knows by a name; the caller adds its options. */
export const scriptOf = (name: string, about: string): Command =>
  new Command(`npm run ${name} --`)
    .description(about)
    .exitOverride()
    .allowExcessArguments()
    .configureOutput({ outputError: () => {} });

/** Commander writes `error: unknown option '--foo'\n(Did you mean --bar?)`; help and version are no errors. */
function toUsageError(error: CommanderError, help: string): UsageError | null {
  if (error.exitCode === 0) return null;
  if (error.code === 'commander.help') return null;
  const [first = '', suggestion = ''] = error.message.split('\n');
  const hint = /^\((.*)\)$/.exec(suggestion.trim())?.[1] ?? help;
  return new UsageError(first.replace(/^error: /, ''), hint.replace(/^Did/, 'did'), { cause: error });
}

/**
 * Tells an error in one line on standard error, or as one JSON object on standard output; of a fault of the program itself
 * DEBUG=1 shows where it is.
 *
 * @param help what to try where options are wrong
 * @returns the exit code
 */
export function tellFailure(error: unknown, help: string, json = false): ExitCode {
  if (error instanceof CommanderError) {
    const usage = toUsageError(error, help);
    if (usage !== null) return tellFailure(usage, help, json);
    return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
  }
  if (error instanceof DarwinError) {
    if (json) process.stdout.write(`${JSON.stringify(error)}\n`);
    else process.stderr.write(`${colors.red('error:')} ${error.line}\n`);
    return error.exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  const hint = 'this is a bug: please report it; DEBUG=1 shows where';
  if (json) process.stdout.write(`${JSON.stringify({ error: { code: 'bug', message, hint } })}\n`);
  else process.stderr.write(`${colors.red('error:')} ${message} (${hint})\n`);
  if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return EXIT.checkFailed;
}

/** Throws UsageError with the argument that a program has no use for, which Commander does not name. */
function refuseExcess(script: Command): void {
  const { args, registeredArguments } = script;
  const { length } = registeredArguments;
  if (args.length > length && registeredArguments.at(-1)?.variadic !== true)
    throw new UsageError(`there is no use for ${args.slice(length).join(' ')}`, `${script.name()} --help`);
}

/**
 * Reads the options that a program was started with and runs it to its end; sets the exit code of the process.
 *
 * @param main answers false where a check failed, or another exit code than that of success
 */
export async function runScript<Options extends object>(
  script: Command,
  main: (options: Options, given: readonly string[]) => unknown,
): Promise<void> {
  try {
    script.parse();
    refuseExcess(script);
    const outcome = await main(script.opts<Options>(), script.args);
    process.exitCode = outcome === false ? EXIT.checkFailed : typeof outcome === 'number' ? outcome : EXIT.ok;
  } catch (error) {
    process.exitCode = tellFailure(error, `${script.name()} --help`);
  }
}
