import { describe, expect, it } from 'vitest';
import { Remembered } from './remembered.ts';

describe('what is remembered', () => {
  it('is made once for the same parts, NaN among them, and again where one differs or is added', () => {
    const remembered = new Remembered<number>();
    let made = 0;
    const of = (...from: unknown[]): number => remembered.of(from, () => ++made);
    const table = {};
    expect([of(table, Number.NaN), of(table, Number.NaN)]).toEqual([1, 1]);
    expect(of({}, Number.NaN)).toBe(2);
    expect(of({}, 'x', 'y')).toBe(3);
    expect(of()).toBe(4);
    expect(of()).toBe(4);
  });
});
