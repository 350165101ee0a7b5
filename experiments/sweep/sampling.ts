/** Points of a parameter space: grids, random samples, Latin hypercubes, the trajectories of Morris, and pairs for Sobol indices. */
import seedrandom from 'seedrandom';
import { UsageError } from '../../sim/core/errors.ts';
import type { Sampling } from './experimentSchema.ts';

type Parameter = Sampling['parameters'][number];

/** A setting of all parameters that are varied. */
export interface Point {
  readonly set: Readonly<Record<string, unknown>>;
  /** Where each parameter stands between its least and greatest value, 0 to 1, in the order of the file. */
  readonly unit: readonly number[];
  /** Trajectory of Morris, or base point of Sobol indices, that it belongs to; 0 elsewhere. */
  readonly trajectory: number;
}

/** Points that a grid may have: beyond, a sample says more for less. */
const GRID_MAX = 10_000;

/**
 * The points of a space, the same for the same seed phrase.
 *
 * @throws UsageError for parameters that the method cannot vary
 */
export function samplePoints(sampling: Sampling, seed: string): Point[] {
  const { method, points, levels, parameters } = sampling;
  for (const parameter of parameters) assertParameter(parameter, method);
  const random = seedrandom(`${seed}, ${method}`);
  const count = parameters.length;
  const at = (unit: readonly number[], trajectory = 0): Point => ({
    set: Object.fromEntries(parameters.map((parameter, k) => [parameter.path, valueAt(parameter, unit[k]!)])),
    unit,
    trajectory,
  });
  if (method === 'grid') return grid(parameters).map((unit) => at(unit));
  if (method === 'random')
    return Array.from({ length: points }, () => at(Array.from({ length: count }, () => random())));
  if (method === 'latinHypercube') return latinHypercube(points, count, random).map((unit) => at(unit));
  if (method === 'sobol')
    return saltelliGroups(points, count, random).flatMap((group, k) => group.map((unit) => at(unit, k)));
  if (levels % 2 === 1)
    throw new UsageError(`sampling.levels is ${levels}; Morris needs an even number`, `write ${levels + 1}`);
  return Array.from({ length: points }, (_, k) =>
    morrisTrajectory(levels, count, random).map((u) => at(u, k)),
  ).flat();
}

function assertParameter({ path, values, low, high, spacing }: Parameter, method: string): void {
  const fault = (problem: string, hint: string): UsageError =>
    new UsageError(`sampling: parameter \`${path}\` ${problem}`, hint);
  if (values !== undefined) {
    if (method !== 'grid') throw fault('lists `values`', `${method} needs \`low\` and \`high\``);
    return;
  }
  if (method === 'grid') throw fault('has no `values`', 'a grid needs the values of each parameter');
  if (low === undefined || high === undefined) throw fault('has no `low` and `high`', 'give both');
  if (!(low < high)) throw fault(`goes from ${low} to ${high}`, '`low` must be below `high`');
  if (spacing === 'log' && low <= 0) throw fault(`starts at ${low} on a log scale`, '`low` must be above 0');
}

function valueAt({ values, low = 0, high = 1, spacing, integer }: Parameter, unit: number): unknown {
  if (values !== undefined) return values[Math.round(unit * (values.length - 1))];
  const value = spacing === 'log' ? low * (high / low) ** unit : low + (high - low) * unit;
  // digits that no report shows would only make two settings of one look different
  return integer ? Math.round(value) : Number(value.toPrecision(6));
}

/** Every combination of the values, the last parameter fastest. */
function grid(parameters: readonly Parameter[]): number[][] {
  const size = parameters.reduce((product, { values }) => product * values!.length, 1);
  if (size > GRID_MAX)
    throw new UsageError(
      `the grid has ${size} points, more than ${GRID_MAX}`,
      'sample it: latinHypercube or random',
    );
  return parameters.reduce<number[][]>(
    (points, { values }) =>
      points.flatMap((point) => values!.map((_, k) => [...point, k / (values!.length - 1)])),
    [[]],
  );
}

/** Of `points` equal parts of every parameter's range each holds one point (McKay, Beckman & Conover 1979). */
export function latinHypercube(points: number, count: number, random: () => number): number[][] {
  const columns = Array.from({ length: count }, () =>
    shuffled(points, random).map((part) => (part + random()) / points),
  );
  return Array.from({ length: points }, (_, k) => columns.map((column) => column[k]!));
}

function shuffled(count: number, random: () => number): number[] {
  const order = Array.from({ length: count }, (_, k) => k);
  for (let k = count - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1));
    [order[k], order[other]] = [order[other]!, order[k]!];
  }
  return order;
}

/**
 * Points for Sobol indices (Saltelli et al. 2010): for each of `points` pairs of independent points A and B, these two and,
 * for each parameter, A with this parameter taken from B.
 *
 * @returns [points][2 + count][count]: A, B, A with the first parameter of B, ...
 */
export function saltelliGroups(points: number, count: number, random: () => number): number[][][] {
  return latinHypercube(points, 2 * count, random).map((both) => {
    const [a, b] = [both.slice(0, count), both.slice(count)];
    return [a, b, ...a.map((_, k) => a.map((value, j) => (j === k ? b[j]! : value)))];
  });
}

/** Step of a Morris trajectory on a unit range: more than half of it, so that all levels are equally likely. */
export const morrisStep = (levels: number): number => levels / (2 * (levels - 1));

/** A walk from a point of the grid of levels that moves each parameter once, in random order (Morris 1991). */
export function morrisTrajectory(levels: number, count: number, random: () => number): number[][] {
  const step = morrisStep(levels);
  const low = Array.from({ length: count }, () => Math.floor((random() * levels) / 2) / (levels - 1));
  const up = low.map(() => random() < 0.5);
  let point = low.map((value, k) => (up[k] ? value : value + step));
  const points = [point];
  for (const k of shuffled(count, random)) {
    point = point.map((value, j) => (j === k ? low[k]! + (up[k] ? step : 0) : value));
    points.push(point);
  }
  return points;
}
