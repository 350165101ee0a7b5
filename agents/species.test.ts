import { describe, expect, test } from 'vitest';
import { dominantGene, geneName } from './species.ts';

const FEATURES = ['profit', 'skillGain', 'idle'];

describe('a species', () => {
  test('is the feature of the largest weight, with its sign', () => {
    expect(dominantGene((f) => [0.2, -0.9, 0.3][f]!, 3)).toBe(3);
    expect(geneName(3, FEATURES)).toBe('\u2212 skillGain');
    expect(geneName(0, FEATURES)).toBe('+ profit');
    expect(dominantGene(() => 0, 3)).toBe(-1);
    expect(geneName(-1, FEATURES)).toBe('no reward');
  });

  test('is the first of equal weights', () => {
    expect(dominantGene((f) => [0, -0.5, 0.5][f]!, 3)).toBe(3);
  });
});
