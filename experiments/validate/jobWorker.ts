/** Entry point of a worker thread that runs validation cases, one at a time. */
import { parentPort } from 'node:worker_threads';
import { assert } from '../../sim/core/assert.ts';
import { serveTasks } from '../taskPool.ts';
import { runJob } from './jobs.ts';

assert(parentPort !== null, 'jobWorker.ts runs in a worker thread only');
serveTasks(parentPort, runJob);
