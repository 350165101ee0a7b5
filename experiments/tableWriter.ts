/**
 * Tables of a run on their way to Parquet: rows wait in DuckDB until they make a part. Loaded when the first rows come,
 * because loading DuckDB takes longer than a run needs to its first frame.
 */
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
import type { RecordBatch, TableName } from '../sim/frame.ts';
import { SNAPSHOT_TABLES, TABLES, type TableColumn, type Tables } from '../sim/tables.ts';
import { forceToDisk, rename, stepOf } from './disk.ts';
import { makeDirectory } from './makeDirectory.ts';
import { nowOf, partName, type SnapshotTable, sqlPath } from './tablePart.ts';

const TYPES: Readonly<Record<TableColumn['type'], { sql: string; type: DuckDBType }>> = {
  u32: { sql: 'UINTEGER', type: UINTEGER },
  u64: { sql: 'UBIGINT', type: UBIGINT },
  f32: { sql: 'FLOAT', type: FLOAT },
  f64: { sql: 'DOUBLE', type: DOUBLE },
  string: { sql: 'VARCHAR', type: VARCHAR },
};
/** Rows of a DuckDB data chunk. */
const CHUNK_ROWS = 2048;
/** A part is written at least this often, so that a crash loses little. */
const PART_INTERVAL_MS = 60_000;

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const identifier = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** One table on its way to Parquet. */
class TableWriter {
  private readonly name: TableName;
  private readonly directory: string;
  /** Name of the table of waiting rows. */
  private readonly waitingIn: string;
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
    specs: readonly TableColumn[],
    waitingIn: string = name,
  ) {
    this.parts = parts;
    this.name = name;
    this.directory = directory;
    this.waitingIn = waitingIn;
    this.folder = join(directory, name);
    this.connection = connection;
    this.specs = specs;
    this.partCells = partCells;
    this.chunk = DuckDBDataChunk.create(this.specs.map(({ type }) => TYPES[type].type));
  }

  /** Makes the table of waiting rows, which none are in yet. */
  private async begin(): Promise<DuckDBAppender> {
    const columns = this.specs.map((c) => `${identifier(c.name)} ${TYPES[c.type].sql} NOT NULL`).join(', ');
    await this.connection.run(`CREATE OR REPLACE TABLE ${this.waitingIn} (${columns})`);
    return this.connection.createAppender(this.waitingIn);
  }

  async append(batch: RecordBatch): Promise<void> {
    this.appender ??= await this.begin();
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
    if (this.partCells === Number.POSITIVE_INFINITY) return;
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
    const copy = `COPY ${this.waitingIn} TO ${quoted(aside)} (FORMAT parquet, COMPRESSION zstd); DROP TABLE ${this.waitingIn}`;
    await stepOf('write', aside, () => this.connection.run(copy));
    await forceToDisk(aside);
    rename(aside, part);
    // a checkpoint that counts on the part comes after its name
    await forceToDisk(this.folder);
    this.rows = 0;
  }

  /** What stands behind FROM for all rows so far, all of them visible to it; null where there are none. */
  relation(): string | null {
    const written = this.parts > 0 ? `read_parquet(${sqlPath(this.directory, this.name)})` : null;
    if (this.rows === 0 || this.appender === null) return written;
    this.appender.flushSync();
    if (written === null) return this.waitingIn;
    return `(select * from ${written} union all by name select * from ${this.waitingIn})`;
  }

  /** Puts rows, or none, in the place of those that wait. */
  async replace(batches: readonly RecordBatch[]): Promise<void> {
    this.appender?.closeSync();
    this.appender = await this.begin();
    this.rows = 0;
    for (const batch of batches) await this.append(batch);
    this.relation();
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

/** All tables of a run directory. */
export class TableWriters {
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;
  private readonly writers: ReadonlyMap<TableName, TableWriter>;
  /** Of the moment, for somebody who watches; never written. */
  private readonly now: ReadonlyMap<SnapshotTable, TableWriter>;

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    writers: ReadonlyMap<TableName, TableWriter>,
  ) {
    this.instance = instance;
    this.connection = connection;
    this.writers = writers;
    const endless = Number.POSITIVE_INFINITY;
    this.now = new Map(
      SNAPSHOT_TABLES.map((name) => [
        name,
        new TableWriter(name, '', connection, endless, 0, TABLES[name], nowOf(name)),
      ]),
    );
  }

  /**
   * @param directory of the run
   * @param partCells rows x columns after which a table writes a part
   * @param parts parts that each table has
   */
  static async open(
    directory: string,
    partCells: number,
    parts: Readonly<Partial<Record<TableName, number>>>,
    tables: Tables = TABLES,
  ): Promise<TableWriters> {
    // one thread: the cores belong to the worlds
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: '1GB',
      temp_directory: '',
      // parts are asked for once in a while, and the memory belongs to the worlds
      enable_external_file_cache: 'false',
    });
    const connection = await instance.connect();
    const names = Object.keys(tables) as TableName[];
    const writers = names.map((name): [TableName, TableWriter] => [
      name,
      new TableWriter(name, directory, connection, partCells, parts[name] ?? 0, tables[name]),
    ]);
    return new TableWriters(instance, connection, new Map(writers));
  }

  async append(batches: readonly RecordBatch[]): Promise<void> {
    for (const batch of batches) await this.writers.get(batch.table)!.append(batch);
  }

  /** Writes all waiting rows; returns how many parts each table then has. */
  async writeParts(): Promise<Record<TableName, number>> {
    const parts: Partial<Record<TableName, number>> = {};
    for (const [name, writer] of this.writers) {
      await writer.writePart();
      parts[name] = writer.parts;
    }
    return parts as Record<TableName, number>;
  }

  /** Answers SQL over all rows so far; null = there are none to ask about. */
  async query(
    write: (relation: (table: TableName) => string | null) => string | null,
  ): Promise<Readonly<Record<string, readonly unknown[]>>> {
    const sql = write((table) => this.writers.get(table)!.relation());
    return sql === null ? {} : (await this.connection.runAndReadAll(sql)).getColumnsObjectJS();
  }

  /** Takes a snapshot of all agents, to be asked for as `nowOf` says, in place of the one before. */
  async showAgents(batches: readonly RecordBatch[]): Promise<void> {
    for (const [name, writer] of this.now)
      await writer.replace(batches.filter(({ table }) => table === name));
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}
