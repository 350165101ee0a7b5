/** Asks again while a chain is silent. */
import { NodeDownError } from './rpc.ts';

const PAUSE_LEAST_MS = 50;
const PAUSE_MOST_MS = 2000;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Asks until there is an answer.
 *
 * @param patienceMs milliseconds for which the chain may be silent
 * @param onSilence told each time that there was none
 * @throws NodeDownError after that, and at once whatever else is thrown
 */
export async function patiently<T>(
  ask: () => Promise<T>,
  patienceMs: number,
  onSilence: () => void = () => {},
): Promise<T> {
  const until = performance.now() + patienceMs;
  for (let pause = PAUSE_LEAST_MS; ; pause = Math.min(2 * pause, PAUSE_MOST_MS)) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof NodeDownError) || performance.now() > until) throw error;
      onSilence();
      await sleep(pause);
    }
  }
}
