import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeOnGpu } from '../experiments/testDevice.ts';
import { amm } from '../sim/engines/webgpu/modules.ts';
import { compileProbe, joined, limbs } from '../sim/engines/webgpu/probe.ts';
import { amountIn, amountOut, SwapRate } from './amm.ts';

const ROWS = 512;
/** Integers of every length up to `bits`. */
const sized = (bits: number): fc.Arbitrary<number> =>
  fc
    .integer({ min: 1, max: bits })
    .chain((length) => fc.maxSafeInteger().map((x) => Math.abs(x) % 2 ** length));
const anyRow = fc.record({
  reserveIn: sized(52).map((x) => x + 1),
  reserveOut: sized(52).map((x) => x + 1),
  input: sized(52).map((x) => x + 1),
  wanted: sized(32).map((x) => Math.max(1, x)),
  free: sized(32),
});

await describeOnGpu('the market maker', (gpu) => {
  test('pays, charges and shares out to the unit what it does on the CPU', async () => {
    const probe = await compileProbe(
      gpu,
      [amm],
      `fn probe(at: u32, lane: u32) {
  let reserveIn = U64(state[at], state[at + 1u]);
  let reserveOut = U64(state[at + 2u], state[at + 3u]);
  let input = U64(state[at + 4u], state[at + 5u]);
  let out = amountOut(input, reserveIn, reserveOut);
  let rate = rateOf(out, input);
  let due = amountIn(out, reserveIn, reserveOut);
  state[at + 16u] = out.x;
  state[at + 17u] = out.y;
  state[at + 18u] = due.x;
  state[at + 19u] = due.y;
  state[at + 20u] = rate.whole.x;
  state[at + 21u] = rate.whole.y;
  state[at + 22u] = rate.part;
  state[at + 23u] = costAt(rate, state[at + 6u], state[at + 7u]);
}`,
    );
    const rows = fc.sample(anyRow, { numRuns: ROWS, seed: 7 });
    const got = await probe(
      rows.map(({ reserveIn, reserveOut, input, wanted, free }) => [
        ...[reserveIn, reserveOut, input].flatMap((x) => limbs(BigInt(x))),
        wanted,
        free,
      ]),
    );
    const rate = new SwapRate();
    rows.forEach(({ reserveIn, reserveOut, input, wanted, free }, k) => {
      const words = got[k]!;
      const out = amountOut(BigInt(input), BigInt(reserveIn), BigInt(reserveOut));
      rate.set(Number(out), input);
      expect({
        out: joined(words.slice(0, 2)),
        due: joined(words.slice(2, 4)),
        whole: joined(words.slice(4, 6)),
        part: words[6],
        cost: words[7],
      }).toEqual({
        out,
        due: amountIn(out, BigInt(reserveIn), BigInt(reserveOut)),
        whole: BigInt(rate.whole),
        part: rate.part,
        cost: rate.cost(wanted, free),
      });
    });
  });
});
