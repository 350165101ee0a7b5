/** What a method of training costs and brings: the parts that are the same for every agent (MODEL 5c). */
import type { TrainingMethodParameters } from '../configs/worldParameters.ts';
import { LOG2_ONE, log2Fixed } from '../sim/core/fixed.ts';

/** An exponent in 2^-16 times a log2 in 2^-16, rounded down. */
export const scaleLog = (exponent: number, x: number): number =>
  Math.floor((exponent * log2Fixed(x)) / LOG2_ONE);

/** The part of the exponent of a method's gains that is the same for everybody, 2^-16. */
export const exponentOf = ({ etaLog2, labelExponent, labels }: TrainingMethodParameters): number =>
  etaLog2 + scaleLog(labelExponent, 1 + labels);

/** Cost of a tick of training by a method, milli-cash; data apart. */
export const costOf = (method: TrainingMethodParameters, labelPrice: number): number =>
  method.labels * labelPrice + method.environmentPrice;
