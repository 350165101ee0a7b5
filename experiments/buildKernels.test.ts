import { describe, expect, it } from 'vitest';

const { assertPlace, staticDataEnd } = (await import('./buildKernels.mjs' as string)) as {
  assertPlace: (source: string, wasm: Uint8Array, next: number) => void;
  staticDataEnd: (wasm: Uint8Array) => number;
};

/** A module of data segments alone: each an offset below 8,192 and a number of bytes below 64. */
function moduleOf(...segments: readonly (readonly [number, number])[]): Uint8Array {
  const body = segments.flatMap(([offset, length]) => [
    ...[0, 0x41, (offset & 127) | 128, offset >> 7, 0x0b, length],
    ...new Array<number>(length).fill(1),
  ]);
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  // a custom section before it is passed over
  return Uint8Array.from([...header, 0, 2, 1, 0x78, 11, body.length + 1, segments.length, ...body]);
}

describe('static data of kernels', () => {
  it('ends behind the last byte of the farthest segment', () => {
    expect(staticDataEnd(moduleOf([1024, 16], [512, 20]))).toBe(1040);
    expect(staticDataEnd(moduleOf())).toBe(0);
  });

  it('may end where the next place begins, not beyond', () => {
    const wasm = moduleOf([1024, 16]);
    expect(() => assertPlace('x.as.ts', wasm, 1040)).not.toThrow();
    expect(() => assertPlace('x.as.ts', wasm, 1039)).toThrow('x.as.ts: static data ends at byte 1040');
  });
});
