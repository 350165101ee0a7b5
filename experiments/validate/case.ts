/** What a validation case is: a set-up whose outcome theory or a publication states, run by the engine itself. */
import type { ResolvedRun } from '../../configs/arms.ts';
import { parseConfig } from '../../configs/parse.ts';
import { UsageError } from '../../sim/core/errors.ts';

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

  constructor(values: Readonly<Record<string, Figure>>) {
    this.values = values;
  }

  /** A parameter as a finite number. Throws UsageError when it is none. */
  number(name: string): number {
    const value = Number(this.values[name]);
    if (!Number.isFinite(value))
      throw new UsageError(`parameter '${name}' is '${this.values[name]}', not a number`);
    return value;
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

/**
 * Runs a case.
 *
 * @param overrides parameter values by name, as given on the command line
 * @throws UsageError for a parameter that the case does not have
 */
export async function runCase(
  validationCase: ValidationCase,
  overrides: Readonly<Record<string, string>> = {},
  seeds = validationCase.seeds,
): Promise<ValidationResult> {
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
    else values[name] = typeof parameter.default === 'number' ? Number(given) : given;
  }
  const outcome = await validationCase.measure(new Params(values), seeds);
  return { name: validationCase.name, params: { ...values, seeds }, ...outcome, pass: passes(outcome) };
}

/** Whether every expected figure was measured within its tolerance. */
export function passes({ measured, expected, tolerance }: Outcome): boolean {
  return Object.entries(expected).every(([figure, target]) => {
    const value = measured[figure];
    if (typeof target === 'string' || typeof value === 'string') return value === target;
    return value !== undefined && Math.abs(value - target) <= (tolerance[figure] ?? 0);
  });
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
