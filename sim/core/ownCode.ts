/** Functions that users register: what goes wrong in them is told as theirs, never as a fault of this program. */
import { DarwinError, UsageError } from './errors.ts';

/**
 * A registered function that throws UsageError with its own name where it throws anything unexpected.
 *
 * @param what such as `metric 'ownShare'`
 */
export function ownCode<Arguments extends readonly unknown[], Result>(
  what: string,
  code: (...given: Arguments) => Result,
): (...given: Arguments) => Result {
  return (...given) => {
    try {
      return code(...given);
    } catch (cause) {
      if (cause instanceof DarwinError) throw cause;
      const place = cause instanceof Error ? placeOf(cause) : '';
      const hint = place === '' ? 'look into the code that registers it' : `it was thrown ${place}`;
      throw new UsageError(`${what} failed: ${cause instanceof Error ? cause.message : cause}`, hint, {
        cause,
      });
    }
  };
}

/** Where an error was thrown, as node tells it: `at file:///home/me/mine.mjs:3:9`; empty where it does not. */
function placeOf({ stack = '' }: Error): string {
  const [, place] = /^ +at (?:.*\()?((?:file:|\/|[A-Z]:).*?:\d+:\d+)\)?$/m.exec(stack) ?? [];
  return place === undefined ? '' : `at ${place}`;
}
