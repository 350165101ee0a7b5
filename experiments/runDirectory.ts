/**
 * A run directory: `manifest.json` (what was run and how it ended), `columns.json` (the columns of every
 * table with units) and one folder of Parquet parts per table of sim/tables.ts. Files are written aside and
 * renamed, so that a reader never sees half of one. Rows wait in DuckDB until they make a part; memory is
 * bounded whatever the length of the run.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnvironmentError, UsageError } from '../sim/core/errors.ts';
import type { RecordBatch, TableName } from '../sim/frame.ts';
import type { Simulation } from '../sim/run.ts';
import { TABLES, TABLES_VERSION } from '../sim/tables.ts';
import { type Standing, writeCheckpoint } from './checkpoints.ts';
import { lockDirectory } from './directoryLock.ts';
import { makeDirectory } from './makeDirectory.ts';
import type { Manifest } from './manifest.ts';
import { partName } from './tablePart.ts';
import type { TableWriters } from './tableWriter.ts';

const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** Cells (rows x columns) that a table holds before they become a part: about 32 MB as doubles. */
const PART_CELLS = 4_000_000;
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
  private readonly unlock: () => void;
  private readonly openTables: () => Promise<TableWriters>;
  /** Opened by the first rows. */
  private tables: Promise<TableWriters> | null = null;
  /** Resolves when nobody uses the tables: rows are written and questions answered one after the other. */
  private idle: Promise<unknown> = Promise.resolve();
  /** Whether rows may still come; afterwards the Parquet parts hold everything. */
  isOpen = true;

  private constructor(
    path: string,
    manifest: Manifest,
    partCells: number,
    parts: Readonly<Partial<Record<TableName, number>>>,
    unlock: () => void,
  ) {
    this.unlock = unlock;
    this.path = path;
    this.manifest = manifest;
    this.openTables = async () => {
      const { TableWriters } = await import('./tableWriter.ts').catch((cause: Error) => {
        throw new EnvironmentError(
          `tables are written by @duckdb/node-api, which does not load: ${cause.message.split('\n')[0]}`,
          'npm ci; a bundle for GPU hosts has bench, validate, check and engines only',
          { cause },
        );
      });
      return TableWriters.open(path, partCells, parts);
    };
  }

  private writers(): Promise<TableWriters> {
    this.tables ??= this.openTables();
    return this.tables;
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
        const directory = new RunDirectory(path, manifest, partCells, {}, unlock);
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
        const directory = new RunDirectory(path, manifest, partCells, parts, unlock);
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

  /** Writes all waiting rows, then a checkpoint (checkpoints.ts) that knows where they end. */
  checkpoint(simulation: Simulation, standing: Standing, kept: number): Promise<void> {
    return this.inTurn(async () => {
      const tableParts = await (await this.writers()).writeParts();
      const origin = this.manifest.parent?.tick ?? null;
      await writeCheckpoint(this.path, simulation, { tableParts, standing, kept, origin });
    });
  }

  /** Adds rows. Throws EnvironmentError when the disk is full. */
  async append(batches: readonly RecordBatch[]): Promise<void> {
    if (batches.length > 0) await this.inTurn(async () => (await this.writers()).append(batches));
  }

  /** Answers a question over all rows so far, written or waiting. Throws UsageError when the run has just ended. */
  query(
    write: (relation: (table: TableName) => string | null) => string | null,
  ): Promise<Readonly<Record<string, readonly unknown[]>>> {
    return this.inTurn(async () => {
      if (!this.isOpen)
        throw new UsageError('the run has just ended', 'ask again: its tables are all written');
      return (await this.writers()).query(write);
    });
  }

  /** Takes a snapshot of all agents for AGENTS_NOW in place of the one before. */
  showAgents(batches: readonly RecordBatch[]): Promise<void> {
    return this.inTurn(async () => {
      if (this.isOpen) await (await this.writers()).showAgents(batches);
    });
  }

  /** Writes what still waits and the last manifest; the directory takes nothing more. */
  finish(result: Partial<Manifest>): Promise<Manifest> {
    return this.inTurn(async () => {
      try {
        await (await this.tables)?.writeParts();
        this.manifest = { ...this.manifest, ...result };
        this.writeJson('manifest.json', this.manifest);
        return this.manifest;
      } finally {
        this.isOpen = false;
        const tables = await this.tables?.catch(() => null);
        tables?.close();
        this.unlock();
      }
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.idle.then(work).catch((cause) => {
      throw fileError(cause, this.path);
    });
    this.idle = done.catch(() => {});
    return done;
  }

  private writeJson(name: string, value: unknown): void {
    const file = join(this.path, name);
    writeFileSync(`${file}.writing`, jsonText(value));
    renameSync(`${file}.writing`, file);
  }
}

/** The parent of default run directories. */
export const RUNS_DIRECTORY = 'runs';
