/**
 * Checkpoints of a run directory: `checkpoints/<tick>/` holds the states of all worlds (sim/checkpoint.ts), deflated,
 * in `part-NNNNN.bin`, and `index.json`, written last, with place, size and SHA-256 of each. A checkpoint is written
 * aside, forced to the disk and renamed, so that a directory named by a tick is whole unless something damaged it
 * later; whether it was is found out before it is used.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate, inflate, type ZlibOptions } from 'node:zlib';
import { z } from 'zod';
import { CHECKPOINT_VERSION } from '../sim/checkpoint.ts';
import { assert } from '../sim/core/assert.ts';
import { CheckpointError, UsageError } from '../sim/core/errors.ts';
import type { LawStatus, TableName } from '../sim/frame.ts';
import type { Simulation } from '../sim/run.ts';
import { forceToDisk, remove, rename, replace, stepOf } from './disk.ts';
import { packageVersion } from './hardware.ts';
import { makeDirectory } from './makeDirectory.ts';
import { partProblem } from './partCheck.ts';
import type { SummaryState } from './summary.ts';

/** Raised when the layout of a checkpoint directory changes. */
const CHECKPOINT_INDEX_VERSION = 2;
const FOLDER = 'checkpoints';
const INDEX = 'index.json';
/** A part takes no further world beyond this size, so that runs of many small worlds need few files. */
const PART_BYTES = 64 * 2 ** 20;
/** Level 1 takes 43 % off a world of learners; level 6 one point more in half as long again. */
const DEFLATE_LEVEL = 1;

/** What a run has added up by a tick, beside the state of its worlds. */
export interface Standing {
  readonly agentSteps: number;
  readonly elapsedSeconds: number;
  readonly laws: readonly LawStatus[];
  readonly summary: SummaryState;
}

/** Where a piece of the state of a world lies. */
interface SavedWorld {
  readonly world: number;
  readonly piece: number;
  readonly file: string;
  readonly offset: number;
  /** Deflated. */
  readonly bytes: number;
  readonly rawBytes: number;
  /** Of the deflated bytes, hexadecimal. */
  readonly sha256: string;
}

/** The contents of `index.json`. */
export interface CheckpointIndex {
  readonly indexVersion: number;
  /** CHECKPOINT_VERSION of the states. */
  readonly worldVersion: number;
  /** Version of the program that wrote it. */
  readonly version: string;
  readonly tick: number;
  /** Hash of the state of all worlds, as in a manifest. */
  readonly hash: string;
  readonly worlds: readonly SavedWorld[];
  /** Parquet parts of each table that hold the rows up to the tick, and no later ones. */
  readonly tableParts: Readonly<Partial<Record<TableName, number>>>;
  readonly standing: Standing;
}

const folderOf = (directory: string, tick: number): string => join(directory, FOLDER, String(tick));
const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');
const deflated = promisify<Uint8Array, { level: number }, Buffer>(deflate);
const inflated = promisify<Uint8Array, ZlibOptions, Buffer>(inflate);

/** States of worlds on their way into parts, in the order in which they come. */
class PartsWriter {
  readonly worlds: SavedWorld[] = [];
  private readonly folder: string;
  private handle: FileHandle | null = null;
  private file = '';
  private files = 0;
  private offset = 0;
  private last: Promise<void> = Promise.resolve();
  private isOpen = true;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Deflates beside others, writes after them. */
  async add(world: number, state: Uint8Array, piece: number): Promise<void> {
    const data = await deflated(state, { level: DEFLATE_LEVEL });
    const turn = this.last.then(() => this.write(world, piece, data, state.byteLength));
    this.last = turn;
    await turn;
  }

  /** Takes nothing more: where one world could not be written, those of other threads may still come. */
  async close(): Promise<void> {
    this.isOpen = false;
    await this.last.catch(() => {});
    await this.closeFile();
  }

  private async closeFile(): Promise<void> {
    const handle = this.handle;
    this.handle = null;
    if (handle === null) return;
    try {
      await stepOf('force', join(this.folder, this.file), () => handle.sync());
    } finally {
      await handle.close();
    }
  }

  private async write(world: number, piece: number, data: Uint8Array, rawBytes: number): Promise<void> {
    assert(this.isOpen, 'a checkpoint that was given up takes no worlds');
    if (this.handle !== null && this.offset + data.byteLength > PART_BYTES) await this.closeFile();
    if (this.handle === null) {
      this.file = `part-${String(this.files++).padStart(5, '0')}.bin`;
      this.handle = await open(join(this.folder, this.file), 'w');
      this.offset = 0;
    }
    const { file, offset, handle } = this;
    await stepOf('write', join(this.folder, file), () => handle.writeFile(data));
    this.offset += data.byteLength;
    this.worlds.push({ world, piece, file, offset, bytes: data.byteLength, rawBytes, sha256: sha256(data) });
  }
}

/** What a checkpoint records beside the states. */
export interface CheckpointContext {
  readonly tableParts: CheckpointIndex['tableParts'];
  readonly standing: Standing;
  /** Checkpoints that stay, this one included; older ones are removed. */
  readonly kept: number;
  /** Tick of a checkpoint that always stays: where a branch began. */
  readonly origin: number | null;
}

/** Writes a checkpoint of a run at the tick where it stands; returns its folder. */
export async function writeCheckpoint(
  directory: string,
  simulation: Simulation,
  context: CheckpointContext,
): Promise<string> {
  const { tick } = simulation;
  const folder = folderOf(directory, tick);
  const aside = `${folder}.writing`;
  remove(aside);
  makeDirectory(aside);
  const parts = new PartsWriter(aside);
  try {
    await simulation.save((world, state, piece) => parts.add(world, state, piece));
  } finally {
    await parts.close();
  }
  const index: CheckpointIndex = {
    indexVersion: CHECKPOINT_INDEX_VERSION,
    worldVersion: CHECKPOINT_VERSION,
    version: packageVersion(),
    tick,
    hash: await simulation.finalHash(),
    worlds: parts.worlds.sort((a, b) => a.world - b.world || a.piece - b.piece),
    tableParts: context.tableParts,
    standing: context.standing,
  };
  replace(join(aside, INDEX), encodeIndex(index));
  discard(folder); // a damaged one of the same tick
  rename(aside, folder);
  await forceToDisk(join(directory, FOLDER));
  pruneCheckpoints(directory, context);
  return folder;
}

/** The index with a last line that proves it whole. */
function encodeIndex(index: CheckpointIndex): string {
  const text = JSON.stringify(index);
  return `${text}\n${sha256(text)}\n`;
}

/** Removes a checkpoint; a reader never meets half of one. */
function discard(folder: string): void {
  if (!existsSync(folder)) return;
  const aside = `${folder}.dropped`;
  remove(aside);
  rename(folder, aside);
  remove(aside);
}

/** Removes all but the newest checkpoints, and the one that a branch began with. */
export function pruneCheckpoints(
  directory: string,
  { kept, origin }: Pick<CheckpointContext, 'kept' | 'origin'>,
): void {
  const ticks = checkpointTicks(directory).filter((tick) => tick !== origin);
  for (const tick of ticks.slice(0, Math.max(0, ticks.length - kept))) discard(folderOf(directory, tick));
}

/** Removes what lies after a tick, and what an interrupted writer left. */
export function discardAfter(directory: string, tick: number): void {
  for (const later of checkpointTicks(directory)) if (later > tick) discard(folderOf(directory, later));
  const folder = join(directory, FOLDER);
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    if (/\.(writing|dropped)$/.test(name)) remove(join(folder, name));
}

/** Ticks of the checkpoints in a run directory, ascending. */
export function checkpointTicks(directory: string): number[] {
  const folder = join(directory, FOLDER);
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** A whole checkpoint, read world by world. */
export class SavedState {
  readonly folder: string;
  readonly index: CheckpointIndex;

  constructor(folder: string, index: CheckpointIndex) {
    this.folder = folder;
    this.index = index;
  }

  /** A piece of the state of a world (sim/checkpoint.ts). Throws CheckpointError when it is damaged or not there. */
  async read(world: number, piece = 0): Promise<Uint8Array<ArrayBuffer>> {
    const entry = this.index.worlds.find((saved) => saved.world === world && saved.piece === piece);
    if (entry === undefined) {
      const what = piece === 0 ? `world ${world}` : `piece ${piece} of world ${world}`;
      throw new CheckpointError(`${this.folder}: holds no ${what}`, 'use the config of its run');
    }
    const data = await this.stored(entry);
    let state: Buffer;
    try {
      // no more than its index says, whatever it was made of
      state = await inflated(data, { maxOutputLength: Math.max(1, entry.rawBytes) });
    } catch (cause) {
      throw new CheckpointError(
        `${join(this.folder, entry.file)}: is corrupted: ${(cause as Error).message}`,
        'use an earlier checkpoint',
        { cause },
      );
    }
    // moved between threads, so it must own its memory
    return new Uint8Array(state);
  }

  /** Reads everything once. Throws CheckpointError naming the file that is damaged. */
  async prove(): Promise<void> {
    for (const entry of this.index.worlds) await this.stored(entry);
  }

  private async stored({ file, offset, bytes, sha256: expected }: SavedWorld): Promise<Uint8Array> {
    const path = join(this.folder, file);
    const refuse = (problem: string): never => {
      throw new CheckpointError(`${path}: ${problem}`, 'use an earlier checkpoint');
    };
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      return refuse((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : String(error));
    }
    try {
      const { size } = await handle.stat();
      if (offset + bytes > size) return refuse(`is truncated: ${size} bytes of ${offset + bytes}`);
      const data = new Uint8Array(bytes);
      let filled = 0;
      while (filled < bytes) {
        const { bytesRead } = await handle.read(data, filled, bytes - filled, offset + filled);
        if (bytesRead === 0) return refuse('became shorter while it was read');
        filled += bytesRead;
      }
      if (sha256(data) !== expected) refuse('is corrupted: its checksum does not match');
      return data;
    } finally {
      await handle.close();
    }
  }
}

/**
 * Opens the checkpoint of one tick and proves it whole.
 *
 * @throws CheckpointError when it is damaged, UsageError when there is none, VersionError for another version
 */
export async function openCheckpoint(directory: string, tick: number): Promise<SavedState> {
  const folder = folderOf(directory, tick);
  if (!existsSync(folder)) {
    const ticks = checkpointTicks(directory);
    throw new UsageError(
      `${directory} has no checkpoint at tick ${tick}`,
      ticks.length === 0 ? 'darwin run --checkpoint-every T writes some' : `it has ${ticks.join(', ')}`,
    );
  }
  const state = new SavedState(folder, readIndex(folder, tick));
  await state.prove();
  return state;
}

/** A checkpoint of another version: refused, and not passed over for an older one. */
export class CheckpointVersionError extends CheckpointError {}

const count = z.number().int().min(0);
const savedWorld = z.looseObject({
  world: count,
  piece: count,
  file: z.string().regex(/^part-\d{5,}\.bin$/),
  offset: count,
  bytes: count,
  rawBytes: count,
  sha256: z.string(),
});
// JSON has no NaN: it is null there
const numbers = (...names: string[]) =>
  z.looseObject(Object.fromEntries(names.map((name) => [name, z.number().nullable()])));
/** What every reader of an index of this version relies on. */
const indexShape = z.looseObject({
  tick: count,
  hash: z.string(),
  worlds: z.array(savedWorld),
  tableParts: z.record(z.string(), count),
  standing: z.looseObject({
    agentSteps: z.number(),
    elapsedSeconds: z.number(),
    laws: z.array(z.looseObject({ name: z.string(), checks: count })),
    summary: z.looseObject({
      counts: z.array(numbers('births', 'deaths', 'immigrants', 'insolvencies')),
      sums: z.array(z.array(numbers('profit', 'mature', 'matureFrames', 'frames'))),
    }),
  }),
});
/** What tells whether an index is of this version. */
const versionShape = z.looseObject({ indexVersion: count, worldVersion: count, version: z.string().max(40) });

/** The index that a text is, of whatever version; null where it is none. */
function parseIndex(text: string): CheckpointIndex | null {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    return null;
  }
  const versions = versionShape.safeParse(index).data;
  if (versions === undefined) return null;
  const known = versions.indexVersion === CHECKPOINT_INDEX_VERSION;
  return known && !indexShape.safeParse(index).success ? null : (index as CheckpointIndex);
}

function readIndex(folder: string, tick: number): CheckpointIndex {
  const path = join(folder, INDEX);
  const refuse = (problem: string): never => {
    throw new CheckpointError(`${path}: ${problem}`, 'use an earlier checkpoint');
  };
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return refuse((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is missing' : String(error));
  }
  const [body = '', checksum] = text.split('\n');
  if (sha256(body) !== checksum) return refuse('is damaged: its checksum does not match');
  const index = parseIndex(body);
  if (index === null) return refuse('is damaged: it is no index of a checkpoint');
  const expected = `${CHECKPOINT_INDEX_VERSION}.${CHECKPOINT_VERSION}`;
  if (`${index.indexVersion}.${index.worldVersion}` !== expected)
    throw new CheckpointVersionError(
      `${folder}: has version ${index.indexVersion}.${index.worldVersion}, this program reads version ${expected}`,
      `resume with version ${index.version} of darwin-market, which wrote it`,
    );
  if (index.tick !== tick) return refuse(`is of tick ${index.tick}`);
  return index;
}

/**
 * Opens the newest whole checkpoint; null when a directory has none.
 *
 * @param onDamaged told of each damaged one that is passed over
 * @param options.withRows whether the rows up to it must be there too, as for a run that goes on behind them
 * @param options.before none from this tick on
 * @throws CheckpointError when all are damaged or the newest whole one is of another version
 */
export async function openNewest(
  directory: string,
  onDamaged: (problem: string) => void,
  { withRows = false, before = Number.POSITIVE_INFINITY } = {},
): Promise<SavedState | null> {
  const ticks = checkpointTicks(directory)
    .filter((tick) => tick < before)
    .reverse();
  for (const tick of ticks) {
    try {
      const state = await openCheckpoint(directory, tick);
      const problem = withRows ? partProblem(directory, state.index.tableParts) : null;
      if (problem === null) return state;
      onDamaged(`${problem}, and the checkpoint of tick ${tick} counts on it`);
    } catch (error) {
      if (!(error instanceof CheckpointError) || error instanceof CheckpointVersionError) throw error;
      onDamaged(error.message);
    }
  }
  if (ticks.length === 0) return null;
  throw new CheckpointError(
    `${directory}: none of its checkpoints is whole${withRows ? ' with the rows before it' : ''} (ticks ${ticks.join(', ')})`,
    'run the config again into another directory',
  );
}

/** A place in a saved run, as `DIR@tick` names it; tick null = the newest. */
export interface SavedPlace {
  readonly directory: string;
  readonly tick: number | null;
}

/** Reads `DIR@tick` or `DIR`. */
export function parsePlace(text: string): SavedPlace {
  const at = /^(.+)@(\d+)$/.exec(text);
  return at ? { directory: at[1]!, tick: Number(at[2]) } : { directory: text, tick: null };
}

/** Opens the checkpoint that a place means. Throws UsageError when there is none, CheckpointError for damage. */
export async function openPlace(
  { directory, tick }: SavedPlace,
  onDamaged: (problem: string) => void,
): Promise<SavedState> {
  if (tick !== null) return openCheckpoint(directory, tick);
  const state = await openNewest(directory, onDamaged);
  if (state === null)
    throw new UsageError(
      `${directory} has no checkpoint`,
      'darwin run --checkpoint-every T writes some, an interrupted run has one',
    );
  return state;
}
