/** How programs beside the command line end: with its exit codes, and one line where they fail. */
import process from 'node:process';
import { DarwinError, EXIT, type ExitCode } from '../sim/core/errors.ts';

/**
 * Runs a program to its end.
 *
 * @param main answers false where a check failed
 * @returns its exit code, after an error was told in one line on standard error
 */
export async function reportedExit(main: () => Promise<unknown>): Promise<ExitCode> {
  try {
    return (await main()) === false ? EXIT.checkFailed : EXIT.ok;
  } catch (error) {
    const isExpected = error instanceof DarwinError;
    process.stderr.write(`error: ${isExpected ? error.line : String((error as Error).message)}\n`);
    // whatever else options and files can be wrong in
    return isExpected ? error.exitCode : EXIT.badInput;
  }
}
