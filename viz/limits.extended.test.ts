import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { sampleHeader } from './sampleFrames.ts';
import { type LiveServer, startServer, WATCHERS_MAX } from './server.ts';

const TIMEOUT_MS = 300_000;
/** Watchers that come at once; a busy machine lets more wait too long. */
const AT_ONCE = 50;

let server: LiveServer;
const sockets: WebSocket[] = [];
beforeAll(async () => {
  server = await startServer({ header: sampleHeader() });
});
afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  await server.close();
});

/** Resolves to 101, or the status with which a watcher is refused. */
function watch(): Promise<number> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}api/live`);
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
    socket.on('error', (error) => reject(error));
  });
}

describe('the limits of a server', () => {
  it(
    `are ${WATCHERS_MAX} watchers: the next is refused until one leaves, and the others stay`,
    async () => {
      for (let k = 0; k < WATCHERS_MAX; k += AT_ONCE) {
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, watch));
        expect(new Set(answers)).toEqual(new Set([101]));
      }
      expect(server.clients).toBe(WATCHERS_MAX);
      expect(await watch()).toBe(503);
      expect(server.clients).toBe(WATCHERS_MAX);
      const [first] = sockets;
      first!.close();
      await once(first!, 'close');
      expect(await watch()).toBe(101);
    },
    TIMEOUT_MS,
  );

  it(
    'are some seconds for the headers of a request: whoever never ends them is answered 408 and let go',
    async () => {
      const slow = connect(Number(new URL(server.url).port), '127.0.0.1');
      let answer = '';
      slow.on('data', (data) => {
        answer += data.toString();
      });
      slow.on('error', () => {});
      slow.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
      await once(slow, 'close');
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect((await fetch(`${server.url}api/health`)).status).toBe(200);
    },
    TIMEOUT_MS,
  );
});
