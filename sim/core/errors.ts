/** Exit codes of the command line; every expected failure maps to one of them. */
export const EXIT = { ok: 0, checkFailed: 1, badInput: 2, environment: 3, interrupted: 130 } as const;
/** One of EXIT. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Control characters escaped (`\\x1b`): an error is one line, and what it repeats of a file or message must not steer the terminal. */
const printable = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** What every expected failure of darwin-market has in common: a stable code, an exit code and one thing to try. */
export abstract class DarwinError extends Error {
  abstract readonly code: string;
  abstract readonly exitCode: ExitCode;
  /** One thing to try, or the empty string. */
  readonly hint: string;

  constructor(message: string, hint = '', options?: ErrorOptions) {
    super(printable(message), options);
    this.name = new.target.name;
    this.hint = printable(hint);
  }

  /** The message and hint on one line, as a terminal or the page shows them. */
  get line(): string {
    return this.hint === '' ? this.message : `${this.message} (${this.hint})`;
  }

  /** What `--json` prints of it. */
  toJSON(): { error: { code: string; message: string; hint: string } } {
    return { error: { code: this.code, message: this.message, hint: this.hint } };
  }
}

/** Characters of a place, which may be a whole option: of a longer one its head and tail are told. */
const PLACE_MAX = 300;
const PLACE_HEAD = 200;
const PLACE_TAIL = 60;

/** A config value that breaks a rule: names the place, the value, the rule and a suggestion. Exit code 2. */
export class ConfigError extends DarwinError {
  readonly code = 'config';
  readonly exitCode = EXIT.badInput;
  /** Where: a file with line and column, and the path of the key. */
  readonly place: string;
  /** Key that is wrong, such as `world.energy.price`, for whoever shows the error beside it; null where it is none. */
  readonly path: string | null;

  constructor(
    place: string,
    problem: string,
    hint = '',
    options?: ErrorOptions & { readonly path?: string },
  ) {
    const short =
      place.length > PLACE_MAX ? `${place.slice(0, PLACE_HEAD)}...${place.slice(-PLACE_TAIL)}` : place;
    super(`${short}: ${problem}`, hint, options);
    this.place = short;
    this.path = options?.path ?? null;
  }
}

/** A command line, file or directory that cannot be used as asked. Exit code 2. */
export class UsageError extends DarwinError {
  readonly code = 'usage';
  readonly exitCode = EXIT.badInput;
}

/** The run would need more memory than the machine has; refused before allocation. Exit code 2. */
export class CapacityError extends DarwinError {
  readonly code = 'capacity';
  readonly exitCode = EXIT.badInput;
}

/** A checkpoint that is no checkpoint, damaged, of another version or of another config. Exit code 2. */
export class CheckpointError extends DarwinError {
  readonly code = 'checkpoint';
  readonly exitCode = EXIT.badInput;
}

/** An engine, library or device is missing or failed. Exit code 3. */
export class EnvironmentError extends DarwinError {
  readonly code = 'environment';
  readonly exitCode = EXIT.environment;
}

/** An engine that was at work failed: its device was lost, refused a kernel or ran out of memory. Exit code 3. */
export class EngineError extends DarwinError {
  readonly code = 'engine';
  readonly exitCode = EXIT.environment;
}

/** A recorded result does not match what was computed. Exit code 1. */
export class MismatchError extends DarwinError {
  readonly code = 'mismatch';
  readonly exitCode = EXIT.checkFailed;
}

/** The run was interrupted by the user. Exit code 130. */
export class InterruptedError extends DarwinError {
  readonly code = 'interrupted';
  readonly exitCode = EXIT.interrupted;
}

/** A fault of the program itself: an assertion that stays on in every build. Exit code 1. */
export class AssertionError extends DarwinError {
  readonly code: string = 'assertion';
  readonly exitCode = EXIT.checkFailed;
}

/** Where in a run something happened. `world` and `tick` count from zero. */
export interface RunPlace {
  world: number;
  tick: number;
  /** The account that broke the law: `agent 12 cash`, `consumers token`. */
  account: string;
}

/** An economic law does not hold. Names the law, tick, world and account. Exit code 1. */
export class LawViolation extends DarwinError {
  readonly code: string = 'law';
  readonly exitCode = EXIT.checkFailed;
  readonly law: string;
  readonly at: RunPlace;

  constructor(law: string, at: RunPlace, found: string) {
    super(`law '${law}' broken at tick ${at.tick}, world ${at.world}, account '${at.account}': ${found}`);
    this.law = law;
    this.at = at;
  }
}

/** An integer balance would leave its range (below zero or past 2^32 - 1). Exit code 1. */
export class OverflowError extends LawViolation {
  override readonly code = 'overflow';

  constructor(at: RunPlace, found: string) {
    super('balances-in-range', at, found);
  }
}
