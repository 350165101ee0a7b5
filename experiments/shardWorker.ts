/** Entry point of a worker thread: owns some worlds of a run and answers the calls of its ShardHandle. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../sim/core/assert.ts';
import type { AnyColumn } from '../sim/core/columns.ts';
import type { RecordBatch, WorldFrame } from '../sim/frame.ts';
import { createShard, type ShardHandle, type ShardOptions } from '../sim/shard.ts';
import { loadExtensions } from './extensions.ts';
import { toPlainError, type WorkerCall, type WorkerReply, type WorkerStart } from './threads.ts';

assert(parentPort !== null, 'shardWorker.ts runs in a worker thread only');
const port = parentPort;
const { run, worlds, options, team, extensions } = workerData as WorkerStart;
const { profile = false, ...plain } = options;
const clock = (): number => performance.now() * 1e6;

/** The buffers of a report, moved instead of copied; each array of a report owns its buffer. */
function buffersOf(frames: readonly WorldFrame[], batches: readonly RecordBatch[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const add = (array: AnyColumn): void => {
    if (array.byteLength === array.buffer.byteLength && array.byteLength > 0) buffers.add(array.buffer);
  };
  for (const frame of frames)
    for (const value of Object.values(frame) as unknown[]) {
      if (ArrayBuffer.isView(value)) add(value as AnyColumn);
      else if (Array.isArray(value)) value.forEach((array: AnyColumn) => void add(array));
    }
  for (const batch of batches)
    for (const column of Object.values(batch.columns)) if (ArrayBuffer.isView(column)) add(column);
  return [...buffers];
}

const leads: ShardOptions =
  team === null
    ? {}
    : {
        team: {
          threads: team.threads,
          board: new Int32Array(team.board),
          handOut: (memories) => {
            for (const helper of team.helpers) helper.postMessage(memories);
          },
          tell: (byArm) => {
            for (const helper of team.helpers) helper.postMessage(byArm);
          },
        },
      };
let shard: ShardHandle | null = null;

async function answer(call: WorkerCall): Promise<void> {
  try {
    await loadExtensions(extensions);
    shard ??= createShard(run, worlds, { ...plain, ...leads, ...(profile ? { clock } : {}) });
    if (call.method === 'hashes') {
      port.postMessage({ id: call.id, result: await shard.hashes() } satisfies WorkerReply);
    } else if (call.method === 'lastSnapshot' || call.method === 'snapshot') {
      const batches = await shard[call.method]();
      port.postMessage({ id: call.id, result: batches } satisfies WorkerReply, buffersOf([], batches));
    } else if (call.method === 'saveWorld') {
      const saved = await shard.saveWorld(call.world, call.piece);
      port.postMessage({ id: call.id, result: saved } satisfies WorkerReply, [saved.buffer]);
    } else if (call.method === 'restoreWorld') {
      const tick = await shard.restoreWorld(call.world, call.saved, call.options);
      port.postMessage({ id: call.id, result: tick } satisfies WorkerReply);
    } else if (call.method === 'intervene') {
      await shard.intervene(call.byArm);
      port.postMessage({ id: call.id, result: 0 } satisfies WorkerReply);
    } else {
      const report = await shard.advance(call.toTick);
      const { frames, batches } = report;
      port.postMessage({ id: call.id, result: report } satisfies WorkerReply, buffersOf(frames, batches));
    }
  } catch (error) {
    port.postMessage({ id: call.id, error: toPlainError(error) } satisfies WorkerReply);
  }
}

// one call after the other, in the order in which they came
let last = Promise.resolve();
port.on('message', (call: WorkerCall) => {
  last = last.then(() => answer(call));
});
