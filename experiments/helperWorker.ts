/** Entry point of a thread that helps another one with its world (sim/helper.ts). */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '../sim/core/assert.ts';
import { helpWorld } from '../sim/helper.ts';
import type { InterventionByArm } from '../sim/shard.ts';
import { loadExtensions } from './extensions.ts';
import type { HelperStart } from './threads.ts';

assert(parentPort !== null, 'helperWorker.ts runs in a worker thread only');
const { run, world, threads, thread, board, leader, extensions } = workerData as HelperStart;
await loadExtensions(extensions);

/** What the leader has posted since; this thread never comes back to its event loop, so it asks. */
function news(): InterventionByArm[] {
  const heard: InterventionByArm[] = [];
  for (let next = receiveMessageOnPort(leader); next !== undefined; next = receiveMessageOnPort(leader))
    heard.push(next.message as InterventionByArm);
  return heard;
}

// helpWorld never returns: the thread waits for phases until it is terminated
leader.once('message', (memories: readonly WebAssembly.Memory[]) => {
  helpWorld(run, world, memories, new Int32Array(board), threads, thread, news);
});
