/** Entry point of a process of pageWatched.ts: watches a live run over so many connections until it is ended. */
import process from 'node:process';
import WebSocket from 'ws';
import { assert } from '../../sim/core/assert.ts';

const [url, count] = process.argv.slice(2);
assert(url !== undefined && process.send !== undefined, 'watchersProcess.ts runs as a child process only');
/** That connect at once: a server that is busy gives a connection a few seconds to say what it wants. */
const AT_ONCE = 25;

const opened = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.once('open', () => resolve());
    socket.once('error', reject);
    // taken and let go, as a page would that draws the latest
    socket.on('message', () => {});
  });
for (let left = Number(count); left > 0; left -= AT_ONCE)
  await Promise.all(Array.from({ length: Math.min(left, AT_ONCE) }, opened));
process.send('watching');
// without its parent it would never end
process.on('disconnect', () => process.exit());
