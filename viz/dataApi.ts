/**
 * The data of runs over HTTP, version 1: what the page reads beside frames, and anybody else may. All paths
 * are below `/api/v1`; runs go by id, never by path. Every answer is bounded.
 *
 *   GET /runs                        {runs: RunSummary[], shown, live}; live = whether the process simulates one
 *   GET /runs/ID                     RunDetail
 *   GET /runs/ID/frames?from&to      frames (protocol.ts), each preceded by its length as u32; evenly thinned
 *                                    to FRAMES_MAX
 *   GET /runs/ID/ticks?table=NAME    {ticks}: ticks at which a table has rows, evenly thinned to TICKS_MAX
 *   GET /runs/ID/tables/NAME?columns=a,b&from&to&world=0,1&serial=7,8&parent=7&slot=3&limit=n
 *                                    rows as columns (tableFrame.ts), in order of tick and world
 *
 * ID `live` is the run that the server's own process simulates. For its agents `from=now` takes a snapshot of the
 * moment. A wrong request is answered by 400 or 404 and {error: {code, message, hint}}.
 */
import { UsageError } from '../sim/core/errors.ts';
import type { LawStatus, RunFrame, TableName } from '../sim/frame.ts';
import { TABLES } from '../sim/tables.ts';
import type { Hello } from './protocol.ts';
import type { TableFrame } from './tableFrame.ts';

export const DATA_API_VERSION = 1;
/** Most rows of one answer. */
export const ROWS_MAX = 200_000;
/** Most cells of one answer: with all columns of agents, fewer rows than ROWS_MAX. */
export const CELLS_MAX = 4_000_000;
/** Most frames of one answer; a chart has fewer pixels. */
export const FRAMES_MAX = 400;
export const TICKS_MAX = 2000;
/** Most values of one filter. */
const FILTER_VALUES_MAX = 500;
/** The run that is being simulated by the process that serves it. */
export const LIVE_RUN = 'live';

export interface RunSummary {
  /** Name of its directory, unique among the runs that are served. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: 'running' | 'finished' | 'interrupted' | 'failed';
  /** Ticks done, and ticks that it was to have. */
  readonly ticks: number;
  readonly plannedTicks: number;
  readonly arms: number;
  /** Worlds of each arm. */
  readonly worlds: number;
  readonly slots: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finalHash: string | null;
  /** The line of the error that stopped it. */
  readonly error: string | null;
  readonly live: boolean;
}
export interface RunList {
  readonly runs: readonly RunSummary[];
  /** The run that the server was asked to show; null = none in particular. */
  readonly shown: string | null;
}
export interface RunDetail {
  readonly version: typeof DATA_API_VERSION;
  readonly summary: RunSummary;
  readonly hello: Hello;
  readonly laws: readonly LawStatus[];
  readonly ticksPerSecond: number;
  readonly agentStepsPerSecond: number;
  /** Tables that have rows. */
  readonly tables: readonly TableName[];
}

/** Rows that are asked for. */
export interface TableQuery {
  readonly table: TableName;
  readonly columns: readonly string[];
  /** Ticks, both included; `now` of a live run's agents is a snapshot of the moment. */
  readonly from: number | 'now';
  readonly to: number;
  /** Column and the values that it may have. */
  readonly filters: readonly { readonly column: string; readonly values: readonly number[] }[];
  readonly limit: number;
}
export interface FrameQuery {
  readonly from: number;
  readonly to: number;
}

/** An id that no run has. The server answers 404. */
export class NoSuchRun extends UsageError {
  constructor(id: string) {
    super(`there is no run ${id.slice(0, 80)}`, 'the runs list shows those that there are');
  }
}

/** Who knows the runs; the server asks, `experiments` answers from run directories. */
export interface RunCatalog {
  list(): Promise<RunList>;
  /** Each of these throws NoSuchRun for an id that no run has. */
  detail(id: string): Promise<RunDetail>;
  frames(
    id: string,
    range: FrameQuery,
  ): Promise<{ readonly metricsEvery: number; readonly frames: readonly RunFrame[] }>;
  ticks(id: string, table: TableName): Promise<readonly number[]>;
  table(id: string, query: TableQuery): Promise<TableFrame>;
}

/** Columns by which rows may be chosen. */
const FILTERS = ['world', 'serial', 'parent', 'slot', 'buyer', 'seller'] as const;
const PARAMETERS = ['columns', 'from', 'to', 'limit', ...FILTERS];

type Parameters = Readonly<Record<string, unknown>>;

function tickOf(given: Parameters, key: 'from' | 'to', otherwise: number): number {
  const text = given[key];
  if (text === undefined) return otherwise;
  const tick = Number(text);
  if (typeof text !== 'string' || !/^\d+$/.test(text) || !Number.isSafeInteger(tick))
    throw new UsageError(`${key}=${String(text).slice(0, 40)} is not a tick`, 'give a whole number');
  return tick;
}

function refuseUnknown(given: Parameters, known: readonly string[]): void {
  for (const key of Object.keys(given))
    if (!known.includes(key))
      throw new UsageError(`there is no parameter ${key.slice(0, 40)}`, `known are ${known.join(', ')}`);
}

/** Reads the name of a table. Throws UsageError when there is none of that name. */
export function parseTable(name: unknown): TableName {
  if (typeof name === 'string' && Object.hasOwn(TABLES, name)) return name as TableName;
  throw new UsageError(
    `there is no table ${String(name).slice(0, 40)}`,
    `there are ${Object.keys(TABLES).join(', ')}`,
  );
}

export function parseFrameQuery(given: Parameters): FrameQuery {
  refuseUnknown(given, ['from', 'to']);
  return { from: tickOf(given, 'from', 0), to: tickOf(given, 'to', Number.MAX_SAFE_INTEGER) };
}

/** Reads the parameters of a table's rows. Throws UsageError naming the first that is wrong. */
export function parseTableQuery(table: TableName, given: Parameters): TableQuery {
  refuseUnknown(given, PARAMETERS);
  const names = TABLES[table].map(({ name }) => name);
  const columns = given.columns === undefined ? names : String(given.columns).split(',');
  for (const column of columns)
    if (!names.includes(column))
      throw new UsageError(
        `the table ${table} has no column ${column.slice(0, 40)}`,
        `its columns are ${names.join(', ')}`,
      );
  const filters = FILTERS.filter((column) => given[column] !== undefined).map((column) => {
    const texts = String(given[column]).split(',');
    const values = texts.map(Number);
    if (!names.includes(column))
      throw new UsageError(`the table ${table} has no column ${column}`, 'leave it out');
    if (texts.some((text) => !/^\d+$/.test(text)) || texts.length > FILTER_VALUES_MAX)
      throw new UsageError(
        `${column}=${String(given[column]).slice(0, 40)} is not a list of numbers`,
        `give up to ${FILTER_VALUES_MAX} whole numbers between commas`,
      );
    return { column, values };
  });
  const most = Math.min(ROWS_MAX, Math.floor(CELLS_MAX / columns.length));
  const now = given.from === 'now';
  return {
    table,
    columns,
    from: now ? 'now' : tickOf(given, 'from', 0),
    to: tickOf(given, 'to', Number.MAX_SAFE_INTEGER),
    filters,
    limit: Math.min(most, limitOf(given)),
  };
}

function limitOf(given: Parameters): number {
  if (given.limit === undefined) return ROWS_MAX;
  const limit = Number(given.limit);
  if (!/^\d+$/.test(String(given.limit)) || limit < 1)
    throw new UsageError(`limit=${String(given.limit).slice(0, 40)} is not a number of rows`);
  return limit;
}

/** At most `most` of a list, evenly spaced; the last one stays. */
export function thinned<T>(list: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(list.length / most));
  return list.filter((_, k) => (list.length - 1 - k) % step === 0);
}
