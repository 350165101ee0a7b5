/**
 * A run directory: `manifest.json` (what was run and how it ended), `columns.json` (the columns of every
 * table with units) and one folder of Parquet parts per table of sim/tables.ts. Files are written aside and
 * renamed, so that a reader never sees half of one. Rows wait in DuckDB until they make a part; memory is
 * bounded whatever the length of the run.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inBrief } from '../sim/core/brief.ts';
import { DarwinError, EnvironmentError, UsageError } from '../sim/core/errors.ts';
import type { RecordBatch, TableName } from '../sim/frame.ts';
import type { Simulation } from '../sim/run.ts';
import { TABLES, TABLES_VERSION, type TableColumn, tablesOf } from '../sim/tables.ts';
import { discardAfter, pruneCheckpoints, type Standing, writeCheckpoint } from './checkpoints.ts';
import { lockDirectory } from './directoryLock.ts';
import { remove, replace } from './disk.ts';
import { makeDirectory } from './makeDirectory.ts';
import type { Manifest } from './manifest.ts';
import { partName } from './tablePart.ts';
import type { TableWriters } from './tableWriter.ts';

const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** Cells (rows x columns) that a table holds before they become a part: about 32 MB as doubles. */
const PART_CELLS = 4_000_000;
/** Codes of the system that say that there is no room. */
const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** Turns what the file system refuses into an expected failure. */
function fileError(cause: unknown, directory: string): Error {
  const { code, message, syscall } = cause as NodeJS.ErrnoException;
  const text = firstLine(String(message));
  if (cause instanceof DarwinError) return cause;
  if (['EACCES', 'EPERM', 'EROFS'].includes(code ?? '') || /permission denied|read-only file/i.test(text))
    return new UsageError(`cannot write to ${directory}: permission denied`, 'choose another with --out', {
      cause,
    });
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new UsageError(`${directory} is not a directory`, 'choose another with --out', { cause });
  if (FULL.includes(code ?? '') || /no space left|file too large|could not (write|flush)/i.test(text))
    return new EnvironmentError(
      `no space left to write ${directory}`,
      'free some or choose another with --out',
      {
        cause,
      },
    );
  // whatever else a disk or DuckDB says of a file
  if (syscall !== undefined || code !== undefined || /^IO Error/.test(text))
    return new EnvironmentError(`cannot write ${directory}: ${text}`, 'choose another with --out', { cause });
  return cause as Error;
}

const firstLine = (text: string): string => text.split('\n')[0]!.slice(0, 300);

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
      remove(join(folder, name));
}

/** The part of a column that a reader of rows depends on. */
type Column = Pick<TableColumn, 'name' | 'type' | 'unit'>;
const plainColumns = (columns: readonly Column[]): string =>
  JSON.stringify(columns.map(({ name, type, unit }) => [name, type, unit]));

/**
 * Throws UsageError unless the rows of a directory's tables can be continued: a table that it does not have yet is added,
 * and words about a column may change, but not its name, type, unit or place.
 */
function assertSameColumns(directory: string, { arms }: Manifest): void {
  const file = join(directory, 'columns.json');
  let found: { version?: unknown; tables?: Readonly<Record<string, readonly Column[]>> };
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UsageError(
      missing ? `${directory} has no columns.json` : `${file} is damaged: it is not JSON`,
      missing ? 'give the directory of a run' : 'columns.json of another run of this version will do',
      { cause },
    );
  }
  const refuse = (what: string): never => {
    throw new UsageError(
      `${what} of ${directory} has other columns than this version writes`,
      'resume with the version that wrote it',
    );
  };
  const tables = found?.tables;
  if (found?.version !== TABLES_VERSION || typeof tables !== 'object' || tables === null)
    throw new UsageError(
      `${file} has version ${inBrief(found?.version)}, this program writes version ${TABLES_VERSION}`,
      'resume with the version that wrote it',
    );
  const known = tablesOf(arms[0]!);
  for (const [name, columns] of Object.entries(tables)) {
    // a table may be called toString
    const now = Object.hasOwn(known, name) ? known[name as TableName] : undefined;
    if (now === undefined || !Array.isArray(columns) || columns.some((column) => column === null))
      refuse(`table ${name.slice(0, 40)}`);
    else if (plainColumns(columns) !== plainColumns(now)) refuse(`table ${name}`);
  }
}

/** What `columns.json` of a run says. */
const columnsOf = ({ arms }: Manifest) => ({ version: TABLES_VERSION, tables: tablesOf(arms[0]!) });
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
      return TableWriters.open(path, partCells, parts, tablesOf(manifest.arms[0]!));
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
        directory.writeJson('columns.json', columnsOf(manifest));
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
   * @param options.after tick after which checkpoints are dropped, those that the run comes to again
   * @throws UsageError when the directory is in use, lacks a part or has other columns
   */
  static async resume(
    path: string,
    manifest: Manifest,
    parts: Readonly<Partial<Record<TableName, number>>>,
    { after = Number.POSITIVE_INFINITY, partCells = PART_CELLS } = {},
  ): Promise<RunDirectory> {
    try {
      assertSameColumns(path, manifest);
      const unlock = lockDirectory(path);
      try {
        for (const name of TABLE_NAMES) dropParts(path, name, parts[name] ?? 0);
        const directory = new RunDirectory(path, manifest, partCells, parts, unlock);
        // tables that came since
        directory.writeJson('columns.json', columnsOf(manifest));
        directory.writeJson('manifest.json', manifest);
        discardAfter(path, after);
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
      await writeCheckpoint(this.path, simulation, { tableParts, standing, kept, origin: this.origin });
    });
  }

  /** Removes checkpoints until so many are left. */
  prune(kept: number): Promise<void> {
    return this.inTurn(async () => pruneCheckpoints(this.path, { kept, origin: this.origin }));
  }

  /** Tick of the checkpoint that a branch began with. */
  private get origin(): number | null {
    return this.manifest.parent?.tick ?? null;
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

  /** Takes a snapshot of all agents, to be asked for as `nowOf` says, in place of the one before. */
  showAgents(batches: readonly RecordBatch[]): Promise<void> {
    return this.inTurn(async () => {
      if (this.isOpen) await (await this.writers()).showAgents(batches);
    });
  }

  /** Changes what the manifest says while rows still come. */
  amend(change: Partial<Manifest>): Promise<void> {
    return this.inTurn(async () => {
      this.manifest = { ...this.manifest, ...change };
      this.writeJson('manifest.json', this.manifest);
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
    replace(join(this.path, name), jsonText(value));
  }
}

/** The parent of default run directories. */
export const RUNS_DIRECTORY = 'runs';
