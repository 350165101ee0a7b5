/**
 * The service market (MODEL 5b): a scoring auction a class. Consumers take the best scores first, score =
 * value of the seller's quality + bonus - ask, exactly to one bucket of the score.
 */
import { SCORE_BUCKETS } from '../configs/derive.ts';
import { CLASS_COUNT } from '../configs/schema.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { Margin } from './batchAuction.ts';
import { ASSET, FREE_SLOT, type MarketWorld, MODE, SYSTEM, TOTAL, tokenToCash, WORLD } from './columns.ts';
import { yieldData } from './dataPool.ts';
import { feeOf, takeFee } from './fee.ts';
import { REASON } from './ledger.ts';
import { CONSUMERS } from './trades.ts';
import { register, sellable, settleTaskContract, trustIsOn, worthToConsumers } from './trust.ts';

/**
 * Most that consumers add to a score for reasons other than value, milli-token: what a seller with all of last tick's
 * tasks gets from the network effect.
 */
export const bonusMax = ({ parameters, columns }: MarketWorld): number =>
  mulHigh(columns.scalar[WORLD.taskValue]!, parameters.serviceMarket.networkEffect);

/** Moving average of tasks sold: 1/256 task, rate 1/16, moved in the ticks in which an agent serves. */
export const SOLD_ONE = 256;
const SOLD_RATE = 16;
/** The score of an order that is not admitted. */
const NO_SCORE = -1;

/** Scratch of the service market over N slots. */
export class ServiceAuction {
  /** Score of each offer in milli-token, NO_SCORE where there is none, [N]. */
  readonly score: Float64Array;
  /** Tasks won, [N]. */
  readonly fill: Uint32Array;
  /** Tasks offered per class and score bucket, [CLASS_COUNT x SCORE_BUCKETS]. */
  readonly histogram = new Uint32Array(CLASS_COUNT * SCORE_BUCKETS);
  /** Tasks offered per class at a score of zero or more, [CLASS_COUNT]. */
  readonly offered = new Float64Array(CLASS_COUNT);
  /** Best score left unfilled and worst that won, per class, [CLASS_COUNT]. */
  readonly lost = new Float64Array(CLASS_COUNT);
  readonly won = new Float64Array(CLASS_COUNT);
  /** Tasks that all sold in the last tick, for the network effect. */
  soldBefore = 0;
  readonly margins: readonly Margin[] = Array.from({ length: CLASS_COUNT }, () => new Margin());
  /** Bits that a score is shifted right to give its bucket. */
  shift = 0;

  constructor(slots: number) {
    this.score = new Float64Array(slots);
    this.fill = new Uint32Array(slots);
  }
}

/** The least shift at which every score up to `best` has a bucket. */
export const scoreShift = (best: number): number => Math.max(0, 32 - Math.clz32(best) - 8);

/** Sells this tick's tasks: at most `demand` of each class, which the consumers' budget already covers. */
export function serveTasks(world: MarketWorld, auction: ServiceAuction, tick: number): void {
  const { parameters } = world;
  if (!parameters.serviceMarket.enabled) return;
  scoreOffers(world, auction);
  choose(world, auction, draw(parameters.seed, tick, 0, STREAM.serviceRotation));
  findMarginalScores(world, auction);
  pay(world, auction, tick, world.trades?.wants(tick) === true);
  if (parameters.serviceMarket.networkEffect > 0) world.columns.soldBefore.set(world.columns.tasksSold);
}

/** A seller's bonus, milli-token: the largest one x its share of the tasks sold in the last tick, rounded down. */
function bonusOf({ columns }: MarketWorld, auction: ServiceAuction, agent: number, most: number): number {
  if (most === 0 || auction.soldBefore === 0) return 0;
  return Math.floor((most * columns.soldBefore[agent]!) / auction.soldBefore);
}

function scoreOffers(world: MarketWorld, auction: ServiceAuction): void {
  const { columns, parameters } = world;
  const { population, mode, taskClass, taskAsk, tasksOffered, compute, skill, scalar } = columns;
  const { offerQuantity, offerClass, offerAsk, offerQuality, offerWorth } = columns;
  const { cuPerTask, maxTasks } = parameters.serviceMarket;
  const value = scalar[WORLD.taskValue]!;
  const most = bonusMax(world);
  const contracts = trustIsOn(parameters);
  auction.shift = scoreShift(value + most);
  auction.soldBefore = 0;
  if (most > 0) for (let i = 0; i < parameters.slots; i++) auction.soldBefore += columns.soldBefore[i]!;
  auction.histogram.fill(0);
  auction.offered.fill(0);
  for (let i = 0; i < parameters.slots; i++) {
    auction.score[i] = NO_SCORE;
    if (mode[i] !== MODE.serve || population[i] === FREE_SLOT) continue;
    const c = taskClass[i]!;
    let q = Math.min(maxTasks, Math.floor(compute[i]! / cuPerTask));
    if (contracts && q > 0) {
      q = Math.min(q, Math.floor(sellable(world, i) / cuPerTask));
      if (q > 0) register(world, i);
    }
    tasksOffered[i] = q;
    const quality = skill[i * CLASS_COUNT + c]!;
    const worth = worthToConsumers(world, i, value, quality) + bonusOf(world, auction, i, most);
    offerQuantity[i] = q;
    offerClass[i] = c;
    offerAsk[i] = taskAsk[i]!;
    offerQuality[i] = quality;
    offerWorth[i] = worth;
    const score = worth - taskAsk[i]!;
    if (q === 0 || score < 0) continue;
    auction.score[i] = score;
    auction.offered[c]! += q;
    auction.histogram[c * SCORE_BUCKETS + (score >>> auction.shift)]! += q;
  }
}

/** Best buckets first until demand is met; the marginal bucket is rationed in an order rotated by `word`. */
function choose(world: MarketWorld, auction: ServiceAuction, word: number): void {
  const { demand, served } = world.columns;
  const { slots } = world.parameters;
  for (let c = 0; c < CLASS_COUNT; c++) {
    served[c] = Math.min(auction.offered[c]!, demand[c]!);
    auction.margins[c]!.fromTop(auction.histogram, c * SCORE_BUCKETS, SCORE_BUCKETS, served[c]!);
  }
  const start = mulHigh(word, slots);
  fillOffers(world, auction, start, slots);
  fillOffers(world, auction, 0, start);
}

function fillOffers(world: MarketWorld, auction: ServiceAuction, start: number, end: number): void {
  const { taskClass, tasksOffered } = world.columns;
  const { score, fill, shift, margins } = auction;
  for (let i = start; i < end; i++) {
    fill[i] = 0;
    if (score[i]! < 0) continue;
    const margin = margins[taskClass[i]!]!;
    const bucket = score[i]! >>> shift;
    if (bucket > margin.level) fill[i] = tasksOffered[i]!;
    else if (bucket === margin.level) fill[i] = margin.take(tasksOffered[i]!);
  }
}

/**
 * The second score S* of each class: the best score left unfilled, but never above the worst that won, so
 * that a winner of the rationed bucket is not paid less than it asked. Zero where nobody lost.
 */
function findMarginalScores(world: MarketWorld, auction: ServiceAuction): void {
  const { taskClass, tasksOffered, marginalScore } = world.columns;
  const { score, fill, lost, won } = auction;
  lost.fill(NO_SCORE);
  won.fill(U32_MAX);
  for (let i = 0; i < world.parameters.slots; i++) {
    const s = score[i]!;
    if (s < 0) continue;
    const c = taskClass[i]!;
    if (fill[i]! > 0 && s < won[c]!) won[c] = s;
    if (fill[i]! < tasksOffered[i]! && s > lost[c]!) lost[c] = s;
  }
  for (let c = 0; c < CLASS_COUNT; c++) {
    marginalScore[c] = lost[c] === NO_SCORE ? 0 : Math.min(lost[c]!, won[c]!);
  }
}

/** Consumers pay each winner its own ask, or value + bonus - S*. The fee rounds down; the seller keeps the rest. */
function pay(world: MarketWorld, auction: ServiceAuction, tick: number, record: boolean): void {
  const { parameters, columns, balances, ledger } = world;
  const { taskClass, taskAsk, tasksSold, serviceAmount, computeUsed, skill, soldEma, mode } = columns;
  const { population, scalar, total, marginalScore } = columns;
  const { value: valueInCash, cuPerTask, feeBps, pricing } = parameters.serviceMarket;
  const value = scalar[WORLD.taskValue]!;
  const tokenPrice = scalar[WORLD.tokenPrice]!;
  const consumers = ledger.system(SYSTEM.consumers);
  const most = bonusMax(world);
  const contracts = trustIsOn(parameters);
  for (let i = 0; i < parameters.slots; i++) {
    if (mode[i] !== MODE.serve || population[i] === FREE_SLOT) continue;
    const sold = auction.fill[i]!;
    soldEma[i]! += Math.floor((sold * SOLD_ONE - soldEma[i]!) / SOLD_RATE);
    if (sold === 0) continue;
    const c = taskClass[i]!;
    const quality = skill[i * CLASS_COUNT + c]!;
    const worth = worthToConsumers(world, i, value, quality) + bonusOf(world, auction, i, most);
    const price = pricing === 'ask' ? taskAsk[i]! : worth - marginalScore[c]!;
    const before = balances.token[i]!;
    let paid = price * sold;
    let delivered = sold;
    if (contracts) {
      paid = settleTaskContract(world, i, sold, price, tick);
      if (columns.breached[i]! > 0) delivered = 0;
    } else {
      const fee = feeOf(paid, feeBps);
      ledger.transfer(ASSET.token, consumers, i, paid - fee, REASON.task);
      takeFee(world, consumers, fee, REASON.taskFee);
      serviceAmount[i] = paid - fee;
    }
    tasksSold[i] = sold;
    columns.offerSold[i] = sold;
    columns.offerPrice[i] = price;
    columns.offerReceipt[i] = balances.token[i]! - before;
    computeUsed[i]! += sold * cuPerTask;
    if (delivered > 0) yieldData(world, i, delivered, tick);
    total[TOTAL.spentToken]! += paid;
    total[TOTAL.spentCash]! += tokenToCash(paid, tokenPrice);
    total[TOTAL.tasks]! += sold;
    total[TOTAL.taskValue]! += mulHigh(valueInCash, quality) * delivered;
    if (record) world.trades?.fill(tick, 'service', CONSUMERS, i, c, sold, price);
  }
}
