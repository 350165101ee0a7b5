/**
 * Training (MODEL 5c): compute, data and labels become skill with diminishing returns, in integers.
 *
 *     dq = eta x compute^a x (1 + data)^b x (1 + labels)^l x (1 - q) - depreciation x q
 */

import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { METHODS, type TrainingMethodParameters } from '../configs/worldParameters.ts';
import { exp2Fraction, mulHigh } from '../sim/core/fixed.ts';
import { TWO_32, U32_MAX } from '../sim/core/units.ts';
import { FREE_SLOT, type MarketWorld, MODE, TOTAL } from './columns.ts';
import { costOf, exponentOf, scaleLog } from './trainingMethod.ts';
import { openingWealth } from './wealth.ts';

/**
 * Skill gained by one tick of training as a fraction of 2^32, before depreciation; 0 without compute. Every
 * step rounds down, and the gain stays below 1 - q, so that a skill never passes 2^32 - 1.
 *
 * @param compute cu used
 * @param data data units owned (not used up)
 * @param skill fraction of 2^32
 */
export function trainingGain(
  method: TrainingMethodParameters,
  compute: number,
  data: number,
  skill: number,
): number {
  if (compute === 0) return 0;
  return gainFrom(method, exponentOf(method), compute, data, skill);
}

/** The same from the part of the exponent that is a method's own, 2^-16. */
function gainFrom(
  method: TrainingMethodParameters,
  base: number,
  compute: number,
  data: number,
  skill: number,
): number {
  const exponent =
    base +
    scaleLog(method.computeExponent, compute) +
    scaleLog(method.dataExponent, Math.min(U32_MAX, 1 + data));
  return mulHigh(exp2Fraction(exponent), U32_MAX - skill);
}

/** Slots of those who train this tick, in slot order; grown to the largest world of the thread. */
let trainees = new Uint32Array(0);
/** Of each method: its cost a tick, milli-cash, and the part of its exponent that is the same for everybody, 2^-16. */
const costs = new Float64Array(METHODS.length);
const bases = new Float64Array(METHODS.length);

/** Trains the agents in train mode, adds what that costs to their bills, and lets all skills depreciate. */
export function train(world: MarketWorld, _tick: number): void {
  if (!world.parameters.training.enabled) return;
  if (world.clearing != null) world.clearing.open().train();
  else trainOneByOne(world);
}

/** The specification of the kernel's pass. */
function trainOneByOne(world: MarketWorld): void {
  const { columns } = world;
  const count = listTrainees(world);
  writeGains(world, count);
  depreciate(world);
  const { skill, skillGain, taskClass } = columns;
  for (let k = 0; k < count; k++) {
    const i = trainees[k]!;
    skill[i * CLASS_COUNT + taskClass[i]!]! += skillGain[i]!;
  }
}

function listTrainees({ parameters, columns }: MarketWorld): number {
  const { population, mode } = columns;
  const { slots } = parameters;
  if (trainees.length < slots) trainees = new Uint32Array(slots);
  let count = 0;
  for (let i = 0; i < slots; i++) {
    trainees[count] = i;
    // one where mode = MODE.train, and one but for FREE_SLOT, whose bits are all ones
    count += (((mode[i]! ^ MODE.train) - 1) >>> 31) & (~population[i]! >>> 31);
  }
  return count;
}

/** Writes `skillGain` of everybody: 0 without training, without compute or where its runway forbids the cost. */
function writeGains(world: MarketWorld, count: number): void {
  const { parameters, columns } = world;
  const { training, hardware } = parameters;
  const { compute, computeUsed, labelsUsed, bill, data, skill, skillGain, taskClass, total } = columns;
  const { trainingRunway } = hardware;
  for (let m = 0; m < METHODS.length; m++) {
    const method = training.methods[m]!;
    costs[m] = costOf(method, training.labelPrice);
    bases[m] = exponentOf(method);
  }
  skillGain.fill(0);
  for (let k = 0; k < count; k++) {
    const i = trainees[k]!;
    const used = Math.min(training.maxCompute, compute[i]! - computeUsed[i]!);
    if (used === 0) continue;
    const m = columns.method[i]!;
    const cost = costs[m]!;
    if (cost > 0 && openingWealth(world, i) - cost < trainingRunway) continue;
    const method = training.methods[m]!;
    computeUsed[i]! += used;
    labelsUsed[i] = method.labels;
    bill[i] = Math.min(U32_MAX, bill[i]! + cost);
    const owned = skill[i * CLASS_COUNT + taskClass[i]!]!;
    const gain = gainFrom(method, bases[m]!, used, data[i]!, owned);
    skillGain[i] = gain;
    total[TOTAL.labels]! += method.labels;
    total[TOTAL.methodTicks + m]!++;
    total[TOTAL.methodLabels + m]! += method.labels;
    total[TOTAL.methodSkill + m]! += gain;
  }
}

/** A u32 times a share below this is below 2^53. */
const EXACT_SHARE = 2 ** 21;

/** Every skill loses its share, rounded down; an empty slot's stays as it is. */
function depreciate({ parameters, columns }: MarketWorld): void {
  const { skill, population } = columns;
  const { depreciation } = parameters.training;
  const { slots } = parameters;
  const exact = depreciation < EXACT_SHARE;
  for (let i = 0; i < slots; i++) {
    if (population[i] === FREE_SLOT) continue;
    for (let k = i * CLASS_COUNT; k < (i + 1) * CLASS_COUNT; k++) {
      const q = skill[k]!;
      skill[k] = q - (exact ? Math.floor((q * depreciation) / TWO_32) : mulHigh(q, depreciation));
    }
  }
}
