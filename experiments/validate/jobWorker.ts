/** Entry point of a worker thread that runs validation cases, one at a time. */
import { parentPort } from 'node:worker_threads';
import { assert } from '../../sim/core/assert.ts';
import { toPlainError } from '../threads.ts';
import { type Job, type JobReply, runJob } from './jobs.ts';

assert(parentPort !== null, 'jobWorker.ts runs in a worker thread only');
const port = parentPort;
port.on('message', ({ number, job }: { number: number; job: Job }) => {
  runJob(job).then(
    (result) => port.postMessage({ job: number, result } satisfies JobReply),
    (error) => port.postMessage({ job: number, error: toPlainError(error) } satisfies JobReply),
  );
});
