import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeOnGpu } from '../../experiments/testDevice.ts';
import { floatMath, rng } from '../engines/webgpu/modules.ts';
import { compileProbe } from '../engines/webgpu/probe.ts';
import { exp, log, tanh } from './floatMath.ts';
import { DrawSequence, draw, indexBelow, pcg4d, STREAM } from './rng.ts';

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const rowsOf = <T>(row: fc.Arbitrary<T>) => fc.array(row, { minLength: 200, maxLength: 200 });
const runs = { numRuns: 4 };
const floats = (words: Uint32Array): Float32Array =>
  new Float32Array(words.buffer, words.byteOffset, words.length);

await describeOnGpu('draws', (gpu) => {
  test('all four words of a key, indices and sequences are those of rng.ts', async () => {
    const probe = await compileProbe(
      gpu,
      [rng],
      `fn probe(at: u32, lane: u32) {
        let key = vec4<u32>(state[at], state[at + 1u], state[at + 2u], state[at + 3u]);
        let words = pcg4d(key.x, key.y, key.z, key.w);
        for (var k = 0u; k < 4u; k++) {
          state[at + 16u + k] = words[k];
        }
        state[at + 20u] = draw(key.x, key.y, key.z, key.w);
        state[at + 21u] = indexBelow(words.y, 1u + (key.x & 0xfffffu));
        var draws = drawsAt(key.x, key.y, key.z, STREAM_mutation);
        for (var k = 0u; k < 5u; k++) {
          state[at + 22u + k] = drawWord(&draws);
        }
        state[at + 27u] = bitcast<u32>(drawUnit(&draws));
        state[at + 28u] = drawBelow(&draws, 1000u);
        state[at + 29u] = bitcast<u32>(drawNormal(&draws));
        state[at + 30u] = drawWord(&draws);
      }`,
    );
    const sequence = new DrawSequence();
    const words = new Uint32Array(4);
    await fc.assert(
      fc.asyncProperty(rowsOf(fc.tuple(u32, u32, u32, fc.integer({ min: 0, max: 33 }))), async (rows) => {
        const got = await probe(rows);
        rows.forEach(([seed, tick, agent, stream], k) => {
          const found = got[k]!;
          pcg4d(words, seed, tick, agent, stream);
          expect([...found.slice(0, 4)]).toEqual([...words]);
          expect(found[4]).toBe(draw(seed, tick, agent, stream as typeof STREAM.audit));
          expect(found[5]).toBe(indexBelow(words[1]!, 1 + (seed & 0xf_ffff)));
          sequence.at(seed, tick, agent, STREAM.mutation);
          expect([...found.slice(6, 11)]).toEqual(Array.from({ length: 5 }, () => sequence.word()));
          expect(floats(found)[11]).toBe(sequence.unit());
          expect(found[12]).toBe(sequence.below(1000));
          expect(floats(found)[13]).toBe(Math.fround(sequence.normal()));
          expect(found[14]).toBe(sequence.word());
        });
      }),
      runs,
    );
  });
});

await describeOnGpu('exp, log and tanh in single precision', (gpu) => {
  test('are those of floatMath.ts within 1e-6, relative to the value or around 0', async () => {
    const probe = await compileProbe(
      gpu,
      [floatMath],
      `fn probe(at: u32, lane: u32) {
        let x = bitcast<f32>(state[at]);
        state[at + 16u] = bitcast<u32>(expF32(x));
        state[at + 17u] = bitcast<u32>(logF32(max(1e-30, abs(x))));
        state[at + 18u] = bitcast<u32>(tanhF32(x));
      }`,
    );
    const number = fc.oneof(
      fc.float({ min: -80, max: 80, noNaN: true }),
      fc.float({ min: -1, max: 1, noNaN: true }),
      fc.constantFrom(0, 1, -1, 8, -8, 88, -100),
    );
    const bits = new Uint32Array(1);
    await fc.assert(
      fc.asyncProperty(rowsOf(number), async (rows) => {
        const got = await probe(
          rows.map((x) => {
            new Float32Array(bits.buffer)[0] = x;
            return [bits[0]!];
          }),
        );
        rows.forEach((x, k) => {
          const [e, l, t] = floats(got[k]!);
          const close = (found: number, expected: number): void =>
            expect(Math.abs(found - expected), `of ${x}: ${found}, expected ${expected}`).toBeLessThanOrEqual(
              1e-6 * Math.max(Math.abs(expected), 1e-6),
            );
          close(e! - 0, x < -87 ? 0 : Math.fround(exp(x)));
          const size = Math.max(Math.fround(1e-30), Math.abs(x));
          expect(Math.abs(l! - log(size))).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(log(size))));
          expect(Math.abs(t! - tanh(x))).toBeLessThanOrEqual(1e-6 * Math.abs(tanh(x)) + 1e-12);
        });
      }),
      runs,
    );
  });
});
