import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from './protocol.ts';
import { decodeTable, encodeTable, type TableFrame } from './tableFrame.ts';

const table: TableFrame = {
  rows: 3,
  total: 7,
  columns: [
    { name: 'tick', type: 'u32', cells: Uint32Array.of(1, 2, 4_294_967_295), words: [] },
    { name: 'profit', type: 'f32', cells: Float32Array.of(0.5, Number.NaN, -2), words: [] },
    { name: 'serial', type: 'f64', cells: Float64Array.of(1, 2 ** 53 - 1, 0), words: [] },
    { name: 'event', type: 'words', cells: Uint32Array.of(1, 0, 1), words: ['birth', 'tod im Föhn'] },
  ],
};

describe('tables on their way to the page', () => {
  test('every column comes back as it was, words and missing numbers included', () => {
    expect(decodeTable(encodeTable(table).buffer)).toEqual(table);
  });

  test('an empty table and one without columns are tables', () => {
    for (const empty of [
      { rows: 0, total: 0, columns: table.columns.map((c) => ({ ...c, cells: c.cells.slice(0, 0) })) },
      { rows: 0, total: 0, columns: [] },
    ])
      expect(decodeTable(encodeTable(empty).buffer)).toEqual(empty);
  });

  test('columns of unequal length are refused', () => {
    const columns = [table.columns[0]!, { ...table.columns[1]!, cells: Float32Array.of(1) }];
    expect(() => encodeTable({ rows: 3, total: 3, columns })).toThrow('column profit has 1 cells');
  });

  /** A table of no rows with this heading. */
  const headed = (heading: object): ArrayBuffer => {
    const text = new TextEncoder().encode(JSON.stringify(heading));
    const bytes = new Uint8Array(16 + 8 * Math.ceil(text.length / 8));
    bytes.set(encodeTable({ rows: 0, total: 0, columns: [] }).subarray(0, 12));
    new DataView(bytes.buffer).setUint32(12, text.length, true);
    bytes.set(text, 16);
    return bytes.buffer;
  };

  test('whatever is damaged or cut short is refused with a ProtocolError, never read', () => {
    const whole = encodeTable(table);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        expect(() => decodeTable(whole.slice(0, length).buffer)).toThrow(ProtocolError);
      }),
    );
    const damaged = (change: (bytes: Uint8Array<ArrayBuffer>) => void) => () => {
      const bytes = whole.slice();
      change(bytes);
      return decodeTable(bytes.buffer);
    };
    expect(damaged((b) => b.fill(0, 0, 1))).toThrow('not a table');
    expect(damaged((b) => b.fill(9, 4, 5))).toThrow('table of version 9, not 1');
    expect(damaged((b) => b.fill(5, 8, 9))).toThrow('cut short or damaged');
    expect(damaged((b) => b.fill(0xff, 12, 14))).toThrow('cut short');
    expect(damaged((b) => b.fill(0x20, 16, 17))).toThrow('is not JSON');
    for (const column of [
      { name: 'a', type: { toString: 1 } },
      { name: 'a', type: 'words', words: [{}] },
    ])
      expect(() => decodeTable(headed({ columns: [column], total: 0 }))).toThrow('does not have its form');
  });
});
