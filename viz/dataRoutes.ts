/** The paths of dataApi.ts as routes of the server. */
import { type NextFunction, type Request, type Response, Router } from 'express';
import { DarwinError } from '../sim/core/errors.ts';
import { Overloaded, Turns } from './allowance.ts';
import { DATA_ANSWERS, type DataAnswer, type DataQuestion } from './dataAnswers.ts';
import { type AgentAddress, NoSuchRun, parseAddressQuery, type RunCatalog } from './dataApi.ts';

/** Questions to tables at a time, each with a database of its own, and how many more may wait. */
const QUESTIONS_AT_ONCE = 4;
const QUESTIONS_WAITING_MAX = 2000;
/** Answered from manifests at once, however many questions wait. */
const UNTABLED = ['/runs', '/runs/:id', '/runs/:id/addresses'];

/**
 * Routes below `/api/v1`. Expected failures are answered by one line, as on the terminal.
 *
 * @param standing whether the process that serves also simulates a run, and whether it can start and steer some
 */
export function dataRoutes(catalog: RunCatalog, standing: () => DataQuestion['standing']): Router {
  const router = Router();
  const turns = new Turns(QUESTIONS_AT_ONCE, QUESTIONS_WAITING_MAX);
  const answers = { ...DATA_ANSWERS, '/runs/:id/addresses': addressAnswer };
  for (const [path, answer] of Object.entries(answers)) {
    router.get(path, async (request: Request, response: Response, next: NextFunction) => {
      response.set('Cache-Control', 'no-store');
      const { id = '', table = '' } = request.params as Readonly<Record<string, string>>;
      try {
        const question = { catalog, standing: standing(), id, table, query: request.query };
        const ask = async (): Promise<DataAnswer> => answer(question);
        send(response, await (UNTABLED.includes(path) ? ask() : turns.take(ask)));
      } catch (error) {
        if (!(error instanceof DarwinError)) return next(error);
        const { code, message, hint } = error;
        response.status(statusOf(error)).json({ error: { code, message, hint } });
      }
    });
  }
  return router;
}

function send(response: Response, answer: DataAnswer): void {
  if ('json' in answer) {
    response.json(answer.json);
    return;
  }
  const { buffer, byteOffset, length } = answer.bytes;
  response.type('application/octet-stream').send(Buffer.from(buffer, byteOffset, length));
}

async function addressAnswer({ catalog, id, query }: DataQuestion): Promise<DataAnswer> {
  const { world, serials } = parseAddressQuery(query);
  const root = (await catalog.wallets(id))?.[world];
  if (root === undefined) return { json: { addresses: null } };
  // the curves of wallets are loaded where somebody asks for them
  const { addressOf, agentPath } = await import('../agents/wallet.ts');
  const addresses = serials.map(
    (serial): AgentAddress => ({ serial, address: addressOf(root, serial), path: agentPath(world, serial) }),
  );
  return { json: { addresses } };
}

function statusOf(error: DarwinError): number {
  if (error instanceof NoSuchRun) return 404;
  return error instanceof Overloaded ? 503 : 400;
}

/** What a server without run directories knows. */
export const NO_RUNS: RunCatalog = {
  list: async () => ({ runs: [], shown: null }),
  detail: (id) => Promise.reject(new NoSuchRun(id)),
  frames: (id) => Promise.reject(new NoSuchRun(id)),
  ticks: (id) => Promise.reject(new NoSuchRun(id)),
  table: (id) => Promise.reject(new NoSuchRun(id)),
  wallets: (id) => Promise.reject(new NoSuchRun(id)),
};
