import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ARENA_START, Arena, ColumnHash, columnBytes, f32, f64, i32, spansOf, u32 } from './columns.ts';
import { AssertionError, CapacityError } from './errors.ts';

const spec = { money: u32(5), delta: i32(3), weight: f32(17), total: f64(2) };

describe('an arena', () => {
  it('holds all columns of a spec, zeroed, typed and apart', () => {
    const columns = new Arena(columnBytes(spec)).columns(spec);
    expect(columns.money).toBeInstanceOf(Uint32Array);
    expect(columns.delta).toBeInstanceOf(Int32Array);
    expect(columns.weight).toBeInstanceOf(Float32Array);
    expect(columns.total).toBeInstanceOf(Float64Array);
    expect([...columns.total]).toEqual([0, 0]);
    columns.money.fill(0xffff_ffff);
    columns.weight.fill(1.5);
    columns.total.fill(2 ** 52);
    expect([...columns.delta]).toEqual([0, 0, 0]);
    expect([...columns.money]).toEqual(Array(5).fill(0xffff_ffff));
  });

  it('starts each column on a cache line above what belongs to the kernel', () => {
    const columns = new Arena(columnBytes(spec)).columns(spec);
    for (const column of Object.values(columns)) {
      expect(column.byteOffset % 64).toBe(0);
      expect(column.byteOffset).toBeGreaterThanOrEqual(ARENA_START);
    }
  });

  it('takes exactly columnBytes: one page more or less is noticed', () => {
    expect(columnBytes({ a: u32(16), b: u32(17), c: f64(1) })).toBe(64 + 128 + 64);
    const arena = new Arena(65_536);
    arena.column(u32(65_536 / 4));
    expect(() => arena.column(u32(1))).toThrow(AssertionError);
  });

  it('refuses more than a WebAssembly memory can be, with the figure', () => {
    expect(() => new Arena(2 ** 32)).toThrow(CapacityError);
    expect(() => new Arena(2 ** 32)).toThrow(/4\.0 GiB/);
  });
});

describe('spans of columns', () => {
  it('cover every chosen column and no other, in as few views as neighbours allow', () => {
    const six = { a: u32(5), b: f64(3), c: u32(0), d: i32(16), e: f32(17), f: u32(1) };
    type Name = keyof typeof six;
    const names = Object.keys(six) as Name[];
    fc.assert(
      fc.property(fc.shuffledSubarray(names), (chosen) => {
        const columns = new Arena(columnBytes(six)).columns(six);
        for (const name of names) columns[name].fill(7);
        const spans = spansOf(chosen.map((name) => columns[name]));
        for (const span of spans) span.fill(0);
        for (const name of names)
          expect([...columns[name]]).toEqual(Array(six[name].length).fill(chosen.includes(name) ? 0 : 7));
        // c is empty, so that b and d are neighbours
        const runs = ['a', 'b', 'd', 'e', 'f']
          .map((name) => (chosen.includes(name as Name) ? 'x' : ' '))
          .join('')
          .match(/x+/g);
        expect(spans.length).toBe(runs?.length ?? 0);
      }),
    );
  });
});

describe('a column hash', () => {
  const hash = (column: Uint32Array<ArrayBuffer>): string => new ColumnHash().add(column).digest();
  const words = fc.uint32Array({ minLength: 1, maxLength: 64 }) as fc.Arbitrary<Uint32Array<ArrayBuffer>>;

  it('is sixteen hexadecimal digits, the same for the same bits', () => {
    expect(hash(Uint32Array.of(1, 2, 3))).toMatch(/^[0-9a-f]{16}$/);
    expect(hash(Uint32Array.of(1, 2, 3))).toBe(hash(Uint32Array.of(1, 2, 3)));
  });

  it('changes when any one bit is flipped', () => {
    fc.assert(
      fc.property(words, fc.nat(), fc.integer({ min: 0, max: 31 }), (column, at, bit) => {
        const flipped = column.slice();
        flipped[at % column.length]! ^= 1 << bit;
        expect(hash(flipped)).not.toBe(hash(column));
      }),
      { numRuns: 2000 },
    );
  });

  it('changes when two words trade places', () => {
    fc.assert(
      fc.property(words, fc.nat(), fc.nat(), (column, a, b) => {
        const i = a % column.length;
        const j = b % column.length;
        fc.pre(column[i] !== column[j]);
        const swapped = column.slice();
        swapped[i] = column[j]!;
        swapped[j] = column[i]!;
        expect(hash(swapped)).not.toBe(hash(column));
      }),
    );
  });

  it('tells one column of two words from two columns of one', () => {
    const joined = new ColumnHash().add(Uint32Array.of(1, 2)).digest();
    const apart = new ColumnHash().add(Uint32Array.of(1)).add(Uint32Array.of(2)).digest();
    expect(apart).not.toBe(joined);
    expect(hash(new Uint32Array(3))).not.toBe(hash(new Uint32Array(4)));
  });

  it('sees the sign of a zero and every bit of a double', () => {
    const of = (x: number): string => new ColumnHash().add(Float64Array.of(x)).digest();
    expect(of(-0)).not.toBe(of(0));
    expect(of(1 + Number.EPSILON)).not.toBe(of(1));
  });

  it('counts single words', () => {
    expect(new ColumnHash().addWord(1).digest()).not.toBe(new ColumnHash().addWord(2).digest());
  });
});
