/** The tables of a run that nobody writes to a directory: rows in memory, asked for as those of Parquet are. */
import type { AnyColumn } from '../../../sim/core/columns.ts';
import type { RecordBatch, TableName } from '../../../sim/frame.ts';
import { TABLES } from '../../../sim/tables.ts';
import type { TableQuery } from '../../dataApi.ts';
import type { FrameColumn, TableFrame } from '../../tableFrame.ts';

/** Bytes of rows that are kept; then the oldest of the largest table go. */
const KEPT_BYTES_MAX = 256 * 2 ** 20;
/** Of a cell of text, which is one of few words. */
const WORD_BYTES = 8;

const FRAME_TYPES = { u32: 'u32', u64: 'f64', f32: 'f32', f64: 'f64', string: 'words' } as const;
const CELLS = { u32: Uint32Array, f32: Float32Array, f64: Float64Array } as const;

const bytesOf = ({ rows, columns }: RecordBatch): number =>
  Object.values(columns).reduce(
    (sum, cells) => sum + ('byteLength' in cells ? cells.byteLength : rows * WORD_BYTES),
    0,
  );

/** A row by its batch and place. */
interface RowPlace {
  readonly batch: RecordBatch;
  readonly row: number;
}

const cell = ({ batch, row }: RowPlace, column: string): number => (batch.columns[column] as AnyColumn)[row]!;

export class MemoryTables {
  private readonly batches: Partial<Record<TableName, RecordBatch[]>> = {};
  private readonly bytes: Partial<Record<TableName, number>> = {};
  private readonly bytesMax: number;

  /** @param bytesMax bytes of rows that are kept */
  constructor(bytesMax: number = KEPT_BYTES_MAX) {
    this.bytesMax = bytesMax;
  }

  /** Tables that have rows. */
  get names(): TableName[] {
    return (Object.keys(TABLES) as TableName[]).filter((name) => (this.batches[name]?.length ?? 0) > 0);
  }

  append(batches: readonly RecordBatch[]): void {
    for (const batch of batches) {
      const { table } = batch;
      const list = this.batches[table] ?? [];
      list.push(batch);
      this.batches[table] = list;
      this.bytes[table] = (this.bytes[table] ?? 0) + bytesOf(batch);
    }
    while (this.total > this.bytesMax && this.dropOldest());
  }

  /** Ticks at which a table has rows, ascending. */
  ticks(table: TableName): number[] {
    const ticks = new Set<number>();
    for (const batch of this.batches[table] ?? [])
      for (const tick of batch.columns.tick as AnyColumn) ticks.add(tick);
    return [...ticks].sort((a, b) => a - b);
  }

  /** Rows that a query asks for, in order of tick and world, at most `limit` of them. */
  rows(query: TableQuery): TableFrame {
    return rowsOf(this.batches[query.table] ?? [], query);
  }

  private get total(): number {
    return Object.values(this.bytes).reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Lets the oldest rows of the largest table go; false where its latest alone are too many. */
  private dropOldest(): boolean {
    const [largest] = this.names.sort((a, b) => this.bytes[b]! - this.bytes[a]!);
    const rows = largest === undefined ? [] : this.batches[largest]!;
    if (rows.length < 2) return false;
    this.bytes[largest!]! -= bytesOf(rows.shift()!);
    return true;
  }
}

/** Rows of batches that a query asks for, in order of tick and world, at most `limit` of them. */
export function rowsOf(batches: readonly RecordBatch[], query: TableQuery): TableFrame {
  const { from, to, filters, limit } = query;
  const chosen: RowPlace[] = [];
  const sets = filters.map(({ column, values }) => [column, new Set(values)] as const);
  for (const batch of batches)
    for (let row = 0; row < batch.rows; row++) {
      const place = { batch, row };
      const tick = cell(place, 'tick');
      if (from !== 'now' && (tick < from || tick > to)) continue;
      if (sets.every(([column, values]) => values.has(cell(place, column)))) chosen.push(place);
    }
  chosen.sort((a, b) => cell(a, 'tick') - cell(b, 'tick') || cell(a, 'world') - cell(b, 'world'));
  const kept = chosen.slice(0, limit);
  return {
    rows: kept.length,
    total: chosen.length,
    columns: query.columns.map((name) => {
      const { type } = TABLES[query.table].find((column) => column.name === name)!;
      return columnOf(name, FRAME_TYPES[type], kept);
    }),
  };
}

function columnOf(name: string, type: FrameColumn['type'], places: readonly RowPlace[]): FrameColumn {
  if (type !== 'words') {
    const cells = new CELLS[type](places.length);
    for (const [k, place] of places.entries()) cells[k] = cell(place, name);
    return { name, type, cells, words: [] };
  }
  const index = new Map<string, number>();
  const cells = Uint32Array.from(places, ({ batch, row }) => {
    const word = (batch.columns[name] as readonly string[])[row]!;
    if (!index.has(word)) index.set(word, index.size);
    return index.get(word)!;
  });
  return { name, type, cells, words: [...index.keys()] };
}
