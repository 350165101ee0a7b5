import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changedPlace, formatPlace, parsePlace } from './place.ts';

describe('the address of the page', () => {
  test('keys are written in one order and read back, whatever their values hold', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (run, show) => {
        const place = changedPlace(new Map(), { show, run });
        expect([...parsePlace(formatPlace(place))]).toEqual([
          ['run', run],
          ['show', show],
        ]);
      }),
    );
    expect(formatPlace(changedPlace(new Map(), { view: 'laws', run: 'a b' }))).toBe('?run=a+b&view=laws');
  });

  test('unknown and empty keys are left out, and null takes a key away', () => {
    expect(formatPlace(parsePlace('?view=&utm=1&tick=5'))).toBe('?tick=5');
    expect(formatPlace(changedPlace(parsePlace('?tick=5&run=a'), { tick: null }))).toBe('?run=a');
    expect(formatPlace(new Map())).toBe('');
  });
});
