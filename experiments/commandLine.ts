/** What commands share in reading their options: counts, and files that a result will be written to. */
import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../sim/core/errors.ts';
import { note } from './terminal.ts';

/**
 * The whole number from 1 that an option spells; undefined where it is not given.
 *
 * @param option as on the command line, `--seeds`
 * @throws UsageError for anything else
 */
export function countOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new UsageError(`${option} ${text} is not a whole number from 1`, `for example ${option} 8`);
}

/** The whole number from 0 that an option spells. Throws UsageError for anything else. */
export function wholeOf(option: string, text: string): number {
  if (/^\d+$/.test(text.trim())) return Number(text);
  throw new UsageError(`${option} ${text} is not a whole number from 0`, `for example ${option} 1`);
}

/**
 * Finds out before a long measurement whether its result could be written, without writing anything.
 *
 * @param option as on the command line, `--html`
 * @throws UsageError where the directory of `file` is missing or closed, or `file` is there and cannot be written
 */
export function assertWritable(option: string, file: string): void {
  try {
    const directory = dirname(file);
    if (!statSync(directory).isDirectory()) throw new Error(`${directory} is not a directory`);
    accessSync(directory, constants.W_OK);
    const there = statSync(file, { throwIfNoEntry: false });
    if (there === undefined) return;
    if (there.isDirectory()) throw new Error('it is a directory');
    accessSync(file, constants.W_OK);
  } catch (cause) {
    throw new UsageError(`cannot write ${file}: ${(cause as Error).message}`, `give another ${option}`, {
      cause,
    });
  }
}

/**
 * Writes a page beside an answer that is out already: a failure is noted and never takes the answer with it.
 *
 * @returns whether the page was written
 */
export function writePage(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch (cause) {
    note(`cannot write ${file}: ${(cause as Error).message}`);
    return false;
  }
}
