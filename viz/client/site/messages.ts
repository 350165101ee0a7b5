/** What the page and its worker say to each other: the messages and frames of protocol.ts, and requests as over HTTP. */
import type { SiteAnswer, SiteRequest } from './answer.ts';

export type ToWorker =
  /** First of all: which run begins. An empty seed is the preset's own. */
  | { readonly type: 'begin'; readonly preset: string; readonly seed: string }
  /** Somebody watches from now on. */
  | { readonly type: 'join' }
  /** A control message. */
  | { readonly type: 'say'; readonly text: string }
  /** What was sent has arrived; the next may come. */
  | { readonly type: 'taken' }
  | ({ readonly type: 'ask'; readonly id: number } & SiteRequest);

export type FromWorker =
  | { readonly type: 'heard'; readonly data: string | Uint8Array }
  | ({ readonly type: 'answer'; readonly id: number } & SiteAnswer);

/** The run that begins where the address names none. */
export const FIRST_PRESET = 'quickstart';
