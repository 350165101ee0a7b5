/** What operations cost in gas, and how those of a tick are cut into transactions. */
import { ASSET } from '../../market/accounts.ts';
import { KIND, type Operation } from './operations.ts';

/**
 * Most gas of a batch on a chain of others, estimated: transactions may ask for 2^24 = 16.8 million (EIP-7825), room above
 * the estimate included.
 */
export const BATCH_GAS_PUBLIC = 13_000_000;
/** On a chain of one's own only a request's size is a limit. */
export const BATCH_GAS_OWN = 300_000_000;
/** Gas of a transaction that does nothing. */
export const TRANSACTION_GAS = 21_000;
/** Gas of an operation's 16 bytes of data where none is zero (EIP-2028), and of the loop that reads it. */
const DATA_GAS = 500;

/**
 * Gas by kind as Settlement measures it over ticks of configs/on-chain.yaml; mint, stake, award and redeem as where they write
 * to storage that was empty. Chains of others are asked before anything is sent.
 */
const KIND_GAS: Readonly<Record<Operation['kind'], number>> = {
  [KIND.transfer]: 11_000,
  [KIND.mint]: 38_000,
  [KIND.burn]: 9_000,
  [KIND.stake]: 41_000,
  [KIND.release]: 21_000,
  [KIND.slash]: 69_000,
  [KIND.lock]: 37_000,
  [KIND.award]: 58_000,
  [KIND.burnAward]: 9_000,
  [KIND.swap]: 74_000,
  [KIND.payOut]: 10_000,
  [KIND.redeem]: 90_000,
  [KIND.addLiquidity]: 126_000,
};

/** Estimated gas of an operation in a batch. */
export const gasOf = ({ kind }: Pick<Operation, 'kind'>): number => KIND_GAS[kind] + DATA_GAS;

/**
 * Cuts operations into batches of so much gas at most. What belongs together stays so where a batch holds it: the inputs of a
 * swap, which anybody could take between two transactions; the two words of a redemption always do.
 *
 * @param pool account of the pool
 * @returns all operations in their order, none where there are none
 */
export function cutByGas(operations: readonly Operation[], gasMost: number, pool: number): Operation[][] {
  const parts: Operation[][] = [];
  for (let from = 0; from < operations.length; ) {
    const to = cutAt(operations, from, gasMost, pool);
    parts.push(operations.slice(from, to));
    from = to;
  }
  return parts;
}

function cutAt(operations: readonly Operation[], from: number, gasMost: number, pool: number): number {
  let to = from;
  let gas = TRANSACTION_GAS;
  while (to < operations.length && (to === from || gas + gasOf(operations[to]!) <= gasMost))
    gas += gasOf(operations[to++]!);
  if (to === operations.length) return to;
  let cut = to;
  while (cut > from && isBegun(operations[cut - 1]!, pool)) cut--;
  if (cut > from) return cut;
  // too many inputs for one batch
  return isRedemption(operations[to - 1]!) ? to + 1 : to;
}

/** The first word of a redemption. */
const isRedemption = ({ kind, asset }: Operation): boolean => kind === KIND.redeem && asset === ASSET.token;

/** Whether an operation is the beginning of something that the next one goes on with. */
const isBegun = (operation: Operation, pool: number): boolean =>
  isRedemption(operation) || (operation.kind === KIND.transfer && operation.to === pool);
