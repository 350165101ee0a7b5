/** Many points as small squares, blended in memory: a canvas takes ten times as long for as many rectangles of its own. */

export interface SquareLayer {
  /** Indices of the points, in the order in which they are drawn. */
  readonly points: ArrayLike<number>;
  /** Red, green, blue, 0 to 255. */
  readonly colour: readonly [number, number, number];
}

/** Where values lie on an axis of the picture: `at + value x per`, in pixels of the device. */
export interface PixelAxis {
  readonly at: number;
  readonly per: number;
}

/**
 * Lays squares over a picture, each over those before it (Porter and Duff 1984, source over, colours not premultiplied).
 *
 * @param pixels red, green, blue and opacity of each pixel, row by row, [4 x width x height]
 * @param side of a square, pixels
 * @param alpha opacity of a square, 0 to 1
 */
export function blendSquares(
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
  layers: readonly SquareLayer[],
  values: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> },
  axes: { readonly x: PixelAxis; readonly y: PixelAxis },
  side: number,
  alpha: number,
): void {
  const half = side / 2;
  for (const { points, colour } of layers) {
    const [red, green, blue] = colour;
    for (let k = 0; k < points.length; k++) {
      const point = points[k]!;
      const left = Math.round(axes.x.at + values.x[point]! * axes.x.per - half);
      const top = Math.round(axes.y.at + values.y[point]! * axes.y.per - half);
      const [right, bottom] = [Math.min(width, left + side), Math.min(height, top + side)];
      for (let row = Math.max(0, top); row < bottom; row++)
        for (let column = Math.max(0, left); column < right; column++) {
          const at = 4 * (row * width + column);
          const below = (pixels[at + 3]! / 255) * (1 - alpha);
          const opacity = alpha + below;
          pixels[at] = (red * alpha + pixels[at]! * below) / opacity;
          pixels[at + 1] = (green * alpha + pixels[at + 1]! * below) / opacity;
          pixels[at + 2] = (blue * alpha + pixels[at + 2]! * below) / opacity;
          pixels[at + 3] = 255 * opacity;
        }
    }
  }
}

/**
 * Points by their group, the points of a group in their order: indices of all groups one after another.
 *
 * @param groupOf a point's group, or -1 where it is not drawn
 */
export function groupPoints(
  count: number,
  groups: number,
  groupOf: (point: number) => number,
): Uint32Array<ArrayBuffer>[] {
  const group = new Int32Array(count);
  const sizes = new Uint32Array(groups);
  for (let k = 0; k < count; k++) {
    const of = groupOf(k);
    group[k] = of;
    if (of >= 0) sizes[of]!++;
  }
  const grouped = Array.from(sizes, (size) => new Uint32Array(size));
  sizes.fill(0);
  for (let k = 0; k < count; k++) {
    const of = group[k]!;
    if (of >= 0) grouped[of]![sizes[of]!++] = k;
  }
  return grouped;
}
