/**
 * Where everything of a world lies on the device. A world is a run of 32-bit words: the columns of the CPU's world, in
 * plain agent order, at offsets that depend on nothing but the layout, then columns of the device alone. Doubles of
 * TypeScript, which are integers below 2^53, take two words. This is the only place that computes such offsets; shaders
 * get them as constants (constants.ts). Weights and traces of brains lie in buffers of their own, WEIGHT_STRIDE words an
 * agent in the plain order of agents/brain/layout.ts, so that the threads of one agent read neighbouring words.
 */
import { BRAIN_ROWS, type BrainColumnName, PARAMETER_COUNT } from '../../../agents/brain/layout.ts';
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import type { ColumnSpec, ColumnType } from '../../core/columns.ts';
import { columnSpecs } from '../../world.ts';
import { deviceColumnSpec } from './deviceColumns.ts';
import { parameterNames } from './parameters.ts';

/** Parts of a world that have columns, and the prefix of their names in shaders. */
export const PREFIX = {
  balances: 'BALANCE',
  columns: 'COLUMN',
  agents: 'AGENT',
  brain: 'BRAIN',
  device: 'DEVICE',
} as const;
export type ColumnGroup = keyof typeof PREFIX;

export interface DeviceColumn {
  readonly group: ColumnGroup;
  readonly name: string;
  /** `raw` doubles are no integers: their bits are carried along, the device never reads them. */
  readonly type: ColumnType | 'raw';
  /** Numbers, 0 where the mechanism is off. */
  readonly length: number;
  /** First word in the world's run, and words. */
  readonly offset: number;
  readonly words: number;
}

export interface DeviceLayout {
  readonly slots: number;
  readonly columns: readonly DeviceColumn[];
  /** Words of a world, a multiple of 64 so that worlds begin on memory lines of their own. */
  readonly worldWords: number;
  readonly parameterWords: number;
  /** Whether anybody has a brain. */
  readonly brains: boolean;
  /** Equal for worlds that can share buffers and shaders. */
  readonly key: string;
}

/** Words between the weights of neighbouring agents: whole lines of 128 bytes. */
export const WEIGHT_STRIDE = 32 * Math.ceil(PARAMETER_COUNT / 32);
/** Columns that lie in buffers of their own. */
export const APART: readonly BrainColumnName[] = ['weights', 'traces'];
/** Doubles that are no integers. */
const RAW = new Set(['censusTrait']);
const LINE_WORDS = 64;

const wordsOf = (type: DeviceColumn['type'], length: number): number =>
  type === 'f64' || type === 'raw' ? 2 * length : length;

/** How worlds with these parameters lie on the device. */
export function layOutDevice(p: WorldParameters): DeviceLayout {
  const specs = columnSpecs({ ...p, market: p });
  const brains = specs.brain.weights.length > 0;
  const columns: DeviceColumn[] = [];
  let offset = 0;
  const place = (group: ColumnGroup, name: string, type: DeviceColumn['type'], length: number): void => {
    const words = wordsOf(type, length);
    columns.push({ group, name, type, length, offset, words });
    // wide numbers begin at even words, long columns on lines
    offset += words >= LINE_WORDS ? LINE_WORDS * Math.ceil(words / LINE_WORDS) : 2 * Math.ceil(words / 2);
  };
  const placeAll = (group: ColumnGroup, spec: Readonly<Record<string, ColumnSpec>>): void => {
    for (const [name, { type, length }] of Object.entries(spec))
      place(group, name, RAW.has(name) ? 'raw' : type, length);
  };
  placeAll('balances', specs.balances);
  placeAll('columns', specs.columns);
  placeAll('agents', specs.agents);
  for (const [name, [type, rows]] of Object.entries(BRAIN_ROWS)) {
    if (APART.includes(name as BrainColumnName)) continue;
    const length = specs.brain[name as BrainColumnName].length === 0 ? 0 : p.slots * rows;
    place('brain', name, type, length);
  }
  placeAll('device', deviceColumnSpec(p));
  const worldWords = LINE_WORDS * Math.ceil(offset / LINE_WORDS);
  const parameters = parameterNames(p);
  const key = JSON.stringify([p.slots, brains, columns.map(({ length }) => length), [...parameters]]);
  return {
    slots: p.slots,
    columns,
    worldWords,
    parameterWords: [...parameters.values()].reduce((sum, words) => sum + words, 0),
    brains,
    key,
  };
}

/** A column of a layout by its qualified name, such as `columns.capacity`. */
export function deviceColumn(layout: DeviceLayout, qualified: string): DeviceColumn | undefined {
  return layout.columns.find(({ group, name }) => `${group}.${name}` === qualified);
}
