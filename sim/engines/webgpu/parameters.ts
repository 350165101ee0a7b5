/**
 * The parameters of a world as words for shaders. Each number takes two words: an integer its 64 bits in two's
 * complement, so that a shader may read its low word or both; a real number its bits in single precision, or those of the
 * double where it decides about births; a switch 0 or 1; a choice its place in CHOICES. Lists, and fields of lists of
 * objects, are runs of such numbers. The constant of `hardware.priceBase` is PARAMETER_hardware_priceBase, that of
 * `training.methods[k].labels` at entry k of PARAMETER_training_methods_labels.
 */

import { headUse, logitMask } from '../../../agents/actions.ts';
import { immigrantPopulation } from '../../../agents/immigration.ts';
import { BUILT_IN_POPULATIONS } from '../../../configs/registry.ts';
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import { assert } from '../../core/assert.ts';
import { fraction32 } from '../../core/units.ts';

/** The words of choices by name, in order; a shader knows them as CHOICE_pricing_secondScore. */
export const CHOICES: Readonly<Record<string, readonly string[]>> = {
  pricing: ['ask', 'secondScore'],
  shape: ['constant', 'seasonal', 'randomWalk', 'regimeShift', 'series'],
  issuance: ['none', 'stakeWeighted', 'workWeighted', 'yuma'],
  regime: ['off', 'none', 'legal', 'programmatic'],
  lottery: ['wealth', 'uniform', 'fitness'],
  sampling: ['systematic', 'multinomial'],
  selection: ['endogenous', 'truncation'],
  schedule: ['random', 'even'],
  kind: BUILT_IN_POPULATIONS,
  reward: ['random', 'logWealth', 'zero', 'randomReward', 'constant', 'profit', 'skill', 'computeSpent'],
  inheritance: ['darwinian', 'baldwinian', 'lamarckian'],
  learner: ['streamAc', 'sgd', 'reinforce', 'frozen'],
};

/** Numbers that are not integers. */
const REAL = /^(learner_|demography_(sigma|truncationShare)$|populations_(share|endowment|betShare)$)/;

/** Numbers whose double a shader knows by its bits (sim/core/double.wgsl). */
const DOUBLE = /^populations_fitness$/;

/** Shares that the device needs as fractions of 2^32. */
const FRACTION = /^populations_markup$/;

/** Mechanisms that the device does not run, what genesis alone reads, and names. */
const LEFT_OUT =
  /^(world|arm|replicate|ownership_capacities|randomExchange|contest|doubleAuction|tabular|environment|induced_kind)$|_(name|from|strategy)$/;

type Leaf = readonly [name: string, value: number | boolean | string];

function* leavesOf(name: string, value: unknown): Generator<Leaf> {
  if (value === null || value === undefined || LEFT_OUT.test(name)) return;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string')
    yield [name, value];
  else if (Array.isArray(value) || ArrayBuffer.isView(value))
    for (const entry of value as unknown as Iterable<unknown>) yield* leavesOf(name, entry);
  else
    for (const [key, inner] of Object.entries(value as object))
      yield* leavesOf(name === '' ? key : `${name}_${key}`, inner);
}

/** The values of all parameters by name, lists in order. */
function valuesOf(p: WorldParameters): Map<string, Leaf[1][]> {
  const values = new Map<string, Leaf[1][]>();
  for (const [name, value] of leavesOf('', p)) {
    const list = values.get(name);
    if (list === undefined) values.set(name, [value]);
    else list.push(value);
  }
  // what the brain's kernel is told of the config's consequences, as bindColumns does
  values.set('brain_logitMask', [logitMask(p)]);
  values.set(
    'brain_headUse',
    headUse(p).map((use) => use | 1),
  );
  // what was issued at most is for laws of the host, and comes with an intervention: the others keep their places
  values.delete('policy_issuanceMost');
  // a list is never empty, since a shader knows it by name
  values.set('serviceMarket_series', [...(p.serviceMarket.series ?? [0])]);
  setLife(p, values);
  return values;
}

/** Words of a draw. */
const WORDS = 2 ** 32;

/** What births and immigration are told of the config's consequences. */
function setLife(p: WorldParameters, values: Map<string, Leaf[1][]>): void {
  const { populations, genesis, demography } = p;
  // rounded up, so that a share that names a whole number of agents gives that number
  values.set('demography_truncationFraction', [Math.ceil(demography.truncationShare * WORDS)]);
  values.set(
    'populations_endowmentToken',
    populations.map(({ endowment }) => Math.round(genesis.token * endowment)),
  );
  values.set(
    'populations_endowmentCash',
    populations.map(({ endowment }) => Math.round(genesis.cash * endowment)),
  );
  const open = populations.some(({ immigrates, share }) => immigrates && share > 0);
  values.set(
    'populations_immigrantsBelow',
    populations.map((_, k) => (open ? wordsWhere((word) => immigrantPopulation(populations, word) <= k) : 0)),
  );
}

/** How many of the lowest words satisfy a condition that all words below one and none from it on do. */
function wordsWhere(holds: (word: number) => boolean): number {
  let low = 0;
  let high = WORDS;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Words of each parameter by name, in their order on the device. */
export function parameterNames(p: WorldParameters): ReadonlyMap<string, number> {
  return new Map([...valuesOf(p)].map(([name, list]) => [name, 2 * list.length]));
}

/** The bits of a double, low word first. */
export function doubleWords(value: number): [low: number, high: number] {
  bits.setFloat64(0, value, LITTLE_ENDIAN);
  return [bits.getUint32(0, LITTLE_ENDIAN), bits.getUint32(4, LITTLE_ENDIAN)];
}

const bits = new DataView(new ArrayBuffer(8));
const LITTLE_ENDIAN = true;

function wordsOf(name: string, value: Leaf[1]): [number, number] {
  if (typeof value === 'boolean') return [value ? 1 : 0, 0];
  if (typeof value === 'string') {
    const choices = CHOICES[name.slice(name.lastIndexOf('_') + 1)];
    const place = choices?.indexOf(value) ?? -1;
    // names that are registered at run time have no code on a device
    return [place < 0 ? 0xffff_ffff : place, 0];
  }
  if (FRACTION.test(name)) return [fraction32(value), 0];
  if (DOUBLE.test(name)) return doubleWords(value);
  if (REAL.test(name)) {
    bits.setFloat32(0, value, LITTLE_ENDIAN);
    return [bits.getUint32(0, LITTLE_ENDIAN), 0];
  }
  if (value === Number.POSITIVE_INFINITY) return [0xffff_ffff, 0xffff_ffff];
  assert(Number.isSafeInteger(value), `parameter ${name} = ${value} is no integer`);
  bits.setBigInt64(0, BigInt(value), LITTLE_ENDIAN);
  return [bits.getUint32(0, LITTLE_ENDIAN), bits.getUint32(4, LITTLE_ENDIAN)];
}

/** Writes a world's parameters to its run of `out`, from word `at`. */
export function writeParameters(p: WorldParameters, out: Uint32Array, at = 0): void {
  let next = at;
  for (const [name, list] of valuesOf(p))
    for (const value of list) {
      out.set(wordsOf(name, value), next);
      next += 2;
    }
}
