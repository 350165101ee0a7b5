/** What sweeps and workers call things in Redis. Cells of another version of the model have a queue of their own. */

import { modelOf } from '../sweep/cell.ts';
import { fromPlainError, type PlainError, toPlainError } from '../threads.ts';

const MODEL_DIGITS = 12;

/** All keys in Redis begin with it. */
export const PREFIX = 'darwin';

/** The first digits of what identifies the model. */
export const modelDigits = (): string => modelOf().slice(0, MODEL_DIGITS);

/** The queue of this version of the model. */
export const queueName = (): string => `cells-${modelDigits()}`;

/** The key of a cell's result, as bytes; it is there if and only if the cell is finished. */
export const resultKey = (hash: string): string => `${PREFIX}:result:${hash}`;

/** Results that nobody has fetched are forgotten after a week. */
export const RESULT_SECONDS = 7 * 24 * 3600;

/** An error as the text by which a job failed. */
export const failureText = (error: unknown): string => {
  const { stack: _, ...plain } = toPlainError(error);
  return JSON.stringify(plain);
};

/** The error of a failed job; texts of the queue itself become plain errors. */
export function failureOf(text: string): Error {
  try {
    const plain = JSON.parse(text) as PlainError;
    if (typeof plain.message === 'string')
      return fromPlainError({ ...plain, stack: '', fields: plain.fields ?? {} });
  } catch {
    // written by the queue, not by a worker
  }
  return new Error(text);
}
