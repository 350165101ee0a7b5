/**
 * A run directory: `manifest.json` (what was run and how it ended), `columns.json` (the columns of every
 * table with units) and one folder of Parquet parts per table of sim/tables.ts. Files are written aside and
 * renamed, so that a reader never sees half of one. Rows wait in DuckDB until they make a part; memory is
 * bounded whatever the length of the run.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  FLOAT,
  UBIGINT,
  UINTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import { assert } from '../sim/core/assert.ts';
import { EnvironmentError, UsageError } from '../sim/core/errors.ts';
import type { RecordBatch, TableName } from '../sim/frame.ts';
import type { Simulation } from '../sim/run.ts';
import { TABLES, TABLES_VERSION, type TableColumn } from '../sim/tables.ts';
import { forceToDisk, type Standing, writeCheckpoint } from './checkpoints.ts';
import { lockDirectory } from './directoryLock.ts';
import { makeDirectory } from './makeDirectory.ts';
import type { Manifest } from './manifest.ts';

const TYPES: Readonly<Record<TableColumn['type'], { sql: string; type: DuckDBType }>> = {
  u32: { sql: 'UINTEGER', type: UINTEGER },
  u64: { sql: 'UBIGINT', type: UBIGINT },
  f32: { sql: 'FLOAT', type: FLOAT },
  f64: { sql: 'DOUBLE', type: DOUBLE },
  string: { sql: 'VARCHAR', type: VARCHAR },
};
const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** Rows of a DuckDB data chunk. */
const CHUNK_ROWS = 2048;
/** Cells (rows x columns) that a table holds before they become a part: about 32 MB as doubles. */
const PART_CELLS = 4_000_000;
/** A part is written at least this often, so that a crash loses little. */
const PART_INTERVAL_MS = 60_000;

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const identifier = (text: string): string => `"${text.replaceAll('"', '""')}"`;

const partName = (part: number): string => `part-${String(part).padStart(5, '0')}.parquet`;

/** One table on its way to Parquet. */
class TableWriter {
  private readonly name: TableName;
  private readonly folder: string;
  private readonly connection: DuckDBConnection;
  private readonly specs: readonly TableColumn[];
  private readonly chunk: DuckDBDataChunk;
  private readonly partCells: number;
  private appender: DuckDBAppender | null = null;
  private rows = 0;
  /** Parts written so far. */
  parts: number;
  private writtenAt = performance.now();

  constructor(
    name: TableName,
    directory: string,
    connection: DuckDBConnection,
    partCells: number,
    parts: number,
  ) {
    this.parts = parts;
    this.name = name;
    this.folder = join(directory, name);
    this.connection = connection;
    this.specs = TABLES[name];
    this.partCells = partCells;
    this.chunk = DuckDBDataChunk.create(this.specs.map(({ type }) => TYPES[type].type));
  }

  async append(batch: RecordBatch): Promise<void> {
    if (this.appender === null) {
      const columns = this.specs.map((c) => `${identifier(c.name)} ${TYPES[c.type].sql} NOT NULL`).join(', ');
      await this.connection.run(`CREATE OR REPLACE TABLE ${this.name} (${columns})`);
      this.appender = await this.connection.createAppender(this.name);
    }
    for (let from = 0; from < batch.rows; from += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, batch.rows - from);
      this.chunk.reset();
      this.chunk.rowCount = rows;
      this.specs.forEach((spec, k) => {
        this.fill(spec, k, batch, from, rows);
      });
      this.appender.appendDataChunk(this.chunk);
    }
    this.rows += batch.rows;
    const full = this.rows * this.specs.length >= this.partCells;
    if (full || performance.now() - this.writtenAt >= PART_INTERVAL_MS) await this.writePart();
  }

  /** Writes the waiting rows as the next part. */
  async writePart(): Promise<void> {
    this.writtenAt = performance.now();
    if (this.appender === null || this.rows === 0) return;
    this.appender.closeSync();
    this.appender = null;
    makeDirectory(this.folder);
    const part = join(this.folder, partName(this.parts++));
    const aside = `${part}.writing`;
    await this.connection.run(
      `COPY ${this.name} TO ${quoted(aside)} (FORMAT parquet, COMPRESSION zstd); DROP TABLE ${this.name}`,
    );
    await forceToDisk(aside);
    renameSync(aside, part);
    this.rows = 0;
  }

  private fill(spec: TableColumn, k: number, batch: RecordBatch, from: number, rows: number): void {
    const column = batch.columns[spec.name];
    assert(column !== undefined, `a batch of ${this.name} lacks the column ${spec.name}`);
    assert(column.length === batch.rows, `column ${spec.name} of ${this.name} has ${column.length} rows`);
    const vector = this.chunk.getColumnVector(k);
    if (spec.type === 'u64') {
      for (let row = 0; row < rows; row++) vector.setItem(row, BigInt(column[from + row]!));
    } else {
      for (let row = 0; row < rows; row++) vector.setItem(row, column[from + row]!);
    }
    vector.flush();
  }
}

/** Turns what the file system refuses into an expected failure. */
function fileError(cause: unknown, directory: string): Error {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new UsageError(`cannot write to ${directory}: permission denied`, 'choose another with --out', {
      cause,
    });
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new UsageError(`${directory} is not a directory`, 'choose another with --out', { cause });
  if (code === 'ENOSPC' || /No space left|could not (write|flush)/i.test(String(message)))
    return new EnvironmentError(
      `no space left to write ${directory}`,
      'free some or choose another with --out',
      {
        cause,
      },
    );
  return cause as Error;
}

/** Throws UsageError unless `directory` is absent or empty; a run is never overwritten. */
export function assertFree(directory: string): void {
  try {
    if (!existsSync(directory) || readdirSync(directory).length === 0) return;
  } catch (cause) {
    throw fileError(cause, directory);
  }
  throw new UsageError(
    `the directory ${directory} is not empty`,
    'a run is never overwritten: choose another --out',
  );
}

/**
 * Makes a fresh directory `parent/stem-n` with the lowest free n from 1; safe beside other runs that do the
 * same at the same time.
 */
export function makeNumbered(parent: string, stem: string): string {
  const safe = stem.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100);
  try {
    makeDirectory(parent);
    for (let n = 1; ; n++) {
      const directory = join(parent, `${safe}-${n}`);
      if (existsSync(directory)) continue;
      try {
        mkdirSync(directory);
        return directory;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      }
    }
  } catch (cause) {
    throw fileError(cause, parent);
  }
}

/**
 * Drops the parts of a table from number `from` on, the last one first, so that what a crash leaves is a beginning.
 *
 * @throws UsageError when an earlier part is missing
 */
function dropParts(directory: string, table: TableName, from: number): void {
  const folder = join(directory, table);
  const names = existsSync(folder) ? readdirSync(folder).sort().reverse() : [];
  for (let part = 0; part < from; part++)
    if (!names.includes(partName(part)))
      throw new UsageError(
        `${join(folder, partName(part))} is missing`,
        'rows from before the checkpoint are lost: run the config again',
      );
  const kept = partName(from);
  for (const name of names)
    if (/^part-\d{5,}\.parquet/.test(name) && (name >= kept || name.endsWith('.writing')))
      rmSync(join(folder, name));
}

/** Throws UsageError unless a directory's tables have the columns that this program writes. */
function assertSameColumns(directory: string): void {
  const file = join(directory, 'columns.json');
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${directory} has no columns.json`, 'give the directory of a run', { cause });
  }
  if (text !== jsonText(COLUMNS))
    throw new UsageError(
      `the tables of ${directory} have other columns than this version writes`,
      'resume with the version that wrote it',
    );
}

const COLUMNS = { version: TABLES_VERSION, tables: TABLES };
const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

export class RunDirectory {
  readonly path: string;
  private manifest: Manifest;
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;
  private readonly writers: ReadonlyMap<TableName, TableWriter>;
  private readonly unlock: () => void;

  private constructor(
    path: string,
    manifest: Manifest,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    partCells: number,
    parts: Readonly<Partial<Record<TableName, number>>>,
    unlock: () => void,
  ) {
    this.unlock = unlock;
    this.path = path;
    this.manifest = manifest;
    this.instance = instance;
    this.connection = connection;
    this.writers = new Map(
      TABLE_NAMES.map((name) => [name, new TableWriter(name, path, connection, partCells, parts[name] ?? 0)]),
    );
  }

  /**
   * Starts a run directory in an absent or empty one.
   *
   * @param partCells rows x columns after which a table writes a part
   * @throws UsageError when the directory is not empty or cannot be written
   */
  static async create(path: string, manifest: Manifest, partCells = PART_CELLS): Promise<RunDirectory> {
    assertFree(path);
    try {
      makeDirectory(path);
      const unlock = lockDirectory(path);
      try {
        const directory = await RunDirectory.open(path, manifest, partCells, {}, unlock);
        directory.writeJson('columns.json', COLUMNS);
        directory.writeJson('manifest.json', manifest);
        return directory;
      } catch (error) {
        unlock();
        throw error;
      }
    } catch (cause) {
      throw fileError(cause, path);
    }
  }

  /**
   * Goes on with the directory of an interrupted run: drops the rows that a checkpoint does not cover, then writes
   * behind the others.
   *
   * @param parts parts of each table that stay, from the checkpoint's index; none = a run that begins again
   * @throws UsageError when the directory is in use, lacks a part or has other columns
   */
  static async resume(
    path: string,
    manifest: Manifest,
    parts: Readonly<Partial<Record<TableName, number>>>,
    partCells = PART_CELLS,
  ): Promise<RunDirectory> {
    try {
      assertSameColumns(path);
      const unlock = lockDirectory(path);
      try {
        for (const name of TABLE_NAMES) dropParts(path, name, parts[name] ?? 0);
        const directory = await RunDirectory.open(path, manifest, partCells, parts, unlock);
        directory.writeJson('manifest.json', manifest);
        return directory;
      } catch (error) {
        unlock();
        throw error;
      }
    } catch (cause) {
      throw fileError(cause, path);
    }
  }

  private static async open(
    path: string,
    manifest: Manifest,
    partCells: number,
    parts: Readonly<Partial<Record<TableName, number>>>,
    unlock: () => void,
  ): Promise<RunDirectory> {
    // one thread: the cores belong to the worlds
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: '1GB',
      temp_directory: '',
    });
    return new RunDirectory(path, manifest, instance, await instance.connect(), partCells, parts, unlock);
  }

  /** Writes all waiting rows, then a checkpoint (checkpoints.ts) that knows where they end. */
  async checkpoint(simulation: Simulation, standing: Standing, kept: number): Promise<void> {
    try {
      const tableParts: Partial<Record<TableName, number>> = {};
      for (const [name, writer] of this.writers) {
        await writer.writePart();
        tableParts[name] = writer.parts;
      }
      const origin = this.manifest.parent?.tick ?? null;
      await writeCheckpoint(this.path, simulation, { tableParts, standing, kept, origin });
    } catch (cause) {
      throw fileError(cause, this.path);
    }
  }

  /** Adds rows. Throws EnvironmentError when the disk is full. */
  async append(batches: readonly RecordBatch[]): Promise<void> {
    try {
      for (const batch of batches) await this.writers.get(batch.table)!.append(batch);
    } catch (cause) {
      throw fileError(cause, this.path);
    }
  }

  /** Writes what still waits and the last manifest; the directory takes nothing more. */
  async finish(result: Partial<Manifest>): Promise<Manifest> {
    try {
      for (const writer of this.writers.values()) await writer.writePart();
      this.manifest = { ...this.manifest, ...result };
      this.writeJson('manifest.json', this.manifest);
      return this.manifest;
    } catch (cause) {
      throw fileError(cause, this.path);
    } finally {
      this.connection.closeSync();
      this.instance.closeSync();
      this.unlock();
    }
  }

  private writeJson(name: string, value: unknown): void {
    const file = join(this.path, name);
    writeFileSync(`${file}.writing`, jsonText(value));
    renameSync(`${file}.writing`, file);
  }
}

/** The parent of default run directories. */
export const RUNS_DIRECTORY = 'runs';

/** A path as it is written in SQL on a terminal: relative, with forward slashes. */
export const sqlPath = (directory: string, table: TableName): string =>
  `'${join(directory, table, '*.parquet').replaceAll('\\', '/')}'`;
