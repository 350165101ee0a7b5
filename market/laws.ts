/**
 * The economic laws of the markets, each recomputed from columns and away from the code that upholds it.
 *
 * They hold when a tick ends: they read possessions, balances and the records of the tick's trades, which
 * deaths leave alone, and no intents, which a vacated slot loses. Each is one pass over a few columns or
 * over the price levels, cheap enough for every tick.
 */
import { PRICE_LEVELS, SCORE_BUCKETS } from '../configs/derive.ts';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { LawViolation } from '../sim/core/errors.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import {
  ASSET,
  ASSET_NAMES,
  FREE_SLOT,
  type MarketWorld,
  POOL_RECORD,
  SIDE,
  SPENDING,
  SWAP,
  SWAP_FIELDS,
  SYSTEM,
  SYSTEM_COUNT,
  SYSTEM_NAMES,
  TOTAL,
  WORLD,
} from './columns.ts';
import { feeOf } from './fee.ts';

/** A law by name; `check` throws LawViolation with law, tick, world and account. */
export interface MarketLaw {
  readonly name: string;
  readonly about: string;
  readonly check: (world: MarketWorld) => void;
}

const breach = (world: MarketWorld, law: string, account: string, found: string): never => {
  throw new LawViolation(law, { world: world.ledger.world, tick: world.ledger.tick, account }, found);
};

/** Sum of all balances = genesis + minted - burned, per asset. */
export const checkConservation = (world: MarketWorld): void => world.ledger.checkConservation();

/**
 * System balances are integers from 0 to 2^53 - 1. Balances of agents are u32 by type, so one that wrapped round
 * shows as more than there is: no balance exceeds the supply of its asset.
 */
export function checkBalances(world: MarketWorld): void {
  const { systemToken, systemCash } = world.balances;
  const { token, cash, stake } = world.balances;
  const tokenSupply = world.ledger.supply(ASSET.token);
  const cashSupply = world.ledger.supply(ASSET.cash);
  for (let i = 0; i < token.length; i++) {
    if (token[i]! <= tokenSupply && stake[i]! <= tokenSupply && cash[i]! <= cashSupply) continue;
    const wrapped = cash[i]! > cashSupply ? 'cash' : token[i]! > tokenSupply ? 'token' : 'stake';
    const found = `balance ${world.balances[wrapped][i]} is more than there is: it wrapped round`;
    breach(world, 'balances-in-range', `agent ${i} ${wrapped}`, found);
  }
  for (const asset of [ASSET.token, ASSET.cash]) {
    const column = asset === ASSET.token ? systemToken : systemCash;
    for (let a = 0; a < SYSTEM_COUNT; a++) {
      if (Number.isSafeInteger(column[a]) && column[a]! >= 0) continue;
      const account = `${SYSTEM_NAMES[a]} ${ASSET_NAMES[asset]}`;
      breach(world, 'balances-in-range', account, `balance ${column[a]} is not an integer in 0..2^53 - 1`);
    }
  }
}

/** Nothing stays in escrow when a tick ends. */
export function checkEscrow(world: MarketWorld): void {
  const { systemToken, systemCash } = world.balances;
  if (systemToken[SYSTEM.escrow] !== 0) {
    breach(world, 'escrow-empty', 'escrow token', `${systemToken[SYSTEM.escrow]} milli-token left`);
  }
  if (systemCash[SYSTEM.escrow] !== 0) {
    breach(world, 'escrow-empty', 'escrow cash', `${systemCash[SYSTEM.escrow]} milli-cash left`);
  }
}

/** Compute used <= compute at hand = capacity at the opening + bought and delivered - sold. */
export function checkComputeUse(world: MarketWorld): void {
  const { opened, computeUsed, orderFilled, orderSide, undelivered } = world.columns;
  const contracts = undelivered.length > 0;
  for (let i = 0; i < world.parameters.slots; i++) {
    const missing = contracts ? undelivered[i]! : 0;
    const hand = opened[i]! - missing + (orderSide[i] === SIDE.buy ? orderFilled[i]! : -orderFilled[i]!);
    if (hand < 0)
      breach(world, 'compute-used', `agent ${i} compute`, `${orderFilled[i]} cu sold of ${opened[i]}`);
    if (computeUsed[i]! > hand) {
      breach(world, 'compute-used', `agent ${i} compute`, `${computeUsed[i]} cu used of ${hand}`);
    }
  }
}

/** cu bought = cu sold = the volume of the auction. */
export function checkBoughtSold(world: MarketWorld): void {
  const { orderFilled, orderSide, scalar } = world.columns;
  let bought = 0;
  let sold = 0;
  for (let i = 0; i < world.parameters.slots; i++) {
    if (orderSide[i] === SIDE.buy) bought += orderFilled[i]!;
    else if (orderSide[i] === SIDE.sell) sold += orderFilled[i]!;
  }
  const volume = scalar[WORLD.computeVolume]!;
  if (bought !== sold || bought !== volume) {
    breach(world, 'bought-equals-sold', 'compute', `${bought} cu bought, ${sold} sold, volume ${volume}`);
  }
}

const filledBids = new Float64Array(PRICE_LEVELS);
const filledAsks = new Float64Array(PRICE_LEVELS);
/** Quantity ordered by level, counted again from the orders' record. */
const orderedBids = new Float64Array(PRICE_LEVELS);
const orderedAsks = new Float64Array(PRICE_LEVELS);

/**
 * The histograms hold every admitted order, the volume is the largest that any level allows, the clearing level the
 * one that the tie rule names, no fill is beyond its limit or larger than its order, and a better limit is served in
 * full before a worse one. Of a book (double auction) only that nobody trades more than it came with.
 */
export function checkClearing(world: MarketWorld): void {
  if (world.parameters.doubleAuction.enabled) {
    checkBookFills(world);
    return;
  }
  const { orderFilled, orderQuantity, orderSide, orderLevel, scalar } = world.columns;
  const { bidHistogram, askHistogram } = world.columns;
  const volume = scalar[WORLD.computeVolume]!;
  const best = largestVolume(bidHistogram, askHistogram);
  if (volume !== best) breach(world, 'clearing', 'compute', `volume ${volume} cu, ${best} could trade`);
  const clearing = scalar[WORLD.computeLevel]!;
  filledBids.fill(0);
  filledAsks.fill(0);
  orderedBids.fill(0);
  orderedAsks.fill(0);
  for (let i = 0; i < world.parameters.slots; i++) {
    if (orderSide[i] === SIDE.none) continue;
    const filled = orderFilled[i]!;
    const level = orderLevel[i]!;
    const buys = orderSide[i] === SIDE.buy;
    (buys ? orderedBids : orderedAsks)[level]! += orderQuantity[i]!;
    if (filled === 0) continue;
    if (buys ? level < clearing : level > clearing) {
      breach(
        world,
        'clearing',
        `agent ${i} compute`,
        `filled at level ${clearing}, beyond its limit ${level}`,
      );
    }
    if (filled > orderQuantity[i]!) {
      breach(world, 'clearing', `agent ${i} compute`, `filled ${filled} of ${orderQuantity[i]} cu`);
    }
    (buys ? filledBids : filledAsks)[level]! += filled;
  }
  for (let k = 0; k < PRICE_LEVELS; k++) {
    if (orderedBids[k] === bidHistogram[k] && orderedAsks[k] === askHistogram[k]) continue;
    const found = `level ${k}: ${orderedBids[k]} cu bid and ${orderedAsks[k]} asked, ${bidHistogram[k]} and ${askHistogram[k]} counted`;
    breach(world, 'clearing', 'compute', found);
  }
  if (volume === 0) return;
  const level = clearingLevel(orderedBids, orderedAsks);
  if (clearing !== level) {
    breach(world, 'clearing', 'compute', `cleared at level ${clearing}, the rule says ${level}`);
  }
  let open = true;
  for (let k = PRICE_LEVELS - 1; k >= 0; k--)
    open = checkPriority(world, 'bids', k, open, filledBids, bidHistogram);
  open = true;
  for (let k = 0; k < PRICE_LEVELS; k++)
    open = checkPriority(world, 'asks', k, open, filledAsks, askHistogram);
}

/** A book trades order by order, so that no level clears the tick: nobody trades more than it came with. */
function checkBookFills(world: MarketWorld): void {
  const { orderFilled, orderQuantity } = world.columns;
  for (let i = 0; i < world.parameters.slots; i++) {
    if (orderFilled[i]! <= orderQuantity[i]!) continue;
    breach(world, 'clearing', `agent ${i} compute`, `filled ${orderFilled[i]} of ${orderQuantity[i]} cu`);
  }
}

const demanded = new Float64Array(PRICE_LEVELS);
const supplied = new Float64Array(PRICE_LEVELS);

/** The level of the largest min(D, S), of those that of the least |D - S|, of those the lower middle. */
function clearingLevel(bids: Float64Array, asks: Float64Array): number {
  let sum = 0;
  for (let k = PRICE_LEVELS - 1; k >= 0; k--) {
    sum += bids[k]!;
    demanded[k] = sum;
  }
  sum = 0;
  let volume = 0;
  for (let k = 0; k < PRICE_LEVELS; k++) {
    sum += asks[k]!;
    supplied[k] = sum;
    volume = Math.max(volume, Math.min(demanded[k]!, sum));
  }
  let gap = Number.POSITIVE_INFINITY;
  for (let k = 0; k < PRICE_LEVELS; k++) {
    if (Math.min(demanded[k]!, supplied[k]!) === volume)
      gap = Math.min(gap, Math.abs(demanded[k]! - supplied[k]!));
  }
  const ties = (k: number): boolean =>
    Math.min(demanded[k]!, supplied[k]!) === volume && Math.abs(demanded[k]! - supplied[k]!) === gap;
  // both prefix sums are monotone, so that ties are neighbours
  let first = 0;
  while (!ties(first)) first++;
  let last = PRICE_LEVELS - 1;
  while (!ties(last)) last--;
  return Math.floor((first + last) / 2);
}

/**
 * What the settlement of the batch auction moved, by the balances: clearing price x cu out of each buyer, the same
 * less the fee into each seller, and what agents were told is that. Not where stakes back contracts (programmatic):
 * there an audit gives prices back and adds slashed stake; nor of a book, where every trade has its own price.
 */
export function checkPayments(world: MarketWorld): void {
  const { parameters, columns } = world;
  if (parameters.doubleAuction.enabled || parameters.trust.regime === 'programmatic') return;
  const { orderAmount, computeAmount, orderFilled, orderSide, scalar } = columns;
  const { priceTable, feeBps } = parameters.computeMarket;
  const price = priceTable[scalar[WORLD.computeLevel]!]!;
  for (let i = 0; i < parameters.slots; i++) {
    const gross = orderFilled[i]! === 0 ? 0 : price * orderFilled[i]!;
    const due = orderSide[i] === SIDE.sell ? gross - feeOf(gross, feeBps) : gross;
    if (orderAmount[i] !== due) {
      const found = `${orderAmount[i]} milli-token moved for ${orderFilled[i]} cu, ${due} due`;
      breach(world, 'uniform-price', `agent ${i} token`, found);
    }
    // zero in the slot of an agent that has died since
    if (computeAmount[i] !== due && computeAmount[i] !== 0) {
      const found = `${computeAmount[i]} milli-token on record for compute, ${due} due`;
      breach(world, 'uniform-price', `agent ${i} token`, found);
    }
  }
}

/** Max over levels of min(D, S). */
function largestVolume(bids: Uint32Array, asks: Uint32Array): number {
  let demand = 0;
  for (let k = 0; k < PRICE_LEVELS; k++) demand += bids[k]!;
  let supply = 0;
  let best = 0;
  for (let k = 0; k < PRICE_LEVELS; k++) {
    supply += asks[k]!;
    best = Math.max(best, Math.min(demand, supply));
    demand -= bids[k]!;
  }
  return best;
}

/** Whether worse levels may still be filled, given those better than `level`. */
function checkPriority(
  world: MarketWorld,
  side: string,
  level: number,
  open: boolean,
  filled: Float64Array,
  ordered: Uint32Array,
): boolean {
  if (filled[level]! > ordered[level]! || (!open && filled[level]! > 0)) {
    breach(
      world,
      'clearing',
      `compute ${side}`,
      `level ${level}: ${filled[level]} of ${ordered[level]} cu filled while a better limit waits`,
    );
  }
  return open && filled[level] === ordered[level];
}

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

const SWAPS = Object.entries(SWAP);

/**
 * The product of the AMM's reserves falls in no swap, and nothing else moves the reserves but a redemption: from the
 * opening of the tick to its end, each swap starts where the one before it ended. A redemption adds to no reserve and
 * leaves at least the product of genesis.
 */
export function checkAmm(world: MarketWorld): void {
  const { swapReserves } = world.columns;
  for (const [name, row] of SWAPS) {
    const at = row * SWAP_FIELDS;
    if (swapReserves[at] === 0 || productGrew(swapReserves, at)) continue;
    const before = BigInt(swapReserves[at]!) * BigInt(swapReserves[at + 1]!);
    const after = BigInt(swapReserves[at + 2]!) * BigInt(swapReserves[at + 3]!);
    if (after < before) breach(world, 'amm-k', `amm, swap '${name}'`, `k fell from ${before} to ${after}`);
  }
  // where an environment stands in for the markets no tick of theirs opens, and nothing is on record
  if (world.parameters.environment.kind === 'none') checkReserves(world);
}

/**
 * Whether the product of reserves before a swap is less than that after it, as far as doubles can tell: rounding is
 * monotone, so that a product which is larger when rounded is larger. Ties and fractions are left to big integers.
 */
function productGrew(record: Float64Array, at: number): boolean {
  for (let field = at; field < at + SWAP_FIELDS; field++) {
    if (!Number.isInteger(record[field])) return false;
  }
  return record[at + 2]! * record[at + 3]! > record[at]! * record[at + 1]!;
}

let reservedToken = 0;
let reservedCash = 0;

/** Goes on from the reserves before a swap, which must be those reached, to those after it; fields from `at` on. */
function follow(world: MarketWorld, name: string, record: Float64Array, at: number): void {
  if (record[at] === 0 && record[at + 1] === 0) return;
  expectReserves(world, `before ${name}`, record[at]!, record[at + 1]!);
  reservedToken = record[at + 2]!;
  reservedCash = record[at + 3]!;
}

function expectReserves(world: MarketWorld, when: string, token: number, cash: number): void {
  if (token === reservedToken && cash === reservedCash) return;
  const found = `${when}: ${token} milli-token and ${cash} milli-cash, swaps explain ${reservedToken} and ${reservedCash}`;
  breach(world, 'amm-k', 'amm', found);
}

function checkReserves(world: MarketWorld): void {
  const { columns, balances } = world;
  const { poolRecord, swapReserves, total } = columns;
  reservedToken = poolRecord[POOL_RECORD.openedToken]!;
  reservedCash = poolRecord[POOL_RECORD.openedCash]!;
  follow(world, 'the purchase of consumers', swapReserves, SWAP.consumers * SWAP_FIELDS);
  const at = POOL_RECORD.redemption;
  follow(world, 'the redemption', poolRecord, at);
  if (poolRecord[at] !== 0) {
    const root = BigInt(total[TOTAL.ammRootK]!);
    const k = BigInt(poolRecord[at + 2]!) * BigInt(poolRecord[at + 3]!);
    const adds = poolRecord[at + 2]! > poolRecord[at]! || poolRecord[at + 3]! > poolRecord[at + 1]!;
    if (adds || k < root * root) {
      breach(world, 'amm-k', 'amm, redemption', `k is ${k}, at genesis it was at least ${root * root}`);
    }
  }
  follow(world, 'the sale', swapReserves, SWAP.sale * SWAP_FIELDS);
  follow(world, 'the purchase', swapReserves, SWAP.purchase * SWAP_FIELDS);
  expectReserves(world, 'at the end', balances.systemToken[SYSTEM.amm]!, balances.systemCash[SYSTEM.amm]!);
}

/** Capacity of all slots = the total on record. */
export function checkCapacity(world: MarketWorld): void {
  const { capacity, total } = world.columns;
  let sum = 0;
  for (let i = 0; i < world.parameters.slots; i++) sum += capacity[i]!;
  if (sum !== total[TOTAL.capacity]) {
    breach(
      world,
      'capacity-total',
      'all capacity',
      `slots own ${sum} cu, the total says ${total[TOTAL.capacity]}`,
    );
  }
}

/** Nothing is slashed beyond what was locked for the tick's contracts, nor locked beyond the stake. */
export function checkSlashing(world: MarketWorld): void {
  const { slashed, stakeLocked, stakeOpened } = world.columns;
  const law = 'slashing-within-stake';
  for (let i = 0; i < slashed.length; i++) {
    if (slashed[i]! <= stakeLocked[i]! && stakeLocked[i]! <= stakeOpened[i]!) continue;
    const found =
      slashed[i]! > stakeLocked[i]!
        ? `${slashed[i]} milli-token slashed of ${stakeLocked[i]} locked`
        : `${stakeLocked[i]} milli-token locked of ${stakeOpened[i]}`;
    breach(world, law, `stake of agent ${i}`, found);
  }
}

/**
 * Of each cohort: claims of agents, consumers and treasury = liabilities of agents + what the court holds + what is
 * lost. No empty slot owes or is owed, and the court has the cash that it holds for creditors.
 */
export function checkClaims(world: MarketWorld): void {
  const { claims, liabilities, consumerClaims, treasuryClaims, courtHeld, courtLost, population } =
    world.columns;
  const { cohorts } = world.parameters.trust;
  const law = 'claims-equal-liabilities';
  let heldInAll = 0;
  for (let k = 0; k < cohorts; k++) {
    let owed = consumerClaims[k]! + treasuryClaims[k]!;
    let owing = courtHeld[k]! + courtLost[k]!;
    heldInAll += courtHeld[k]!;
    for (let i = 0, at = k; at < claims.length; i++, at += cohorts) {
      owed += claims[at]!;
      owing += liabilities[at]!;
      if (population[i] === FREE_SLOT && claims[at]! + liabilities[at]! > 0) {
        const found = `an empty slot is owed ${claims[at]} and owes ${liabilities[at]} milli-cash`;
        breach(world, law, `agent ${i} claims`, found);
      }
    }
    if (owed !== owing) {
      breach(world, law, `cohort ${k}`, `${owed} milli-cash claimed, ${owing} owed, held or lost`);
    }
  }
  const cash = world.balances.systemCash[SYSTEM.court]!;
  if (heldInAll > cash) {
    breach(world, law, 'court cash', `${heldInAll} milli-cash held for creditors, ${cash} in court`);
  }
}

/**
 * Welfare accounting: what consumers' account lost to the service market (slashed stake that it received added back)
 * = what sellers received + fees, and = what the statistics say was spent; what sellers received came into their balances.
 */
export function checkSpending({ columns, ledger }: MarketWorld): void {
  const { spending, total } = columns;
  const spent = spending[SPENDING.opened]! - spending[SPENDING.closed]! + spending[SPENDING.compensated]!;
  const received = spending[SPENDING.receipts]! + total[TOTAL.taskFees]! - spending[SPENDING.feesBefore]!;
  const counted = total[TOTAL.spentToken]! - spending[SPENDING.spentBefore]!;
  let cameIn = 0;
  for (let i = 0; i < columns.offerReceipt.length; i++) cameIn += columns.offerReceipt[i]!;
  const booked = cameIn === spending[SPENDING.receipts];
  if (spent === received && spent === counted && booked) return;
  const found = booked
    ? `${spent} milli-token spent on tasks, ${received} received with fees, ${counted} counted`
    : `${cameIn} milli-token came in to sellers, ${spending[SPENDING.receipts]} on record`;
  throw new LawViolation(
    'welfare-accounting',
    { world: ledger.world, tick: ledger.tick, account: 'consumers token' },
    found,
  );
}

/** Data of all agents and the users' pool = produced by tasks + given at genesis and to immigrants. */
export function checkData(world: MarketWorld): void {
  const { data, total } = world.columns;
  let held = total[TOTAL.dataPool]!;
  if (held < 0) breach(world, 'data-conserved', "users' pool", `${held} data units in the pool`);
  for (let i = 0; i < world.parameters.slots; i++) held += data[i]!;
  const made = total[TOTAL.dataProduced]! + total[TOTAL.dataFounded]!;
  if (held !== made) breach(world, 'data-conserved', 'all data', `${held} units held, ${made} produced`);
}

/**
 * Nothing is minted after genesis but what the token policy issues, and that never exceeds its rule: so many tokens a
 * tick, none without a rule, no cash ever. Births mint nothing.
 */
export function checkMinted(world: MarketWorld): void {
  const { ledger, parameters, columns } = world;
  const issued = columns.total[TOTAL.issued]!;
  for (const asset of [ASSET.token, ASSET.cash]) {
    const minted = ledger.minted(asset);
    const expected = asset === ASSET.token ? issued : 0;
    if (minted === expected) continue;
    const found = `${minted} milli-${ASSET_NAMES[asset]} minted since genesis, ${expected} issued`;
    breach(world, 'minted-equals-issued', `all ${ASSET_NAMES[asset]}`, found);
  }
  const most = parameters.policy.issuancePerTick * (ledger.tick + 1);
  if (issued > most) {
    breach(
      world,
      'minted-equals-issued',
      'all token',
      `${issued} milli-token issued, the rule allows ${most}`,
    );
  }
}

/** Every law of the markets, all of them cheap enough for every tick. */
export const MARKET_LAWS: readonly MarketLaw[] = [
  // first, because it names the account where conservation can only name the asset
  {
    name: 'balances-in-range',
    about: 'no balance is negative, wrapped or fractional',
    check: checkBalances,
  },
  {
    name: 'conservation',
    about: 'sum of all balances = genesis + minted - burned, per asset',
    check: checkConservation,
  },
  { name: 'escrow-empty', about: 'nothing stays in escrow when a tick ends', check: checkEscrow },
  { name: 'compute-used', about: 'compute used <= capacity + bought - sold', check: checkComputeUse },
  { name: 'bought-equals-sold', about: 'compute bought = sold = volume', check: checkBoughtSold },
  {
    name: 'clearing',
    about:
      'the volume is maximal, the level by the rule, no fill beyond its limit, better limits served first',
    check: checkClearing,
  },
  {
    name: 'uniform-price',
    about: 'all compute of an auction is paid at its clearing price, less the fee for sellers',
    check: checkPayments,
  },
  {
    name: 'tasks',
    about: 'demand is served by the best offers, none of negative score, each paid its price less the fee',
    check: checkTasks,
  },
  {
    name: 'amm-k',
    about: 'the product of the AMM reserves falls in no swap; nothing but swaps and redemption moves them',
    check: checkAmm,
  },
  {
    name: 'slashing-within-stake',
    about: 'slashed <= locked for contracts <= staked',
    check: checkSlashing,
  },
  {
    name: 'claims-equal-liabilities',
    about: 'claims = liabilities + held by the court + lost, by due tick; the court covers what it holds',
    check: checkClaims,
  },
  {
    name: 'welfare-accounting',
    about: "consumers' spending on tasks = sellers' receipts + fees, from balances",
    check: checkSpending,
  },
  {
    name: 'data-conserved',
    about: "data of agents and the users' pool = produced + given at genesis and to immigrants",
    check: checkData,
  },
  {
    name: 'minted-equals-issued',
    about: 'money created since genesis = issued by the token policy within its rule; births mint nothing',
    check: checkMinted,
  },
  { name: 'capacity-total', about: 'capacity of all slots = the total on record', check: checkCapacity },
];
