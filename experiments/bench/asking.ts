/** Questions to a server under load, and how long their answers take. */
import { EnvironmentError } from '../../sim/core/errors.ts';

/** One answer and what it took, milliseconds. */
async function once(url: string): Promise<{ ms: number; response: Response; bytes: ArrayBuffer }> {
  const start = performance.now();
  const response = await fetch(url);
  const bytes = await response.arrayBuffer();
  return { ms: performance.now() - start, response, bytes };
}

/**
 * Asks, and once more where a connection that had been idle was closed just as it was used again, as browsers do.
 *
 * @throws EnvironmentError where nothing answers, or something else than success
 */
export async function asked(url: string): Promise<{ ms: number; bytes: ArrayBuffer }> {
  const { ms, response, bytes } = await once(url)
    .catch(() => once(url))
    .catch((cause: Error) => {
      const why = String(cause.cause ?? cause.message);
      throw new EnvironmentError(`${url} is not answered: ${why}`, 'the machine may be too busy: try again', {
        cause,
      });
    });
  if (!response.ok) throw new EnvironmentError(`${url} is answered with HTTP ${response.status}`);
  return { ms, bytes };
}
