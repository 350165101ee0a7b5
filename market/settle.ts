/**
 * The end of a tick's market (MODEL 4.8, 3, 5d, 5g): one aggregate sale of token, one aggregate purchase,
 * bills, hardware, tax, wealth.
 *
 * Prices: the sale and purchase execute at the AMM's own terms; hardware's price is that of the tick's
 * opening; the hardware runway and `wealth` use the closing mid price, after both swaps.
 */
import { mulHigh } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { amountOutNumber, SwapRate } from './amm.ts';
import { ASSET, FINANCE, FREE_SLOT, type MarketWorld, SIDE, SWAP, SYSTEM, TOTAL } from './columns.ts';
import { REASON, type Reason } from './ledger.ts';
import { buyHardware, wearHardware } from './ownership.ts';
import { cashReserve, closeSwap, midPrice, openSwap, tokenReserve } from './pool.ts';
import { offerToken } from './sale.ts';
import { wealthOf } from './wealth.ts';

const rate = new SwapRate();

/** Settles the tick. */
export function settle(world: MarketWorld, tick: number): void {
  addBills(world);
  if (world.parameters.amm.enabled) {
    sellToken(world);
    buyToken(world);
  }
  payBills(world);
  const closingPrice = midPrice(world);
  buyHardware(world, closingPrice);
  wearHardware(world, tick);
  levyTax(world);
  recordWealth(world, closingPrice);
}

/** cu whose energy an agent pays: used by itself, and rented out. None where values are induced. */
function energyUnits({ parameters, columns }: MarketWorld, i: number): number {
  if (parameters.induced.enabled) return 0;
  return columns.computeUsed[i]! + (columns.orderSide[i] === SIDE.sell ? columns.computeFilled[i]! : 0);
}

/** Adds energy and subsistence to what training already billed; saturated, since nobody could pay more. */
function addBills(world: MarketWorld): void {
  const { parameters, columns } = world;
  const { price, subsistence } = parameters.energy;
  for (let i = 0; i < parameters.slots; i++) {
    if (columns.population[i] === FREE_SLOT) continue;
    columns.bill[i] = Math.min(U32_MAX, columns.bill[i]! + energyUnits(world, i) * price + subsistence);
  }
}

/** The aggregate sale: offers enter the pool at once and share its cash; the remainder goes to the treasury. */
function sellToken(world: MarketWorld): void {
  const { parameters, columns, ledger } = world;
  const sold = offerToken(world, rate);
  const out = sold === 0 ? 0 : amountOutNumber(sold, tokenReserve(world), cashReserve(world));
  if (out === 0) {
    columns.tokenOffered.fill(0);
    return;
  }
  const amm = ledger.system(SYSTEM.amm);
  let left = out;
  openSwap(world, SWAP.sale);
  for (let i = 0; i < parameters.slots; i++) {
    const offered = columns.tokenOffered[i]!;
    if (offered === 0) continue;
    const share = rate.share(offered);
    left -= share;
    ledger.transfer(ASSET.token, i, amm, offered, REASON.ammSell);
    ledger.transfer(ASSET.cash, amm, i, share, REASON.ammSell);
  }
  ledger.transfer(ASSET.cash, amm, ledger.system(SYSTEM.treasury), left, REASON.ammRemainder);
  closeSwap(world, SWAP.sale);
}

/** The aggregate purchase by those who chose it, out of cash that their bill does not need. */
function buyToken(world: MarketWorld): void {
  const { parameters, columns, balances, ledger } = world;
  const { cashOffered, bill, finance, population } = columns;
  let paid = 0;
  for (let i = 0; i < parameters.slots; i++) {
    if (finance[i] !== FINANCE.buyToken || population[i] === FREE_SLOT) continue;
    const cash = balances.cash[i]!;
    if (cash <= bill[i]!) continue;
    cashOffered[i] = Math.min(mulHigh(cash, parameters.policy.financeStep), cash - bill[i]!);
    paid += cashOffered[i]!;
  }
  const out = paid === 0 ? 0 : amountOutNumber(paid, cashReserve(world), tokenReserve(world));
  if (out === 0) {
    cashOffered.fill(0);
    return;
  }
  rate.set(out, paid);
  const amm = ledger.system(SYSTEM.amm);
  let left = out;
  openSwap(world, SWAP.purchase);
  for (let i = 0; i < parameters.slots; i++) {
    const offered = cashOffered[i]!;
    if (offered === 0) continue;
    const share = rate.share(offered);
    left -= share;
    ledger.transfer(ASSET.cash, i, amm, offered, REASON.ammBuy);
    ledger.transfer(ASSET.token, amm, i, share, REASON.ammBuy);
  }
  ledger.transfer(ASSET.token, amm, ledger.system(SYSTEM.treasury), left, REASON.ammRemainder);
  closeSwap(world, SWAP.purchase);
}

/** Energy, subsistence, labels, environment, in that order; who cannot pay all pays what it has. */
function payBills(world: MarketWorld): void {
  const { parameters, columns, balances, ledger } = world;
  const { energy, training } = parameters;
  const supplier = ledger.system(SYSTEM.supplier);
  const labour = ledger.system(SYSTEM.labour);
  for (let i = 0; i < parameters.slots; i++) {
    if (columns.population[i] === FREE_SLOT) continue;
    let due = columns.bill[i]!;
    if (balances.cash[i]! < due) {
      columns.insolvent[i] = 1;
      columns.total[TOTAL.insolvencies]!++;
    }
    const forEnergy = pay(
      world,
      i,
      supplier,
      Math.min(due, energyUnits(world, i) * energy.price),
      REASON.energy,
    );
    columns.total[TOTAL.energy]! += forEnergy;
    due -= forEnergy;
    due -= pay(world, i, supplier, Math.min(due, energy.subsistence), REASON.subsistence);
    due -= pay(world, i, labour, Math.min(due, columns.labelsUsed[i]! * training.labelPrice), REASON.labels);
    pay(world, i, supplier, due, REASON.environment);
  }
}

/** Pays `part` of a bill, or as much of it as the agent has; returns what was paid. */
function pay({ balances, ledger }: MarketWorld, i: number, to: number, part: number, reason: Reason): number {
  const amount = Math.min(part, balances.cash[i]!);
  ledger.transfer(ASSET.cash, i, to, amount, reason);
  return amount;
}

/** Wealth tax on free token and cash, each rounded down; the taxed keep the remainder. */
function levyTax({ parameters, columns, balances, ledger }: MarketWorld): void {
  const { wealthTax } = parameters.policy;
  if (wealthTax === 0) return;
  const treasury = ledger.system(SYSTEM.treasury);
  for (let i = 0; i < parameters.slots; i++) {
    if (columns.population[i] === FREE_SLOT) continue;
    ledger.transfer(ASSET.token, i, treasury, mulHigh(balances.token[i]!, wealthTax), REASON.tax);
    ledger.transfer(ASSET.cash, i, treasury, mulHigh(balances.cash[i]!, wealthTax), REASON.tax);
  }
}

function recordWealth(world: MarketWorld, closingPrice: number): void {
  const { wealth, wealthBefore, population } = world.columns;
  for (let i = 0; i < world.parameters.slots; i++) {
    wealthBefore[i] = wealth[i]!;
    wealth[i] = population[i] === FREE_SLOT ? 0 : Math.min(U32_MAX, wealthOf(world, i, closingPrice));
  }
}
