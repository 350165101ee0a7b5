import { AssertionError } from './errors.ts';

/** Throws AssertionError unless `condition` holds. Stays on in every build. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
