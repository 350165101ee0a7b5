/**
 * Redis, as sweeps and workers share it: the libraries that are loaded when they are asked for, a connection that comes
 * back by itself, and how long it is waited for.
 */
import type { Redis } from 'ioredis';
import { EnvironmentError, UsageError } from '../../sim/core/errors.ts';
import { note } from '../terminal.ts';

/** What is loaded for a queue. */
export type QueueLibraries = Pick<
  typeof import('bullmq'),
  'Queue' | 'Worker' | 'UnrecoverableError' | 'WaitingError'
> &
  Pick<typeof import('ioredis'), 'Redis'>;

/**
 * Loads BullMQ and its Redis client.
 *
 * @param load how a package is loaded
 * @throws EnvironmentError where one is missing or does not load
 */
export async function loadQueueLibraries(
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<QueueLibraries> {
  const loaded = async (name: string): Promise<unknown> => {
    try {
      return await load(name);
    } catch (cause) {
      const { code, message = String(cause) } = (cause ?? {}) as { code?: string; message?: string };
      const absent = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
      throw new EnvironmentError(
        absent
          ? `a queue needs ${name}, which is not installed`
          : `${name} does not load: ${message.split('\n')[0]}`,
        'npm install --no-save bullmq ioredis',
        { cause },
      );
    }
  };
  const { Queue, Worker, UnrecoverableError, WaitingError } = (await loaded(
    'bullmq',
  )) as typeof import('bullmq');
  const { Redis } = (await loaded('ioredis')) as typeof import('ioredis');
  return { Queue, Worker, UnrecoverableError, WaitingError, Redis };
}

/** The address of a queue without its password. Throws UsageError for what is no address of a Redis server. */
export function shownAddress(url: string): string {
  let address: URL;
  try {
    address = new URL(url);
  } catch (cause) {
    throw new UsageError(`--queue ${url} is no address`, 'for example --queue redis://127.0.0.1:6379', {
      cause,
    });
  }
  if (address.protocol !== 'redis:' && address.protocol !== 'rediss:')
    throw new UsageError(
      `--queue ${url} is no address of a Redis server`,
      'it begins with redis:// or, encrypted, rediss://',
    );
  if (address.password !== '') address.password = '***';
  return address.href;
}

const CONNECT_MS = 5000;
/** Pause before the connection is tried again, and how often it is looked at. */
const RETRY_MS = 250;

/** A connection to Redis that comes back by itself, for so long as it is waited for. */
export class QueueServer {
  readonly shown: string;
  readonly redis: Redis;
  /** Rejects once Redis has been gone for longer than it is waited for. */
  readonly gone: Promise<never>;
  private readonly watching: NodeJS.Timeout;
  private readonly copies: Redis[] = [];
  private closed = false;

  private constructor(redis: Redis, shown: string, patienceMs: number) {
    this.redis = redis;
    this.shown = shown;
    // workers wait on a connection of their own, which would try for ever to come back
    const duplicate = redis.duplicate.bind(redis);
    redis.duplicate = (...given) => {
      const copy = duplicate(...given);
      this.copies.push(copy);
      return copy;
    };
    let lostAt: number | null = null;
    redis.on('error', () => {});
    redis.on('close', () => {
      if (lostAt !== null || this.closed) return;
      lostAt = performance.now();
      note(`lost Redis at ${shown}; trying again for ${patienceMs / 1000} s`);
    });
    redis.on('ready', () => {
      if (lostAt !== null) note(`Redis at ${shown} is back`);
      lostAt = null;
    });
    let reject: (error: Error) => void = () => {};
    this.gone = new Promise((_, no) => {
      reject = no;
    });
    this.gone.catch(() => {});
    this.watching = setInterval(() => {
      if (lostAt !== null && performance.now() - lostAt > patienceMs)
        reject(
          new EnvironmentError(
            `Redis at ${shown} has been gone for ${Math.round(patienceMs / 1000)} s`,
            'start it again; what is finished is kept, and --resume goes on',
          ),
        );
    }, RETRY_MS);
  }

  /**
   * Connects.
   *
   * @param patienceMs how long a connection that is lost later on is waited for
   * @throws UsageError for an address that is none, EnvironmentError where no Redis answers there
   */
  static async open(
    url: string,
    patienceMs: number,
    { Redis: Client }: QueueLibraries,
  ): Promise<QueueServer> {
    const shown = shownAddress(url);
    const first = new Client(url, {
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    let why = '';
    first.on('error', (error) => {
      why ||= error.message;
    });
    try {
      await first.connect();
      await first.ping();
    } catch (cause) {
      throw new EnvironmentError(
        `no Redis answers at ${shown}: ${why || (cause as Error).message}`,
        'start one, for example: redis-server --port 6379',
        { cause },
      );
    } finally {
      first.disconnect();
    }
    const redis = new Client(url, {
      connectTimeout: CONNECT_MS,
      maxRetriesPerRequest: null,
      retryStrategy: () => RETRY_MS,
    });
    return new QueueServer(redis, shown, patienceMs);
  }

  /** What `work` gives, unless Redis is gone before. */
  orGone<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.gone]);
  }

  close(): void {
    this.closed = true;
    clearInterval(this.watching);
    for (const connection of [this.redis, ...this.copies]) connection.disconnect();
  }
}
