/** Who meets whom: a uniformly random perfect matching of the living, from which random exchange and contests start. */
import { DrawSequence, type Stream } from '../../sim/core/rng.ts';
import { FREE_SLOT, type MarketWorld } from '../columns.ts';

const matching = new DrawSequence();

/**
 * Writes the living to `columns.order` in a uniformly random order: entries 2k and 2k + 1 are a pair, and which of
 * a pair comes first is a fair coin; of an odd number the last one sits out.
 *
 * @param round matchings of one tick and stream differ by it
 * @returns how many live, and the draws of this matching, for what else a pair needs
 */
export function matchAtRandom(
  { parameters, columns }: MarketWorld,
  tick: number,
  round: number,
  stream: Stream,
): { readonly living: number; readonly draws: DrawSequence } {
  const { order, population } = columns;
  let living = 0;
  for (let i = 0; i < parameters.slots; i++) if (population[i] !== FREE_SLOT) order[living++] = i;
  matching.at(parameters.seed, tick, round, stream);
  for (let k = living - 1; k > 0; k--) {
    const other = matching.below(k + 1);
    const held = order[k]!;
    order[k] = order[other]!;
    order[other] = held;
  }
  result.living = living;
  return result;
}

// one object for all calls: a phase allocates nothing
const result = { living: 0, draws: matching };
