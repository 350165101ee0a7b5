/**
 * Structure-of-arrays state: every quantity of a world is a named column, allocated once from one
 * WebAssembly memory, so that the SIMD kernel and TypeScript read the same bytes.
 */
import { assert } from './assert.ts';
import { CapacityError } from './errors.ts';

export interface ColumnTypes {
  u32: Uint32Array<ArrayBuffer>;
  i32: Int32Array<ArrayBuffer>;
  f32: Float32Array<ArrayBuffer>;
  /** Exact integers below 2^53: system accounts and totals. */
  f64: Float64Array<ArrayBuffer>;
}
export type ColumnType = keyof ColumnTypes;
export interface ColumnSpec<T extends ColumnType = ColumnType> {
  readonly type: T;
  readonly length: number;
}
export type Columns<S extends Record<string, ColumnSpec>> = {
  readonly [K in keyof S]: ColumnTypes[S[K]['type']];
};
export type AnyColumn = ColumnTypes[ColumnType];

export const u32 = (length: number): ColumnSpec<'u32'> => ({ type: 'u32', length });
export const i32 = (length: number): ColumnSpec<'i32'> => ({ type: 'i32', length });
export const f32 = (length: number): ColumnSpec<'f32'> => ({ type: 'f32', length });
export const f64 = (length: number): ColumnSpec<'f64'> => ({ type: 'f64', length });

const CONSTRUCTORS = { u32: Uint32Array, i32: Int32Array, f32: Float32Array, f64: Float64Array } as const;
const BYTES = { u32: 4, i32: 4, f32: 4, f64: 8 } as const;

/** Columns start on cache lines. */
const ALIGNMENT = 64;
const PAGE_BYTES = 65_536;
/** Bytes at the bottom of a memory that belong to the kernels' own static data and working memory. */
export const ARENA_START = 4 * PAGE_BYTES;
/** A WebAssembly memory ends at 4 GiB. */
const ARENA_MAX_BYTES = 65_536 * PAGE_BYTES;

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Bytes that allocating `spec` takes, alignment included. */
export function columnBytes(spec: Record<string, ColumnSpec>): number {
  let bytes = 0;
  for (const { type, length } of Object.values(spec)) bytes += aligned(length * BYTES[type]);
  return bytes;
}

/** Bytes of columns that one memory holds. */
export const ARENA_ROOM_BYTES = ARENA_MAX_BYTES - ARENA_START;

/** A bump allocator over one WebAssembly memory of fixed size. Nothing is ever freed. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  private next = ARENA_START;

  /**
   * @param room bytes for columns, by `columnBytes`; or another thread's memory, in which the same columns, asked for
   *   in the same order, are found again
   * @param shared whether other threads are to see the memory; needs SharedArrayBuffer
   * @throws CapacityError when one memory cannot hold them or the machine refuses
   */
  constructor(room: number | WebAssembly.Memory, shared = false) {
    if (typeof room !== 'number') {
      this.memory = room;
      return;
    }
    const bytes = room;
    const total = ARENA_START + aligned(bytes);
    if (total > ARENA_MAX_BYTES) {
      throw new CapacityError(
        `its columns need ${(total / 2 ** 30).toFixed(1)} GiB, a WebAssembly memory ends at 4 GiB`,
        'use fewer agents',
      );
    }
    const pages = Math.ceil(total / PAGE_BYTES);
    try {
      this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    } catch (cause) {
      throw new CapacityError(
        `the machine refused ${(total / 2 ** 20).toFixed(0)} MiB of memory`,
        'use fewer agents or fewer worlds',
        { cause },
      );
    }
  }

  /** One zeroed column. */
  column<T extends ColumnType>(spec: ColumnSpec<T>): ColumnTypes[T] {
    const offset = this.next;
    this.next += aligned(spec.length * BYTES[spec.type]);
    assert(this.next <= this.memory.buffer.byteLength, 'arena exhausted: a column is missing from its size');
    const Column = CONSTRUCTORS[spec.type];
    return new Column(this.memory.buffer as ArrayBuffer, offset, spec.length) as ColumnTypes[T];
  }

  /** All columns of a spec, zeroed. */
  columns<S extends Record<string, ColumnSpec>>(spec: S): Columns<S> {
    return Object.fromEntries(
      Object.entries(spec).map(([name, column]) => [name, this.column(column)]),
    ) as Columns<S>;
  }
}

/**
 * Views that together cover columns of one arena, those that lie side by side under one view with the padding between
 * them: for clearing many columns at once. A column that is not among them is never covered.
 */
export function spansOf(columns: readonly AnyColumn[]): Uint32Array<ArrayBuffer>[] {
  const spans: { from: number; to: number }[] = [];
  const byPlace = columns
    .filter(({ byteLength }) => byteLength > 0)
    .toSorted((a, b) => a.byteOffset - b.byteOffset);
  for (const { byteOffset: from, byteLength } of byPlace) {
    const last = spans.at(-1);
    if (last?.to === from) last.to = from + aligned(byteLength);
    else spans.push({ from, to: from + aligned(byteLength) });
  }
  return spans.map(({ from, to }) => new Uint32Array(byPlace[0]!.buffer, from, (to - from) / BYTES.u32));
}

const HASH_A = 0x85eb_ca6b | 0;
const HASH_B = 0xc2b2_ae35 | 0;

/**
 * A 64-bit hash of the bits of columns, in order; two u32 lanes mixed per word (after MurmurHash3's
 * finaliser constants, A. Appleby, public domain). For equality of states, not for security.
 */
export class ColumnHash {
  private a = 0x9e37_79b9 | 0;
  private b = 0x7f4a_7c15 | 0;

  /** Adds a column, or one that lies in pieces: the hash is that of the whole. */
  add(...pieces: readonly AnyColumn[]): this {
    let { a, b } = this;
    let length = 0;
    for (const piece of pieces) {
      const words = new Uint32Array(piece.buffer, piece.byteOffset, piece.byteLength >>> 2);
      length += words.length;
      for (let k = 0; k < words.length; k++) {
        const word = words[k]!;
        a = Math.imul(a ^ word, HASH_A);
        a ^= a >>> 15;
        b = (Math.imul(b, HASH_B) + word) | 0;
        b ^= b >>> 13;
      }
    }
    this.a = Math.imul(a ^ length, HASH_A);
    this.b = (b + a) | 0;
    return this;
  }

  addWord(word: number): this {
    this.a = Math.imul(this.a ^ word, HASH_A);
    this.a ^= this.a >>> 15;
    this.b = (Math.imul(this.b, HASH_B) + word) | 0;
    return this;
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    const finish = (h: number): string => {
      let x = h ^ (h >>> 16);
      x = Math.imul(x, HASH_A);
      x ^= x >>> 13;
      x = Math.imul(x, HASH_B);
      x ^= x >>> 16;
      return (x >>> 0).toString(16).padStart(8, '0');
    };
    return finish(this.a) + finish(this.b ^ Math.imul(this.a, HASH_B));
  }
}
