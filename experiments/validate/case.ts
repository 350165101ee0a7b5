/** What a validation case is: a set-up whose outcome theory or a publication states, run by the engine itself. */
import type { ResolvedRun } from '../../configs/arms.ts';
import { parseConfig } from '../../configs/parse.ts';
import { ConfigError, UsageError } from '../../sim/core/errors.ts';

export type Figure = number | string;

/** One row of `darwin validate --json`. */
export interface ValidationResult {
  readonly name: string;
  readonly params: Readonly<Record<string, Figure>>;
  /** What the simulation gave. */
  readonly measured: Readonly<Record<string, Figure>>;
  /** What the formula gives at the same parameters. */
  readonly expected: Readonly<Record<string, Figure>>;
  /** Allowed distance per figure; 0 = exact. */
  readonly tolerance: Readonly<Record<string, number>>;
  readonly pass: boolean;
  /** Wall-clock time of the case. */
  readonly seconds: number;
}

/** Where a case is run: its parameters as on the command line, its defaults elsewhere. */
export interface Setting {
  readonly set?: Readonly<Record<string, string>>;
  readonly seeds?: number;
}

export interface CaseParameter {
  readonly default: Figure;
  readonly about: string;
}

export interface ValidationCase {
  readonly name: string;
  /** One sentence: the set-up and what must come out, with its source. */
  readonly about: string;
  readonly parameters: Readonly<Record<string, CaseParameter>>;
  /** Independent worlds by default; `--seeds` sets it. */
  readonly seeds: number;
  /** Longer settings of `--full`: more seeds, larger populations, parameters away from the defaults. */
  readonly full: readonly Setting[];
  readonly measure: (params: Params, seeds: number) => Promise<Outcome>;
}

export interface Outcome {
  readonly measured: Readonly<Record<string, Figure>>;
  readonly expected: Readonly<Record<string, Figure>>;
  readonly tolerance: Readonly<Record<string, number>>;
}

/** Typed access to a case's parameters. */
export class Params {
  readonly values: Readonly<Record<string, Figure>>;
  private readonly full: boolean;

  /** @param full whether this is a run of `--full` */
  constructor(values: Readonly<Record<string, Figure>>, full = false) {
    this.values = values;
    this.full = full;
  }

  /**
   * The least tolerance of a figure that theory states exactly: what VALIDATION.md allows a short run, and in a full
   * one no more than `full`, so that its standard errors decide.
   */
  allowance(short: number, full = 0): number {
    return this.full ? full : short;
  }

  /**
   * A parameter as a finite number from `min` to `max`.
   * @throws UsageError when it is none or lies outside
   */
  number(name: string, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): number {
    const given = this.values[name];
    const value = numberOf(given);
    if (value === undefined) throw new UsageError(`parameter '${name}' is '${given}', not a number`);
    if (value >= min && value <= max) return value;
    const rule = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `from ${min} to ${max}`;
    throw new UsageError(`parameter '${name}' is ${given}; it must be ${rule}`);
  }

  /** A parameter as an integer of at least `min`. */
  integer(name: string, min = 1): number {
    const value = this.number(name);
    if (!Number.isInteger(value) || value < min) {
      throw new UsageError(`parameter '${name}' is ${value}; it must be an integer of at least ${min}`);
    }
    return value;
  }

  text(name: string): string {
    return String(this.values[name]);
  }
}

/** The finite number that a value is or spells; undefined when it is none. */
function numberOf(given: Figure | undefined): number | undefined {
  const value = typeof given === 'string' && given.trim() === '' ? Number.NaN : Number(given);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * Runs a case.
 *
 * @param overrides parameter values by name, as given on the command line
 * @param full whether tolerances are those of a full run
 * @throws UsageError for a parameter that the case does not have, or whose value it cannot be run at
 */
export async function runCase(
  validationCase: ValidationCase,
  overrides: Readonly<Record<string, string>> = {},
  seeds = validationCase.seeds,
  full = false,
): Promise<ValidationResult> {
  const started = performance.now();
  for (const name of Object.keys(overrides)) {
    if (name in validationCase.parameters) continue;
    const known = Object.keys(validationCase.parameters).join(', ');
    throw new UsageError(
      `case '${validationCase.name}' has no parameter '${name}'`,
      `it has ${known || 'none'}`,
    );
  }
  const values: Record<string, Figure> = {};
  for (const [name, parameter] of Object.entries(validationCase.parameters)) {
    const given = overrides[name];
    if (given === undefined) values[name] = parameter.default;
    // what is no number stays as it was typed, for the message that refuses it
    else values[name] = typeof parameter.default === 'number' ? (numberOf(given) ?? given) : given;
  }
  const outcome = await measureAt(validationCase, new Params(values, full), seeds);
  const seconds = Math.round((performance.now() - started) / 10) / 100;
  try {
    const { name } = validationCase;
    return { name, params: { ...values, seeds }, ...outcome, pass: passes(outcome), seconds };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${situation(validationCase, values)}: ${error.message}`, error.hint);
  }
}

/** A case and those of its parameters that are not at their defaults, for messages. */
function situation({ name, parameters }: ValidationCase, values: Readonly<Record<string, Figure>>): string {
  const set = Object.entries(values).filter(([key, value]) => value !== parameters[key]!.default);
  return `case '${name}'${set.length > 0 ? ` at ${set.map((entry) => entry.join(' = ')).join(', ')}` : ''}`;
}

/** The outcome; a parameter that the engine's config refuses is the caller's, so the message names parameters. */
async function measureAt(validationCase: ValidationCase, params: Params, seeds: number): Promise<Outcome> {
  try {
    const outcome = await validationCase.measure(params, seeds);
    return { ...outcome, measured: spelled(outcome.measured) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problem = error.message.slice(error.place.length + 2);
    throw new UsageError(
      `${situation(validationCase, params.values)} cannot be run: ${problem}`,
      error.hint || 'darwin validate --list describes the parameters',
      { cause: error },
    );
  }
}

/** A measurement that is no finite number as its name, which no check passes and JSON can hold. */
const spelled = (measured: Outcome['measured']): Outcome['measured'] =>
  Object.fromEntries(
    Object.entries(measured).map(([figure, value]) => [
      figure,
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    ]),
  );

/**
 * Whether every expected figure was measured within its tolerance.
 *
 * @throws UsageError when theory gives no finite figure or tolerance: the parameters are no case of it
 */
export function passes({ measured, expected, tolerance }: Outcome): boolean {
  return Object.entries(expected)
    .map(([figure, target]) => {
      const value = measured[figure];
      if (typeof target === 'string') return value === target;
      const allowed = tolerance[figure] ?? 0;
      if (!Number.isFinite(target) || !Number.isFinite(allowed))
        throw new UsageError(
          `theory gives '${figure}' as ${target} +- ${allowed}`,
          'the parameters are outside its range',
        );
      return typeof value === 'number' && Math.abs(value - target) <= allowed;
    })
    .every(Boolean);
}

/** A config given as an object, validated like a file. */
export const resolve = (config: object): ResolvedRun =>
  parseConfig(JSON.stringify(config), { file: 'validation case' });

/** Mean and standard error of independent values. */
export function meanOf(values: readonly number[]): { mean: number; standardError: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(square / Math.max(1, values.length - 1) / values.length) };
}

/** Stochastic tolerance: so many standard errors. */
export const STANDARD_ERRORS = 4;

/**
 * Allowed distance of the share of `count` independent trials that succeed from their probability: so many standard
 * errors and one trial more, because few successes are no normal distribution; 0 where the outcome is certain.
 */
export const shareTolerance = (probability: number, count: number): number =>
  probability === 0 || probability === 1
    ? 0
    : STANDARD_ERRORS * Math.sqrt((probability * (1 - probability)) / count) + 1 / count;

/** Output settings that record nothing: a case reads the worlds themselves. */
export const QUIET_OUTPUT = {
  metricsEvery: 1_000_000,
  agentsEvery: 0,
  tradesWorlds: 0,
  lineage: false,
} as const;

/** World settings that switch every market and all of life off: a blank world to put one mechanism into. */
export const BLANK_WORLD = {
  genesis: { token: 0, cash: 0, capacity: 0 },
  consumers: { cash: 0, token: 0 },
  treasury: { reserveEndowments: 0 },
  amm: { enabled: false },
  computeMarket: { enabled: false },
  serviceMarket: { enabled: false },
  training: { enabled: false },
  hardware: { enabled: false },
  energy: { price: 0, subsistence: 0 },
  policy: { wealthTaxPerTick: 0 },
  demography: { enabled: false },
} as const;
