import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blendSquares, groupPoints } from './squares.ts';

const [WIDTH, HEIGHT] = [6, 5];
const AXES = { x: { at: 0, per: 1 }, y: { at: 0, per: 1 } };
/** Opacities and reds of a picture after some points. */
function drawn(x: number[], y: number[], side: number, alpha: number, colours: number[] = x.map(() => 200)) {
  const pixels = new Uint8ClampedArray(4 * WIDTH * HEIGHT);
  const layers = x.map((_, k) => ({ points: [k], colour: [colours[k]!, 0, 0] as [number, number, number] }));
  blendSquares(pixels, WIDTH, HEIGHT, layers, { x, y }, AXES, side, alpha);
  const channel = (c: number) => Array.from({ length: WIDTH * HEIGHT }, (_, k) => pixels[4 * k + c]!);
  return { red: channel(0), opacity: channel(3) };
}
const at = (column: number, row: number): number => row * WIDTH + column;

describe('squares', () => {
  it('cover as many pixels as their side says, around their point', () => {
    const { opacity } = drawn([3], [2], 2, 0.6);
    const covered = opacity.flatMap((value, k) => (value > 0 ? [k] : []));
    expect(covered).toEqual([at(2, 1), at(3, 1), at(2, 2), at(3, 2)]);
    expect(opacity[at(2, 1)]).toBe(153);
  });

  it('that reach over an edge are cut there, and outside of it draw nothing', () => {
    const { opacity } = drawn([0, WIDTH, -9, 99], [0, HEIGHT, 2, 2], 2, 1);
    expect(opacity.flatMap((value, k) => (value > 0 ? [k] : []))).toEqual([
      at(0, 0),
      at(WIDTH - 1, HEIGHT - 1),
    ]);
  });

  it('over one another mix as source over: the upper one weighs its opacity', () => {
    const { red, opacity } = drawn([1, 1], [1, 1], 1, 0.5, [0, 255]);
    const place = opacity.findIndex((value) => value > 0);
    expect(Math.abs(opacity[place]! - 0.75 * 255)).toBeLessThanOrEqual(1);
    expect(Math.abs(red[place]! - 255 * (0.5 / 0.75))).toBeLessThanOrEqual(2);
  });
});

describe('points by group', () => {
  it('are each in the list of their group, in order, and nowhere else', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1, max: 3 })), (groups) => {
        const grouped = groupPoints(groups.length, 4, (k) => groups[k]!);
        const expected = [0, 1, 2, 3].map((g) => groups.flatMap((group, k) => (group === g ? [k] : [])));
        expect(grouped.map((points) => Array.from(points))).toEqual(expected);
      }),
    );
  });
});
