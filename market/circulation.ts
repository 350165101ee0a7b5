/**
 * Genesis, and who gives money back to whom each tick (MODEL 3): a closed loop, or the economy deflates to
 * death. Nothing here mints or burns after genesis.
 */
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { PRICE_FRACTION_BITS } from '../configs/worldParameters.ts';
import { spansOf } from '../sim/core/columns.ts';
import { isqrt, mulDiv } from '../sim/core/fixed.ts';
import { PRODUCT_MAX, TWO_32, U32_MAX } from '../sim/core/units.ts';
import { amountInNumber, amountOutNumber } from './amm.ts';
import { heldByCourt } from './claims.ts';
import { bankFloat, courtIsBank } from './classic/bank.ts';
import {
  ASSET,
  cashToToken,
  FREE_SLOT,
  type MarketColumns,
  type MarketWorld,
  SWAP,
  SYSTEM,
  TOTAL,
  WORLD,
} from './columns.ts';
import { moveDemand, WALK_STEPS, wantedTasks } from './demand.ts';
import { REASON } from './ledger.ts';
import { tradeOutside } from './outsidePrice.ts';
import { hardwarePrice } from './ownership.ts';
import {
  cashReserve,
  closeSwap,
  midPrice,
  openPool,
  openSwap,
  recordRedemption,
  tokenReserve,
} from './pool.ts';
import { bonusMax } from './serviceMarket.ts';
import { openSpending } from './spending.ts';
import { openingWealth } from './wealth.ts';

/** Accounts whose cash returns to consumers every tick. */
const RECEIVERS = [SYSTEM.supplier, SYSTEM.labour, SYSTEM.court, SYSTEM.operators] as const;

/**
 * Mints all money of genesis and gives the agents in occupied slots their possessions; sets the opening
 * prices. The slots must have been occupied (`population`) before.
 */
export function foundGenesis(world: MarketWorld): void {
  const { parameters, columns, ledger } = world;
  const { genesis, consumers, treasury, amm, computeMarket, ownership, dataOwnership } = parameters;
  const mint = (account: number, token: number, cash: number): void => {
    ledger.mint(ASSET.token, account, token, REASON.genesis);
    ledger.mint(ASSET.cash, account, cash, REASON.genesis);
  };
  mint(ledger.system(SYSTEM.consumers), consumers.token, consumers.cash);
  mint(ledger.system(SYSTEM.treasury), treasury.tokenReserve, treasury.cashReserve);
  if (amm.enabled) mint(ledger.system(SYSTEM.amm), amm.token, amm.cash);
  mint(ledger.system(SYSTEM.court), 0, bankFloat(parameters));
  columns.total[TOTAL.ammRootK] = rootK(world);
  columns.scalar[WORLD.tokenPrice] = midPrice(world);
  columns.scalar[WORLD.tokenPriceBefore] = columns.scalar[WORLD.tokenPrice]!;
  columns.scalar[WORLD.computeLevel] = levelBefore(computeMarket);
  columns.scalar[WORLD.priceFast] = Math.min(U32_MAX, computeMarket.priceStart);
  columns.scalar[WORLD.priceSlow] = Math.min(U32_MAX, computeMarket.priceStart);
  columns.demandState.fill(WALK_STEPS);
  let alive = 0;
  let total = 0;
  for (let i = 0; i < parameters.slots; i++) {
    if (columns.population[i] === FREE_SLOT) continue;
    alive++;
    const { endowment } = parameters.populations[columns.population[i]!]!;
    mint(i, Math.round(genesis.token * endowment), Math.round(genesis.cash * endowment));
    const capacity = ownership.capacities?.[i] ?? genesis.capacity;
    columns.capacity[i] = capacity;
    total += capacity;
    columns.data[i] = genesis.data;
    for (let c = 0; c < CLASS_COUNT; c++) columns.skill[i * CLASS_COUNT + c] = genesis.skill;
    const wealth = Math.min(U32_MAX, openingWealth(world, i));
    columns.wealth[i] = wealth;
    columns.wealthBefore[i] = wealth;
  }
  columns.scalar[WORLD.alive] = alive;
  columns.total[TOTAL.capacity] = total;
  columns.total[TOTAL.dataFounded] = alive * genesis.data;
  columns.scalar[WORLD.dataPrice] = dataOwnership.price;
  columns.scalar[WORLD.hardwarePrice] = hardwarePrice(world);
  columns.scalar[WORLD.taskValue] = taskValue(world);
}

/** isqrt(token reserve x cash reserve) now. */
const rootK = (world: MarketWorld): number =>
  Number(isqrt(BigInt(tokenReserve(world)) * BigInt(cashReserve(world))));

/**
 * Value of a task of quality 1 in milli-token at the opening price, rounded down; at most what keeps a
 * payment for maxTasks within 31 bits.
 */
function taskValue({ parameters: { serviceMarket }, columns }: MarketWorld): number {
  const value = cashToToken(serviceMarket.value, columns.scalar[WORLD.tokenPrice]!);
  const most = Math.floor(PRODUCT_MAX / serviceMarket.maxTasks);
  // a bonus at most doubles what a task is paid
  return Math.min(value, serviceMarket.networkEffect > 0 ? most >>> 1 : most);
}

// the flows of a world never move: where they lie is found once
const flows = new WeakMap<MarketColumns, readonly Uint32Array[]>();

/** The memory of what a tick starts at zero. */
function flowsOf(columns: MarketColumns): readonly Uint32Array[] {
  let spans = flows.get(columns);
  if (spans === undefined) {
    spans = spansOf([
      columns.orderSide,
      columns.orderLevel,
      columns.orderQuantity,
      columns.orderFilled,
      columns.orderAmount,
      columns.computeFilled,
      columns.computeAmount,
      columns.computeUsed,
      columns.tasksOffered,
      columns.tasksSold,
      columns.serviceAmount,
      columns.offerQuantity,
      columns.offerSold,
      columns.offerPrice,
      columns.offerReceipt,
      columns.labelsUsed,
      columns.skillGain,
      columns.bill,
      columns.tokenOffered,
      columns.cashOffered,
      columns.insolvent,
      columns.invested,
      columns.served,
      columns.marginalScore,
      columns.bidHistogram,
      columns.askHistogram,
      columns.swapReserves,
      columns.poolRecord,
    ]);
    flows.set(columns, spans);
  }
  return spans;
}

/** The level that stands for the last clearing price until something clears: the highest that prices start at or above. */
function levelBefore({ priceTable, priceStart }: MarketWorld['parameters']['computeMarket']): number {
  const dearer = priceTable.findIndex((price) => price * 2 ** PRICE_FRACTION_BITS > priceStart);
  return dearer < 0 ? priceTable.length - 1 : Math.max(0, dearer - 1);
}

/**
 * Opens a tick: clears its flows, makes capacity this tick's compute and fixes the opening prices, before any
 * swap of the tick but that which brings in a price from outside. Intents stand until agents act: the last quotes are part of what an agent observes.
 */
export function startTick(world: MarketWorld, tick: number): void {
  const { parameters, columns } = world;
  const { scalar } = columns;
  for (const span of flowsOf(columns)) span.fill(0);
  openCapacity(columns);
  tradeOutside(world, tick);
  openPool(world);
  scalar[WORLD.computeVolume] = 0;
  scalar[WORLD.tokenPriceBefore] = scalar[WORLD.tokenPrice]!;
  scalar[WORLD.tokenPrice] = midPrice(world);
  scalar[WORLD.taskValue] = taskValue(world);
  scalar[WORLD.hardwarePrice] = hardwarePrice(world);
  moveDemand(world, tick);
  for (let c = 0; c < CLASS_COUNT; c++) {
    columns.demand[c] = parameters.serviceMarket.enabled ? wantedTasks(world, tick, c) : 0;
  }
}

/** Capacity is this tick's compute, nothing where nobody lives. */
function openCapacity({ population, capacity, opened, compute }: MarketColumns): void {
  opened.set(capacity);
  const free = population.indexOf(FREE_SLOT);
  if (free >= 0)
    for (let i = free; i < population.length; i++) if (population[i] === FREE_SLOT) opened[i] = 0;
  compute.set(opened);
}

/**
 * Returns money to the consumers, lets them buy the token they lack, and cuts `demand` to their budget. Runs
 * after startTick.
 */
export function circulate(world: MarketWorld, tick: number): void {
  returnReceipts(world);
  releaseTreasury(world);
  if (world.parameters.amm.enabled) {
    buyConsumersToken(world);
    if (tick > 0 && tick % world.parameters.amm.redeemEvery === 0) redeemLiquidity(world);
  }
  cutDemandToBudget(world);
  openSpending(world);
}

function returnReceipts({ ledger, balances, parameters, columns }: MarketWorld): void {
  const consumers = ledger.system(SYSTEM.consumers);
  for (const account of RECEIVERS) {
    // the bank that agents play against keeps its money
    if (account === SYSTEM.court && courtIsBank(parameters)) continue;
    // what the court holds for creditors is not its own
    const held = account === SYSTEM.court ? heldByCourt({ columns }) : 0;
    const cash = balances.systemCash[account]! - held;
    ledger.transfer(ASSET.cash, ledger.system(account), consumers, cash, REASON.circulation);
  }
  // operators are paid in what profits are made in
  const token = balances.systemToken[SYSTEM.operators]!;
  ledger.transfer(ASSET.token, ledger.system(SYSTEM.operators), consumers, token, REASON.circulation);
}

/** 1 / 2^shift of what is above the reserve, rounded down; the treasury keeps the remainder. */
function releaseTreasury({ ledger, balances, parameters }: MarketWorld): void {
  const { tokenReserve: token, cashReserve: cash, releaseShift } = parameters.treasury;
  const treasury = ledger.system(SYSTEM.treasury);
  const consumers = ledger.system(SYSTEM.consumers);
  const above = (balance: number, reserve: number): number =>
    Math.max(0, Math.floor((balance - reserve) / 2 ** releaseShift));
  const tokenOut = above(balances.systemToken[SYSTEM.treasury]!, token);
  const cashOut = above(balances.systemCash[SYSTEM.treasury]!, cash);
  ledger.transfer(ASSET.token, treasury, consumers, tokenOut, REASON.circulation);
  ledger.transfer(ASSET.cash, treasury, consumers, cashOut, REASON.circulation);
}

/** Consumers swap min(swapShare x cash, cost of the token they lack) cash for token. */
function buyConsumersToken(world: MarketWorld): void {
  const { ledger, balances, parameters, columns } = world;
  const reserve = tokenReserve(world);
  const price = columns.scalar[WORLD.taskValue]! + bonusMax(world);
  let wanted = 0;
  for (let c = 0; c < CLASS_COUNT; c++) wanted += columns.demand[c]! * price;
  const lacking = wanted - balances.systemToken[SYSTEM.consumers]!;
  if (lacking <= 0) return;
  const most = mulDiv(balances.systemCash[SYSTEM.consumers]!, parameters.consumers.swapShare, TWO_32);
  const cash =
    lacking < reserve ? Math.min(most, amountInNumber(lacking, cashReserve(world), reserve)) : most;
  const token = amountOutNumber(cash, cashReserve(world), reserve);
  if (token === 0) return;
  const amm = ledger.system(SYSTEM.amm);
  const consumers = ledger.system(SYSTEM.consumers);
  openSwap(world, SWAP.consumers);
  ledger.transfer(ASSET.cash, consumers, amm, cash, REASON.consumerSwap);
  ledger.transfer(ASSET.token, amm, consumers, token, REASON.consumerSwap);
  closeSwap(world, SWAP.consumers);
}

/**
 * Redeems the liquidity that fees added: afterwards isqrt(k) is what it was at genesis, never below. The
 * smaller reserve is scaled down and rounded up; the larger is then the least that keeps k, so that
 * k < (isqrt(k at genesis) + 1)^2 and the price moves by rounding alone. Proceeds go to consumers.
 */
function redeemLiquidity(world: MarketWorld): void {
  const { ledger, columns } = world;
  const root = columns.total[TOTAL.ammRootK]!;
  const now = rootK(world);
  if (now <= root) return;
  const token = tokenReserve(world);
  const cash = cashReserve(world);
  const small = Math.min(token, cash);
  const target = BigInt(root);
  const smallAfter = Number((BigInt(small) * target + BigInt(now) - 1n) / BigInt(now));
  const largeAfter = Number((target * target + BigInt(smallAfter) - 1n) / BigInt(smallAfter));
  const amm = ledger.system(SYSTEM.amm);
  const consumers = ledger.system(SYSTEM.consumers);
  const tokenAfter = token === small ? smallAfter : largeAfter;
  const cashAfter = token === small ? largeAfter : smallAfter;
  ledger.transfer(ASSET.token, amm, consumers, Math.max(0, token - tokenAfter), REASON.redemption);
  ledger.transfer(ASSET.cash, amm, consumers, Math.max(0, cash - cashAfter), REASON.redemption);
  recordRedemption(world, token, cash);
}

/**
 * D_c = min(V_c(t), floor(budget_c / (v + bonusMax))), the consumers' token split by V_c v_c, which is by V_c
 * because a task of every class has the same value. Rounding leaves the rest of a budget unspent.
 */
function cutDemandToBudget(world: MarketWorld): void {
  const { balances, columns } = world;
  const { demand, scalar } = columns;
  const price = scalar[WORLD.taskValue]! + bonusMax(world);
  const token = balances.systemToken[SYSTEM.consumers]!;
  let wanted = 0;
  for (let c = 0; c < CLASS_COUNT; c++) wanted += demand[c]!;
  if (wanted === 0) return;
  for (let c = 0; c < CLASS_COUNT; c++) {
    const budget = mulDiv(token, demand[c]!, wanted);
    demand[c] = price === 0 ? 0 : Math.min(demand[c]!, Math.floor(budget / price));
  }
}
