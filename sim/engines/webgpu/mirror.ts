/**
 * A world's columns as words of the device, and back: plain order on both sides of the copy, whatever lanes and memories
 * the CPU's engine uses.
 */
import { BRAIN_ROWS, type BrainColumnName, PARAMETER_COUNT } from '../../../agents/brain/layout.ts';
import { assert } from '../../core/assert.ts';
import type { AnyColumn } from '../../core/columns.ts';
import type { World } from '../../world.ts';
import { APART, type DeviceColumn, type DeviceLayout, WEIGHT_STRIDE } from './layout.ts';

/** One world as the device has it. */
export interface WorldWords {
  /** [worldWords]. */
  readonly state: Uint32Array<ArrayBuffer>;
  /** Columns of APART, [slots x WEIGHT_STRIDE] each, of no length where nobody has a brain; none where they are left there. */
  readonly apart: readonly Uint32Array<ArrayBuffer>[];
}

/** Words for a world, all zero. */
export function createWords(layout: DeviceLayout): WorldWords {
  const weightWords = layout.brains ? layout.slots * WEIGHT_STRIDE : 0;
  return {
    state: new Uint32Array(layout.worldWords),
    apart: APART.map(() => new Uint32Array(weightWords)),
  };
}

const TWO_32 = 0x1_0000_0000;

const bitsOf = (column: AnyColumn): Uint32Array =>
  new Uint32Array(column.buffer, column.byteOffset, column.byteLength >>> 2);

function writeWide(column: Float64Array, out: Uint32Array, at: number, name: string): void {
  for (let k = 0; k < column.length; k++) {
    const value = column[k]!;
    assert(Number.isSafeInteger(value), `${name}[${k}] = ${value} is no integer below 2^53`);
    const high = Math.floor(value / TWO_32);
    out[at + 2 * k] = value - high * TWO_32;
    out[at + 2 * k + 1] = high;
  }
}

function readWide(column: Float64Array, source: Uint32Array, at: number): void {
  for (let k = 0; k < column.length; k++)
    column[k] = (source[at + 2 * k + 1]! | 0) * TWO_32 + source[at + 2 * k]!;
}

const columnOf = (world: World, { group, name }: DeviceColumn): AnyColumn =>
  (world as unknown as Record<string, Record<string, AnyColumn>>)[group]![name]!;

/** A column of brains in plain order, as bits. */
function brainColumn(world: World, name: BrainColumnName): Uint32Array {
  const { slots } = world.parameters;
  const [type, rows] = BRAIN_ROWS[name];
  const plain = new (type === 'f32' ? Float32Array : Uint32Array)(slots * rows);
  world.brain.readColumn(name, 0, slots, plain);
  return bitsOf(plain);
}

/** Copies a world's columns to words; weights and traces only where `out` has room for them. */
export function wordsOfWorld(world: World, layout: DeviceLayout, out = createWords(layout)): WorldWords {
  const { state, apart } = out;
  for (const column of layout.columns) {
    const { group, name, type, offset, length } = column;
    if (length === 0) continue;
    if (group === 'device') state.fill(0, offset, offset + column.words);
    else if (group === 'brain') state.set(brainColumn(world, name as BrainColumnName), offset);
    else if (type === 'f64') writeWide(columnOf(world, column) as Float64Array, state, offset, name);
    else state.set(bitsOf(columnOf(world, column)), offset);
  }
  if (layout.brains && apart.length > 0)
    APART.forEach((name, k) => {
      const plain = brainColumn(world, name);
      for (let i = 0; i < layout.slots; i++)
        apart[k]!.set(plain.subarray(i * PARAMETER_COUNT, (i + 1) * PARAMETER_COUNT), i * WEIGHT_STRIDE);
    });
  return out;
}

/** Copies words back to a world's columns: its future is then the device's. Columns that are not there stay. */
export function takeWords(world: World, layout: DeviceLayout, { state, apart }: WorldWords): void {
  const { slots } = layout;
  const writeBrain = (name: BrainColumnName, words: Uint32Array): void => {
    const [type] = BRAIN_ROWS[name];
    const plain = words.slice();
    world.brain.writeColumn(name, 0, slots, type === 'f32' ? new Float32Array(plain.buffer) : plain);
  };
  for (const column of layout.columns) {
    const { group, name, type, offset, length, words } = column;
    if (length === 0 || group === 'device') continue;
    const source = state.subarray(offset, offset + words);
    if (group === 'brain') writeBrain(name as BrainColumnName, source);
    else if (type === 'f64') readWide(columnOf(world, column) as Float64Array, state, offset);
    else bitsOf(columnOf(world, column)).set(source);
  }
  if (layout.brains && apart.length > 0)
    APART.forEach((name, k) => {
      const plain = new Uint32Array(slots * PARAMETER_COUNT);
      for (let i = 0; i < slots; i++)
        plain.set(
          apart[k]!.subarray(i * WEIGHT_STRIDE, i * WEIGHT_STRIDE + PARAMETER_COUNT),
          i * PARAMETER_COUNT,
        );
      writeBrain(name, plain);
    });
}
