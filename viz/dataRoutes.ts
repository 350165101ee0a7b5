/** The paths of dataApi.ts as routes of the server. */
import { type NextFunction, type Request, type Response, Router } from 'express';
import { DarwinError } from '../sim/core/errors.ts';
import { NoSuchRun, parseFrameQuery, parseTable, parseTableQuery, type RunCatalog } from './dataApi.ts';
import { encodeFrame, joinFrames } from './protocol.ts';
import { encodeTable } from './tableFrame.ts';

type Answer = (request: Request, response: Response) => Promise<void>;

/**
 * Routes below `/api/v1`. Expected failures are answered by one line, as on the terminal.
 *
 * @param live whether the process that serves also simulates a run
 */
export function dataRoutes(catalog: RunCatalog, live: boolean): Router {
  const router = Router();
  const get = (path: string, answer: Answer): void => {
    router.get(path, async (request: Request, response: Response, next: NextFunction) => {
      response.set('Cache-Control', 'no-store');
      try {
        await answer(request, response);
      } catch (error) {
        if (!(error instanceof DarwinError)) return next(error);
        const { code, message, hint } = error;
        response.status(error instanceof NoSuchRun ? 404 : 400).json({ error: { code, message, hint } });
      }
    });
  };
  const bytes = (response: Response, body: Uint8Array): void => {
    response.type('application/octet-stream').send(Buffer.from(body.buffer, body.byteOffset, body.length));
  };
  const idOf = (request: Request): string => String(request.params.id);

  get('/runs', async (_request, response) => {
    response.json({ ...(await catalog.list()), live });
  });
  get('/runs/:id', async (request, response) => {
    response.json(await catalog.detail(idOf(request)));
  });
  get('/runs/:id/frames', async (request, response) => {
    const { metricsEvery, frames } = await catalog.frames(idOf(request), parseFrameQuery(request.query));
    const encoded = frames.map((frame) =>
      encodeFrame(frame, {
        interval: frame.tick === 0 ? 0 : ((frame.tick - 1) % metricsEvery) + 1,
        distributions: frame.worlds.some((world) => world.lorenzWealth.length > 0),
      }),
    );
    bytes(response, joinFrames(encoded));
  });
  get('/runs/:id/ticks', async (request, response) => {
    response.json({ ticks: await catalog.ticks(idOf(request), parseTable(request.query.table)) });
  });
  get('/runs/:id/tables/:table', async (request, response) => {
    const query = parseTableQuery(parseTable(request.params.table), request.query);
    bytes(response, encodeTable(await catalog.table(idOf(request), query)));
  });
  return router;
}

/** What a server without run directories knows. */
export const NO_RUNS: RunCatalog = {
  list: async () => ({ runs: [], shown: null }),
  detail: (id) => Promise.reject(new NoSuchRun(id)),
  frames: (id) => Promise.reject(new NoSuchRun(id)),
  ticks: (id) => Promise.reject(new NoSuchRun(id)),
  table: (id) => Promise.reject(new NoSuchRun(id)),
};
