/** The page's questions to the data of runs (dataApi.ts), answered once and remembered. */
import type { ControlFailure } from '../controlApi.ts';
import type { AgentAddress, FrameQuery, RunDetail, RunList } from '../dataApi.ts';
import { splitFrames, type WatchedFrame } from '../frameBytes.ts';
import { decodeTable, type FrameColumn, type TableFrame } from '../tableFrame.ts';
import { transport } from './transport.ts';

/** Answers kept, the latest asked for; one is at most some ten megabytes. */
const KEPT_MAX = 12;

/** A question that the server could not answer; the message is what the terminal would say. */
export class DataError extends Error {
  /** Key of a config that is wrong; null where none is. */
  readonly path: string | null;

  constructor(words: string, path: string | null = null, options?: ErrorOptions) {
    super(words, options);
    this.path = path;
  }
}

/** The error that an answer tells of, in the words of the terminal. */
export const failed = ({ error: { message, hint, path } }: ControlFailure): DataError =>
  new DataError(hint === '' ? message : `${message} (${hint})`, path ?? null);

/** Asks the server. Throws DataError in the words of its answer. */
export async function ask(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await transport().ask(`api/v1/${path}`, init);
  } catch (cause) {
    throw new DataError('The server cannot be reached.', null, { cause });
  }
  if (response.ok) return response;
  let failure: DataError;
  try {
    failure = failed(await response.json());
  } catch {
    // No words came with it; the status has to do.
    failure = new DataError(`The server answered ${response.status}.`);
  }
  throw failure;
}

/** The runs that the server knows, and whether it simulates one and can start some. */
export interface Runs extends RunList {
  readonly live: boolean;
  readonly control: boolean;
}
export const fetchRuns = async (): Promise<Runs> => (await ask('runs')).json();

/** What can be asked about one run. */
export class RunData {
  readonly id: string;
  private readonly kept = new Map<string, Promise<TableFrame>>();

  constructor(id: string) {
    this.id = id;
  }

  async detail(): Promise<RunDetail> {
    return (await ask(this.path(''))).json();
  }

  async frames({ from, to }: FrameQuery): Promise<WatchedFrame[]> {
    const answer = await ask(this.path(`/frames?from=${from}&to=${to}`));
    return splitFrames(await answer.arrayBuffer());
  }

  async ticks(table: string): Promise<readonly number[]> {
    return ((await (await ask(this.path(`/ticks?table=${table}`))).json()) as { ticks: number[] }).ticks;
  }

  /** An agent's address on a chain; null where the run was made without wallets. Throws DataError. */
  async address(world: number, serial: number): Promise<string | null> {
    const answer = await ask(this.path(`/addresses?world=${world}&serial=${serial}`));
    const { addresses } = (await answer.json()) as { addresses: readonly AgentAddress[] | null };
    return addresses?.[0]?.address ?? null;
  }

  /**
   * Rows of a table. Throws DataError.
   *
   * @param query as in dataApi.ts, such as `from=5&to=5`
   * @param lasting whether the answer stays true, as of ticks that are past
   */
  table(table: string, query: string, lasting: boolean): Promise<TableFrame> {
    const path = this.path(`/tables/${table}?${query}`);
    const known = this.kept.get(path);
    if (known !== undefined) return known;
    const asked = ask(path)
      .then((answer) => answer.arrayBuffer())
      .then(decodeTable);
    if (lasting) {
      this.kept.set(path, asked);
      asked.catch(() => this.kept.delete(path));
      const [oldest] = this.kept.keys();
      if (this.kept.size > KEPT_MAX && oldest !== undefined) this.kept.delete(oldest);
    }
    return asked;
  }

  private path(rest: string): string {
    return `runs/${encodeURIComponent(this.id)}${rest}`;
  }
}

/** A column of a table. Throws DataError when it was not asked for. */
export function columnOf(table: TableFrame, name: string): FrameColumn {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new DataError(`The answer lacks the column ${name}.`);
  return column;
}
/** The cells of a column, [rows]. */
export const cellsOf = (table: TableFrame, name: string): ArrayLike<number> => columnOf(table, name).cells;
