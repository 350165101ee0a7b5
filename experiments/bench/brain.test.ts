import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { benchBrain } from './brain.ts';

const SMALL = { agents: 8, worlds: 2, steps: 4, repeats: 3 };
const directory = mkdtempSync(join(tmpdir(), 'darwin-bench-'));
const kernelFile = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
afterAll(() => rmSync(directory, { recursive: true }));

describe('benchBrain', () => {
  test('gives one row whose time per agent-step is that of its median rate', async () => {
    const rows = await benchBrain(SMALL);
    expect(rows).toHaveLength(1);
    const { name, agents, worlds, nsPerAgentStep, ratio } = rows[0]!;
    const agentStepsPerSecond = rows[0]!.agentStepsPerSecond!;
    expect({ name, agents, worlds, ratio }).toEqual({
      name: 'brain wasm-simd',
      agents: 16,
      worlds: 2,
      ratio: undefined,
    });
    expect(agentStepsPerSecond.min).toBeLessThanOrEqual(agentStepsPerSecond.median);
    expect(agentStepsPerSecond.median).toBeLessThanOrEqual(agentStepsPerSecond.max);
    expect(nsPerAgentStep).toBeCloseTo(1e9 / agentStepsPerSecond.median, 6);
  });

  test('gives the other kernel a row and both a ratio', async () => {
    const path = kernelFile(
      'idle.as.ts',
      `export function paramCount(): u32 { return 1617; }
       export function think(a: u32, b: u32, x: u32, w: u32, z: u32, r: u32, v: u32, u: u32, c: u32, n: u32): void {
         for (let k = a; k < b; k++) store<f32>(v + k * 16, load<f32>(x + k * 512) + load<f32>(r + k * 16));
       }`,
    );
    const [own, other] = await benchBrain({ ...SMALL, against: path });
    expect(other!.name).toBe(`brain ${path}`);
    expect(own!.ratio! * other!.ratio!).toBeCloseTo(1, 6);
    expect(own!.ratio).toBeLessThan(1);
  });

  test('gives a row to each number of agents, and the bytes of an agent', async () => {
    const rows = await benchBrain({ ...SMALL, worlds: 1, agentCounts: [4, 8] });
    expect(rows.map(({ agents }) => agents)).toEqual([4, 8]);
    // 1,617 weights and as many traces are 12,936 bytes; inputs, moments and genes the rest
    for (const { bytesPerAgent } of rows) expect(bytesPerAgent).toBeGreaterThan(12_936);
  });

  test('gives a row to each hidden size, compared with the first, and larger layers take more bytes', async () => {
    const rows = await benchBrain({ ...SMALL, hiddenSizes: [16, 32] });
    expect(rows.map(({ name }) => name)).toEqual(['brain wasm-simd', 'brain wasm-simd, hidden 32']);
    expect(rows[0]!.bytesPerAgent).toBeLessThan(rows[1]!.bytesPerAgent!);
    expect(rows[1]!.ratioTo).toBe('wasm-simd');
  });

  test.each([4, 12, 72])('refuses a hidden layer of %i: not a multiple of 8 up to 64', async (hidden) => {
    await expect(benchBrain({ ...SMALL, hiddenSizes: [hidden] })).rejects.toThrow(UsageError);
  });

  test('refuses a file that is missing, does not compile or has other exports', async () => {
    await expect(benchBrain({ ...SMALL, against: join(directory, 'none.as.ts') })).rejects.toThrow(
      UsageError,
    );
    const wrong = kernelFile('wrong.as.ts', 'export function think(): v128 { return 1; }');
    await expect(benchBrain({ ...SMALL, against: wrong })).rejects.toThrow('does not compile');
    const other = kernelFile('other.as.ts', 'export function paramCount(): u32 { return 5; }');
    await expect(benchBrain({ ...SMALL, against: other })).rejects.toThrow('does not export think');
  });
});
