/** Questions to the tables of a run, whether they lie in Parquet parts alone or some rows still wait in memory. */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../sim/core/errors.ts';
import type { TableName } from '../sim/frame.ts';
import { TABLES } from '../sim/tables.ts';
import type { TableQuery } from '../viz/dataApi.ts';
import type { FrameColumn, TableFrame } from '../viz/tableFrame.ts';
import { IdleDatabase } from './idleDatabase.ts';
import { sqlPath } from './tablePart.ts';

/** Values of a result, column by column. */
export type ResultColumns = Readonly<Record<string, readonly unknown[]>>;

/** Where a run's rows are. */
export interface RunTables {
  /** Answers SQL made by `write`, which is told what stands behind FROM; null = the table has no rows. */
  query(write: (relation: (table: TableName) => string | null) => string | null): Promise<ResultColumns>;
}

export const hasParts = (directory: string, table: TableName): boolean =>
  existsSync(join(directory, table)) &&
  readdirSync(join(directory, table)).some((name) => name.endsWith('.parquet'));

/** Characters of what DuckDB says that an error repeats. */
const SAID_MAX = 300;

/** What DuckDB says of rows that it cannot read, as an expected failure: parts are damaged, or of somebody else. */
export const unreadable = (directory: string, cause: unknown): UsageError =>
  new UsageError(
    `the tables of ${directory} cannot be read: ${String((cause as Error).message)
      .split('\n')[0]!
      .slice(0, SAID_MAX)}`,
    'a part is damaged, or of another version; the others can be read by any SQL engine',
    { cause },
  );

/**
 * The tables of a run directory as its Parquet parts hold them. Questions can read nothing but that directory, whatever a
 * directory of somebody else's says.
 */
export class RecordedTables implements RunTables {
  private readonly directory: string;
  private readonly database: IdleDatabase;

  constructor(directory: string) {
    this.directory = resolve(directory);
    const allowed = this.directory.replaceAll("'", "''");
    this.database = new IdleDatabase(
      { threads: '2', memory_limit: '1GB', temp_directory: '' },
      `set allowed_directories = ['${allowed}']; set enable_external_access = false; set lock_configuration = true`,
    );
  }

  async query(
    write: (relation: (table: TableName) => string | null) => string | null,
  ): Promise<ResultColumns> {
    const sql = write((table) =>
      hasParts(this.directory, table) ? `read_parquet(${sqlPath(this.directory, table)})` : null,
    );
    if (sql === null) return {};
    try {
      return await this.database.ask(async (connection) =>
        (await connection.runAndReadAll(sql)).getColumnsObjectJS(),
      );
    } catch (cause) {
      throw unreadable(this.directory, cause);
    }
  }
}

/** Ticks at which a table has rows, ascending. */
export async function ticksOf(tables: RunTables, table: TableName): Promise<number[]> {
  const found = await tables.query((relation) => {
    const from = relation(table);
    return from === null ? null : `select distinct tick from ${from} order by tick`;
  });
  // a file of somebody else's may hold anything, and ticks become part of questions
  return (found.tick ?? []).map(Number).filter((tick) => Number.isSafeInteger(tick) && tick >= 0);
}

const COLUMN_TYPES = { u32: 'u32', u64: 'f64', f32: 'f32', f64: 'f64', string: 'words' } as const;

function cellsOf(name: string, type: FrameColumn['type'], values: readonly unknown[]): FrameColumn {
  if (type !== 'words') {
    const cells = { u32: Uint32Array, f32: Float32Array, f64: Float64Array }[type].from(
      values as readonly number[],
    );
    return { name, type, cells, words: [] };
  }
  const index = new Map<string, number>();
  const cells = Uint32Array.from(values, (value) => {
    const word = String(value);
    const known = index.get(word);
    if (known !== undefined) return known;
    index.set(word, index.size);
    return index.size - 1;
  });
  return { name, type, cells, words: [...index.keys()] };
}

/** Rows that a query asks for, in order of tick and world, at most `limit` of them. */
export async function tableRows(
  tables: RunTables,
  query: TableQuery,
  relationName?: string,
): Promise<TableFrame> {
  const specs = query.columns.map((name) => TABLES[query.table].find((column) => column.name === name)!);
  const conditions = query.filters.map(({ column, values }) => `"${column}" in (${values.join(', ')})`);
  if (query.from !== 'now') conditions.push(`tick between ${query.from} and ${query.to}`);
  const found = await tables.query((relation) => {
    const from = relationName ?? relation(query.table);
    if (from === null) return null;
    const picked = specs.map(({ name, type }) =>
      type === 'u64' ? `"${name}"::double "${name}"` : `"${name}"`,
    );
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    return `select ${picked.join(', ')}, count(*) over () as "#total" from ${from} ${where}
      order by tick, world limit ${query.limit}`;
  });
  const rows = found['#total']?.length ?? 0;
  return {
    rows,
    total: rows === 0 ? 0 : Number(found['#total']![0]),
    columns: specs.map(({ name, type }) => cellsOf(name, COLUMN_TYPES[type], found[name] ?? [])),
  };
}
