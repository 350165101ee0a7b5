/** Entry point of a thread that helps another one with its world (sim/helper.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../sim/core/assert.ts';
import { helpWorld } from '../sim/helper.ts';
import type { HelperStart } from './threads.ts';

assert(parentPort !== null, 'helperWorker.ts runs in a worker thread only');
const { run, world, threads, thread, board, leader } = workerData as HelperStart;

// helpWorld never returns: the thread waits for phases until it is terminated
leader.once('message', (memories: readonly WebAssembly.Memory[]) => {
  helpWorld(run, world, memories, new Int32Array(board), threads, thread);
});
