import { describe, expect, test } from 'vitest';
import { UsageError } from '../sim/core/errors.ts';
import {
  CELLS_MAX,
  parseAddressQuery,
  parseFrameQuery,
  parseTable,
  parseTableQuery,
  ROWS_MAX,
  TICKS_MAX,
  thinned,
} from './dataApi.ts';

describe('what may be asked of a table', () => {
  test('columns, a range of ticks, values of some columns and a number of rows', () => {
    const given = { columns: 'tick,slot', from: '5', to: '9', world: '0,2', serial: '7', limit: '10' };
    expect(parseTableQuery('agents', given)).toEqual({
      table: 'agents',
      columns: ['tick', 'slot'],
      from: 5,
      to: 9,
      filters: [
        { column: 'world', values: [0, 2] },
        { column: 'serial', values: [7] },
      ],
      limit: 10,
    });
  });

  test('without parameters it is everything, as far as an answer may go', () => {
    const { columns, from, to, filters, limit } = parseTableQuery('agents', {});
    expect({ from, to, filters }).toEqual({ from: 0, to: Number.MAX_SAFE_INTEGER, filters: [] });
    expect(limit).toBe(Math.floor(CELLS_MAX / columns.length));
    expect(parseTableQuery('agents', { columns: 'tick', limit: '999999999' }).limit).toBe(ROWS_MAX);
    expect(parseTableQuery('agents', { from: 'now' }).from).toBe('now');
  });

  test.each([
    [{ columns: 'tick,slto' }, 'no column slto'],
    [{ columns: 'tick"; drop table x' }, 'no column'],
    [{ from: '-1' }, 'from=-1 is not a tick'],
    [{ to: '1e3' }, 'to=1e3 is not a tick'],
    [{ from: '99999999999999999999' }, 'is not a tick'],
    [{ world: '1;2' }, 'world=1;2 is not a list of numbers'],
    [{ world: '' }, 'is not a list of numbers'],
    [{ world: Array(501).fill(1).join(',') }, 'is not a list of numbers'],
    [{ buyer: '1' }, 'the table agents has no column buyer'],
    [{ limit: '0' }, 'limit=0 is not a number of rows'],
    [{ wrold: '1' }, 'there is no parameter wrold'],
    [{ from: ['1', '2'] }, 'from is not one text'],
    [{ columns: ['tick', 'world'] }, 'columns is not one text'],
    [{ world: { toString: 1 } }, 'world is not one text'],
    [{ limit: [] }, 'limit is not one text'],
  ])('%o is refused', (given, words) => {
    expect(() => parseTableQuery('agents', given)).toThrow(UsageError);
    expect(() => parseTableQuery('agents', given)).toThrow(words);
  });

  test('addresses are asked for by one world and the serials of its agents', () => {
    expect(parseAddressQuery({ world: '2', serial: '7,8' })).toEqual({ world: 2, serials: [7, 8] });
    expect(() => parseAddressQuery({ serial: '7' })).toThrow('world= is not a list of numbers');
    expect(() => parseAddressQuery({ world: '0', serial: 'x' })).toThrow('serial=x is not a list');
    expect(() => parseAddressQuery({ world: '0,1', serial: '7' })).toThrow('world is one number');
    expect(() => parseAddressQuery({ world: '0', serial: '7', slot: '1' })).toThrow('no parameter slot');
  });

  test('tables and ranges of frames are known ones', () => {
    expect(parseTable('lineage')).toBe('lineage');
    for (const name of ['manifest', '__proto__', '../agents', undefined, { toString: 1 }, ['agents']])
      expect(() => parseTable(name)).toThrow(UsageError);
    expect(parseFrameQuery({ from: '3' })).toEqual({ from: 3, to: Number.MAX_SAFE_INTEGER });
    expect(() => parseFrameQuery({ points: '3' })).toThrow('no parameter points');
  });

  test('a thinned list is no longer than asked for, evenly spaced, and ends as it did', () => {
    const list = Array.from({ length: 4001 }, (_, k) => k);
    expect(thinned(list, TICKS_MAX).length).toBeLessThanOrEqual(TICKS_MAX);
    expect(thinned(list, 10).at(-1)).toBe(4000);
    expect(thinned([1, 2, 3], 3)).toEqual([1, 2, 3]);
    expect(thinned([1, 2, 3, 4], 3)).toEqual([2, 4]);
    expect(thinned([], 3)).toEqual([]);
  });
});
