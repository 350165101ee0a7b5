/** Laws of the service market: who serves demand, at which price, and what is paid. */
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { SCORE_BUCKETS } from '../configs/worldParameters.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { breach } from './breach.ts';
import { type MarketWorld, WORLD } from './columns.ts';
import { feeOf } from './fee.ts';

/** No class is served beyond its demand, nobody sells more than it offered, and no more is sold than served. */
export function checkTasks(world: MarketWorld): void {
  const { tasksSold, tasksOffered, served, demand } = world.columns;
  let sold = 0;
  for (let i = 0; i < world.parameters.slots; i++) {
    if (tasksSold[i]! > tasksOffered[i]!) {
      breach(world, 'tasks', `agent ${i} tasks`, `${tasksSold[i]} sold of ${tasksOffered[i]} offered`);
    }
    sold += tasksSold[i]!;
  }
  let all = 0;
  for (let c = 0; c < CLASS_COUNT; c++) {
    all += served[c]!;
    if (served[c]! > demand[c]!)
      breach(world, 'tasks', `class ${c}`, `${served[c]} served, ${demand[c]} wanted`);
  }
  // less where a seller has died since
  if (sold > all) breach(world, 'tasks', 'all tasks', `${sold} sold, ${all} served`);
  if (!world.parameters.serviceMarket.enabled) return;
  checkOffers(world);
  checkTaskPrices(world);
}

/** Of each class: tasks offered at a score of zero or more, won, worst winning and best waiting score. */
const offered = new Float64Array(CLASS_COUNT);
const won = new Float64Array(CLASS_COUNT);
const worstWon = new Float64Array(CLASS_COUNT);
const bestWaiting = new Float64Array(CLASS_COUNT);

/**
 * From the record of the offers: nobody wins at a score below zero, nobody in a worse bucket than an offer of its class
 * that still waits, and as much is served as demand and offers allow. What an offer is worth is checked where it follows
 * from quality alone, without weight on reputation and without network effect, and bounded elsewhere.
 */
function checkOffers(world: MarketWorld): void {
  const { parameters, columns } = world;
  const { offerQuantity, offerClass, offerAsk, offerQuality, offerWorth, offerSold } = columns;
  const { served, demand, scalar } = columns;
  const { networkEffect } = parameters.serviceMarket;
  const value = scalar[WORLD.taskValue]!;
  const bonus = mulHigh(value, networkEffect);
  const byQuality =
    networkEffect === 0 && (parameters.trust.regime === 'off' || parameters.trust.reputationWeight === 0);
  let shift = 0;
  while ((value + bonus) / 2 ** shift >= SCORE_BUCKETS) shift++;
  offered.fill(0);
  won.fill(0);
  worstWon.fill(Number.POSITIVE_INFINITY);
  bestWaiting.fill(-1);
  for (let i = 0; i < parameters.slots; i++) {
    const quantity = offerQuantity[i]!;
    const sold = offerSold[i]!;
    if (quantity === 0 && sold === 0) continue;
    const account = `agent ${i} tasks`;
    if (sold > quantity) breach(world, 'tasks', account, `${sold} sold of ${quantity} offered`);
    const worth = offerWorth[i]!;
    const plain = mulHigh(value, offerQuality[i]!);
    if (byQuality ? worth !== plain : worth > plain + bonus) {
      breach(world, 'tasks', account, `worth ${worth} milli-token a task, its quality says ${plain}`);
    }
    const score = worth - offerAsk[i]!;
    if (score < 0) {
      if (sold > 0) breach(world, 'tasks', account, `${sold} sold at a score of ${score}`);
      continue;
    }
    const c = offerClass[i]!;
    offered[c]! += quantity;
    won[c]! += sold;
    if (sold > 0) worstWon[c] = Math.min(worstWon[c]!, score);
    if (sold < quantity) bestWaiting[c] = Math.max(bestWaiting[c]!, score);
  }
  for (let c = 0; c < CLASS_COUNT; c++) {
    const most = Math.min(offered[c]!, demand[c]!);
    if (won[c] !== most || served[c] !== most) {
      breach(world, 'tasks', `class ${c}`, `${won[c]} sold, ${served[c]} served, ${most} could be`);
    }
    if (Math.floor(worstWon[c]! / 2 ** shift) < Math.floor(bestWaiting[c]! / 2 ** shift)) {
      const found = `an offer of score ${worstWon[c]} won while one of ${bestWaiting[c]} waits`;
      breach(world, 'tasks', `class ${c}`, found);
    }
  }
}

/**
 * Consumers pay a winner its ask, or its worth less the second score: the best that waits, but not above the worst that
 * won. What came into its balance is that x tasks less the fee; nothing where stakes back contracts and an audit found
 * for the consumers. Runs after checkOffers, whose worst and best scores it reads.
 */
function checkTaskPrices(world: MarketWorld): void {
  const { parameters, columns } = world;
  const { offerClass, offerAsk, offerWorth, offerSold, offerPrice, offerReceipt } = columns;
  const { pricing, feeBps } = parameters.serviceMarket;
  const audited = parameters.trust.regime === 'programmatic';
  for (let i = 0; i < parameters.slots; i++) {
    const sold = offerSold[i]!;
    const receipt = offerReceipt[i]!;
    if (sold === 0 && receipt === 0) continue;
    const account = `agent ${i} tasks`;
    const c = offerClass[i]!;
    const second = Math.max(0, Math.min(bestWaiting[c]!, worstWon[c]!));
    const price = pricing === 'ask' ? offerAsk[i]! : offerWorth[i]! - second;
    if (offerPrice[i] !== price || price < offerAsk[i]! || price > offerWorth[i]!) {
      const found = `sold at ${offerPrice[i]} milli-token, asked ${offerAsk[i]}, worth ${offerWorth[i]}, the rule says ${price}`;
      breach(world, 'tasks', account, found);
    }
    const due = price * sold - feeOf(price * sold, feeBps);
    if (receipt !== due && !(audited && receipt === 0)) {
      breach(world, 'tasks', account, `${receipt} milli-token received for ${sold} tasks, ${due} due`);
    }
  }
}
