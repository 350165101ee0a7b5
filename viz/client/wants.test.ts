import { describe, expect, test } from 'vitest';
import { REWARD_FEATURES } from '../../agents/columns.ts';
import { dominantGene, geneName, rewardInWords } from './wants.ts';

const FEATURES = ['profit', 'skillGain', 'idle'];

describe('reward functions in words', () => {
  test('the strongest weights come first, wants before dislikes', () => {
    expect(rewardInWords(FEATURES, [0.35, 0.81, -0.4])).toBe(
      'Wants to learn a skill (+.81) and profit (+.35); dislikes to idle (\u2212.40).',
    );
    expect(rewardInWords(FEATURES, [0, 0, -1])).toBe('Dislikes to idle (\u22121.00).');
    expect(rewardInWords(FEATURES, [1, 0, 0])).toBe('Wants profit (+1.00).');
  });

  test('a genome without a reward, and one of whispers, are said to be so', () => {
    expect(rewardInWords(FEATURES, [0, 0, 0])).toBe('Has no reward of its own.');
    expect(rewardInWords(FEATURES, [0.1, 0.1, -0.1])).toBe('Wants a little of everything, nothing much.');
  });

  test('every feature of the model has words', () => {
    for (const feature of REWARD_FEATURES)
      expect(rewardInWords([feature], [1])).not.toContain(`Wants ${feature} (+`.replace('profit', '\n'));
  });

  test('a species is the feature of the largest weight, with its sign', () => {
    expect(dominantGene((f) => [0.2, -0.9, 0.3][f]!, 3)).toBe(3);
    expect(geneName(3, FEATURES)).toBe('\u2212 skillGain');
    expect(geneName(0, FEATURES)).toBe('+ profit');
    expect(dominantGene(() => 0, 3)).toBe(-1);
    expect(geneName(-1, FEATURES)).toBe('no reward');
  });
});
