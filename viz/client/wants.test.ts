import { describe, expect, test } from 'vitest';
import { REWARD_FEATURES } from '../../agents/columns.ts';
import { rewardInWords } from './wants.ts';

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
});
