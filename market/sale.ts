/**
 * How much token enters a tick's aggregate sale: what agents choose to sell, and what those short of cash
 * must sell to pay their bills. The price depends on the total and the total on the price, so the search
 * below finds a total that the offers it causes do not exceed; a solvent agent must not die of slippage.
 */
import { mulDiv, mulHigh } from '../sim/core/fixed.ts';
import { amountOutNumber, SwapRate } from './amm.ts';
import { FINANCE, type MarketWorld } from './columns.ts';
import { cashReserve, tokenReserve } from './pool.ts';

/** Bound on the search; a concave piecewise-linear function needs far fewer. */
const STEPS_MAX = 32;
const trial = new SwapRate();

/**
 * Those short of cash, side by side for the search, which reads each of them many times; grown to the largest
 * world of the thread.
 */
const shortOf = (slots: number) => ({
  /** Cash that the bill lacks, milli-cash. */
  lacking: new Uint32Array(slots),
  /** Free token, milli-token. */
  free: new Uint32Array(slots),
  /** Token that they choose to sell anyway, milli-token. */
  least: new Uint32Array(slots),
  slots,
});
let scratch = shortOf(0);

/**
 * Writes `tokenOffered` and the rate at which the sale is shared out; returns its total, milli-token.
 *
 * Let X(r) be the total offered when shares are paid at rate r: those short of cash offer the least token
 * whose share covers the bill, or all they have. X(r(Y)) rises with Y, and at "all of it" it is at most Y.
 * From there both a plain step Y <- X(r(Y)) and, where X(r(Y)) is concave, Newton's step stay on the side
 * where X(r(Y)) <= Y. Then
 * r(Y) can be paid: X r(Y) <= X out(Y) / Y <= out(X), since the pool's average price falls with size. So
 * whoever's token cover the bill at the rate returned is paid in full, whatever step the search stops at.
 */
export function offerToken(world: MarketWorld, rate: SwapRate): number {
  const { parameters, columns, balances } = world;
  const { order, tokenOffered, bill, finance } = columns;
  const { token, cash } = balances;
  const { slots } = parameters;
  const step = parameters.policy.financeStep;
  let voluntary = 0;
  let most = 0;
  let short = 0;
  for (let i = 0; i < slots; i++) {
    const has = token[i]!;
    if (has === 0) continue; // and so with an empty slot
    const chosen = finance[i] === FINANCE.sellToken ? mulHigh(has, step) : 0;
    if (cash[i]! < bill[i]!) {
      order[short++] = i;
      most += has;
    } else {
      tokenOffered[i] = chosen;
      voluntary += chosen;
    }
  }
  return sizeSale(world, rate, voluntary, most, short);
}

/**
 * Sizes the offers of those short of cash, the first `short` slots of `order`, and sets the rate of the sale; returns
 * its total, milli-token.
 *
 * @param voluntary what all others have offered, milli-token
 * @param most all token of the short, milli-token
 */
export function sizeSale(
  world: MarketWorld,
  rate: SwapRate,
  voluntary: number,
  most: number,
  short: number,
): number {
  const { order, tokenOffered } = world.columns;
  const all = voluntary + most;
  if (all === 0) return 0;
  listShort(world, short);
  const { lacking, free, least } = scratch;
  const total = short === 0 ? all : findTotal(world, voluntary, all, short);
  setRate(world, rate, total);
  let sold = voluntary;
  for (let k = 0; k < short; k++) {
    const offered = Math.max(rate.cost(lacking[k]!, free[k]!), least[k]!);
    tokenOffered[order[k]!] = offered;
    sold += offered;
  }
  // the executed price can only be better than the one that the offers were sized for
  rate.raiseTo(setRate(world, trial, sold));
  return sold;
}

/** Copies what the search reads of the short from their slots. */
function listShort({ parameters, columns, balances }: MarketWorld, short: number): void {
  const { slots } = parameters;
  // Stryker disable next-line ConditionalExpression,EqualityOperator: more room than slots, or new room, holds the same
  if (scratch.slots < slots) scratch = shortOf(slots);
  const { lacking, free, least } = scratch;
  const { order, bill, finance } = columns;
  const step = parameters.policy.financeStep;
  for (let k = 0; k < short; k++) {
    const i = order[k]!;
    const has = balances.token[i]!;
    lacking[k] = bill[i]! - balances.cash[i]!;
    free[k] = has;
    least[k] = finance[i] === FINANCE.sellToken ? mulHigh(has, step) : 0;
  }
}

const setRate = (world: MarketWorld, rate: SwapRate, total: number): SwapRate =>
  rate.set(cashOut(world, total), total);

/** Shortfall of those whose offer depends on the rate, milli-cash; set by offerAt for the search's slope. */
let elastic = 0;

/** Sum of the offers of the short at a rate. */
function offerAt(rate: SwapRate, short: number): number {
  const { lacking, free, least } = scratch;
  let sum = 0;
  elastic = 0;
  for (let k = 0; k < short; k++) {
    const needed = rate.cost(lacking[k]!, free[k]!);
    if (needed < free[k]! && needed > least[k]!) elastic += lacking[k]!;
    sum += Math.max(needed, least[k]!);
  }
  return sum;
}

/** A total Y with X(r(Y)) <= Y, close to equality: Newton's method from `all`, where that holds. */
function findTotal(world: MarketWorld, voluntary: number, all: number, short: number): number {
  const cash = cashReserve(world);
  let total = all;
  let offered = offeredAt(world, voluntary, total, short);
  // Stryker disable next-line EqualityOperator,UpdateOperator: what is found can be paid wherever the search stops
  for (let step = 0; step < STEPS_MAX; step++) {
    // rounding: one unit an agent, and the token that one milli-cash of the pool's rounding costs
    const slack = short + Math.ceil(total / Math.max(1, cashOut(world, total)));
    if (total - offered <= slack) break;
    let next = offered;
    let offeredNext = Number.POSITIVE_INFINITY;
    // 1 / rate is linear in the total with slope 1 / cash reserve
    if (elastic < cash) {
      next = newtonTotal(total, total - offered - slack, cash);
      offeredNext = offeredAt(world, voluntary, next, short);
    }
    if (offeredNext > next) {
      // past a kink where someone's chosen sale covers its bill; a plain step down never leaves the right side
      next = offered;
      offeredNext = offeredAt(world, voluntary, next, short);
    }
    if (offeredNext > next) break; // by rounding
    total = next;
    offered = offeredNext;
  }
  return total;
}

/** total - excess / (1 - elastic / cash), the quotient rounded down, at least 1; in integers, as all that feeds money. */
function newtonTotal(total: number, excess: number, cash: number): number {
  const rest = cash - elastic;
  // a quotient of the total or more, which may pass 2^53
  if (excess > mulDiv(total, rest, cash)) return 1;
  return Math.max(1, total - mulDiv(excess, cash, rest));
}

/** X(r(total)). */
const offeredAt = (world: MarketWorld, voluntary: number, total: number, short: number): number =>
  voluntary + offerAt(setRate(world, trial, total), short);

/** Cash that a sale of `total` brings. */
const cashOut = (world: MarketWorld, total: number): number =>
  amountOutNumber(total, tokenReserve(world), cashReserve(world));
