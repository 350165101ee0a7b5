/** Fuzzes what reads directories of runs and sweeps: one file is changed, and whoever relies on it reads it. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { deflateSync, inflateSync } from 'node:zlib';
import type { Simulation } from '../../sim/run.ts';
import { openNewest, type SavedState } from '../checkpoints.ts';
import { readManifest } from '../manifest.ts';
import { DirectoryCatalog } from '../runCatalog.ts';
import { RunDirectory } from '../runDirectory.ts';
import { openRun } from '../simulate.ts';
import { type Start, startBranch, startResumed } from '../starts.ts';
import { type FuzzDraws, mutateBytes, mutateText, mutateValue } from './mutation.ts';
import { hurry } from './quickTime.ts';
import { SEED_TICK, thisThread, writeSeedRun } from './seedRun.ts';
import { SavedSweep } from './sweeps.ts';
import type { FuzzInput, FuzzTarget } from './target.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const CHECKPOINT = `checkpoints/${SEED_TICK}`;
const INDEX = `${CHECKPOINT}/index.json`;
const STATE = `${CHECKPOINT}/part-00000.bin`;
/** Sixteen bytes of magic and length stand before the header of a state (sim/checkpoint.ts). */
const PREFIX_BYTES = 16;

/** The index of a checkpoint with a checksum that is right, whatever it says. */
function signedIndex(text: string): Uint8Array {
  return encode(`${text}\n${createHash('sha256').update(text).digest('hex')}\n`);
}

/** A state whose header or payload is changed. */
function changedState(state: Uint8Array, draws: FuzzDraws): Uint8Array {
  if (draws.below(2) === 0) return mutateBytes(state, draws);
  const length = new DataView(state.buffer, state.byteOffset).getUint32(8, true);
  const header = JSON.parse(decode(state.subarray(PREFIX_BYTES, PREFIX_BYTES + length)));
  const changed = encode((JSON.stringify(mutateValue(header, draws)) ?? '').padEnd(length));
  const aligned = 8 * Math.ceil(changed.length / 8);
  const bytes = new Uint8Array(PREFIX_BYTES + aligned + state.length - PREFIX_BYTES - length).fill(0x20);
  bytes.set(state.subarray(0, PREFIX_BYTES));
  new DataView(bytes.buffer).setUint32(8, aligned, true);
  bytes.set(changed, PREFIX_BYTES);
  bytes.set(state.subarray(PREFIX_BYTES + length), PREFIX_BYTES + aligned);
  return bytes;
}

class Runs implements FuzzTarget {
  readonly toPeople = true;
  private readonly folder: string;
  private readonly saved: string;
  /** A copy that nothing is written to. */
  private readonly spare: string;
  private readonly files: ReadonlyMap<string, Uint8Array>;
  private readonly founders: string;
  private opened: { readonly config: string; readonly simulation: Simulation } | null = null;

  private readonly sweep: SavedSweep;

  constructor(folder: string, saved: string, sweep: SavedSweep) {
    this.sweep = sweep;
    this.folder = folder;
    this.saved = saved;
    this.spare = join(folder, '..', 'spare');
    cpSync(saved, this.spare, { recursive: true });
    const names = readdirSync(saved, { recursive: true })
      .map(String)
      .filter((name) => statSync(join(saved, name)).isFile());
    this.files = new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(saved, name)))]));
    this.founders = names.find((name) => name.startsWith('founders'))!;
  }

  make(draws: FuzzDraws): FuzzInput {
    if (draws.below(4) === 0) return this.sweep.make(draws);
    const what = draws.from([
      'manifest.json',
      'manifest.json',
      'columns.json',
      INDEX,
      INDEX,
      STATE,
      this.founders,
      'running.lock',
    ]);
    return { what, bytes: this.changed(what, draws) };
  }

  async read(input: FuzzInput): Promise<void> {
    if (this.sweep.has(input)) return this.sweep.read(input);
    const { what, bytes } = input;
    const file = join(this.saved, what);
    writeFileSync(file, bytes);
    try {
      if (what === 'manifest.json') await this.readManifest();
      else if (what === 'columns.json') await this.resume();
      else if (what === STATE) await this.readState(bytes);
      else if (what === 'running.lock') await this.resume();
      else await this.takeUp(await startResumed(this.saved, []));
    } finally {
      const before = this.files.get(what);
      if (before === undefined) rmSync(file, { force: true });
      else writeFileSync(file, before);
    }
  }

  async close(): Promise<void> {
    await this.letGo();
    rmSync(this.spare, { recursive: true, force: true });
  }

  private changed(what: string, draws: FuzzDraws): Uint8Array {
    const bytes = this.files.get(what) ?? encode('{"pid":4194305,"host":"elsewhere","started":"12"}\n');
    if (what === this.founders) {
      if (draws.below(3) === 0) return mutateBytes(bytes, draws);
      return deflateSync(changedState(new Uint8Array(inflateSync(bytes)), draws), { level: 1 });
    }
    if (what === STATE) return draws.below(4) === 0 ? mutateBytes(bytes, draws) : this.changedPart(draws);
    const text = what === INDEX ? decode(bytes).split('\n')[0]! : decode(bytes);
    if (draws.below(3) === 0) {
      const other = mutateText(text, draws);
      return what === INDEX && draws.below(2) === 0 ? signedIndex(other) : encode(other);
    }
    const other = JSON.stringify(mutateValue(JSON.parse(text), draws)) ?? '';
    return what === INDEX ? signedIndex(other) : encode(other);
  }

  /** The part of a checkpoint with other states, each deflated as before; its index is made for it when it is read. */
  private changedPart(draws: FuzzDraws): Uint8Array {
    const { worlds } = JSON.parse(decode(this.files.get(INDEX)!).split('\n')[0]!) as SavedState['index'];
    const { offset, bytes } = worlds[draws.below(worlds.length)]!;
    const state = new Uint8Array(inflateSync(this.files.get(STATE)!.subarray(offset, offset + bytes)));
    return deflateSync(changedState(state, draws), { level: 1 });
  }

  private async readManifest(): Promise<void> {
    const catalog = new DirectoryCatalog(this.folder);
    await catalog.list();
    const manifest = readManifest(this.saved);
    await catalog.detail('saved');
    if (manifest.status !== 'finished') await startResumed(this.saved, []);
    await startBranch(`${this.saved}@${SEED_TICK}`, []);
  }

  /** Lets every world begin with a state that an index vouches for. */
  private async readState(bytes: Uint8Array): Promise<void> {
    const before = this.files.get(INDEX)!;
    const index = JSON.parse(decode(before).split('\n')[0]!) as SavedState['index'];
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const worlds = index.worlds.map((world) => ({ ...world, offset: 0, bytes: bytes.length, sha256 }));
    writeFileSync(join(this.saved, INDEX), signedIndex(JSON.stringify({ ...index, worlds })));
    try {
      await this.takeUp(await startResumed(this.saved, []));
    } finally {
      writeFileSync(join(this.saved, INDEX), before);
    }
  }

  /** Puts worlds where a start says; worlds of the same config are founded once, since a state replaces all of them. */
  private async takeUp({ run, state, founders }: Start): Promise<void> {
    if (state === null) return;
    const config = JSON.stringify([run, founders.sources]);
    if (this.opened?.config !== config) {
      await this.letGo();
      const { simulation } = await openRun(run, thisThread(), { founders: founders.founders });
      this.opened = { config, simulation };
    }
    const { simulation } = this.opened;
    await simulation.restore((world, piece) => state.read(world, piece), { place: state.folder });
  }

  private async letGo(): Promise<void> {
    const { opened } = this;
    this.opened = null;
    await opened?.simulation.close();
  }

  /** Opens the directory to go on with it, and puts back what that dropped. */
  private async resume(): Promise<void> {
    await startResumed(this.saved, []);
    const state = await openNewest(this.saved, () => {}, { withRows: true });
    try {
      const directory = await RunDirectory.resume(
        this.saved,
        readManifest(this.saved),
        state!.index.tableParts,
      );
      await directory.finish({});
    } finally {
      rmSync(this.saved, { recursive: true, force: true });
      cpSync(this.spare, this.saved, { recursive: true });
    }
  }
}

/** Notes go to the terminal too, so that they must be printable as errors are. */
function judgeNotes(): void {
  const { write } = process.stderr;
  process.stderr.write = ((text: string | Uint8Array, ...rest: never[]) => {
    if (typeof text === 'string' && /\p{Cc}/u.test(text.replace(/\n$/, '')))
      throw new Error(`a note with control characters: ${JSON.stringify(text).slice(0, 200)}`);
    return write.call(process.stderr, text, ...rest);
  }) as typeof write;
}

export async function openRuns(folder: string): Promise<FuzzTarget> {
  const runs = join(folder, 'runs');
  mkdirSync(runs);
  const sweep = await SavedSweep.run(join(folder, 'sweep'), join(folder, 'fuzzed.yaml'));
  const runsTarget = new Runs(runs, await writeSeedRun(runs), sweep);
  judgeNotes();
  hurry();
  return runsTarget;
}
