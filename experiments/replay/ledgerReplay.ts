/**
 * Replays the recorded journal of a world on a chain, tick by tick, and after every tick compares the contracts with the
 * ledger (ledgerTwin.ts).
 */
import type { Address, Hex } from 'viem';
import type { WorldWallets } from '../../agents/wallet.ts';
import { ASSET_NAMES } from '../../market/accounts.ts';
import { NOBODY } from '../../market/ledger.ts';
import { DarwinError, UsageError } from '../../sim/core/errors.ts';
import type { Manifest } from '../manifest.ts';
import { differences, type EntryDifference, firstOddEntry, readState } from './comparison.ts';
import { type Deployed, Deployment } from './deployment.ts';
import { LedgerTwin, type TwinTick } from './ledgerTwin.ts';
import type { Entry } from './operations.ts';
import type { RecordedJournal } from './recordedJournal.ts';
import { type Mismatch, ReplayMismatchError } from './replayMismatch.ts';
import type { SigningPool } from './signingPool.ts';
import { TickSettlement } from './tickSettlement.ts';
import { type ChainAccess, RevertedError } from './transaction.ts';

export interface LedgerReplayOptions {
  readonly directory: string;
  readonly manifest: Manifest;
  readonly world: number;
  /** First tick and the one after the last. */
  readonly from: number;
  readonly to: number;
  /** In the first so many ticks every agent signs its own transfers. */
  readonly signedTicks: number;
  readonly chain: ChainAccess;
  readonly wallets: WorldWallets;
  /** Where signatures are made; null = in this thread. */
  readonly pool?: SigningPool | null;
  readonly journal: Pick<RecordedJournal, 'entriesOf'>;
  readonly onTick?: (tick: number) => void;
}

export interface LedgerReplayReport {
  readonly ticks: { readonly from: number; readonly to: number };
  readonly entries: number;
  readonly transactions: number;
  /** Accounts compared, all ticks together. */
  readonly comparisons: number;
  readonly identities: { readonly arrivals: number; readonly departures: number; readonly alive: number };
  /** Ticks in which agents signed for themselves; seconds with signatures, and from signed to mined. */
  readonly signed: {
    readonly ticks: number;
    readonly transactions: number;
    readonly seconds: number;
    readonly sendingSeconds: number;
  };
  readonly gas: {
    readonly total: number;
    readonly perMechanism: Readonly<
      Record<string, { entries: number; gas: number; gasPerEntry: number | null }>
    >;
    readonly perAgent: readonly { serial: number; address: Address; publicKey: Hex; gas: number }[];
  };
  readonly contracts: Deployed;
  readonly seconds: number;
  /** Of these, in signatures. */
  readonly signingSeconds: number;
  readonly entriesPerSecond: number;
}

/** A replay on its way. */
class LedgerReplay {
  readonly ticks: TickSettlement;
  entries = 0;
  comparisons = 0;
  private readonly deployment: Deployment;
  private readonly twin: LedgerTwin;

  constructor(deployment: Deployment, twin: LedgerTwin, wallets: WorldWallets) {
    this.deployment = deployment;
    this.twin = twin;
    this.ticks = new TickSettlement(deployment, wallets, twin.world);
  }

  /** Makes the state that a range begins with: everybody alive, and their money. */
  async open(): Promise<void> {
    const made = this.twin.openingEntries();
    await this.ticks.settle(
      this.twin.tick,
      made,
      { entries: made, arrivals: this.twin.living(), departures: [] },
      false,
    );
    await this.compare(this.twin.tick, made, made);
  }

  /** Settles a tick's recorded entries and compares. */
  async replay(tick: number, recorded: readonly Entry[], twin: TwinTick, signed: boolean): Promise<void> {
    try {
      await this.ticks.settle(tick, recorded, twin, signed);
    } catch (error) {
      if (!(error instanceof RevertedError) && !(error instanceof DarwinError && error.code === 'unsettled'))
        throw error;
      this.fail({
        tick,
        accounts: [],
        reverted: error.message,
        entry: firstOddEntry(recorded, twin.entries),
      });
    }
    await this.compare(tick, recorded, twin.entries);
    this.entries += recorded.length;
  }

  private async compare(tick: number, recorded: readonly Entry[], made: readonly Entry[]): Promise<void> {
    const state = await readState(this.deployment.sender.chain.rpc, this.deployment.at.settlement);
    const accounts = differences(state, this.twin.world);
    this.comparisons += state.token.length + state.cash.length + state.stake.length + 7;
    if (accounts.length > 0)
      this.fail({ tick, accounts, reverted: null, entry: firstOddEntry(recorded, made) });
  }

  private fail(mismatch: Mismatch): never {
    const { tick, accounts, reverted, entry } = mismatch;
    const [first] = accounts;
    const unit = first?.asset === 'agents' ? 'agents' : `milli-${first?.asset}`;
    const what =
      first === undefined
        ? reverted!
        : `${first.account} holds ${first.chain} ${unit} on the chain and ${first.ledger} in the ledger` +
          (accounts.length > 1 ? ` (and ${accounts.length - 1} more accounts differ)` : '');
    const where = entry === null ? 'every entry is as the engine makes it' : this.describe(entry);
    throw new ReplayMismatchError(mismatch, `tick ${tick}: ${what}; ${where}`);
  }

  private describe({ entry, recorded, made }: EntryDifference): string {
    const text = (of: Entry | null): string => {
      if (of === null) return 'missing';
      const { ledger } = this.twin.world;
      const [from, to] = [of.from, of.to].map((a) => (a === NOBODY ? 'nobody' : ledger.accountName(a)));
      return `${of.reason} of ${of.amount} milli-${ASSET_NAMES[of.asset]} from ${from} to ${to}`;
    };
    return `entry ${entry} is recorded as ${text(recorded)}, the engine makes ${text(made)}`;
  }
}

/**
 * Replays a range of ticks.
 *
 * @throws ReplayMismatchError where chain and ledger part, MismatchError where the engine does not reproduce the run
 */
export async function replayLedger(options: LedgerReplayOptions): Promise<LedgerReplayReport> {
  const { directory, manifest, world, from, to, chain, wallets, journal } = options;
  const twin = await LedgerTwin.open(directory, manifest, world);
  if (from < twin.tick || to <= from || to > manifest.ticks)
    throw new UsageError(
      `no ticks ${from}..${to - 1}: the journal goes from ${twin.tick} to ${manifest.ticks - 1}`,
      `for example --ticks ${twin.tick}..${manifest.ticks - 1}`,
    );
  const start = performance.now();
  // a fresh journal holds genesis itself; anything else begins with the balances of its first tick
  const opens = from > 0;
  while (twin.tick < from) twin.advance();
  const { amm, slots } = twin.world.parameters;
  const deployment = await Deployment.make(chain, wallets, slots, amm.enabled);
  deployment.sender.pool = options.pool ?? null;
  deployment.sender.funder = wallets.operator;
  const replay = new LedgerReplay(deployment, twin, wallets);
  if (opens) await replay.open();
  for (let tick = from; tick < to; tick++) {
    const recorded = await journal.entriesOf(tick);
    await replay.replay(tick, recorded, twin.advance(), tick - from < options.signedTicks);
    options.onTick?.(tick);
  }
  twin.assertReproduces(manifest, directory);
  const seconds = (performance.now() - start) / 1000;
  return reportOf(options, replay, deployment, twin.living().length, seconds);
}

function reportOf(
  { from, to, signedTicks, wallets }: LedgerReplayOptions,
  replay: LedgerReplay,
  deployment: Deployment,
  alive: number,
  seconds: number,
): LedgerReplayReport {
  const { gas, transactions, arrivals, departures, ...counted } = replay.ticks;
  const perMechanism = Object.fromEntries(
    [...gas.byMechanism]
      .sort(([, a], [, b]) => b.gas - a.gas)
      .map(([name, { entries, gas: used }]) => [
        name,
        {
          entries,
          gas: Math.round(used),
          gasPerEntry: entries === 0 ? null : Math.round(used / entries),
        },
      ]),
  );
  const perAgent = [...gas.byAgent]
    .sort(([, a], [, b]) => b - a)
    .map(([serial, used]) => {
      const { address, publicKey } = wallets.agent(serial);
      return { serial, address, publicKey, gas: Math.round(used) };
    });
  return {
    ticks: { from, to: to - 1 },
    entries: replay.entries,
    transactions,
    comparisons: replay.comparisons,
    identities: { arrivals, departures, alive },
    signed: {
      ticks: Math.min(signedTicks, to - from),
      transactions: counted.signedTransactions,
      seconds: counted.signedSeconds,
      sendingSeconds: counted.signedSendingSeconds,
    },
    gas: { total: gas.total, perMechanism, perAgent },
    contracts: deployment.at,
    seconds,
    signingSeconds: deployment.sender.signingSeconds,
    entriesPerSecond: replay.entries / seconds,
  };
}
