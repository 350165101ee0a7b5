/**
 * Trust (MODEL 5e): what it means that a seller of compute or tasks may default, under four regimes.
 *
 * - *off*: nobody can; nothing here runs.
 * - *none*: the buyer bears it, and reputation alone remembers.
 * - *legal*: only registered parties contract; a buyer sues for an amount of at least A*, pays for the suit, and holds
 *   a claim that falls due after a delay (claims.ts).
 * - *programmatic*: the payment waits in escrow within the tick and the seller's stake is locked per unit; an audit
 *   that finds a default (or errs) gives the payment back and slashes the stake.
 *
 * A unit is a cu; a task counts cuPerTask. Delivery costs its seller `effort` a unit beyond energy; a default saves
 * that, and consumers pay `sideGain` a unit for what the machine does instead, with the same compute and energy. So
 * for pay R, stake S, audit p and false alarm f a unit, honesty is incentive-compatible iff
 * (p - f)(R + S) >= effort + sideGain, exactly. Defaults are seen by the buyer in all regimes (and move reputation),
 * but no third party sees them without a suit or an audit.
 */
import { mulDiv, mulHigh, portion } from '../sim/core/fixed.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import type { BatchAuction } from './batchAuction.ts';
import {
  bookClaim,
  bookLiability,
  CONSUMER_CREDITOR,
  cohortAt,
  dueTick,
  payClaims,
  payDebt,
} from './claims.ts';
import {
  ASSET,
  DELIVER,
  FREE_SLOT,
  type MarketWorld,
  SYSTEM,
  TRUST_TOTAL,
  tokenToCash,
  WORLD,
} from './columns.ts';
import { feeOf, payLessFee, takeFee } from './fee.ts';
import { REASON } from './ledger.ts';
import { freeStake } from './staking.ts';

/** Whether sellers may default. */
export const trustIsOn = ({ trust }: MarketWorld['parameters']): boolean => trust.regime !== 'off';

/** Rate of the moving share of units delivered. */
const SHARE_RATE_SHIFT = 6;

/** Units one after another, some of them marked; answers, for rising x, how many of the first x are marked. */
export class UnitIndex {
  private readonly ends: Float64Array;
  private readonly marks: Float64Array;
  private readonly marked: Uint8Array;
  private count = 0;
  private units = 0;
  private markedUnits = 0;
  /** The entry that the last walk stopped at. */
  private at = 0;

  constructor(entries: number) {
    this.ends = new Float64Array(entries);
    this.marks = new Float64Array(entries);
    this.marked = new Uint8Array(entries);
  }

  get entries(): number {
    return this.ends.length;
  }

  clear(): this {
    this.count = 0;
    this.units = 0;
    this.markedUnits = 0;
    this.at = 0;
    return this;
  }

  /** Appends `units` > 0 units, all of them marked or none. */
  add(units: number, isMarked: boolean): void {
    this.units += units;
    if (isMarked) this.markedUnits += units;
    this.ends[this.count] = this.units;
    this.marks[this.count] = this.markedUnits;
    this.marked[this.count] = isMarked ? 1 : 0;
    this.count++;
  }

  /** Marked units among all. */
  get total(): number {
    return this.markedUnits;
  }

  /** Whether entry `k` is marked. */
  isMarked(k: number): boolean {
    return this.marked[k] === 1;
  }

  /**
   * Marked units among the first `x`: a walk over the entries, from where the last one stopped. Asked in rising order
   * of x since `clear`, all answers together take one pass.
   */
  markedBelow(x: number): number {
    if (this.markedUnits === 0) return 0;
    const { ends, count } = this;
    let at = this.at;
    while (at < count && ends[at]! < x) at++;
    this.at = at;
    if (at === count) return this.markedUnits;
    // the entry ends at or beyond x: take back what lies behind x
    return this.marks[at]! - (this.marked[at] === 1 ? ends[at]! - x : 0);
  }
}

/** Prefix sums over the sellers (defaulted, caught) and buyers (suing) of one auction, grown to the thread's largest world. */
let defaults = new UnitIndex(0);
let caught = new UnitIndex(0);
let suits = new UnitIndex(0);
/** Of each buyer in turn, cu whose price audits give back; sellers that are paid; what somebody pays, [N]. */
let refunds = new Uint32Array(0);
let paid = new Uint32Array(0);
let gross = new Uint32Array(0);

/** Opens a tick: clears its flows and pays out the claims that fall due. */
export function openContracts(world: MarketWorld, tick: number): void {
  const { parameters, columns, balances } = world;
  if (!trustIsOn(parameters)) return;
  columns.contracted.fill(0);
  columns.breached.fill(0);
  columns.undelivered.fill(0);
  columns.stakeOpened.set(balances.stake);
  columns.stakeLocked.fill(0);
  columns.slashed.fill(0);
  columns.compensated.fill(0);
  columns.contractCash.fill(0);
  columns.contractBill.fill(0);
  columns.courtBill.fill(0);
  columns.debtDue.fill(0);
  columns.reputationBefore.set(columns.reputation);
  if (tick === 0) columns.deliveredShare[0] = U32_MAX;
  payClaims(world, tick);
}

// --- who may contract ---

/** Whether an agent is registered with the court, or has the cash to be. */
function canRegister({ columns, balances, parameters }: MarketWorld, agent: number): boolean {
  const { registrationFee } = parameters.trust;
  return columns.registered[agent] === 1 || balances.cash[agent]! >= columns.bill[agent]! + registrationFee;
}

/**
 * Of `wanted` units, those that an agent may sell under contract this tick: all of them, or what its standing or its
 * stake allows.
 */
export function sellable(world: MarketWorld, agent: number, wanted: number): number {
  const { regime, stakePerUnit } = world.parameters.trust;
  if (regime === 'legal') return canRegister(world, agent) ? wanted : 0;
  if (regime !== 'programmatic' || stakePerUnit === 0) return wanted;
  const stake = freeStake(world, agent);
  // most can back what they offer: no need to divide
  return wanted * stakePerUnit <= stake ? wanted : Math.floor(stake / stakePerUnit);
}

/** Units that an agent may buy under contract this tick. */
export function buyable(world: MarketWorld, agent: number): number {
  return world.parameters.trust.regime === 'legal' && !canRegister(world, agent) ? 0 : U32_MAX;
}

/** An agent whose order is admitted registers, once in its life, where there is a court. */
export function register(world: MarketWorld, agent: number): void {
  const { columns, parameters } = world;
  if (parameters.trust.regime !== 'legal' || columns.registered[agent] === 1) return;
  columns.registered[agent] = 1;
  columns.trustTotal[TRUST_TOTAL.registrations]!++;
  addToBill(world, columns.courtBill, agent, parameters.trust.registrationFee);
}

/** Cash due that settle will collect, saturated since nobody could pay more. */
function addToBill({ columns }: MarketWorld, part: Uint32Array, agent: number, cash: number): void {
  part[agent] = Math.min(U32_MAX, part[agent]! + cash);
  columns.bill[agent] = Math.min(U32_MAX, columns.bill[agent]! + cash);
}

// --- delivery ---

/** Whether an audit finds for the buyers of a seller, who defaulted or not: one draw a seller and tick. */
function auditFinds({ parameters }: MarketWorld, tick: number, agent: number, defaulted: boolean): boolean {
  const { regime, audit, falseAlarm } = parameters.trust;
  if (regime !== 'programmatic') return false;
  return draw(parameters.seed, tick, agent, STREAM.audit) < (defaulted ? audit : falseAlarm);
}

/** Books what the seller of `units` did: effort or side gain, and reputation. */
function performContract(world: MarketWorld, agent: number, units: number, defaulted: boolean): void {
  const { parameters, columns, balances, ledger } = world;
  const { effort, sideGain, reputationGain, reputationLoss } = parameters.trust;
  const { reputation, contractCash, trustTotal } = columns;
  columns.contracted[agent] = units;
  trustTotal[TRUST_TOTAL.contracted]! += units;
  if (defaulted) {
    columns.breached[agent] = units;
    trustTotal[TRUST_TOTAL.defaulted]! += units;
    // consumers who have run out of cash have no other use to pay for
    const gain = Math.min(sideGain * units, balances.systemCash[SYSTEM.consumers]!);
    ledger.transfer(ASSET.cash, ledger.system(SYSTEM.consumers), agent, gain, REASON.sideGain);
    contractCash[agent]! += gain;
    reputation[agent]! -= mulHigh(reputation[agent]!, reputationLoss);
  } else {
    addToBill(world, columns.contractBill, agent, effort * units);
    reputation[agent]! += mulHigh(U32_MAX - reputation[agent]!, reputationGain);
  }
}

/** Locks the stake behind `units`, and slashes it into escrow where an audit finds for the buyers. */
function lockStake(world: MarketWorld, agent: number, units: number, found: boolean): void {
  const { parameters, columns, ledger } = world;
  const { regime, stakePerUnit } = parameters.trust;
  if (regime !== 'programmatic') return;
  columns.stakeLocked[agent] = stakePerUnit * units;
  if (!found) return;
  const slashed = stakePerUnit * units;
  columns.slashed[agent] = slashed;
  columns.trustTotal[TRUST_TOTAL.slashed]! += slashed;
  ledger.transfer(ASSET.token, ledger.stakeOf(agent), ledger.system(SYSTEM.escrow), slashed, REASON.slash);
}

/** What the buyers of `units` slashed units do not get leaves escrow: burned, or to the treasury. */
export function disposeOfRest({ parameters, ledger }: MarketWorld, units: number): void {
  const { stakePerUnit, slashToBuyer, burnsRest } = parameters.trust;
  const escrow = ledger.system(SYSTEM.escrow);
  const rest = (stakePerUnit - slashToBuyer) * units;
  if (burnsRest) ledger.burn(ASSET.token, escrow, rest, REASON.slash);
  else ledger.transfer(ASSET.token, escrow, ledger.system(SYSTEM.treasury), rest, REASON.slash);
}

/** A claim a unit, milli-cash, at a price in milli-token a unit: the recovered share of it, rounded down. */
const claimPerUnit = ({ parameters, columns }: MarketWorld, price: number): number =>
  portion(tokenToCash(price, columns.scalar[WORLD.tokenPrice]!), parameters.trust.recovery);

/** Whether `units` undelivered at a price are worth a suit, which the buyer pays at once. */
const worthSuing = (world: MarketWorld, units: number, price: number, cash: number): boolean => {
  const { legalCost, smallestContract } = world.parameters.trust;
  const amount = tokenToCash(price, world.columns.scalar[WORLD.tokenPrice]!) * units;
  return units > 0 && amount >= smallestContract && cash >= legalCost && claimPerUnit(world, price) > 0;
};

// --- the compute market ---

/**
 * Settles the fills of a compute auction, sellers judged first. Buyers and sellers are matched by cumulative position
 * in slot order: what a buyer did not get is the difference of the sellers' prefix sums at its ends.
 *
 * @param auction cleared, with volume
 * @param price clearing price, milli-token a cu
 */
export function settleComputeContracts(
  world: MarketWorld,
  auction: BatchAuction,
  price: number,
  tick: number,
): void {
  const { slots, trust } = world.parameters;
  if (defaults.entries < slots) {
    defaults = new UnitIndex(slots);
    caught = new UnitIndex(slots);
    suits = new UnitIndex(slots);
    refunds = new Uint32Array(slots);
    paid = new Uint32Array(slots);
    gross = new Uint32Array(slots);
  }
  judgeSellers(world, auction, tick);
  payForCompute(world, auction, price);
  releasePayments(world, auction, price);
  disposeOfRest(world, caught.total);
  if (trust.regime === 'legal') sueSellers(world, auction, price, tick);
}

function judgeSellers(world: MarketWorld, { fill, sellers, sellerCount }: BatchAuction, tick: number): void {
  const { deliver } = world.columns;
  defaults.clear();
  caught.clear();
  for (let k = 0; k < sellerCount; k++) {
    const i = sellers[k]!;
    const units = fill[i]!;
    const defaulted = deliver[i] === DELIVER.default;
    const found = auditFinds(world, tick, i, defaulted);
    defaults.add(units, defaulted);
    caught.add(units, found);
    performContract(world, i, units, defaulted);
    lockStake(world, i, units, found);
  }
}

/** Buyers pay into escrow, and get back what audits found for them with their part of the slashed stakes. */
function payForCompute(world: MarketWorld, { fill, buyers, buyerCount }: BatchAuction, price: number): void {
  const { parameters, columns } = world;
  const { computeFilled, computeAmount, compute, undelivered, compensated } = columns;
  const { contractBill, bill, trustTotal } = columns;
  const { auditFee, slashToBuyer, regime } = parameters.trust;
  const fee = regime === 'programmatic' ? auditFee : 0;
  let start = 0;
  let missed = 0;
  let refundedBefore = 0;
  for (let k = 0; k < buyerCount; k++) {
    const i = buyers[k]!;
    const units = fill[i]!;
    start += units;
    const missingNow = defaults.markedBelow(start);
    const refundedNow = caught.markedBelow(start);
    const missing = missingNow - missed;
    const refunded = refundedNow - refundedBefore;
    missed = missingNow;
    refundedBefore = refundedNow;
    refunds[k] = refunded;
    gross[i] = price * units;
    compute[i]! += units - missing;
    undelivered[i] = missing;
    computeFilled[i] = units;
    computeAmount[i] = price * (units - refunded);
    compensated[i] = slashToBuyer * refunded;
    contractBill[i] = Math.min(U32_MAX, contractBill[i]! + fee * units);
    bill[i] = Math.min(U32_MAX, bill[i]! + fee * units);
  }
  trustTotal[TRUST_TOTAL.compensated]! += slashToBuyer * refundedBefore;
  if (regime === 'programmatic') trustTotal[TRUST_TOTAL.escrowed]! += price * start;
  moveBuyersToken(world, buyers, buyerCount, price);
  moveDeliveredShare(world, start, caught.total, defaults.total);
}

/** Moves what payForCompute worked out. Entries of a buyer stand together in a journal. */
function moveBuyersToken(world: MarketWorld, buyers: Uint32Array, buyerCount: number, price: number): void {
  const { ledger, parameters } = world;
  const { slashToBuyer } = parameters.trust;
  const escrow = ledger.system(SYSTEM.escrow);
  const apart = ledger.journal !== null;
  if (!apart) ledger.gather(ASSET.token, buyers, buyerCount, gross, SYSTEM.escrow, REASON.compute);
  if (!apart && caught.total === 0) return;
  for (let k = 0; k < buyerCount; k++) {
    const i = buyers[k]!;
    if (apart) ledger.transfer(ASSET.token, i, escrow, gross[i]!, REASON.compute);
    if (refunds[k] === 0) continue;
    ledger.transfer(ASSET.token, escrow, i, price * refunds[k]!, REASON.refund);
    ledger.transfer(ASSET.token, escrow, i, slashToBuyer * refunds[k]!, REASON.slash);
  }
}

/** Moving share, over the cu whose price was not given back, of those that arrived; rounded down. */
export function moveDeliveredShare(
  { columns }: MarketWorld,
  traded: number,
  refunded: number,
  undelivered: number,
): void {
  const accepted = traded - refunded;
  if (accepted <= 0) return;
  // a false alarm gives the price back for what arrived: never more than all
  const arrived = Math.min(accepted, traded - undelivered);
  const now = mulDiv(arrived, U32_MAX, accepted);
  const before = columns.deliveredShare[0]!;
  columns.deliveredShare[0] = before + Math.floor((now - before) / 2 ** SHARE_RATE_SHIFT);
}

/** Sellers for whose buyers no audit found anything are paid. */
function releasePayments(
  world: MarketWorld,
  { fill, sellers, sellerCount }: BatchAuction,
  price: number,
): void {
  const { computeFilled, computeAmount, compute } = world.columns;
  let count = 0;
  for (let k = 0; k < sellerCount; k++) {
    const i = sellers[k]!;
    const units = fill[i]!;
    compute[i]! -= units;
    computeFilled[i] = units;
    if (caught.isMarked(k)) continue;
    computeAmount[i] = price * units;
    paid[count++] = i;
  }
  const { feeBps } = world.parameters.computeMarket;
  payLessFee(world, SYSTEM.escrow, paid, count, computeAmount, feeBps, REASON.compute);
}

/** Buyers whose loss is worth it sue; sellers owe what the suing among their buyers did not get. */
function sueSellers(world: MarketWorld, auction: BatchAuction, price: number, tick: number): void {
  const { parameters, columns, balances } = world;
  const { undelivered, bill, courtBill, breached, trustTotal } = columns;
  const { fill, buyers, sellers, buyerCount, sellerCount } = auction;
  const { legalCost } = parameters.trust;
  const claim = claimPerUnit(world, price);
  const cohort = cohortAt(parameters, dueTick(parameters, tick));
  suits.clear();
  for (let k = 0; k < buyerCount; k++) {
    const i = buyers[k]!;
    const sues = worthSuing(world, undelivered[i]!, price, balances.cash[i]! - bill[i]!);
    suits.add(fill[i]!, sues);
    if (!sues) continue;
    trustTotal[TRUST_TOTAL.suits]!++;
    addToBill(world, courtBill, i, legalCost);
    bookClaim(world, i, cohort, claim * undelivered[i]!);
  }
  if (suits.total === 0) return;
  let end = 0;
  let suedBefore = 0;
  for (let k = 0; k < sellerCount; k++) {
    const i = sellers[k]!;
    end += fill[i]!;
    const sued = suits.markedBelow(end);
    if (breached[i]! > 0) bookLiability(world, i, cohort, claim * (sued - suedBefore));
    suedBefore = sued;
  }
}

// --- the service market ---

/**
 * Performs and pays the tasks that each seller sold, one seller after another; its consumers are one buyer. Writes
 * `serviceAmount`, what a seller receives after the fee.
 *
 * @param sellers slots, of which the first `count` sold; `offerSold` tasks at `offerPrice` milli-token
 * @param paidFor written: what the consumers pay by place among the sellers, milli-token; 0 where an audit found for them
 */
export function settleTaskContracts(
  world: MarketWorld,
  sellers: Uint32Array,
  count: number,
  paidFor: Uint32Array,
  tick: number,
): void {
  const { parameters, columns } = world;
  const { offerSold, offerPrice, deliver } = columns;
  const { regime } = parameters.trust;
  const { cuPerTask } = parameters.serviceMarket;
  for (let k = 0; k < count; k++) {
    const i = sellers[k]!;
    const tasks = offerSold[i]!;
    const units = tasks * cuPerTask;
    const paid = offerPrice[i]! * tasks;
    const defaulted = deliver[i] === DELIVER.default;
    const found = auditFinds(world, tick, i, defaulted);
    performContract(world, i, units, defaulted);
    lockStake(world, i, units, found);
    if (regime === 'programmatic') escrowTasks(world, i, units, paid, found);
    else payTasksAtOnce(world, i, paid);
    if (regime === 'legal' && defaulted) sueForTasks(world, i, tasks, offerPrice[i]!, tick);
    paidFor[k] = found ? 0 : paid;
  }
}

/** The payment waits in escrow for the audit, which the consumers pay as far as their cash goes. */
function escrowTasks(world: MarketWorld, seller: number, units: number, paid: number, found: boolean): void {
  const { parameters, columns, ledger, balances } = world;
  const { auditFee, slashToBuyer } = parameters.trust;
  const consumers = ledger.system(SYSTEM.consumers);
  const escrow = ledger.system(SYSTEM.escrow);
  columns.trustTotal[TRUST_TOTAL.escrowed]! += paid;
  const audits = Math.min(auditFee * units, balances.systemCash[SYSTEM.consumers]!);
  ledger.transfer(ASSET.cash, consumers, ledger.system(SYSTEM.supplier), audits, REASON.contractCost);
  ledger.transfer(ASSET.token, consumers, escrow, paid, REASON.task);
  if (found) {
    const compensation = slashToBuyer * units;
    columns.trustTotal[TRUST_TOTAL.compensated]! += compensation;
    ledger.transfer(ASSET.token, escrow, consumers, paid, REASON.refund);
    ledger.transfer(ASSET.token, escrow, consumers, compensation, REASON.slash);
    disposeOfRest(world, units);
    return;
  }
  const fee = feeOf(paid, parameters.serviceMarket.feeBps);
  ledger.transfer(ASSET.token, escrow, seller, paid - fee, REASON.task);
  takeFee(world, escrow, fee, REASON.taskFee);
  columns.serviceAmount[seller] = paid - fee;
}

function payTasksAtOnce(world: MarketWorld, seller: number, paid: number): void {
  const { parameters, columns, ledger } = world;
  const consumers = ledger.system(SYSTEM.consumers);
  const fee = feeOf(paid, parameters.serviceMarket.feeBps);
  ledger.transfer(ASSET.token, consumers, seller, paid - fee, REASON.task);
  takeFee(world, consumers, fee, REASON.taskFee);
  columns.serviceAmount[seller] = paid - fee;
}

function sueForTasks(world: MarketWorld, seller: number, tasks: number, price: number, tick: number): void {
  const { parameters, columns, ledger, balances } = world;
  if (!worthSuing(world, tasks, price, balances.systemCash[SYSTEM.consumers]!)) return;
  const cohort = cohortAt(parameters, dueTick(parameters, tick));
  const amount = claimPerUnit(world, price) * tasks;
  columns.trustTotal[TRUST_TOTAL.suits]!++;
  ledger.transfer(
    ASSET.cash,
    ledger.system(SYSTEM.consumers),
    ledger.system(SYSTEM.court),
    parameters.trust.legalCost,
    REASON.courtFee,
  );
  bookClaim(world, CONSUMER_CREDITOR, cohort, amount);
  bookLiability(world, seller, cohort, amount);
}

/** What a task of an agent's quality is worth to consumers, milli-token: value x skill, less where they weigh reputation. */
export function worthToConsumers(
  { parameters, columns }: MarketWorld,
  agent: number,
  value: number,
  skill: number,
): number {
  const { regime, reputationWeight } = parameters.trust;
  return worthAt(value, skill, regime === 'off' ? 0 : reputationWeight, columns.reputation[agent]!);
}

/** The same of plain numbers; weight, skill and reputation in 2^-32. */
export function worthAt(value: number, skill: number, weight: number, reputation: number): number {
  const worth = mulHigh(value, skill);
  return weight === 0 ? worth : mulHigh(worth, U32_MAX - mulHigh(weight, U32_MAX - reputation));
}

/** Clears what a dead agent's contracts of the tick left in its slot, and its standing with the court. */
export function leaveContracts(columns: MarketWorld['columns'], agent: number): void {
  if (columns.registered.length === 0) return;
  for (const name of CONTRACT_COLUMNS) columns[name][agent] = 0;
}
const CONTRACT_COLUMNS = [
  'registered',
  'contracted',
  'breached',
  'undelivered',
  'stakeOpened',
  'stakeLocked',
  'slashed',
  'compensated',
  'contractCash',
  'contractBill',
  'courtBill',
  'debtDue',
  'reputationBefore',
] as const;

// --- bills ---

/**
 * Pays what contracts cost, before all other bills and as far as the cash goes: effort and audits to the supplier,
 * registration and suits to the court, debts to the creditors of their cohort. The parts of the bill are what was paid
 * afterwards, and the bill is what is left to pay.
 */
export function payContractBills(world: MarketWorld, tick: number): void {
  const { parameters, columns, balances, ledger } = world;
  if (!trustIsOn(parameters)) return;
  const { population, contractBill, courtBill, debtDue, bill } = columns;
  const cohort = parameters.trust.cohorts === 0 ? 0 : cohortAt(parameters, tick + 1);
  const supplier = ledger.system(SYSTEM.supplier);
  const court = ledger.system(SYSTEM.court);
  for (let i = 0; i < parameters.slots; i++) {
    if (population[i] === FREE_SLOT) continue;
    contractBill[i] = Math.min(contractBill[i]!, balances.cash[i]!);
    ledger.transfer(ASSET.cash, i, supplier, contractBill[i]!, REASON.contractCost);
    courtBill[i] = Math.min(courtBill[i]!, balances.cash[i]!);
    ledger.transfer(ASSET.cash, i, court, courtBill[i]!, REASON.courtFee);
    debtDue[i] = Math.min(debtDue[i]!, balances.cash[i]!);
    if (debtDue[i]! > 0) payDebt(world, i, cohort, debtDue[i]!);
    bill[i]! -= Math.min(bill[i]!, contractBill[i]! + courtBill[i]! + debtDue[i]!);
  }
}
