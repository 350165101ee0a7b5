/** Who answers the paths of dataApi.ts, whatever carries the questions. */
import {
  parseFrameQuery,
  parseTable,
  parseTableQuery,
  type RunCatalog,
  type RunDetail,
  type RunList,
} from './dataApi.ts';
import { intervalOf } from './feed.ts';
import { encodeFrame, joinFrames } from './frameBytes.ts';
import { encodeTable } from './tableFrame.ts';

/** Plain data, or bytes as protocol.ts and tableFrame.ts lay them out. */
export type DataAnswer = { readonly json: unknown } | { readonly bytes: Uint8Array<ArrayBuffer> };

export interface DataQuestion {
  readonly catalog: RunCatalog;
  /** Whether the process that answers also simulates a run, and whether it can start and steer some. */
  readonly standing: { readonly live: boolean; readonly control: boolean };
  /** Run and table of the path; empty where it has none. */
  readonly id: string;
  readonly table: string;
  readonly query: Readonly<Record<string, unknown>>;
}

/** Answers by path, `:id` and `:table` standing for any. Each rejects with a DarwinError for a wrong question. */
export const DATA_ANSWERS: Readonly<Record<string, (question: DataQuestion) => Promise<DataAnswer>>> = {
  '/runs': async ({ catalog, standing }) => {
    const list: RunList = await catalog.list();
    return { json: { ...list, ...standing } };
  },
  '/runs/:id': async ({ catalog, id }) => {
    const detail: RunDetail = await catalog.detail(id);
    return { json: detail };
  },
  '/runs/:id/frames': async ({ catalog, id, query }) => {
    const { metricsEvery, frames } = await catalog.frames(id, parseFrameQuery(query));
    const encoded = frames.map((frame) =>
      encodeFrame(frame, {
        interval: intervalOf(frame.tick, metricsEvery),
        distributions: frame.worlds.some(
          (world) => world.lorenzWealth.length + world.bidHistogram.length > 0,
        ),
      }),
    );
    return { bytes: joinFrames(encoded) };
  },
  '/runs/:id/ticks': async ({ catalog, id, query }) => ({
    json: { ticks: await catalog.ticks(id, parseTable(query.table)) },
  }),
  '/runs/:id/tables/:table': async ({ catalog, id, table, query }) => ({
    bytes: encodeTable(await catalog.table(id, parseTableQuery(parseTable(table), query))),
  }),
};
