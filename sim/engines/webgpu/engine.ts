/** The engine of graphics processors: worlds live on the device from one sampled tick to the next. */
import { worldCount, worldParameters } from '../../../configs/arms.ts';
import type { Engine } from '../../engine.ts';
import type { GpuDevice } from './device.ts';
import { planBatches, plannedBytes, refuseElsewhere } from './plan.ts';
import { GpuShard } from './shard.ts';

/**
 * An engine on a device that is open.
 *
 * @param gpu given back by `close`
 */
export const webgpuEngine = (gpu: GpuDevice): Engine => ({
  name: 'webgpu',
  device: gpu.status.name,
  plan: (run) => {
    refuseElsewhere(run);
    return { threads: 1, bytes: plannedBytes(planBatches(worldParameters(run), gpu.bindingBytesMax)) };
  },
  createShards: async (run, _, options) => {
    const worlds = Array.from({ length: worldCount(run) }, (__, w) => w);
    return [await GpuShard.create(gpu, run, worlds, options)];
  },
  close: async () => gpu.close(),
});
