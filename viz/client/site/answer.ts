/** Answers the paths that a server would, from a desk in this thread. */
import { DarwinError } from '../../../sim/core/errors.ts';
import { CONTROL_QUESTIONS, CONTROL_REQUESTS, failureOf } from '../../controlAnswers.ts';
import { DATA_ANSWERS, type DataAnswer, type DataQuestion } from '../../dataAnswers.ts';
import { NoSuchRun } from '../../dataApi.ts';
import { joinFrames } from '../../frameBytes.ts';
import type { SiteDesk } from './siteDesk.ts';

/** A request of the page. */
export interface SiteRequest {
  /** Relative to the page, with its query, such as `api/v1/runs`. */
  readonly path: string;
  /** JSON of a request that changes something; null for a question. */
  readonly body: string | null;
}
export interface SiteAnswer {
  /** As of HTTP. */
  readonly status: number;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

const ROOT = '/api/v1';
const STEERING = '/control';
const PATHS: Readonly<Record<string, (question: DataQuestion) => Promise<DataAnswer>>> = {
  ...DATA_ANSWERS,
  // nothing here has a mnemonic
  '/runs/:id/addresses': async () => ({ json: { addresses: null } }),
};

/** The parts of a path that a pattern names with a colon; null where it does not fit. */
function matched(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return null;
  const parts: Record<string, string> = {};
  for (const [k, part] of wanted.entries()) {
    if (part.startsWith(':')) parts[part.slice(1)] = decodeURIComponent(given[k]!);
    else if (part !== given[k]) return null;
  }
  return parts;
}

const json = (status: number, value: unknown): SiteAnswer => ({ status, body: JSON.stringify(value) });
const NOT_FOUND: SiteAnswer = { status: 404, body: 'Not found\n' };

/** Answers a request as the server would answer the same path. */
export async function answerRequest(desk: SiteDesk, request: SiteRequest): Promise<SiteAnswer> {
  try {
    return await answered(desk, request);
  } catch (error) {
    if (!(error instanceof DarwinError)) throw error;
    return json(error instanceof NoSuchRun ? 404 : 400, failureOf(error));
  }
}

async function answered(desk: SiteDesk, { path, body }: SiteRequest): Promise<SiteAnswer> {
  const url = new URL(path, 'https://page.invalid/');
  if (url.pathname === '/api/history') return { status: 200, body: joinFrames(desk.feed.history) };
  if (!url.pathname.startsWith(ROOT)) return NOT_FOUND;
  const below = url.pathname.slice(ROOT.length);
  if (below.startsWith(STEERING)) {
    const what = below.slice(STEERING.length);
    const question = body === null ? CONTROL_QUESTIONS[what] : undefined;
    if (question !== undefined) return json(200, question(desk));
    const ask = body === null ? undefined : CONTROL_REQUESTS[what];
    return ask === undefined ? NOT_FOUND : json(200, await ask(desk, JSON.parse(body!)));
  }
  for (const [pattern, answer] of Object.entries(PATHS)) {
    const parts = matched(pattern, below);
    if (parts === null) continue;
    const { id = '', table = '' } = parts;
    const query = Object.fromEntries(url.searchParams);
    const found = await answer({ catalog: desk, standing: { live: true, control: true }, id, table, query });
    return 'json' in found ? json(200, found.json) : { status: 200, body: found.bytes };
  }
  return NOT_FOUND;
}
