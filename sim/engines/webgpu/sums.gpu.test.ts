import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeOnGpu } from '../../../experiments/testDevice.ts';
import { WORKGROUP } from './constants.ts';
import { sums } from './modules.ts';
import { compileProbe, joined, limbs } from './probe.ts';

const MASK = (1n << 64n) - 1n;

await describeOnGpu('sums of a workgroup', (gpu) => {
  test('are exact modulo 2^64 in whatever order threads add, and zero when they are opened again', async () => {
    const probe = await compileProbe(
      gpu,
      [sums],
      `fn probe(at: u32, lane: u32) {
        openSums(lane);
        addToSum(0u, U64(state[at], state[at + 1u]));
        addToSum(SUMS - 1u, wide(state[at]));
        closeSums();
        let first = sumAt(0u);
        let last = sumAt(SUMS - 1u);
        workgroupBarrier();
        openSums(lane);
        let again = sumAt(0u);
        let results = array<u32, 6>(first.x, first.y, last.x, last.y, again.x, again.y);
        for (var k = 0u; k < 6u; k++) {
          state[at + 16u + k] = results[k];
        }
      }`,
    );
    const value = fc.oneof(fc.bigInt({ min: 0n, max: MASK }), fc.bigInt({ min: 0n, max: 9n }));
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: WORKGROUP, maxLength: WORKGROUP }), async (values) => {
        const got = await probe(values.map(limbs));
        const sum = values.reduce((a, b) => a + b, 0n) & MASK;
        const low = values.reduce((a, b) => a + (b & 0xffff_ffffn), 0n);
        for (const words of got) {
          expect(joined(words.slice(0, 2))).toBe(sum);
          expect(joined(words.slice(2, 4))).toBe(low);
          expect(joined(words.slice(4, 6))).toBe(0n);
        }
      }),
      { numRuns: 4 },
    );
  });
});
