/**
 * Who owns machines and what size is worth (MODEL 5g): capacity as a capital good, bought from the supplier at a price
 * that rises with the stock; energy that is cheaper for data centres; capital that costs where it is more than the
 * device that people own already; operators who take a share of the profit.
 */
import { exp2Fraction, LOG2_ONE, log2Fixed, mulHigh, portion } from '../sim/core/fixed.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import {
  ASSET,
  cashToToken,
  FINANCE,
  FREE_SLOT,
  type MarketWorld,
  SIDE,
  SYSTEM,
  TOTAL,
  tokenToCash,
  WORLD,
} from './columns.ts';
import { REASON } from './ledger.ts';
import { wealthOf } from './wealth.ts';

/** Milli-cash per cu: priceBase + floor(priceScale x (total / genesis)^2), saturated at 2^32 - 1. */
export function hardwarePrice(world: MarketWorld): number {
  const { priceBase, priceScale, genesisStock } = world.parameters.hardware;
  const total = world.columns.total[TOTAL.capacity]!;
  const square = total * total;
  const divisor = genesisStock * genesisStock;
  const scaled =
    priceScale * square <= Number.MAX_SAFE_INTEGER
      ? Math.floor((priceScale * square) / divisor)
      : Number((BigInt(priceScale) * BigInt(total) ** 2n) / BigInt(genesisStock) ** 2n);
  return Math.min(U32_MAX, priceBase + scaled);
}

/**
 * One cu each for the agents that chose to buy hardware, at the price of the tick's opening, paid in cash.
 * Refused at capacityMax, without the cash, or when wealth at the closing price would fall below the runway.
 */
export function buyHardware(world: MarketWorld, closingPrice: number): void {
  const { parameters, columns, balances, ledger } = world;
  const { hardware } = parameters;
  if (!hardware.enabled) return;
  const { finance, population, insolvent, capacity } = columns;
  const { cash } = balances;
  const price = columns.scalar[WORLD.hardwarePrice]!;
  for (let i = 0; i < parameters.slots; i++) {
    if (finance[i] !== FINANCE.buyHardware || cash[i]! < price || population[i] === FREE_SLOT) continue;
    if (insolvent[i] === 1 || capacity[i]! >= hardware.capacityMax) continue;
    if (wealthOf(world, i, closingPrice) - price < hardware.runway) continue;
    ledger.transfer(ASSET.cash, i, ledger.system(SYSTEM.supplier), price, REASON.hardware);
    capacity[i]!++;
    columns.total[TOTAL.capacity]!++;
    columns.invested[i] = price;
  }
}

/** Capacity wears out by wear x capacity on average: the whole part for sure, the rest by a draw. */
export function wearHardware(world: MarketWorld, tick: number): void {
  const { parameters, columns } = world;
  const { wear, enabled } = parameters.hardware;
  if (!enabled || wear === 0) return;
  for (let i = 0; i < parameters.slots; i++) {
    const capacity = columns.capacity[i]!;
    if (capacity === 0 || columns.population[i] === FREE_SLOT) continue;
    const fraction = Math.imul(capacity, wear) >>> 0;
    const lost = mulHigh(capacity, wear) + (draw(parameters.seed, tick, i, STREAM.wear) < fraction ? 1 : 0);
    columns.capacity[i] = capacity - lost;
    columns.total[TOTAL.capacity]! -= lost;
  }
}

/**
 * What a machine of some capacity pays of the energy price, 2^-32 (2^32 - 1 = all of it): (1 - scaleEconomy) to the
 * power of its doublings of the device, in integer logarithms; all of it up to the device.
 */
export function energyShare(
  { device, scaleLog2 }: MarketWorld['parameters']['ownership'],
  capacity: number,
): number {
  if (scaleLog2 === 0 || capacity <= device) return U32_MAX;
  const doublings = log2Fixed(capacity) - (device === 0 ? 0 : log2Fixed(device));
  return exp2Fraction(Math.floor((scaleLog2 * doublings) / LOG2_ONE));
}

/** An amount of energy's cost, milli-units at the full price, at the price of an agent's own machine; rounded down. */
export function ownEnergy({ parameters, columns }: MarketWorld, agent: number, cost: number): number {
  if (parameters.ownership.scaleLog2 === 0) return cost;
  return portion(cost, energyShare(parameters.ownership, columns.opened[agent]!));
}

/** Milli-cash due this tick for capital beyond the device that people own already. */
export function capitalDue({ parameters, columns }: MarketWorld, agent: number): number {
  const { capitalCost, device } = parameters.ownership;
  const above = columns.opened[agent]! - device;
  return above <= 0 ? 0 : Math.min(U32_MAX, capitalCost * above);
}

/**
 * Operators take their share of this tick's profits: sales less purchases at the opening price, what contracts added
 * and took, and less the bill, after what losses of earlier ticks have not yet been made up for. It is paid in token, in which profits are made,
 * at the closing price, the rest in cash, as far as both go; a share is rounded down and the agent keeps the
 * remainder.
 */
export function payOperators(world: MarketWorld, closingPrice: number): void {
  const { parameters, columns, balances, ledger } = world;
  const { operatorShare } = parameters.ownership;
  if (operatorShare === 0) return;
  const { population, lossCarried, total } = columns;
  const operators = ledger.system(SYSTEM.operators);
  for (let i = 0; i < parameters.slots; i++) {
    if (population[i] === FREE_SLOT) continue;
    const profit = profitOf(world, i) - lossCarried[i]!;
    if (profit <= 0) {
      lossCarried[i] = Math.min(U32_MAX, -profit);
      continue;
    }
    lossCarried[i] = 0;
    const due = portion(Math.min(U32_MAX, profit), operatorShare);
    const token = Math.min(balances.token[i]!, cashToToken(due, closingPrice));
    const cash = Math.min(balances.cash[i]!, due - Math.min(due, tokenToCash(token, closingPrice)));
    ledger.transfer(ASSET.token, i, operators, token, REASON.operator);
    ledger.transfer(ASSET.cash, i, operators, cash, REASON.operator);
    total[TOTAL.operatorTaken]! += tokenToCash(token, closingPrice) + cash;
  }
}

/**
 * Realised profit of an agent's tick, milli-cash: what its reward calls profit (rewardGenome.ts), in integers. What moved
 * in token is summed first, and its worth at the opening price is rounded towards zero.
 */
export function profitOf({ columns: c }: MarketWorld, i: number): number {
  const rent = c.orderSide[i] === SIDE.buy ? -c.computeAmount[i]! : c.computeAmount[i]!;
  const contracts = c.contractCash.length > 0;
  const stakes = contracts ? c.compensated[i]! - c.slashed[i]! : 0;
  const token = c.serviceAmount[i]! + rent + stakes;
  const price = c.scalar[WORLD.tokenPrice]!;
  const sales = token < 0 ? -tokenToCash(-token, price) : tokenToCash(token, price);
  const other = contracts ? c.contractCash[i]! - c.contractBill[i]! - c.courtBill[i]! - c.debtDue[i]! : 0;
  return sales + other - c.bill[i]!;
}
