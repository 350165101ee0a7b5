/** What a replay will take on a chain, told from the journal before anything is sent. */
import { SYSTEM } from '../../market/accounts.ts';
import { BATCH_GAS_PUBLIC, cutByGas, gasOf, TRANSACTION_GAS } from './batches.ts';
import { KIND, type Operation, Translator } from './operations.ts';
import type { RecordedJournal } from './recordedJournal.ts';
import { FIRST_MONEY } from './tickSettlement.ts';

/** Measured on anvil: the contracts, their roles, and the approvals of system accounts. */
const DEPLOYMENT_GAS = 18_000_000;
const DEPLOYMENT_TRANSACTIONS = 17;
/** An arrival with its two approvals, as configs/on-chain.yaml measures it. */
const ARRIVAL_GAS = 300_000;
/** A transfer, a burn or a stake that its owner signs, and its share of being handed gas money. */
const SIGNED_GAS = 60_000;
/** Entries of a tick in the middle that make what everybody owns from nothing: token, cash and stake of each. */
const OPENING_ENTRIES = 3;

export interface ReplayForecast {
  readonly entries: number;
  readonly operations: number;
  readonly transactions: number;
  /** Of all transactions, on a chain of others. */
  readonly gas: number;
}

export interface ForecastRange {
  readonly from: number;
  readonly to: number;
  /** Agent slots of the world. */
  readonly slots: number;
  /** First ticks in which every agent signs for itself. */
  readonly signedTicks: number;
}

/**
 * The forecast of a range.
 *
 * @param journal read from `from` on
 * @throws UnsettledEntryError for an entry that no operation stands for
 */
export async function forecastReplay(
  journal: Pick<RecordedJournal, 'entriesOf'>,
  { from, to, slots, signedTicks }: ForecastRange,
): Promise<ReplayForecast> {
  const translator = new Translator(slots);
  const pool = translator.systemAccount(SYSTEM.amm);
  const opening = from > 0 ? slots : 0;
  let arrivals = opening;
  let entries = 0;
  let count = 0;
  let transactions = DEPLOYMENT_TRANSACTIONS;
  let gas = DEPLOYMENT_GAS + opening * OPENING_ENTRIES * gasOf({ kind: KIND.mint });
  for (let tick = from; tick < to; tick++) {
    const recorded = await journal.entriesOf(tick);
    const operations = translator.operationsOf(recorded);
    const signed = tick - from < signedTicks ? operations.filter(isSignedByOwner) : [];
    const batched = signed.length === 0 ? operations : operations.filter((one) => !isSignedByOwner(one));
    const parts =
      tick - from < signedTicks ? batched.length : cutByGas(batched, BATCH_GAS_PUBLIC, pool).length;
    arrivals += new Set(
      recorded
        .filter(({ reason, to: who }) => reason in FIRST_MONEY && who < slots)
        .map(({ to: who }) => who),
    ).size;
    entries += recorded.length;
    count += operations.length;
    transactions += parts + signed.length;
    gas +=
      parts * TRANSACTION_GAS +
      batched.reduce((sum, one) => sum + gasOf(one), 0) +
      signed.length * SIGNED_GAS;
  }
  return {
    entries,
    operations: count,
    transactions: transactions + arrivals,
    gas: gas + arrivals * ARRIVAL_GAS,
  };
}

const isSignedByOwner = ({ kind }: Operation): boolean =>
  kind === KIND.transfer || kind === KIND.burn || kind === KIND.stake;
