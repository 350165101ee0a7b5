import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameHistory } from './history.ts';

const mark = (k: number) => (): Uint8Array => Uint8Array.from([k & 255, k >> 8]);
const indexOf = (bytes: Uint8Array): number => bytes[0]! + 256 * bytes[1]!;

describe('FrameHistory', () => {
  test('up to its size it keeps every frame', () => {
    const history = new FrameHistory(8);
    for (let k = 0; k < 8; k++) history.offer(mark(k));
    expect(history.kept.map(indexOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('one frame more and every second is let go', () => {
    const history = new FrameHistory(8);
    for (let k = 0; k < 9; k++) history.offer(mark(k));
    expect(history.kept.map(indexOf)).toEqual([0, 2, 4, 6, 8]);
  });

  test('after any number of frames it is at least half full, never over, evenly spaced and from the first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 1, max: 3000 }), (size, offered) => {
        const history = new FrameHistory(size);
        for (let k = 0; k < offered; k++) history.offer(mark(k));
        const kept = history.kept.map(indexOf);
        expect(kept.length).toBeLessThanOrEqual(size);
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(offered, Math.floor(size / 2)));
        const stride = (kept[1] ?? 1) - kept[0]!;
        expect(kept).toEqual(kept.map((_, k) => k * stride));
        expect(offered - 1 - kept.at(-1)!).toBeLessThan(stride);
      }),
      { numRuns: 60 },
    );
  });

  test('a frame that is not kept is not written', () => {
    const history = new FrameHistory(2);
    let written = 0;
    for (let k = 0; k < 1000; k++) {
      history.offer(() => {
        written++;
        return mark(k)();
      });
    }
    expect(written).toBeLessThan(25);
  });
});
