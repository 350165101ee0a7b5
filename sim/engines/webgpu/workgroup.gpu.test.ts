import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeOnGpu } from '../../../experiments/testDevice.ts';
import { WORKGROUP } from './constants.ts';
import { together } from './modules.ts';
import { compileProbe, joined, limbs } from './probe.ts';

const MASK = (1n << 64n) - 1n;

await describeOnGpu('what the threads of a world find out together', (gpu) => {
  test('sums, largest and prefix sums are those of the threads in order, in every workgroup', async () => {
    const probe = await compileProbe(
      gpu,
      [together],
      `fn probe(at: u32, lane: u32) {
        let mine = U64(state[at], state[at + 1u]);
        let sum = sumOf(lane, mine);
        let largest = largestOf(lane, mine.x);
        let scan = scanOf(lane, mine);
        let first = agree(lane, mine.x);
        let again = sumOf(lane, wide(1u));
        let results = array<u32, 9>(sum.x, sum.y, largest, scan.before.x, scan.before.y, scan.total.x, scan.total.y, first, again.x);
        for (var k = 0u; k < 9u; k++) {
          state[at + 16u + k] = results[k];
        }
      }`,
    );
    const value = fc.oneof(fc.bigInt({ min: 0n, max: MASK }), fc.bigInt({ min: 0n, max: 9n }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { minLength: 2 * WORKGROUP, maxLength: 2 * WORKGROUP }),
        async (values) => {
          const got = await probe(values.map(limbs));
          for (const from of [0, WORKGROUP]) {
            const world = values.slice(from, from + WORKGROUP);
            const sum = world.reduce((a, b) => a + b, 0n) & MASK;
            const largest = world.reduce((a, b) => ((b & 0xffff_ffffn) > a ? b & 0xffff_ffffn : a), 0n);
            let before = 0n;
            world.forEach((x, lane) => {
              const words = got[from + lane]!;
              expect(joined(words.slice(0, 2))).toBe(sum);
              expect(BigInt(words[2]!)).toBe(largest);
              expect(joined(words.slice(3, 5))).toBe(before);
              expect(joined(words.slice(5, 7))).toBe(sum);
              expect(BigInt(words[7]!)).toBe(world[0]! & 0xffff_ffffn);
              expect(words[8]).toBe(WORKGROUP);
              before = (before + x) & MASK;
            });
          }
        },
      ),
      { numRuns: 4 },
    );
  });
});
