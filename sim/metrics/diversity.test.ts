import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEATURE_COUNT } from '../../agents/columns.ts';
import { dominantGene } from '../../agents/species.ts';
import { meanSquaredDistance, speciesCount } from './diversity.ts';

const FIRST = Uint32Array.from({ length: 8 }, (_, k) => k);

/** Feature-major genes of genomes that name their weights by feature. */
function genesOf(genomes: readonly Readonly<Record<number, number>>[]): Float32Array {
  const genes = new Float32Array(FEATURE_COUNT * genomes.length);
  genomes.forEach((genome, agent) => {
    for (const [f, weight] of Object.entries(genome)) genes[Number(f) * genomes.length + agent] = weight;
  });
  return genes;
}

describe('species count', () => {
  it('tells genomes apart by the largest weight and its sign, and counts those without a reward as one', () => {
    const genes = genesOf([{ 0: 0.9, 1: -0.4 }, { 0: 0.6, 2: 0.5 }, { 0: -1 }, { 3: 0.8, 0: 0.6 }, {}, {}]);
    expect(speciesCount(genes, 6, FIRST, 6)).toBe(4);
    expect(speciesCount(genes, 6, FIRST, 2)).toBe(1);
    expect(speciesCount(genes, 6, Uint32Array.of(4, 5), 2)).toBe(1);
  });

  it('sees the first and the last feature', () => {
    expect(speciesCount(genesOf([{ 0: 1 }, { [FEATURE_COUNT - 1]: -1 }]), 2, FIRST, 2)).toBe(2);
  });

  it('counts the species that the page shows', () => {
    const weight = fc.constantFrom(-1, -0.5, 0, 0.25, 0.5);
    const genome = fc.array(weight, { minLength: FEATURE_COUNT, maxLength: FEATURE_COUNT });
    fc.assert(
      fc.property(fc.array(genome, { minLength: 1, maxLength: 8 }), (genomes) => {
        const kinds = new Set(genomes.map((own) => dominantGene((f) => own[f]!, FEATURE_COUNT)));
        const genes = genesOf(genomes.map((own) => ({ ...own })));
        expect(speciesCount(genes, genomes.length, FIRST, genomes.length)).toBe(kinds.size);
      }),
    );
  });

  it('is one of one agent and has no value of none', () => {
    expect(speciesCount(genesOf([{ 0: 1 }]), 1, FIRST, 1)).toBe(1);
    expect(speciesCount(genesOf([{ 0: 1 }]), 1, FIRST, 0)).toBeNaN();
  });
});

describe('diversity', () => {
  const distanceOf = (genomes: readonly (readonly number[])[]): number => {
    const n = genomes.length;
    const variance = genomes[0]!.map((_, gene) => {
      const centre = genomes.reduce((sum, genome) => sum + genome[gene]!, 0) / n;
      return genomes.reduce((sum, genome) => sum + (genome[gene]! - centre) ** 2, 0) / n;
    });
    return meanSquaredDistance(Float64Array.from(variance), n);
  };

  it('is the mean over all pairs of two', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: -1, max: 1 }), fc.double({ min: -1, max: 1 })), {
          minLength: 2,
          maxLength: 9,
        }),
        (genomes) => {
          let sum = 0;
          let pairs = 0;
          for (let a = 0; a < genomes.length; a++)
            for (let b = 0; b < a; b++) {
              sum += (genomes[a]![0] - genomes[b]![0]) ** 2 + (genomes[a]![1] - genomes[b]![1]) ** 2;
              pairs++;
            }
          expect(distanceOf(genomes)).toBeCloseTo(sum / pairs, 9);
        },
      ),
    );
  });

  it('is nil of equal genomes, two of wants at right angles and four of opposite ones', () => {
    expect(distanceOf([[1, 0], [1, 0], [1, 0]])).toBe(0); // biome-ignore format: one line
    expect(distanceOf([[1, 0], [0, 1]])).toBeCloseTo(2, 12); // biome-ignore format: one line
    expect(distanceOf([[1, 0], [-1, 0]])).toBeCloseTo(4, 12); // biome-ignore format: one line
  });

  it('has no value below two agents', () => {
    expect(meanSquaredDistance(Float64Array.of(0), 1)).toBeNaN();
    expect(meanSquaredDistance(Float64Array.of(0), 0)).toBeNaN();
  });
});
