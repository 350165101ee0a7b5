/**
 * The weights of a newborn brain in plain TypeScript: the specification of `birth` in kernel.as.ts, which writes them to
 * the lanes of a block (sparse initialisation of M. Elsayed, G. Vasan, A. R. Mahmood 2024, arXiv 2410.14606, algorithm 1).
 */
import { DrawSequence, indexBelow, STREAM, unitInterval } from '../../sim/core/rng.ts';
import {
  LOGIT_COUNT,
  PARAMETERS,
  parameterOffsets,
  REVISE_BIAS,
  REVISE_LOGIT,
  STANDARD_SHAPE,
} from './layout.ts';

/** Share of each neuron's inputs that start at zero. */
export const DEFAULT_SPARSITY = 0.5;

/** Inputs of a neuron that start at zero; at least one does not. */
export const zeroCount = (fanIn: number, sparsity: number): number =>
  Math.min(fanIn - 1, Math.ceil(sparsity * fanIn));

const draws = new DrawSequence();
const zeroDraws = new DrawSequence();

/**
 * Draws the weights of a newborn in plain order: uniform +-1/sqrt(fan-in), of each neuron ceil(sparsity x fan-in)
 * inputs zero but at least one kept, biases 0 except the "revise" logit's, which is REVISE_BIAS. A function of (seed, tick, slot) alone, so birth weights
 * (Baldwinian inheritance) can be drawn again from a founder's tick and slot.
 *
 * @param out [PARAMETER_COUNT], overwritten
 */
export function drawInitialWeights(
  out: Float32Array,
  seed: number,
  tick: number,
  slot: number,
  sparsity = DEFAULT_SPARSITY,
): void {
  const { inputs, hidden, heads } = STANDARD_SHAPE;
  const at = parameterOffsets(STANDARD_SHAPE);
  const logits = heads.reduce((sum, size) => sum + size, 0);
  draws.at(seed, tick, slot, STREAM.initialWeights);
  zeroDraws.at(seed, tick, slot, STREAM.sparsity);
  out.fill(0);
  drawLayer(out, at.actorHidden, hidden, inputs, sparsity);
  drawLayer(out, at.actorOutput, logits, hidden, sparsity);
  drawLayer(out, at.criticHidden, hidden, inputs, sparsity);
  drawLayer(out, at.criticOutput, 1, hidden, sparsity);
  out[PARAMETERS.actorOutputBias + REVISE_LOGIT] = REVISE_BIAS;
}

/** Words of a layer's draws, and the inputs of a neuron in the order of its shuffle; the largest layer's. */
const LAYER_WEIGHTS_MAX = STANDARD_SHAPE.hidden * Math.max(STANDARD_SHAPE.inputs, LOGIT_COUNT);
const words = new Uint32Array(LAYER_WEIGHTS_MAX);
const order = new Uint8Array(STANDARD_SHAPE.inputs);

function drawLayer(out: Float32Array, from: number, rows: number, fanIn: number, sparsity: number): void {
  const bound = 1 / Math.sqrt(fanIn);
  const zeros = zeroCount(fanIn, sparsity);
  const count = rows * fanIn;
  draws.fill(words, count);
  for (let k = 0; k < count; k++) out[from + k] = bound * (2 * unitInterval(words[k]!) - 1);
  zeroDraws.fill(words, rows * zeros);
  let next = 0;
  for (let start = from; start < from + count; start += fanIn) {
    for (let k = 0; k < fanIn; k++) order[k] = k;
    // The first places of a Fisher-Yates shuffle.
    for (let k = 0; k < zeros; k++) {
      const pick = k + indexBelow(words[next++]!, fanIn - k);
      out[start + order[pick]!] = 0;
      order[pick] = order[k]!;
    }
  }
}
