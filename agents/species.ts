/** Species of reward genomes: one rule for what is measured and what the page shows. */

const MINUS = '\u2212';

/** Species of a genome: the feature of the largest weight with its sign, 2 f for plus, 2 f + 1 for minus; -1 = none. */
export function dominantGene(gene: (feature: number) => number, features: number): number {
  let best = -1;
  let size = 0;
  for (let f = 0; f < features; f++) {
    const value = gene(f);
    if (Math.abs(value) <= size) continue;
    size = Math.abs(value);
    best = 2 * f + (value < 0 ? 1 : 0);
  }
  return best;
}

/** Name of a species, such as `+ profit`. */
export const geneName = (species: number, features: readonly string[]): string =>
  species < 0 ? 'no reward' : `${species % 2 === 0 ? '+' : MINUS} ${features[species >> 1]}`;
