import { describe, expect, it } from 'vitest';
import { changeLabel, changesOf } from './changes.ts';

const price = (tick: number, value: number) => ({ tick, path: 'world.energy.price', value });

describe('changes of a run', () => {
  it('that befell every arm are one, others name their arm; all in order of tick', () => {
    const changes = changesOf([
      [price(30, 0.3), price(10, 0.2)],
      [price(10, 0.2), price(20, 0.5)],
    ]);
    expect(changes.map(({ tick, value, arm }) => [tick, value, arm])).toEqual([
      [10, 0.2, null],
      [20, 0.5, 1],
      [30, 0.3, 0],
    ]);
  });

  it('of a single arm are of all, and none are none', () => {
    expect(changesOf([[price(5, 1)]])).toEqual([{ ...price(5, 1), arm: null }]);
    expect(changesOf([[], []])).toEqual([]);
    expect(changeLabel({ ...price(5, 0.25), arm: null })).toBe('energy.price 0.25');
  });
});
