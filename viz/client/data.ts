/** The page's questions to the data of runs (dataApi.ts), answered once and remembered. */
import type { FrameQuery, RunDetail, RunList } from '../dataApi.ts';
import { splitFrames, type WatchedFrame } from '../protocol.ts';
import { decodeTable, type FrameColumn, type TableFrame } from '../tableFrame.ts';

/** Answers kept, the latest asked for; one is at most some ten megabytes. */
const KEPT_MAX = 12;

/** A question that the server could not answer; the message is what the terminal would say. */
export class DataError extends Error {}

async function get(path: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(`api/v1/${path}`, location.href));
  } catch (cause) {
    throw new DataError('The server cannot be reached.', { cause });
  }
  if (response.ok) return response;
  let words = `The server answered ${response.status}.`;
  try {
    const { error } = (await response.json()) as { error: { message: string; hint: string } };
    words = error.hint === '' ? error.message : `${error.message} (${error.hint})`;
  } catch {
    // No words came with it; the status has to do.
  }
  throw new DataError(words);
}

export async function fetchRuns(): Promise<RunList & { readonly live: boolean }> {
  return (await get('runs')).json();
}

/** What can be asked about one run. */
export class RunData {
  readonly id: string;
  private readonly kept = new Map<string, Promise<TableFrame>>();

  constructor(id: string) {
    this.id = id;
  }

  async detail(): Promise<RunDetail> {
    return (await get(this.path(''))).json();
  }

  async frames({ from, to }: FrameQuery): Promise<WatchedFrame[]> {
    const answer = await get(this.path(`/frames?from=${from}&to=${to}`));
    return splitFrames(await answer.arrayBuffer());
  }

  async ticks(table: string): Promise<readonly number[]> {
    return ((await (await get(this.path(`/ticks?table=${table}`))).json()) as { ticks: number[] }).ticks;
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
    const asked = get(path)
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
