/** Loaded into a process by `--import`: tells its parent what memory it takes, whenever it is asked. */
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.send !== undefined) {
  process.on('message', () => process.send!(process.memoryUsage()));
  // the channel does not keep the process alive
  process.channel!.unref();
}
