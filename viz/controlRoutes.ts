/** The paths of controlApi.ts as routes of the server. */
import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { DarwinError, UsageError } from '../sim/core/errors.ts';
import { Allowance } from './allowance.ts';
import { CONTROL_QUESTIONS, CONTROL_REQUESTS, failureOf } from './controlAnswers.ts';
import { REQUEST_BYTES_MAX, type RunControl } from './controlApi.ts';

/** Changes that all pages together may ask for; a form that is filled in asks for a check with each pause of the keys. */
const CHANGES_RATE = { burst: 60, perSecond: 10 } as const;

/**
 * Routes below `/api/v1/control`.
 *
 * @param allows whether a request may change something: from this server's own pages, or from no page
 * @param allowance changes that are let through
 */
export function controlRoutes(
  control: RunControl,
  allows: (request: Request) => boolean,
  allowance = new Allowance(CHANGES_RATE),
): Router {
  const router = Router();
  const answering =
    (answer: (body: unknown) => unknown) =>
    async (request: Request, response: Response, next: NextFunction) => {
      response.set('Cache-Control', 'no-store');
      try {
        response.json(await answer(request.body));
      } catch (error) {
        if (!(error instanceof DarwinError)) return next(error);
        response.status(400).json(failureOf(error));
      }
    };

  for (const [path, answer] of Object.entries(CONTROL_QUESTIONS))
    router.get(
      path,
      answering(() => answer(control)),
    );

  router.use((request, response, next) => {
    if (request.method !== 'POST' || allows(request)) next();
    else response.status(403).type('text/plain').send('only pages of this server may steer\n');
  });
  router.use((request, response, next) => {
    if (request.method !== 'POST' || allowance.take()) return next();
    const tooMany = new UsageError(`more than ${CHANGES_RATE.perSecond} requests a second`, 'wait a second');
    response.status(429).set('Retry-After', '1').json(failureOf(tooMany));
  });
  // a foreign page cannot send JSON without asking first, which no answer here allows
  router.use(express.json({ limit: REQUEST_BYTES_MAX, type: 'application/json' }));
  for (const [path, answer] of Object.entries(CONTROL_REQUESTS))
    router.post(
      path,
      answering((body) => answer(control, body)),
    );

  // what express.json refuses: too large, not JSON, another character set
  router.use(
    (error: Error & { status?: number }, _request: Request, response: Response, next: NextFunction) => {
      const { status = 500 } = error;
      if (status >= 500) return next(error);
      const why =
        status === 413
          ? `the request is longer than ${REQUEST_BYTES_MAX} bytes`
          : 'the request is not a JSON object in UTF-8';
      response.status(status).json(failureOf(new UsageError(why)));
    },
  );
  return router;
}
