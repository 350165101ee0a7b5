/** Whether the Parquet parts that a checkpoint counts on are there and whole. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { TableName } from '../sim/frame.ts';
import { partName } from './tablePart.ts';

const MAGIC = 'PAR1';
/** Length of the footer (u32) and the magic after it. */
const TAIL_BYTES = 8;

/** What is wrong with the outline of a Parquet file: its two magics and the length of its footer; null = nothing. */
function outlineProblem(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : String(error);
  }
  try {
    const { size } = fstatSync(file);
    const head = Buffer.alloc(MAGIC.length);
    const tail = Buffer.alloc(TAIL_BYTES);
    if (size < MAGIC.length + TAIL_BYTES) return `is truncated: ${size} bytes`;
    readSync(file, head, 0, head.length, 0);
    readSync(file, tail, 0, tail.length, size - TAIL_BYTES);
    if (head.toString('latin1') !== MAGIC) return 'is no Parquet file';
    const ends = tail.toString('latin1', 4) === MAGIC;
    return ends && tail.readUInt32LE(0) <= size - MAGIC.length - TAIL_BYTES ? null : 'is truncated';
  } finally {
    closeSync(file);
  }
}

/**
 * The first part of a run directory that is missing or cut short, and how, in words; null where all are whole. Reads a
 * few bytes of each; what is damaged within is found by whoever reads the rows.
 *
 * @param parts parts of each table, from number 0 on
 */
export function partProblem(
  directory: string,
  parts: Readonly<Partial<Record<TableName, number>>>,
): string | null {
  for (const [table, count] of Object.entries(parts))
    for (let part = 0; part < count; part++) {
      const path = join(directory, table, partName(part));
      const problem = outlineProblem(path);
      if (problem !== null) return `${path}: ${problem}`;
    }
  return null;
}
