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
import { mulHigh, portion } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { amountOutNumber, SwapRate } from './amm.ts';
import { ASSET, type Asset, FINANCE, FREE_SLOT, type MarketWorld, SWAP, SYSTEM, TOTAL } from './columns.ts';
import { type LevyLeg, REASON, type Reason } from './ledger.ts';
import { buyHardware, capitalDue, energyShare, payOperators, wearHardware } from './ownership.ts';
import { cashReserve, closeSwap, midPrice, openSwap, tokenReserve } from './pool.ts';
import { offerToken } from './sale.ts';
import { settleInPasses } from './settlePasses.ts';
import { closeSpending } from './spending.ts';
import { applyTokenPolicy } from './tokenPolicy.ts';
import { payContractBills } from './trust.ts';
import { recordWealth } from './wealth.ts';

const rate = new SwapRate();

/** Who pays how much for what, milli-cash; grown to the largest world of the thread, overwritten in every use. */
function scratchOf(slots: number) {
  const leg = (to: number, reason: Reason): LevyLeg => ({
    to,
    reason,
    amounts: new Uint32Array(slots),
    sum: 0,
  });
  /** Parts of a bill, in the order in which they are paid. */
  const parts = {
    energy: leg(SYSTEM.supplier, REASON.energy),
    subsistence: leg(SYSTEM.supplier, REASON.subsistence),
    labels: leg(SYSTEM.labour, REASON.labels),
    capital: leg(SYSTEM.supplier, REASON.capital),
    data: leg(SYSTEM.consumers, REASON.data),
    environment: leg(SYSTEM.supplier, REASON.environment),
  };
  return { parts, legs: Object.values(parts), slots };
}
let scratch = scratchOf(0);

/** Settles the tick: below, or in fewer passes where nobody asks for the entries. */
export function settle(world: MarketWorld, tick: number): void {
  const { settlement } = world;
  if (settlement != null && world.ledger.journal === null) settleInPasses(world, settlement, tick);
  else settleStepByStep(world, tick);
}

/** Settles the tick, one reason of payment after the other: the specification of the passes in settlePasses.ts. */
function settleStepByStep(world: MarketWorld, tick: number): void {
  if (scratch.slots < world.parameters.slots) scratch = scratchOf(world.parameters.slots);
  closeSpending(world);
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
  payOperators(world, closingPrice);
  applyTokenPolicy(world, tick);
  recordWealth(world, closingPrice);
}

/**
 * Adds energy, subsistence and capital to what training already billed; saturated, since nobody could pay more.
 * Energy is due for compute rented out, by its seller, and for what an agent uses beyond the compute that it rented and
 * received, which it uses first; none where values are induced.
 */
function addBills(world: MarketWorld): void {
  const { parameters, columns } = world;
  const { population, computeUsed, computeFilled, orderSide, undelivered, bill } = columns;
  const { price, subsistence } = parameters.energy;
  const perUnit = parameters.induced.enabled ? 0 : price;
  const energy = scratch.parts.energy.amounts;
  const { slots } = parameters;
  const contracts = undelivered.length > 0;
  for (let i = 0; i < slots; i++) {
    const missing = contracts ? undelivered[i]! : 0;
    // SIDE.sell >> 1 and SIDE.buy & 1 are one and the other sides' zero: no branch predicts an agent's side
    const sold = computeFilled[i]! * (orderSide[i]! >> 1);
    const received = (computeFilled[i]! - missing) * (orderSide[i]! & 1);
    const units = Math.max(0, computeUsed[i]! - received) + sold;
    const due = Math.min(U32_MAX, units * perUnit);
    energy[i] = due;
    bill[i] = population[i] === FREE_SLOT ? 0 : Math.min(U32_MAX, bill[i]! + due + subsistence);
  }
  const { scaleLog2, capitalCost } = parameters.ownership;
  if (scaleLog2 !== 0 || capitalCost > 0) adjustBillsToSize(world);
}

/** Takes what size saves of the energy off the bills, and adds the capital beyond the device. */
function adjustBillsToSize(world: MarketWorld): void {
  const { parameters, columns } = world;
  const { bill, opened, population } = columns;
  const energy = scratch.parts.energy.amounts;
  for (let i = 0; i < parameters.slots; i++) {
    if (population[i] === FREE_SLOT) continue;
    const due = portion(energy[i]!, energyShare(parameters.ownership, opened[i]!));
    bill[i] = Math.min(U32_MAX, bill[i]! - (energy[i]! - due) + capitalDue(world, i));
    energy[i] = due;
  }
}

/** The aggregate sale: offers enter the pool at once and share its cash; the remainder goes to the treasury. */
function sellToken(world: MarketWorld): void {
  const { columns } = world;
  const { tokenOffered } = columns;
  const sold = offerToken(world, rate);
  const out = sold === 0 ? 0 : amountOutNumber(sold, tokenReserve(world), cashReserve(world));
  if (out === 0) {
    tokenOffered.fill(0);
    return;
  }
  swapWithPool(world, SWAP.sale, ASSET.token, tokenOffered, out, REASON.ammSell);
}

/** Swaps all offers at `rate`; what their shares leave of the pool's output goes to the treasury. */
function swapWithPool(
  world: MarketWorld,
  row: number,
  give: Asset,
  offered: Uint32Array,
  out: number,
  reason: typeof REASON.ammSell | typeof REASON.ammBuy,
): void {
  const { ledger } = world;
  openSwap(world, row);
  const left = out - ledger.swapEach(SYSTEM.amm, give, offered, rate, reason);
  const get = give === ASSET.token ? ASSET.cash : ASSET.token;
  ledger.transfer(get, ledger.system(SYSTEM.amm), ledger.system(SYSTEM.treasury), left, REASON.ammRemainder);
  closeSwap(world, row);
}

/** The aggregate purchase by those who chose it, out of cash that their bill does not need. */
function buyToken(world: MarketWorld): void {
  const { parameters, columns, balances } = world;
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
  swapWithPool(world, SWAP.purchase, ASSET.cash, cashOffered, out, REASON.ammBuy);
}

/** Energy, subsistence, labels, capital, data, environment, in that order; who cannot pay all pays what it has. */
function payBills(world: MarketWorld): void {
  const { parameters, columns, balances, ledger } = world;
  const { bill, labelsUsed, insolvent, total } = columns;
  const { cash } = balances;
  const { labelPrice } = parameters.training;
  const { subsistence } = parameters.energy;
  const { legs, parts } = scratch;
  const energyPaid = parts.energy.amounts;
  const subsistencePaid = parts.subsistence.amounts;
  const labelsPaid = parts.labels.amounts;
  const environmentPaid = parts.environment.amounts;
  const splits = parameters.ownership.capitalCost > 0 || columns.dataBill.length > 0;
  // who paid which part matters to a journal, and to what is split further; sums are enough otherwise
  const detailed = splits || ledger.journal !== null;
  const { slots } = parameters;
  let energySum = 0;
  let subsistenceSum = 0;
  let labelsSum = 0;
  let environmentSum = 0;
  for (let i = 0; i < slots; i++) {
    let left = bill[i]!; // 0 in an empty slot
    if (cash[i]! < left) {
      insolvent[i] = 1;
      total[TOTAL.insolvencies]!++;
      left = cash[i]!;
    }
    const forEnergy = Math.min(left, energyPaid[i]!);
    left -= forEnergy;
    const forSubsistence = Math.min(left, subsistence);
    left -= forSubsistence;
    const forLabels = Math.min(left, labelsUsed[i]! * labelPrice);
    left -= forLabels;
    energySum += forEnergy;
    subsistenceSum += forSubsistence;
    labelsSum += forLabels;
    environmentSum += left;
    if (!detailed) continue;
    energyPaid[i] = forEnergy;
    subsistencePaid[i] = forSubsistence;
    labelsPaid[i] = forLabels;
    environmentPaid[i] = left;
  }
  parts.energy.sum = energySum;
  parts.subsistence.sum = subsistenceSum;
  parts.labels.sum = labelsSum;
  parts.capital.sum = 0;
  parts.data.sum = 0;
  parts.environment.sum = environmentSum;
  if (splits) splitRest(world);
  ledger.collect(ASSET.cash, bill, legs);
  total[TOTAL.energy]! += energySum;
}

/** Divides what is left after labels into capital, data and environment. */
function splitRest(world: MarketWorld): void {
  const { parameters, columns } = world;
  const { capital, data, environment } = scratch.parts;
  environment.sum = 0;
  for (let i = 0; i < parameters.slots; i++) {
    let left = environment.amounts[i]!;
    const forCapital = Math.min(left, columns.population[i] === FREE_SLOT ? 0 : capitalDue(world, i));
    left -= forCapital;
    const forData = Math.min(left, columns.dataBill[i] ?? 0);
    left -= forData;
    capital.amounts[i] = forCapital;
    data.amounts[i] = forData;
    environment.amounts[i] = left;
    capital.sum += forCapital;
    data.sum += forData;
    environment.sum += left;
  }
}
