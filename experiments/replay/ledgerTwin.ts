/**
 * What a replay is held against: the ledger itself, of the same world in the engine, advanced tick by tick. It knows
 * nothing of the recorded journal, so that a journal which was changed cannot agree with itself.
 */
import { ASSET, type Asset } from '../../market/accounts.ts';
import { NOBODY } from '../../market/ledger.ts';
import { pieceCount } from '../../sim/checkpoint.ts';
import { MismatchError, UsageError } from '../../sim/core/errors.ts';
import type { RecordBatch } from '../../sim/frame.ts';
import { Shard } from '../../sim/shard.ts';
import { combineHashes } from '../../sim/stateHash.ts';
import type { World } from '../../sim/world.ts';
import { openCheckpoint } from '../checkpoints.ts';
import { keptFounders } from '../founders.ts';
import type { Manifest } from '../manifest.ts';
import { armsOf } from '../starts.ts';
import { genomeHash, type Identity } from './identity.ts';
import type { Entry } from './operations.ts';

/** Somebody who came in a tick. */
export interface Arrival extends Identity {
  readonly slot: number;
  readonly event: 'genesis' | 'birth' | 'immigration';
}

/** What happened in a tick. */
export interface TwinTick {
  /** Entries as the engine makes them now. */
  readonly entries: readonly Entry[];
  readonly arrivals: readonly Arrival[];
  /** Slots of those who died, in order. */
  readonly departures: readonly number[];
}

const ARRIVALS = new Set(['genesis', 'birth', 'immigration']);

export class LedgerTwin {
  readonly world: World;
  private readonly shard: Shard;
  private readonly number: number;

  private constructor(shard: Shard, number: number) {
    this.shard = shard;
    this.number = number;
    this.world = [...shard.inside()][0]!;
  }

  /**
   * The world of a run directory at its beginning: genesis, or where a branch began.
   *
   * @throws UsageError when the run has no such world, CheckpointError when a branch has lost its beginning
   */
  static async open(directory: string, manifest: Manifest, number: number): Promise<LedgerTwin> {
    const run = armsOf(manifest, directory, []);
    const worlds = run.arms.length * run.arms[0]!.worlds;
    if (number >= worlds)
      throw new UsageError(
        `${directory} has no world ${number}`,
        worlds === 1 ? 'it has world 0 alone' : `its worlds are 0 to ${worlds - 1}`,
      );
    const arms = run.arms.map((arm) => ({
      ...arm,
      output: { ...arm.output, journalWorlds: number + 1, tradesWorlds: 0, agentsEvery: 0, lineage: true },
    }));
    const { founders } = keptFounders(directory, manifest);
    const shard = new Shard({ ...run, arms }, [number], { laws: false, founders });
    const twin = new LedgerTwin(shard, number);
    if (manifest.parent !== null) {
      const state = await openCheckpoint(directory, manifest.parent.tick);
      for (let piece = 0; piece < pieceCount(run.arms[0]!.slots); piece++)
        shard.restoreWorld(number, await state.read(number, piece), { place: state.folder });
    }
    return twin;
  }

  /** The next tick. */
  get tick(): number {
    return this.world.tick;
  }

  /** Advances by one tick. */
  advance(): TwinTick {
    const { batches } = this.shard.advance(this.tick + 1);
    return {
      entries: batches.filter(({ table }) => table === 'journal').flatMap(entriesOf),
      ...this.events(batches.filter(({ table }) => table === 'lineage')),
    };
  }

  /** Everybody who lives now, as identities. */
  living(): Arrival[] {
    const { agents, parameters } = this.world;
    const arrivals: Arrival[] = [];
    for (let slot = 0; slot < parameters.slots; slot++) {
      if (agents.serial[slot] === 0) continue;
      arrivals.push({
        slot,
        event: 'genesis',
        world: this.number,
        serial: agents.serial[slot]!,
        parent: agents.parent[slot]!,
        secondParent: agents.secondParent[slot]!,
        generation: agents.generation[slot]!,
        bornAt: agents.bornAt[slot]!,
        genomeHash: genomeHash(this.world, slot),
      });
    }
    return arrivals;
  }

  /** The ledger as entries that would make it from nothing. */
  openingEntries(): Entry[] {
    const { ledger, parameters } = this.world;
    const entries: Entry[] = [];
    const accounts = ledger.system(0) + this.world.balances.systemToken.length;
    for (let account = 0; account < accounts; account++)
      for (const asset of [ASSET.token, ASSET.cash] as const) {
        if (asset === ASSET.cash && account >= parameters.slots && account < ledger.system(0)) continue;
        const amount = ledger.balance(asset, account);
        if (amount > 0) entries.push({ from: NOBODY, to: account, asset, amount, reason: 'genesis' });
      }
    return entries;
  }

  /**
   * At the last tick of a run of one world, compares the state with the one recorded.
   *
   * @throws MismatchError where this version of the engine does not reproduce the run
   */
  assertReproduces({ arms, finalHash, ticks, version }: Manifest, directory: string): void {
    if (arms.length * arms[0]!.worlds !== 1 || this.tick !== ticks || finalHash === null) return;
    const hash = combineHashes(this.shard.hashes());
    if (hash === finalHash) return;
    throw new MismatchError(
      `${directory} has final hash ${finalHash}, this program computes ${hash}`,
      `it was written by version ${version}: replay it with that`,
    );
  }

  private events(batches: readonly RecordBatch[]): Pick<TwinTick, 'arrivals' | 'departures'> {
    const arrivals: Arrival[] = [];
    const departures: number[] = [];
    for (const { rows, columns } of batches) {
      const at = (name: string, k: number): number => columns[name]![k] as number;
      for (let k = 0; k < rows; k++) {
        const event = columns.event![k] as string;
        if (!ARRIVALS.has(event)) {
          departures.push(at('slot', k));
          continue;
        }
        arrivals.push({
          slot: at('slot', k),
          event: event as Arrival['event'],
          world: this.number,
          serial: at('serial', k),
          parent: at('parent', k),
          secondParent: at('second_parent', k),
          generation: at('generation', k),
          bornAt: at('tick', k),
          genomeHash: genomeHash(columns, k),
        });
      }
    }
    return { arrivals, departures };
  }
}

function entriesOf({ rows, columns }: RecordBatch): Entry[] {
  const at = (name: string, k: number): number => columns[name]![k] as number;
  return Array.from({ length: rows }, (_, k) => ({
    from: at('from_account', k),
    to: at('to_account', k),
    asset: at('asset', k) as Asset,
    amount: at('amount', k),
    reason: columns.reason![k] as string,
  }));
}
