/**
 * The data of runs over HTTP, version 1: what the page reads beside frames, and anybody else may. All paths
 * are below `/api/v1`; runs go by id, never by path. Every answer is bounded.
 *
 *   GET /runs                        {runs: RunSummary[], shown, live, control}: whether the process
 *                                    simulates one, and whether it starts and steers some (controlApi.ts)
 *   GET /runs/ID                     RunDetail
 *   GET /runs/ID/frames?from&to      frames (protocol.ts), each preceded by its length as u32; evenly thinned
 *                                    to FRAMES_MAX; a single one comes with its orders where they are recorded
 *   GET /runs/ID/ticks?table=NAME    {ticks}: ticks at which a table has rows, evenly thinned to TICKS_MAX
 *   GET /runs/ID/addresses?world=0&serial=7,8
 *                                    {addresses: [{serial, address, path}]} of agents on a chain, path as in BIP-32; null
 *                                    where the run was made without a mnemonic, or keeps no wallets of that world
 *   GET /runs/ID/tables/NAME?columns=a,b&from&to&world=0,1&serial=7,8&parent=7&slot=3&limit=n
 *                                    rows as columns (tableFrame.ts), in order of tick and world
 *
 * ID `live` is the run that the server's own process simulates. For its agents and contracts `from=now` takes a snapshot
 * of the moment. A wrong request is answered by 400 or 404 and {error: {code, message, hint}}.
 */
import type { Intervention } from '../configs/interventions.ts';
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
  /** Of each arm, as planned and as asked for in flight. */
  readonly interventions: readonly (readonly Intervention[])[];
  readonly ticksPerSecond: number;
  readonly agentStepsPerSecond: number;
  /** Tables that have rows. */
  readonly tables: readonly TableName[];
}

/** Rows that are asked for. */
export interface TableQuery {
  readonly table: TableName;
  readonly columns: readonly string[];
  /** Ticks, both included; `now` of a live run's agents and contracts is a snapshot of the moment. */
  readonly from: number | 'now';
  readonly to: number;
  /** Column and the values that it may have. */
  readonly filters: readonly { readonly column: string; readonly values: readonly number[] }[];
  readonly limit: number;
}
/** An agent's wallet on a chain. */
export interface AgentAddress {
  readonly serial: number;
  readonly address: string;
  /** Where it is derived, for other wallet programs. */
  readonly path: string;
}
/** Agents of one world by serial. */
export interface AddressQuery {
  readonly world: number;
  readonly serials: readonly number[];
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
  /** Extended public keys of the agents' wallets, world by world; null where none are known. */
  wallets(id: string): Promise<readonly string[] | null>;
}

/** Columns by which rows may be chosen. */
const FILTERS = ['world', 'serial', 'parent', 'slot', 'buyer', 'seller'] as const;
const PARAMETERS = ['columns', 'from', 'to', 'limit', ...FILTERS];

type Parameters = Readonly<Record<string, unknown>>;

/** The text of a parameter; undefined where it is not given. Throws UsageError where it is given several times. */
function textOf(given: Parameters, key: string): string | undefined {
  const text = given[key];
  if (text === undefined || typeof text === 'string') return text;
  throw new UsageError(`${key} is not one text`, 'give each parameter once');
}

function tickOf(given: Parameters, key: 'from' | 'to', otherwise: number): number {
  const text = textOf(given, key);
  if (text === undefined) return otherwise;
  const tick = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(tick))
    throw new UsageError(`${key}=${text.slice(0, 40)} is not a tick`, 'give a whole number');
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
    typeof name === 'string' ? `there is no table ${name.slice(0, 40)}` : 'table is not one name',
    `there are ${Object.keys(TABLES).join(', ')}`,
  );
}

export function parseFrameQuery(given: Parameters): FrameQuery {
  refuseUnknown(given, ['from', 'to']);
  return { from: tickOf(given, 'from', 0), to: tickOf(given, 'to', Number.MAX_SAFE_INTEGER) };
}

/** Reads which agents' addresses are asked for. Throws UsageError naming what is wrong. */
export function parseAddressQuery(given: Parameters): AddressQuery {
  refuseUnknown(given, ['world', 'serial']);
  const [world, ...more] = wholeNumbers(given, 'world');
  if (more.length > 0) throw new UsageError('world is one number here', 'ask for one world at a time');
  return { world: world!, serials: wholeNumbers(given, 'serial') };
}

/** The whole numbers of a parameter, between commas. */
function wholeNumbers(given: Parameters, key: string): number[] {
  const text = textOf(given, key) ?? '';
  const texts = text.split(',');
  if (texts.some((one) => !/^\d+$/.test(one)) || texts.length > FILTER_VALUES_MAX)
    throw new UsageError(
      `${key}=${text.slice(0, 40)} is not a list of numbers`,
      `give up to ${FILTER_VALUES_MAX} whole numbers between commas`,
    );
  return texts.map(Number);
}

/** Reads the parameters of a table's rows. Throws UsageError naming the first that is wrong. */
export function parseTableQuery(table: TableName, given: Parameters): TableQuery {
  refuseUnknown(given, PARAMETERS);
  const names = TABLES[table].map(({ name }) => name);
  const columns = textOf(given, 'columns')?.split(',') ?? names;
  for (const column of columns)
    if (!names.includes(column))
      throw new UsageError(
        `the table ${table} has no column ${column.slice(0, 40)}`,
        `its columns are ${names.join(', ')}`,
      );
  const filters = FILTERS.filter((column) => given[column] !== undefined).map((column) => {
    if (!names.includes(column))
      throw new UsageError(`the table ${table} has no column ${column}`, 'leave it out');
    return { column, values: wholeNumbers(given, column) };
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
  const text = textOf(given, 'limit');
  if (text === undefined) return ROWS_MAX;
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1)
    throw new UsageError(`limit=${text.slice(0, 40)} is not a number of rows`);
  return limit;
}

/** At most `most` of a list, evenly spaced; the last one stays. */
export function thinned<T>(list: readonly T[], most: number): T[] {
  const step = Math.max(1, Math.ceil(list.length / most));
  return list.filter((_, k) => (list.length - 1 - k) % step === 0);
}
