/** A Redis server for tests, of their own, on a free port, that keeps nothing. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** Whether tests can have one; in CI they must, so that none is left out unseen. */
export const HAS_REDIS =
  process.env.CI === 'true' || spawnSync('redis-server', ['--version']).error === undefined;
/** For titles of tests. */
export const REDIS_WANTED = HAS_REDIS ? '' : ' (left out: redis-server is not installed)';

export interface TestRedis {
  readonly url: string;
  /** Ends the server with no warning; all that it held is lost. */
  kill(): Promise<void>;
  /** Starts it again, empty, at the same address. */
  start(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}/`;
  let server: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      tmpdir(),
    ];
    server = spawn('redis-server', args, { stdio: 'ignore' });
    await answers(url);
  };
  await start();
  return {
    url,
    start,
    kill: async () => {
      if (server === null || server.exitCode !== null || server.signalCode !== null) return;
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
  };
}

const TRIES = 100;
const PAUSE_MS = 100;

async function answers(url: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => {});
    try {
      await redis.connect();
      return;
    } catch (error) {
      if (attempt === TRIES) throw error;
    } finally {
      redis.disconnect();
    }
    await pause(PAUSE_MS);
  }
}
