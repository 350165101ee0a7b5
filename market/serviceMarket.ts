/**
 * The service market (MODEL 5b): a scoring auction a class. Consumers take the best scores first, score =
 * value of the seller's quality + bonus - ask, exactly to one bucket of the score.
 */

import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { SCORE_BUCKETS } from '../configs/worldParameters.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { fillFromTop } from './batchAuction.ts';
import { type Clearing, TASK_SUM } from './clearing.ts';
import { ASSET, type MarketWorld, MODE, SYSTEM, TOTAL, tokenToCash, WORLD } from './columns.ts';
import { yieldData } from './dataPool.ts';
import { divideFee, payLessFee } from './fee.ts';
import { REASON } from './ledger.ts';
import { CONSUMERS } from './trades.ts';
import { register, sellable, settleTaskContracts, trustIsOn, worthAt } from './trust.ts';

/**
 * Most that consumers add to a score for reasons other than value, milli-token: what a seller with all of last tick's
 * tasks gets from the network effect.
 */
export const bonusMax = ({ parameters, columns }: MarketWorld): number =>
  mulHigh(columns.scalar[WORLD.taskValue]!, parameters.serviceMarket.networkEffect);

/** Moving average of tasks sold: 1/256 task, rate 1/16, moved in the ticks in which an agent serves. */
const SOLD_ONE = 256;
const SOLD_RATE = 16;
/** The score of an offer that is not admitted. */
const NO_SCORE = -1;
/** The bin of such offers, of which nothing is filled. */
const NO_BIN = CLASS_COUNT * SCORE_BUCKETS;

/** Scratch of the service market over N slots. */
export class ServiceAuction {
  /** Slots of those who serve, in slot order; the first `serverCount` count, [N]. */
  readonly servers: Uint32Array;
  serverCount = 0;
  /** Of these, who won something, [N]. */
  readonly winners: Uint32Array;
  winnerCount = 0;
  /** What the consumers paid by place among the winners, milli-token, [N]. */
  readonly paid: Uint32Array;
  /** By place among the servers, [N]: score of the offer in milli-token, NO_SCORE where it is not admitted; its bin. */
  readonly score: Int32Array;
  readonly bin: Uint32Array;
  /** Tasks won by place among the servers, [N]. */
  readonly fill: Uint32Array;
  /** Tasks offered per class and score bucket, and what of them is to be filled, [CLASS_COUNT x SCORE_BUCKETS + 1]. */
  readonly histogram = new Uint32Array(NO_BIN + 1);
  readonly rest = new Uint32Array(NO_BIN + 1);
  /** Tasks offered per class at a score of zero or more, [CLASS_COUNT]. */
  readonly offered = new Float64Array(CLASS_COUNT);
  /** Best score left unfilled and worst that won, per class, [CLASS_COUNT]. */
  readonly lost = new Float64Array(CLASS_COUNT);
  readonly won = new Float64Array(CLASS_COUNT);
  /** Tasks that all sold in the last tick, for the network effect. */
  soldBefore = 0;
  /** Bits that a score is shifted right to give its bucket. */
  shift = 0;

  constructor(slots: number) {
    this.servers = new Uint32Array(slots);
    this.winners = new Uint32Array(slots);
    this.paid = new Uint32Array(slots);
    this.score = new Int32Array(slots);
    this.bin = new Uint32Array(slots);
    this.fill = new Uint32Array(slots);
  }
}

/** The least shift at which every score up to `best` has a bucket. */
export const scoreShift = (best: number): number => Math.max(0, 32 - Math.clz32(best) - 8);

/** Sells this tick's tasks: at most `demand` of each class, which the consumers' budget already covers. */
export function serveTasks(world: MarketWorld, auction: ServiceAuction, tick: number): void {
  const { parameters } = world;
  if (!parameters.serviceMarket.enabled) return;
  const paid = world.clearing != null && serveInPasses(world, world.clearing, auction, tick);
  if (world.clearing == null) sellTasks(world, auction, tick);
  if (!paid) {
    pay(world, auction, tick);
    deliver(world, auction, tick);
  }
  if (world.trades?.wants(tick)) recordFills(world, auction, tick);
  if (parameters.serviceMarket.networkEffect > 0) world.columns.soldBefore.set(world.columns.tasksSold);
}

/** Everything up to payment: the specification of the kernel's pass. */
function sellTasks(world: MarketWorld, auction: ServiceAuction, tick: number): void {
  listServers(world, auction);
  offerTasks(world, auction);
  scoreOffers(world, auction);
  choose(world, auction, draw(world.parameters.seed, tick, 0, STREAM.serviceRotation));
  findMarginalScores(world, auction);
  recordSales(world, auction);
}

/**
 * The same by the kernel, and payment and delivery too where nobody asks for the entries, nobody can be sued and no
 * balance comes near its range. Returns whether all is paid and delivered; lists the winners if not, or where trades
 * are recorded.
 */
function serveInPasses(
  world: MarketWorld,
  clearing: Clearing,
  auction: ServiceAuction,
  tick: number,
): boolean {
  const { parameters, columns, balances, ledger } = world;
  const passes = clearing.open();
  const shift = scoreShift(columns.scalar[WORLD.taskValue]! + bonusMax(world));
  const count = passes.sellTasks(tick, shift);
  const token = balances.systemToken[SYSTEM.consumers]!;
  const cash = balances.systemCash[SYSTEM.consumers]!;
  const paid =
    ledger.journal === null &&
    parameters.trust.regime !== 'legal' &&
    passes.payTasks(tick, count, token, cash) === 1;
  if (paid) bookTasks(world, clearing.results);
  if (!paid || world.trades != null) {
    auction.winners.set(clearing.winners.subarray(0, count));
    auction.winnerCount = count;
  }
  return paid;
}

/** Books on the system accounts what the pass moved. */
function bookTasks(world: MarketWorld, sums: Float64Array): void {
  const { ledger, parameters } = world;
  const compensation = sums[TASK_SUM.compensation]!;
  const gains = sums[TASK_SUM.gains]!;
  const audits = sums[TASK_SUM.audits]!;
  ledger.bookPass(ASSET.token, SYSTEM.consumers, compensation, sums[TASK_SUM.received]!);
  ledger.bookPass(ASSET.cash, SYSTEM.consumers, 0, gains + audits);
  ledger.bookPass(ASSET.cash, SYSTEM.supplier, audits, 0);
  const consumers = ledger.system(SYSTEM.consumers);
  divideFee(world, consumers, sums[TASK_SUM.fees]!, sums[TASK_SUM.burned]!, REASON.taskFee);
  const rest = sums[TASK_SUM.slashRest]!;
  if (rest === 0) return;
  const to = parameters.trust.burnsRest ? SYSTEM.escrow : SYSTEM.treasury;
  ledger.bookPass(ASSET.token, to, rest, 0);
  if (to === SYSTEM.escrow) ledger.burn(ASSET.token, ledger.system(to), rest, REASON.slash);
}

/** Whoever serves, side by side without a branch on what an agent chose. */
function listServers({ columns, parameters }: MarketWorld, auction: ServiceAuction): void {
  const { population, mode } = columns;
  const { servers } = auction;
  const { slots } = parameters;
  let count = 0;
  for (let i = 0; i < slots; i++) {
    servers[count] = i;
    // one where mode = MODE.serve, and one but for FREE_SLOT, whose bits are all ones
    count += (((mode[i]! ^ MODE.serve) - 1) >>> 31) & (~population[i]! >>> 31);
  }
  auction.serverCount = count;
}

/** Tasks that each server can do with its compute, and may promise. */
function offerTasks(world: MarketWorld, { servers, serverCount }: ServiceAuction): void {
  const { columns, parameters } = world;
  const { tasksOffered, compute } = columns;
  const { cuPerTask, maxTasks } = parameters.serviceMarket;
  const contracts = trustIsOn(parameters);
  for (let k = 0; k < serverCount; k++) {
    const i = servers[k]!;
    let q = Math.min(maxTasks, Math.floor(compute[i]! / cuPerTask));
    if (contracts && q > 0) {
      const units = q * cuPerTask;
      const most = sellable(world, i, units);
      if (most < units) q = Math.floor(most / cuPerTask);
      if (q > 0) register(world, i);
    }
    tasksOffered[i] = q;
  }
}

/** Writes `offerWorth`: what a task of each server is worth to consumers with its bonus, milli-token. */
function valueOffers(world: MarketWorld, auction: ServiceAuction): void {
  const { columns, parameters } = world;
  const { taskClass, skill, reputation, scalar, offerQuality, offerWorth, soldBefore } = columns;
  const { servers, serverCount } = auction;
  const value = scalar[WORLD.taskValue]!;
  const weight = trustIsOn(parameters) ? parameters.trust.reputationWeight : 0;
  for (let k = 0; k < serverCount; k++) {
    const i = servers[k]!;
    const quality = skill[i * CLASS_COUNT + taskClass[i]!]!;
    offerQuality[i] = quality;
    offerWorth[i] = worthAt(value, quality, weight, reputation[i]!);
  }
  const most = bonusMax(world);
  auction.soldBefore = 0;
  if (most === 0) return;
  for (let i = 0; i < parameters.slots; i++) auction.soldBefore += soldBefore[i]!;
  if (auction.soldBefore === 0) return;
  // a seller's bonus: the largest one x its share of the tasks sold in the last tick, rounded down
  for (let k = 0; k < serverCount; k++) {
    const i = servers[k]!;
    if (soldBefore[i]! > 0) offerWorth[i]! += Math.floor((most * soldBefore[i]!) / auction.soldBefore);
  }
}

function scoreOffers(world: MarketWorld, auction: ServiceAuction): void {
  const { columns } = world;
  const { taskClass, taskAsk, tasksOffered, scalar } = columns;
  const { offerQuantity, offerClass, offerAsk, offerWorth } = columns;
  const { servers, serverCount, score: scores, bin, histogram, offered } = auction;
  valueOffers(world, auction);
  const shift = scoreShift(scalar[WORLD.taskValue]! + bonusMax(world));
  auction.shift = shift;
  histogram.fill(0);
  offered.fill(0);
  for (let k = 0; k < serverCount; k++) {
    const i = servers[k]!;
    const c = taskClass[i]!;
    const q = tasksOffered[i]!;
    const ask = taskAsk[i]!;
    offerQuantity[i] = q;
    offerClass[i] = c;
    offerAsk[i] = ask;
    const score = offerWorth[i]! - ask;
    if (q === 0 || score < 0) {
      scores[k] = NO_SCORE;
      bin[k] = NO_BIN;
      continue;
    }
    const at = c * SCORE_BUCKETS + (score >>> shift);
    scores[k] = score;
    bin[k] = at;
    offered[c]! += q;
    histogram[at]! += q;
  }
}

/** Best buckets first until demand is met; the marginal bucket is rationed in an order rotated by `word`. */
function choose(world: MarketWorld, auction: ServiceAuction, word: number): void {
  const { demand, served } = world.columns;
  const { histogram, rest, offered, servers, serverCount } = auction;
  rest.fill(0);
  for (let c = 0; c < CLASS_COUNT; c++) {
    served[c] = Math.min(offered[c]!, demand[c]!);
    fillFromTop(rest, histogram, c * SCORE_BUCKETS, SCORE_BUCKETS - 1, served[c]!);
  }
  const start = mulHigh(word, world.parameters.slots);
  let first = 0;
  while (first < serverCount && servers[first]! < start) first++;
  fillOffers(world, auction, first, serverCount);
  fillOffers(world, auction, 0, first);
}

function fillOffers({ columns }: MarketWorld, auction: ServiceAuction, from: number, to: number): void {
  const { tasksOffered } = columns;
  const { servers, bin, rest, fill } = auction;
  for (let k = from; k < to; k++) {
    const at = bin[k]!;
    const sold = Math.min(tasksOffered[servers[k]!]!, rest[at]!);
    rest[at]! -= sold;
    fill[k] = sold;
  }
}

/**
 * The second score S* of each class: the best score left unfilled, but never above the worst that won, so
 * that a winner of the rationed bucket is not paid less than it asked. Zero where nobody lost.
 */
function findMarginalScores(world: MarketWorld, auction: ServiceAuction): void {
  const { taskClass, tasksOffered, marginalScore } = world.columns;
  const { score, fill, lost, won, servers, serverCount } = auction;
  lost.fill(NO_SCORE);
  won.fill(U32_MAX);
  for (let k = 0; k < serverCount; k++) {
    const s = score[k]!;
    if (s < 0) continue;
    const i = servers[k]!;
    const c = taskClass[i]!;
    if (fill[k]! > 0 && s < won[c]!) won[c] = s;
    if (fill[k]! < tasksOffered[i]! && s > lost[c]!) lost[c] = s;
  }
  for (let c = 0; c < CLASS_COUNT; c++) {
    marginalScore[c] = lost[c] === NO_SCORE ? 0 : Math.min(lost[c]!, won[c]!);
  }
}

/** Writes what everybody sold at which price: its own ask, or value + bonus - S*. Lists the winners. */
function recordSales(world: MarketWorld, auction: ServiceAuction): void {
  const { parameters, columns } = world;
  const { taskClass, taskAsk, tasksSold, soldEma, computeUsed, marginalScore, total } = columns;
  const { offerSold, offerPrice, offerWorth } = columns;
  const { cuPerTask, pricing } = parameters.serviceMarket;
  const { fill, servers, serverCount, winners } = auction;
  const byAsk = pricing === 'ask';
  let count = 0;
  let tasks = 0;
  for (let k = 0; k < serverCount; k++) {
    const i = servers[k]!;
    const sold = fill[k]!;
    soldEma[i]! += Math.floor((sold * SOLD_ONE - soldEma[i]!) / SOLD_RATE);
    if (sold === 0) continue;
    winners[count++] = i;
    tasks += sold;
    tasksSold[i] = sold;
    offerSold[i] = sold;
    offerPrice[i] = byAsk ? taskAsk[i]! : offerWorth[i]! - marginalScore[taskClass[i]!]!;
    computeUsed[i]! += sold * cuPerTask;
  }
  auction.winnerCount = count;
  total[TOTAL.tasks]! += tasks;
}

/** Consumers pay each winner. The fee rounds down; the seller keeps the rest. */
function pay(world: MarketWorld, auction: ServiceAuction, tick: number): void {
  const { parameters, columns, balances } = world;
  const { offerReceipt, scalar, total } = columns;
  const { winners, winnerCount, paid } = auction;
  const { token } = balances;
  for (let k = 0; k < winnerCount; k++) {
    const i = winners[k]!;
    offerReceipt[i] = token[i]!;
  }
  if (trustIsOn(parameters)) settleTaskContracts(world, winners, winnerCount, paid, tick);
  else payTasks(world, winners, winnerCount, paid);
  const tokenPrice = scalar[WORLD.tokenPrice]!;
  let spent = 0;
  let spentCash = 0;
  for (let k = 0; k < winnerCount; k++) {
    const i = winners[k]!;
    offerReceipt[i] = token[i]! - offerReceipt[i]!;
    spent += paid[k]!;
    spentCash += tokenToCash(paid[k]!, tokenPrice);
  }
  total[TOTAL.spentToken]! += spent;
  total[TOTAL.spentCash]! += spentCash;
}

/**
 * Pays winners where nobody can default. Without a journal all payments move together, and so do the fees.
 *
 * @param paid written: what the consumers pay by place among the winners, milli-token
 */
function payTasks(world: MarketWorld, winners: Uint32Array, winnerCount: number, paid: Uint32Array): void {
  const { parameters, columns } = world;
  const { offerPrice, offerSold, serviceAmount } = columns;
  const { feeBps } = parameters.serviceMarket;
  for (let k = 0; k < winnerCount; k++) {
    const i = winners[k]!;
    const price = offerPrice[i]!;
    const due = price * offerSold[i]!;
    paid[k] = due;
    serviceAmount[i] = due;
  }
  payLessFee(world, SYSTEM.consumers, winners, winnerCount, serviceAmount, feeBps, REASON.task);
}

/** Counts the value of what was delivered, and gives everybody the data that it yields. */
function deliver(world: MarketWorld, { winners, winnerCount }: ServiceAuction, tick: number): void {
  const { parameters, columns } = world;
  const { breached, offerQuality, offerSold, total } = columns;
  const { value } = parameters.serviceMarket;
  const contracts = trustIsOn(parameters);
  let worth = 0;
  for (let k = 0; k < winnerCount; k++) {
    const i = winners[k]!;
    if (contracts && breached[i]! > 0) continue;
    worth += mulHigh(value, offerQuality[i]!) * offerSold[i]!;
    yieldData(world, i, offerSold[i]!, tick);
  }
  total[TOTAL.taskValue]! += worth;
}

function recordFills(world: MarketWorld, { winners, winnerCount }: ServiceAuction, tick: number): void {
  const { offerClass, offerSold, offerPrice } = world.columns;
  for (let k = 0; k < winnerCount; k++) {
    const i = winners[k]!;
    world.trades?.fill(tick, 'service', CONSUMERS, i, offerClass[i]!, offerSold[i]!, offerPrice[i]!);
  }
}
