/**
 * Heritability as breeders estimate it: the slope of the least-squares line of offspring on parent in a phenotype
 * (D. S. Falconer & T. F. C. Mackay, "Introduction to Quantitative Genetics", 4th ed., 1996, chapter 10; M. Lynch &
 * B. Walsh, "Genetics and Analysis of Quantitative Traits", 1998, chapter 7). The phenotype is profit per tick of life so
 * far, by which selection acts. Both have to live, and to have lived for some time: what the dead earned is not kept.
 */
import { FREE_SLOT } from '../market/columns.ts';
import type { AgentWorld } from './columns.ts';

/** Fewer pairs than this say nothing: two points always lie on a line. */
const PAIRS_MIN = 3;

/**
 * The slope of y on x by least squares; NaN of fewer than three pairs, or where x never varies.
 *
 * @param pairs x and y in turns, [2 x count]
 */
export function slopeOf(pairs: Float64Array, count: number): number {
  if (count < PAIRS_MIN) return Number.NaN;
  let sumX = 0;
  let sumY = 0;
  for (let k = 0; k < 2 * count; k += 2) {
    sumX += pairs[k]!;
    sumY += pairs[k + 1]!;
  }
  const x = sumX / count;
  const y = sumY / count;
  let squares = 0;
  let products = 0;
  for (let k = 0; k < 2 * count; k += 2) {
    squares += (pairs[k]! - x) ** 2;
    products += (pairs[k]! - x) * (pairs[k + 1]! - y);
  }
  // of equal numbers, the mean may differ by rounding
  return squares <= count * (Number.EPSILON * x) ** 2 ? Number.NaN : products / squares;
}

let pairRoom = new Float64Array(0);
const slotOf = new Map<number, number>();

/**
 * By population: slope of offspring on first parent in profit per tick of life, over pairs of which both live and are at
 * least `ageMin` ticks old; a parent counts once for each of its children. Zero where birth says nothing about success,
 * also where populations differ, since children are of their parents' population.
 *
 * @param tick at which ages end
 * @returns [population]
 */
export function heritability(
  { columns, agents, parameters }: AgentWorld,
  tick: number,
  ageMin: number,
): Float64Array {
  const { population } = columns;
  const { serial, parent, bornAt, lifeProfit } = agents;
  const { slots, populations } = parameters;
  const slopes = new Float64Array(populations.length).fill(Number.NaN);
  const grown = (slot: number): boolean =>
    population[slot] !== FREE_SLOT && tick - bornAt[slot]! >= Math.max(1, ageMin);
  slotOf.clear();
  for (let i = 0; i < slots; i++) if (parent[i]! > 0 && grown(i)) slotOf.set(parent[i]!, -1);
  if (slotOf.size === 0) return slopes;
  for (let i = 0; i < slots; i++) if (slotOf.has(serial[i]!) && grown(i)) slotOf.set(serial[i]!, i);
  if (pairRoom.length < 2 * slots) pairRoom = new Float64Array(2 * slots);
  for (let p = 0; p < slopes.length; p++) {
    let count = 0;
    for (let i = 0; i < slots; i++) {
      if (population[i] !== p || parent[i] === 0 || !grown(i)) continue;
      const of = slotOf.get(parent[i]!)!;
      if (of < 0) continue;
      pairRoom[2 * count] = lifeProfit[of]! / (tick - bornAt[of]!);
      pairRoom[2 * count + 1] = lifeProfit[i]! / (tick - bornAt[i]!);
      count++;
    }
    slopes[p] = slopeOf(pairRoom, count);
  }
  return slopes;
}
