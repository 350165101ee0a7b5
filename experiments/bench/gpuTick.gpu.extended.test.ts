import { expect, test } from 'vitest';
import { describeOnGpu } from '../testDevice.ts';
import { benchGpuTick } from './gpuTick.ts';

await describeOnGpu('whole ticks of the GPU', (gpu) => {
  test('are measured in any number of worlds, of which a few are founded', async () => {
    const [row] = await benchGpuTick({ agents: 12, worlds: 9, repeats: 1 });
    expect(row).toMatchObject({ name: 'tick', engine: 'webgpu', agents: 108, worlds: 9 });
    // a tick of a software GPU may pass all of a turn
    expect(row!.agentStepsPerSecond!.median).toBeGreaterThan(0);
    expect(row!.note).toContain(gpu.status.name);
    // what is counted as moved is a brain's weights and traces, read and written, and not what was allocated
    expect(row!.bytesPerAgentStep).toBeGreaterThan(4 * 4 * 1617);
    expect(row!.bytesPerAgentStep).not.toBe(row!.bytesPerAgent);
    expect(row!.note).toContain('bytes (its brain alone)');
    const { phases } = row!;
    if (phases !== undefined)
      expect(Object.values(phases).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6);
  }, 900_000);
});
