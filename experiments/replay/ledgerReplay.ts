/**
 * Replays the recorded journal of a world on a chain, tick by tick, and after every tick compares the contracts with the
 * ledger (ledgerTwin.ts).
 */
import type { Address, Hex } from 'viem';
import type { WorldWallets } from '../../agents/wallet.ts';
import { ASSET_NAMES, SYSTEM } from '../../market/accounts.ts';
import { NOBODY } from '../../market/ledger.ts';
import { DarwinError, EXIT, UsageError } from '../../sim/core/errors.ts';
import type { Manifest } from '../manifest.ts';
import {
  type Difference,
  differences,
  type EntryDifference,
  firstOddEntry,
  readState,
} from './comparison.ts';
import { callTo, type Deployed, Deployment, MAX_UINT } from './deployment.ts';
import { GasAccount } from './gas.ts';
import { type Arrival, LedgerTwin, type TwinTick } from './ledgerTwin.ts';
import { type Entry, encodeOperations, KIND, type Operation, Translator } from './operations.ts';
import type { RecordedJournal } from './recordedJournal.ts';
import { type ChainAccess, RevertedError, type SignedCall } from './sender.ts';

/** What a tick did that the ledger did not. Exit code 1. */
export class ReplayMismatchError extends DarwinError {
  readonly code = 'replay-mismatch';
  readonly exitCode = EXIT.checkFailed;
  readonly mismatch: Mismatch;

  constructor(mismatch: Mismatch, message: string) {
    super(message, 'the journal was changed after the run, or the contracts disagree with the ledger');
    this.mismatch = mismatch;
  }
}

/** Where chain and ledger part. */
export interface Mismatch {
  readonly tick: number;
  /** Accounts whose balances differ after the tick; none where the tick could not be settled at all. */
  readonly accounts: readonly Difference[];
  /** Why the contracts refused the tick; null where they settled it. */
  readonly reverted: string | null;
  /** The first entry that was recorded otherwise than the engine makes it. */
  readonly entry: EntryDifference | null;
}

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
  readonly operator: SignedCall['from'];
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

/** Operations of one transaction at most: a block of a public chain holds some 30 million gas. */
const OPERATIONS_OWN = 20_000;
const OPERATIONS_PUBLIC = 500;

/** A transaction of a tick: a batch of operations, or somebody who comes, or those who have gone. */
interface Step {
  readonly call: SignedCall;
  readonly operations: readonly Operation[];
  readonly arrival: Arrival | null;
}

/** A replay on its way: who occupies the slots, and what it has counted. */
class LedgerReplay {
  readonly gas = new GasAccount();
  readonly wallets: WorldWallets;
  entries = 0;
  transactions = 0;
  comparisons = 0;
  arrivals = 0;
  departures = 0;
  signedTransactions = 0;
  signedSeconds = 0;
  signedSendingSeconds = 0;
  private readonly deployment: Deployment;
  private readonly twin: LedgerTwin;
  private readonly translator: Translator;
  private readonly slots: number;
  /** Serial of who lives in a slot, 0 = nobody. */
  private readonly occupants: number[];
  /** Agents that let escrow take their stakes by their own signature. */
  private readonly stakers = new Set<number>();

  constructor(deployment: Deployment, twin: LedgerTwin, wallets: WorldWallets) {
    this.deployment = deployment;
    this.twin = twin;
    this.wallets = wallets;
    this.slots = twin.world.parameters.slots;
    this.translator = new Translator(this.slots);
    this.occupants = new Array<number>(this.slots).fill(0);
  }

  /** Makes the state that a range begins with: everybody alive, and their money. */
  async open(): Promise<void> {
    const made = this.twin.openingEntries();
    await this.settle(
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
      await this.settle(tick, recorded, twin, signed);
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
    const living = this.occupants.reduce((sum, serial) => sum + (serial === 0 ? 0 : 1), 0);
    const accounts = differences(state, this.twin.world, living);
    this.comparisons += state.token.length + state.cash.length + state.stake.length + 7;
    if (accounts.length > 0)
      this.fail({ tick, accounts, reverted: null, entry: firstOddEntry(recorded, made) });
  }

  private fail(mismatch: Mismatch): never {
    const { tick, accounts, reverted, entry } = mismatch;
    const [first] = accounts;
    const what =
      first === undefined
        ? reverted!
        : `${first.account} holds ${first.chain} milli-${first.asset} on the chain and ${first.ledger} in the ledger` +
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

  // --- a tick as transactions ---

  private async settle(
    tick: number,
    entries: readonly Entry[],
    twin: TwinTick,
    signed: boolean,
  ): Promise<void> {
    const operations = this.translator.operationsOf(entries);
    const pending = [...twin.arrivals];
    const steps: Step[] = [];
    let from = 0;
    const flush = (upTo: number): void => {
      for (const part of this.parts(operations.slice(from, upTo)))
        steps.push({ call: this.batch(tick, part), operations: part, arrival: null });
      from = upTo;
    };
    const admit = async (arrival: Arrival): Promise<void> => {
      pending.splice(pending.indexOf(arrival), 1);
      steps.push({ call: await this.admission(arrival), operations: [], arrival });
    };
    for (let k = 0; k < operations.length; k++) {
      const arrival = arrivalOf(pending, operations[k]!, entries);
      if (arrival === undefined) continue;
      flush(k);
      await admit(arrival);
    }
    flush(operations.length);
    for (const arrival of [...pending]) await admit(arrival);
    const gone = this.gone(twin);
    if (gone.length > 0) {
      const call = this.deployment.call(
        'settlement',
        'depart',
        [gone, BigInt(tick)],
        `the deaths of tick ${tick}`,
      );
      steps.push({ call, operations: [], arrival: null });
    }
    if (signed) await this.sendSigned(steps);
    else await this.sendBatches(steps, entries);
    for (const slot of gone) this.occupants[slot] = 0;
  }

  private async sendBatches(steps: readonly Step[], entries: readonly Entry[]): Promise<void> {
    const receipts = await this.deployment.sender.send(steps.map(({ call }) => call));
    this.transactions += receipts.length;
    receipts.forEach((receipt, k) => {
      const { operations, arrival } = steps[k]!;
      if (arrival !== null) this.occupants[arrival.slot] = arrival.serial;
      if (operations.length === 0) this.gas.add('identities', Number(receipt.gasUsed), 1);
      else this.gas.addBatch(receipt, operations, entries, (slot) => this.occupants[slot]!, this.slots);
    });
  }

  /** Everything that an agent or a system account can do itself is its own transaction, signed by it. */
  private async sendSigned(steps: readonly Step[]): Promise<void> {
    const start = performance.now();
    const { sender } = this.deployment;
    const sentBefore = sender.sendingSeconds;
    const calls: SignedCall[] = [];
    for (const { call, operations, arrival } of steps) {
      if (arrival !== null) this.occupants[arrival.slot] = arrival.serial;
      if (operations.length === 0) calls.push(call);
      for (const operation of operations) calls.push(...this.signedBy(operation, call.what));
    }
    const receipts = await sender.send(calls);
    this.transactions += receipts.length;
    this.signedTransactions += receipts.length;
    for (const receipt of receipts) this.gas.add('signed one by one', Number(receipt.gasUsed), 1);
    this.signedSendingSeconds += sender.sendingSeconds - sentBefore;
    this.signedSeconds += (performance.now() - start) / 1000;
  }

  /** The owner's own transactions for an operation, or the operator's where it has no owner. */
  private signedBy(operation: Operation, what: string): SignedCall[] {
    const { kind, asset, from, to, amount } = operation;
    const { at } = this.deployment;
    const owner = this.walletOf(from);
    const value = BigInt(amount);
    if (kind === KIND.transfer && owner !== null) {
      const pays = this.addressOf(to);
      const call = callTo(at, ASSET_NAMES[asset], 'transfer', [pays, value], what);
      return [{ ...call, from: owner, pays }];
    }
    if (kind === KIND.burn && owner !== null)
      return [{ ...callTo(at, ASSET_NAMES[asset], 'burn', [value], what), from: owner }];
    if (kind === KIND.stake && owner !== null) {
      const serial = this.occupants[from]!;
      const stake = { ...callTo(at, 'escrow', 'stake', [value], what), from: owner };
      if (this.stakers.has(serial)) return [stake];
      this.stakers.add(serial);
      const approval = callTo(at, 'token', 'approve', [at.escrow, MAX_UINT], what);
      return [{ ...approval, from: owner }, stake];
    }
    return [this.batch(0, [operation])];
  }

  private walletOf(account: number): SignedCall['from'] | null {
    if (account < this.slots) return this.wallets.agent(this.occupants[account]!);
    return this.wallets.system(account - this.slots);
  }

  private addressOf(account: number): Address {
    const { at } = this.deployment;
    if (account === this.translator.systemAccount(SYSTEM.amm)) return at.pair!;
    return this.walletOf(account)!.address;
  }

  private parts(operations: readonly Operation[]): Operation[][] {
    const most = this.deployment.sender.chain.own ? OPERATIONS_OWN : OPERATIONS_PUBLIC;
    const parts: Operation[][] = [];
    for (let from = 0; from < operations.length; ) {
      let to = Math.min(operations.length, from + most);
      // the two words of a redemption stay together
      if (operations[to - 1]!.kind === KIND.redeem && operations[to]?.kind === KIND.redeem) to++;
      parts.push(operations.slice(from, to));
      from = to;
    }
    return parts;
  }

  private batch(tick: number, operations: readonly Operation[]): SignedCall {
    const args = [BigInt(tick), encodeOperations(operations)];
    return this.deployment.call('settlement', 'settle', args, `the settlement of tick ${tick}`);
  }

  private async admission(arrival: Arrival): Promise<SignedCall> {
    this.arrivals++;
    const wallet = this.wallets.agent(arrival.serial);
    const { slot, world, serial, parent, secondParent, generation, bornAt, genomeHash } = arrival;
    const numbers = { world, serial, parent, secondParent, generation, bornAt, goneAt: 0 };
    const identity = {
      ...Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, BigInt(value)])),
      genomeHash,
    };
    const args = [BigInt(slot), wallet.address, await this.deployment.approvalsOf(wallet), identity];
    return this.deployment.call('settlement', 'arrive', args, `the arrival of agent ${serial}`);
  }

  /** Slots where somebody died and nobody is after the tick; arriving where somebody has just died buries the dead. */
  private gone({ departures }: TwinTick): number[] {
    this.departures += departures.length;
    const { serial } = this.twin.world.agents;
    return [...new Set(departures)].filter((slot) => serial[slot] === 0);
  }
}

/** Reasons of entries that give an arrival its first money. */
const FIRST_MONEY: Readonly<Record<string, Arrival['event']>> = {
  genesis: 'genesis',
  endowment: 'birth',
  immigration: 'immigration',
};

/** Who has to be there before an operation can pay it; undefined = nobody new. */
function arrivalOf(
  pending: readonly Arrival[],
  { kind, to, entry }: Operation,
  entries: readonly Entry[],
): Arrival | undefined {
  const pays = kind === KIND.mint || kind === KIND.award || kind === KIND.transfer;
  if (!pays || pending.length === 0) return undefined;
  const event = FIRST_MONEY[entries[entry]!.reason];
  return pending.find((arrival) => arrival.slot === to && arrival.event === event);
}

/**
 * Replays a range of ticks.
 *
 * @throws ReplayMismatchError where chain and ledger part, MismatchError where the engine does not reproduce the run
 */
export async function replayLedger(options: LedgerReplayOptions): Promise<LedgerReplayReport> {
  const { directory, manifest, world, from, to, chain, wallets, operator, journal } = options;
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
  const deployment = await Deployment.make(chain, operator, wallets, slots, amm.enabled);
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
  const { gas } = replay;
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
    transactions: replay.transactions,
    comparisons: replay.comparisons,
    identities: { arrivals: replay.arrivals, departures: replay.departures, alive },
    signed: {
      ticks: Math.min(signedTicks, to - from),
      transactions: replay.signedTransactions,
      seconds: replay.signedSeconds,
      sendingSeconds: replay.signedSendingSeconds,
    },
    gas: { total: gas.total, perMechanism, perAgent },
    contracts: deployment.at,
    seconds,
    signingSeconds: deployment.sender.signingSeconds,
    entriesPerSecond: replay.entries / seconds,
  };
}
