/** What is fuzzed: a part of the program that reads what others wrote, and valid inputs of it to begin with. */
import { AssertionError, DarwinError } from '../../sim/core/errors.ts';
import type { FuzzDraws } from './mutation.ts';

/** Something that is given to the program. */
export interface FuzzInput {
  /** What it is and where it goes, such as `manifest.json`. */
  readonly what: string;
  readonly bytes: Uint8Array;
}

export interface FuzzTarget {
  /** Whether a refusal must say what to try: people read it, and not a program at the other end of a line. */
  readonly toPeople: boolean;
  /** An input; the same for the same draws and folder. */
  make(draws: FuzzDraws): FuzzInput;
  /** Lets the program read it; throws whatever the program throws. */
  read(input: FuzzInput): Promise<void>;
  close(): Promise<void>;
}

/** Characters that an error shows at most; a terminal has no room for more. */
const LINE_MAX = 2000;

/** What the program made of an input. */
export type Verdict =
  | { readonly kind: 'answered' }
  | { readonly kind: 'refused' }
  /** Neither an answer nor one clear line. */
  | { readonly kind: 'wrong'; readonly problem: string };

/** Judges an error: one of the project's own, in one line that can be printed, is a refusal; to people it says what to try. */
export function judge(error: unknown, toPeople: boolean): Verdict {
  if (!(error instanceof DarwinError) || error instanceof AssertionError) {
    const { name, message, stack } = error as Error;
    const place = /\n\s+at .*?([\w.-]+\.[jt]s:\d+)/.exec(stack ?? '')?.[1] ?? 'nowhere';
    return { kind: 'wrong', problem: `${name ?? typeof error} at ${place}: ${firstLine(message ?? error)}` };
  }
  const { line } = error;
  if (/\p{Cc}/u.test(line))
    return { kind: 'wrong', problem: `${error.name} with control characters: ${firstLine(line)}` };
  if (line.length > LINE_MAX)
    return { kind: 'wrong', problem: `${error.name} of ${line.length} characters: ${firstLine(line)}` };
  if (toPeople && error.hint === '')
    return { kind: 'wrong', problem: `${error.name} says nothing to try: ${firstLine(line)}` };
  return { kind: 'refused' };
}

const firstLine = (text: unknown): string =>
  String(text)
    .split('\n')[0]!
    .replaceAll(/\p{Cc}/gu, '?')
    .slice(0, 300);
