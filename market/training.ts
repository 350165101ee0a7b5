/**
 * Training (MODEL 5c): compute, data and labels become skill with diminishing returns, in integers.
 *
 *     dq = eta x compute^a x (1 + data)^b x (1 + labels)^l x (1 - q) - depreciation x q
 */
import type { TrainingMethodParameters } from '../configs/derive.ts';
import { CLASS_COUNT } from '../configs/schema.ts';
import { exp2Fraction, LOG2_ONE, log2Fixed, mulHigh } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { FREE_SLOT, type MarketWorld, MODE, TOTAL } from './columns.ts';
import { openingWealth } from './wealth.ts';

/** An exponent in 2^-16 times a log2 in 2^-16, rounded down. */
const scaleLog = (exponent: number, x: number): number => Math.floor((exponent * log2Fixed(x)) / LOG2_ONE);

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
  const exponent =
    method.etaLog2 +
    scaleLog(method.computeExponent, compute) +
    scaleLog(method.dataExponent, Math.min(U32_MAX, 1 + data)) +
    scaleLog(method.labelExponent, 1 + method.labels);
  return mulHigh(exp2Fraction(exponent), U32_MAX - skill);
}

/** Trains the agents in train mode, adds what that costs to their bills, and lets all skills depreciate. */
export function train(world: MarketWorld, _tick: number): void {
  const { parameters, columns } = world;
  const { training } = parameters;
  if (!training.enabled) return;
  for (let i = 0; i < parameters.slots; i++) {
    if (columns.population[i] === FREE_SLOT) continue;
    const gain = columns.mode[i] === MODE.train ? trainAgent(world, i) : 0;
    const trained = i * CLASS_COUNT + columns.taskClass[i]!;
    for (let k = i * CLASS_COUNT; k < (i + 1) * CLASS_COUNT; k++) {
      const q = columns.skill[k]!;
      columns.skill[k] = q - mulHigh(q, training.depreciation) + (k === trained ? gain : 0);
    }
    columns.skillGain[i] = gain;
  }
}

/** The gain of one agent's training; 0 when it has no compute or its runway forbids the cost. */
function trainAgent(world: MarketWorld, i: number): number {
  const { parameters, columns } = world;
  const { training, hardware } = parameters;
  const chosen = columns.method[i]!;
  const method = training.methods[chosen]!;
  const compute = Math.min(training.maxCompute, columns.compute[i]! - columns.computeUsed[i]!);
  if (compute === 0) return 0;
  const cost = method.labels * training.labelPrice + method.environmentPrice;
  if (cost > 0 && openingWealth(world, i) - cost < hardware.trainingRunway) return 0;
  columns.computeUsed[i]! += compute;
  columns.labelsUsed[i] = method.labels;
  columns.bill[i] = Math.min(U32_MAX, columns.bill[i]! + cost);
  columns.total[TOTAL.labels]! += method.labels;
  const gain = trainingGain(
    method,
    compute,
    columns.data[i]!,
    columns.skill[i * CLASS_COUNT + columns.taskClass[i]!]!,
  );
  columns.total[TOTAL.methodTicks + chosen]!++;
  columns.total[TOTAL.methodLabels + chosen]! += method.labels;
  columns.total[TOTAL.methodSkill + chosen]! += gain;
  return gain;
}
