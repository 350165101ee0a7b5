import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ColumnFetch, rangesOf } from './columnFetch.ts';
import { Arena, u32 } from './core/columns.ts';

/** Columns of so many words in a row, in an arena that they fill to its last page. */
const columnsOf = (lengths: readonly number[]) => {
  const arena = new Arena(lengths.reduce((sum, length) => sum + 4 * length + 64, 64));
  return { memory: arena.memory, columns: lengths.map((length) => arena.column(u32(length))) };
};

describe('the columns that are fetched', () => {
  it('are all of up to eight words an agent, each byte of them once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 30 }), (lengths) => {
        const slots = 16;
        const { columns } = columnsOf(lengths);
        const ranges = rangesOf(columns, slots);
        for (let k = 1; k < ranges.length; k++) expect(ranges[k]!.from).toBeGreaterThan(ranges[k - 1]!.to);
        for (const { byteOffset, byteLength, length } of columns) {
          const within = ranges.some(({ from, to }) => from <= byteOffset && byteOffset + byteLength <= to);
          if (length > 0 && length <= 8 * slots) expect(within).toBe(true);
          if (length > 8 * slots + 64) expect(within).toBe(false);
        }
      }),
    );
  });

  it('are one range where they are neighbours, and two around a long one', () => {
    expect(rangesOf(columnsOf([64, 64, 64]).columns, 64)).toHaveLength(1);
    expect(rangesOf(columnsOf([64, 64 * 9, 64]).columns, 64)).toHaveLength(2);
    expect(rangesOf([], 64)).toEqual([]);
  });

  it('are none where they are more than a cache holds', () => {
    const word = 2 ** 20 / 4;
    expect(rangesOf(columnsOf([word]).columns, word)).toHaveLength(1);
    expect(rangesOf(columnsOf([word, 16]).columns, word)).toEqual([]);
  });

  it('are read to the last line of a memory and stay as they are', () => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4 });
    for (const length of [1, 16, 63, 64, 65, 1000]) {
      const column = new Uint32Array(memory.buffer, 4 * 65_536 - 4 * length, length).fill(length);
      new ColumnFetch(memory, [column], length).fetch();
      expect(column.every((value) => value === length)).toBe(true);
    }
  });
});
