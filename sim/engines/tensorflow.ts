/**
 * The tensorflow engine: markets, ledger and life as on the CPU, in this thread; brains as TensorFlow.js tensors. For
 * hosts with CUDA, and as a second opinion on the other engines: integers are the same for the same actions.
 */

import { brainColumnSpec } from '../../agents/brain/layout.ts';
import { type TensorBrain, tensorBrains } from '../../agents/brain/tensorBrain.ts';
import type { Tf } from '../../agents/brain/tensorflow.ts';
import { type ResolvedRun, worldParameters } from '../../configs/arms.ts';
import { columnBytes } from '../core/columns.ts';
import { CapacityError } from '../core/errors.ts';
import type { Engine } from '../engine.ts';
import { createShard } from '../shard.ts';
import { layOut, worldBytes } from '../world.ts';

/** State in tensors, its successor while a step is under way, gradients, and the mirror in columns. */
const TENSOR_COPIES = 3;

/**
 * Brains as tensors.
 *
 * @param tf the library, ready, with its backend chosen
 * @param device what runs it, for manifests
 * @param availableBytes memory of this machine that may be used
 */
export const tensorflowEngine = (tf: Tf, device: string, availableBytes: () => number): Engine => ({
  name: 'tensorflow',
  device,
  plan: (run) => ({ threads: 1, bytes: planned(run, availableBytes()) }),
  createShards: async (run, _, options) => {
    const brains: TensorBrain[] = [];
    const worlds = worldParameters(run).map(({ world }) => world);
    const bindBrain = tensorBrains(tf, (brain) => brains.push(brain));
    const shard = createShard(run, worlds, { ...options, bindBrain });
    return [{ ...shard, close: async () => brains.forEach((brain) => void brain.dispose()) }];
  },
  close: async () => {},
});

/** Bytes of all worlds with their tensors. Throws CapacityError where they do not fit. */
function planned(run: ResolvedRun, available: number): number {
  const worlds = worldParameters(run);
  const bytesOf = (slots: number): number =>
    worlds.reduce((sum, p) => {
      const learners = p.populations.some(({ kind }) => kind === 'learner');
      const brains = learners ? columnBytes(brainColumnSpec(slots)) : 0;
      return sum + worldBytes({ ...p, slots, market: p }) + TENSOR_COPIES * brains;
    }, 0);
  const { slots } = run.arms[0]!;
  const bytes = bytesOf(slots);
  const apart = worlds.some((p) => layOut({ ...p, market: p }).shards.length > 0);
  if (bytes <= available && !apart) return bytes;
  const gib = (amount: number): string => `${(amount / 2 ** 30).toFixed(2)} GiB`;
  const fitting = Math.floor((slots * available) / bytes);
  throw new CapacityError(
    apart
      ? `engine tensorflow keeps the brains of a world in one memory of 4 GiB; ${slots} slots need more`
      : `${worlds.length} worlds x ${slots} slots need ${gib(bytes)} with engine tensorflow, ${gib(available)} are available`,
    apart || fitting < 1 ? 'use --engine cpu' : `what fits: slots: ${fitting}`,
  );
}
