/**
 * Worker threads that own worlds: each thread advances its worlds one after the other, through many ticks
 * each, and sends back reports. Where there are more threads than worlds, those of a world make a team (sim/team.ts):
 * one owns it, the others help. Errors arrive as the classes that they were thrown as.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { FoundersByArm } from '../agents/founders.ts';
import { type ResolvedRun, worldCount } from '../configs/arms.ts';
import type { RestoreOptions } from '../sim/checkpoint.ts';
import * as errors from '../sim/core/errors.ts';
import type { RecordBatch, ShardReport } from '../sim/frame.ts';
import { dealWorlds } from '../sim/run.ts';
import type { InterventionByArm, ShardHandle } from '../sim/shard.ts';
import { boardWords } from '../sim/team.ts';
import { loadedExtensions } from './extensions.ts';

/** What a shard in another thread can be asked to do beside advancing; see ShardOptions. */
export interface ThreadOptions {
  readonly laws?: boolean;
  readonly fault?: string;
  /** Time every phase with the thread's own clock. */
  readonly profile?: boolean;
  readonly founders?: FoundersByArm;
  /** Memories for the brains of each world; default as many as they need. */
  readonly brainShards?: number;
}

/** What a worker is started with. */
export interface WorkerStart {
  readonly run: ResolvedRun;
  readonly worlds: readonly number[];
  readonly options: ThreadOptions;
  /** The team that it leads; null where it works alone. */
  readonly team: LeaderStart | null;
  /** Files that register extensions. */
  readonly extensions: readonly string[];
}
/** What the leader of a team knows of it. */
interface LeaderStart {
  readonly threads: number;
  readonly board: SharedArrayBuffer;
  /** To each helper, which waits for the world's memories. */
  readonly helpers: readonly MessagePort[];
}
/** What a helper (helperWorker.ts) is started with. */
export interface HelperStart {
  readonly run: ResolvedRun;
  readonly world: number;
  readonly threads: number;
  /** 1..threads-1. */
  readonly thread: number;
  readonly board: SharedArrayBuffer;
  readonly leader: MessagePort;
  readonly extensions: readonly string[];
}
/** A call of a ShardHandle's method. */
export type WorkerCall =
  | { readonly id: number; readonly method: 'advance'; readonly toTick: number }
  | { readonly id: number; readonly method: 'hashes' }
  | { readonly id: number; readonly method: 'lastSnapshot' }
  | { readonly id: number; readonly method: 'snapshot' }
  | { readonly id: number; readonly method: 'intervene'; readonly byArm: InterventionByArm }
  | { readonly id: number; readonly method: 'saveWorld'; readonly world: number; readonly piece: number }
  | {
      readonly id: number;
      readonly method: 'restoreWorld';
      readonly world: number;
      readonly saved: Uint8Array<ArrayBuffer>;
      readonly options: RestoreOptions;
    };
export type WorkerReply =
  | {
      readonly id: number;
      readonly result:
        | ShardReport
        | readonly string[]
        | readonly RecordBatch[]
        | Uint8Array<ArrayBuffer>
        | number;
    }
  | { readonly id: number; readonly error: PlainError };

/** An error as plain data. */
export interface PlainError {
  /** Name of the class in sim/core/errors.ts; anything else arrives as a plain Error. */
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Own fields of a DarwinError: hint, code, law, ... */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Writes an error for another thread. */
export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: '', fields: {} };
  const expected = error instanceof errors.DarwinError;
  const { cause: _, ...fields } = expected ? { ...error, cause: null } : {};
  return { name: error.constructor.name, message: error.message, stack: error.stack ?? '', fields };
}

/** The error that another thread threw, of the same class. */
export function fromPlainError(plain: PlainError): Error {
  const known = (errors as Record<string, unknown>)[plain.name];
  const isExpected = typeof known === 'function' && known.prototype instanceof errors.DarwinError;
  // built as an Error with the class's prototype: constructors differ, the fields say it all
  const error = Reflect.construct(Error, [plain.message], isExpected ? (known as never) : Error) as Error;
  Object.assign(error, plain.fields);
  error.stack = plain.stack;
  return error;
}

/** A compiled worker beside this module, or in `dist` when this runs from source. */
function workerFile(name: 'shardWorker' | 'helperWorker'): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  const file = new URL(fromSource ? `../dist/experiments/${name}.js` : `./${name}.js`, import.meta.url);
  if (!existsSync(fileURLToPath(file)))
    throw new errors.EnvironmentError('worker threads need the compiled code in dist/', 'npm run build');
  return file;
}

/**
 * Starts worker threads, each with its share of a run's worlds, or with its share of one world where there are more
 * threads than worlds. Failures to start surface at the first call.
 *
 * @throws EnvironmentError when a compiled worker is missing
 */
export function createThreadShards(
  run: ResolvedRun,
  threads: number,
  options: ThreadOptions = {},
): ShardHandle[] {
  const worlds = worldCount(run);
  return dealWorlds(worlds, threads).map((own, k) => {
    const team = Math.floor(((k + 1) * threads) / worlds) - Math.floor((k * threads) / worlds);
    return new ThreadShard(run, own, options, threads > worlds ? team : 1);
  });
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

class ThreadShard implements ShardHandle {
  readonly worlds: readonly number[];
  /** The thread that owns the worlds. */
  private readonly worker: Worker;
  private readonly helpers: readonly Worker[];
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 0;
  private gone: Error | null = null;

  constructor(run: ResolvedRun, worlds: readonly number[], options: ThreadOptions, threads: number) {
    this.worlds = worlds;
    const board = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * boardWords(threads));
    const channels = Array.from({ length: threads - 1 }, () => new MessageChannel());
    const helpers = channels.map(({ port1 }) => port1);
    const team = threads === 1 ? null : { threads, board, helpers };
    const extensions = loadedExtensions();
    const start: WorkerStart = { run, worlds, options, team, extensions };
    this.worker = new Worker(workerFile('shardWorker'), { workerData: start, transferList: helpers });
    this.worker.on('message', (reply: WorkerReply) => this.settle(reply));
    this.helpers = channels.map(({ port2 }, k) => {
      const leader = port2;
      const thread = k + 1;
      const help: HelperStart = { run, world: worlds[0]!, threads, thread, board, leader, extensions };
      return new Worker(workerFile('helperWorker'), { workerData: help, transferList: [leader] });
    });
    for (const worker of [this.worker, ...this.helpers]) this.watch(worker);
  }

  advance(toTick: number): Promise<ShardReport> {
    return this.call({ id: this.nextId++, method: 'advance', toTick });
  }

  hashes(): Promise<readonly string[]> {
    return this.call({ id: this.nextId++, method: 'hashes' });
  }

  lastSnapshot(): Promise<readonly RecordBatch[]> {
    return this.call({ id: this.nextId++, method: 'lastSnapshot' });
  }

  snapshot(): Promise<readonly RecordBatch[]> {
    return this.call({ id: this.nextId++, method: 'snapshot' });
  }

  saveWorld(world: number, piece = 0): Promise<Uint8Array<ArrayBuffer>> {
    return this.call({ id: this.nextId++, method: 'saveWorld', world, piece });
  }

  restoreWorld(world: number, saved: Uint8Array<ArrayBuffer>, options: RestoreOptions = {}): Promise<number> {
    return this.call(
      { id: this.nextId++, method: 'restoreWorld', world, saved, options },
      // a small Buffer shares its memory with others, and cannot move
      saved.byteLength === saved.buffer.byteLength ? [saved.buffer] : [],
    );
  }

  async intervene(byArm: InterventionByArm): Promise<void> {
    await this.call({ id: this.nextId++, method: 'intervene', byArm });
  }

  async close(): Promise<void> {
    this.gone ??= new errors.EnvironmentError('the thread was closed');
    await Promise.all([this.worker, ...this.helpers].map((worker) => worker.terminate()));
  }

  private watch(worker: Worker): void {
    const name = `the thread of worlds ${this.worlds[0]} to ${this.worlds.at(-1)}`;
    worker.on('error', (cause: NodeJS.ErrnoException) =>
      this.fail(
        cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? new errors.EnvironmentError(`${name} ran out of memory`, 'use fewer agents or worlds', { cause })
          : fromPlainError(toPlainError(cause)),
      ),
    );
    worker.on('exit', (code) =>
      this.fail(
        new errors.EnvironmentError(
          `${name} stopped with code ${code}`,
          'it may have run out of memory: use fewer agents or worlds',
        ),
      ),
    );
  }

  private call<T>(call: WorkerCall, moved: readonly ArrayBuffer[] = []): Promise<T> {
    if (this.gone) return Promise.reject(this.gone);
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(call.id, { resolve, reject });
      this.worker.postMessage(call, moved);
    });
  }

  private settle(reply: WorkerReply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(fromPlainError(reply.error));
    else waiting?.resolve(reply.result as never);
  }

  private fail(error: Error): void {
    this.gone ??= error;
    for (const { reject } of this.waiting.values()) reject(this.gone);
    this.waiting.clear();
  }
}
