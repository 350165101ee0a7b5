/**
 * Columns of a world brought back into the cache: its brains, several megabytes of weights and traces a tick, push out
 * what all other phases read. One pass with nothing else to do waits for memory a fraction of the time that phases
 * would, each for its own columns. Never changes a result.
 */

import { KERNEL_BASE64 } from './columnFetch.generated.ts';
import type { AnyColumn } from './core/columns.ts';
import { kernelOn } from './core/webAssembly.ts';

interface KernelExports {
  fetchLines(from: number, to: number): void;
}

/** Columns of more words an agent (genomes, claims) are read by few or rarely. */
const WORDS_MAX = 8;
/** Half of a second-level cache: more would push out its own beginning. */
const BYTES_MAX = 2 ** 20;
/** Columns so close are fetched together, with what lies between them. */
const GAP_BYTES = 256;

/** Bytes of a memory, from..to-1. */
export interface ByteRange {
  from: number;
  to: number;
}

/** Where the columns lie that phases read on every tick, in few ranges; none where they are more than a cache holds. */
export function rangesOf(columns: readonly AnyColumn[], slots: number): ByteRange[] {
  const small = columns.filter(({ length, byteLength }) => length > 0 && byteLength <= 4 * WORDS_MAX * slots);
  if (small.reduce((sum, { byteLength }) => sum + byteLength, 0) > BYTES_MAX) return [];
  const ranges: ByteRange[] = [];
  for (const { byteOffset, byteLength } of small.toSorted((a, b) => a.byteOffset - b.byteOffset)) {
    const last = ranges.at(-1);
    const to = byteOffset + byteLength;
    if (last !== undefined && byteOffset - last.to < GAP_BYTES) last.to = Math.max(last.to, to);
    else ranges.push({ from: byteOffset, to });
  }
  return ranges;
}

/** The columns of one world, to be fetched after its brains have stepped. */
export class ColumnFetch {
  private readonly kernel: KernelExports;
  private readonly ranges: readonly ByteRange[];

  /**
   * @param memory in which the columns lie
   * @param columns all columns of the world but those that only brains read
   */
  constructor(memory: WebAssembly.Memory, columns: readonly AnyColumn[], slots: number) {
    this.kernel = kernelOn(KERNEL_BASE64, memory, (kernel: KernelExports) => kernel);
    this.ranges = rangesOf(columns, slots);
  }

  fetch(): void {
    const { kernel, ranges } = this;
    for (let k = 0; k < ranges.length; k++) kernel.fetchLines(ranges[k]!.from, ranges[k]!.to);
  }
}
