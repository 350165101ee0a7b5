import { expect, test } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { describeOnGpu } from '../testDevice.ts';
import { benchGpuBrain } from './gpu.ts';
import { benchmarkNamed } from './index.ts';

await describeOnGpu('benchmarks of the GPU', (gpu) => {
  test('give a row for every number of agents, beside what the memory could', async () => {
    const rows = await benchGpuBrain({ agentCounts: [3, 5], repeats: 1 });
    expect(rows.map(({ name, engine, agents }) => [name, engine, agents])).toEqual([
      ['brain', 'webgpu', 3],
      ['brain', 'webgpu', 5],
    ]);
    for (const row of rows) {
      // 1,617 weights and as many traces, read and written
      expect(row.bytesPerAgentStep).toBeGreaterThan(4 * 4 * 1617);
      expect(row.copyBytesPerSecond!.median).toBeGreaterThan(0);
      const moved = row.agentStepsPerSecond!.median * row.bytesPerAgentStep!;
      expect(row.rooflineShare).toBeCloseTo(moved / row.copyBytesPerSecond!.median, 6);
      expect(row.note).toContain(gpu.status.name);
    }
  });
});

test('an engine without benchmarks, options of another engine and no repeats are refused before measuring', async () => {
  const brain = benchmarkNamed('brain');
  await expect(brain.run({ engine: 'webgpus' })).rejects.toThrow('no benchmark knows the engine webgpus');
  await expect(brain.run({ engine: 'webgpu', hiddenSizes: [8] })).rejects.toThrow(UsageError);
  await expect(brain.run({ engine: 'webgpu', repeats: 0 })).rejects.toThrow('at least one repeat');
});
