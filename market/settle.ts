/**
 * The end of a tick's market (MODEL 4.8, 3, 5d, 5g): one aggregate sale of token, one aggregate purchase,
 * bills, hardware, tax, wealth.
 *
 * Prices: the sale and purchase execute at the AMM's own terms; hardware's price is that of the tick's
 * opening; the hardware runway and `wealth` use the closing mid price, after both swaps.
 *
 * What everybody pays is computed column by column and moved by the ledger in one pass a reason: with millions
 * of entries a second, the entry itself is the cost.
 */
import { mulHigh } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { amountOutNumber, SwapRate } from './amm.ts';
import {
  ASSET,
  type Asset,
  FINANCE,
  FREE_SLOT,
  type MarketWorld,
  SIDE,
  SWAP,
  SYSTEM,
  TOTAL,
} from './columns.ts';
import { REASON, type Reason } from './ledger.ts';
import { buyHardware, wearHardware } from './ownership.ts';
import { cashReserve, closeSwap, midPrice, openSwap, tokenReserve } from './pool.ts';
import { offerToken } from './sale.ts';
import { payContractBills } from './trust.ts';
import { recordWealth } from './wealth.ts';

const rate = new SwapRate();

/** What each agent is due or pays, milli-units; grown to the largest world of the thread, overwritten in every use. */
const scratchOf = (slots: number) => ({
  /** Energy due, milli-cash. */
  energy: new Uint32Array(slots),
  subsistence: new Uint32Array(slots),
  labels: new Uint32Array(slots),
  environment: new Uint32Array(slots),
  /** Cash or token from the aggregate swap, tax. */
  share: new Uint32Array(slots),
  slots,
});
let scratch = scratchOf(0);

/** Settles the tick. */
export function settle(world: MarketWorld, tick: number): void {
  if (scratch.slots < world.parameters.slots) scratch = scratchOf(world.parameters.slots);
  addBills(world);
  if (world.parameters.amm.enabled) {
    sellToken(world);
    buyToken(world);
  }
  payContractBills(world, tick);
  payBills(world);
  const closingPrice = midPrice(world);
  buyHardware(world, closingPrice);
  wearHardware(world, tick);
  levyTax(world);
  recordWealth(world, closingPrice);
}

/**
 * Adds energy and subsistence to what training already billed; saturated, since nobody could pay more. Energy is
 * due for compute used by the agent itself and for compute rented out; none where values are induced.
 */
function addBills({ parameters, columns }: MarketWorld): void {
  const { population, computeUsed, computeFilled, orderSide, bill } = columns;
  const { price, subsistence } = parameters.energy;
  const perUnit = parameters.induced.enabled ? 0 : price;
  const { energy } = scratch;
  const { slots } = parameters;
  for (let i = 0; i < slots; i++) {
    if (population[i] === FREE_SLOT) {
      energy[i] = 0;
      continue;
    }
    const units = computeUsed[i]! + (orderSide[i] === SIDE.sell ? computeFilled[i]! : 0);
    const due = Math.min(U32_MAX, units * perUnit);
    energy[i] = due;
    bill[i] = Math.min(U32_MAX, bill[i]! + due + subsistence);
  }
}

/** The aggregate sale: offers enter the pool at once and share its cash; the remainder goes to the treasury. */
function sellToken(world: MarketWorld): void {
  const { columns, ledger } = world;
  const { tokenOffered } = columns;
  const sold = offerToken(world, rate);
  const out = sold === 0 ? 0 : amountOutNumber(sold, tokenReserve(world), cashReserve(world));
  if (out === 0) {
    tokenOffered.fill(0);
    return;
  }
  openSwap(world, SWAP.sale);
  ledger.collect(ASSET.token, SYSTEM.amm, tokenOffered, REASON.ammSell);
  payShares(world, ASSET.cash, out, shareOut(tokenOffered), REASON.ammSell);
  closeSwap(world, SWAP.sale);
}

/** Each offer's share of a swap at `rate`, rounded down, [N]. */
function shareOut(offered: Uint32Array): Uint32Array {
  const { share } = scratch;
  for (let i = 0; i < offered.length; i++) share[i] = offered[i] === 0 ? 0 : rate.share(offered[i]!);
  return share;
}

/** Pays the shares of a swap's output; what they leave of it goes to the treasury. */
function payShares(
  { ledger }: MarketWorld,
  asset: Asset,
  out: number,
  shares: Uint32Array,
  reason: Reason,
): void {
  const paid = ledger.distribute(asset, SYSTEM.amm, shares, reason);
  const treasury = ledger.system(SYSTEM.treasury);
  ledger.transfer(asset, ledger.system(SYSTEM.amm), treasury, out - paid, REASON.ammRemainder);
}

/** The aggregate purchase by those who chose it, out of cash that their bill does not need. */
function buyToken(world: MarketWorld): void {
  const { parameters, columns, balances, ledger } = world;
  const { cashOffered, bill, finance, population } = columns;
  const { slots } = parameters;
  const step = parameters.policy.financeStep;
  let paid = 0;
  for (let i = 0; i < slots; i++) {
    if (finance[i] !== FINANCE.buyToken || population[i] === FREE_SLOT) continue;
    const cash = balances.cash[i]!;
    if (cash <= bill[i]!) continue;
    cashOffered[i] = Math.min(mulHigh(cash, step), cash - bill[i]!);
    paid += cashOffered[i]!;
  }
  const out = paid === 0 ? 0 : amountOutNumber(paid, cashReserve(world), tokenReserve(world));
  if (out === 0) {
    cashOffered.fill(0);
    return;
  }
  rate.set(out, paid);
  openSwap(world, SWAP.purchase);
  ledger.collect(ASSET.cash, SYSTEM.amm, cashOffered, REASON.ammBuy);
  payShares(world, ASSET.token, out, shareOut(cashOffered), REASON.ammBuy);
  closeSwap(world, SWAP.purchase);
}

/** Energy, subsistence, labels, environment, in that order; who cannot pay all pays what it has. */
function payBills(world: MarketWorld): void {
  const { parameters, columns, balances, ledger } = world;
  const { population, bill, labelsUsed, insolvent, total } = columns;
  const { cash } = balances;
  const { labelPrice } = parameters.training;
  const dueSubsistence = parameters.energy.subsistence;
  const { energy, subsistence, labels, environment } = scratch;
  const { slots } = parameters;
  for (let i = 0; i < slots; i++) {
    if (population[i] === FREE_SLOT) {
      subsistence[i] = 0;
      labels[i] = 0;
      environment[i] = 0;
      continue;
    }
    let left = bill[i]!;
    if (cash[i]! < left) {
      insolvent[i] = 1;
      total[TOTAL.insolvencies]!++;
      left = cash[i]!;
    }
    energy[i] = Math.min(left, energy[i]!);
    left -= energy[i]!;
    subsistence[i] = Math.min(left, dueSubsistence);
    left -= subsistence[i]!;
    labels[i] = Math.min(left, labelsUsed[i]! * labelPrice);
    environment[i] = left - labels[i]!;
  }
  total[TOTAL.energy]! += ledger.collect(ASSET.cash, SYSTEM.supplier, energy, REASON.energy);
  ledger.collect(ASSET.cash, SYSTEM.supplier, subsistence, REASON.subsistence);
  ledger.collect(ASSET.cash, SYSTEM.labour, labels, REASON.labels);
  ledger.collect(ASSET.cash, SYSTEM.supplier, environment, REASON.environment);
}

/** Wealth tax on free token and cash, each rounded down; the taxed keep the remainder. */
function levyTax({ parameters, balances, ledger }: MarketWorld): void {
  const { wealthTax } = parameters.policy;
  if (wealthTax === 0) return;
  const { share } = scratch;
  // an empty slot owns nothing to tax
  for (const [asset, column] of [
    [ASSET.token, balances.token],
    [ASSET.cash, balances.cash],
  ] as const) {
    for (let i = 0; i < parameters.slots; i++) share[i] = mulHigh(column[i]!, wealthTax);
    ledger.collect(asset, SYSTEM.treasury, share, REASON.tax);
  }
}
