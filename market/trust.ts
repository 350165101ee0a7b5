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
import { mulHigh } from '../sim/core/fixed.ts';
import { draw, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
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
  SIDE,
  SYSTEM,
  TRUST_TOTAL,
  tokenToCash,
  WORLD,
} from './columns.ts';
import { feeOf, takeFee } from './fee.ts';
import { REASON } from './ledger.ts';
import { freeStake } from './staking.ts';

/** Whether sellers may default. */
export const trustIsOn = ({ trust }: MarketWorld['parameters']): boolean => trust.regime !== 'off';

/** Rate of the moving share of units delivered. */
const SHARE_RATE_SHIFT = 6;

/** Units one after another, some of them marked; answers how many of the first x are marked. */
export class UnitIndex {
  private readonly ends: Float64Array;
  private readonly marks: Float64Array;
  private readonly marked: Uint8Array;
  private count = 0;
  private units = 0;
  private markedUnits = 0;

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

  /** Marked units among the first `x`, by binary search for the entry that holds unit x. */
  markedBelow(x: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ends[middle]! >= x) high = middle;
      else low = middle + 1;
    }
    if (low === this.count) return this.markedUnits;
    // the entry ends at or beyond x: take back what lies behind x
    return this.marks[low]! - (this.marked[low] === 1 ? this.ends[low]! - x : 0);
  }
}

/** Prefix sums over the sellers (defaulted, caught) and buyers (suing) of one auction, grown to the thread's largest world. */
let defaults = new UnitIndex(0);
let caught = new UnitIndex(0);
let suits = new UnitIndex(0);

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

/** Units that an agent may sell under contract this tick: without limit, by its standing, or by its stake. */
export function sellable(world: MarketWorld, agent: number): number {
  const { regime, stakePerUnit } = world.parameters.trust;
  if (regime === 'legal') return canRegister(world, agent) ? U32_MAX : 0;
  if (regime !== 'programmatic' || stakePerUnit === 0) return U32_MAX;
  return Math.floor(freeStake(world, agent) / stakePerUnit);
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

/** Whether an agent defaults on what it sells in this tick. */
const defaultsNow = ({ columns }: MarketWorld, agent: number): boolean =>
  columns.deliver[agent] === DELIVER.default;

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
function disposeOfRest({ parameters, ledger }: MarketWorld, units: number): void {
  const { stakePerUnit, slashToBuyer, burnsRest } = parameters.trust;
  const escrow = ledger.system(SYSTEM.escrow);
  const rest = (stakePerUnit - slashToBuyer) * units;
  if (burnsRest) ledger.burn(ASSET.token, escrow, rest, REASON.slash);
  else ledger.transfer(ASSET.token, escrow, ledger.system(SYSTEM.treasury), rest, REASON.slash);
}

/** A claim a unit, milli-cash, at a price in milli-token a unit: the recovered share of it, rounded down. */
const claimPerUnit = ({ parameters, columns }: MarketWorld, price: number): number =>
  mulHigh(tokenToCash(price, columns.scalar[WORLD.tokenPrice]!), parameters.trust.recovery);

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
 * @param fill cu, [N]
 * @param price clearing price, milli-token a cu
 */
export function settleComputeContracts(
  world: MarketWorld,
  fill: Uint32Array,
  price: number,
  tick: number,
): void {
  const { slots, trust } = world.parameters;
  if (defaults.entries < slots) {
    defaults = new UnitIndex(slots);
    caught = new UnitIndex(slots);
    suits = new UnitIndex(slots);
  }
  judgeSellers(world, fill, tick);
  payForCompute(world, fill, price);
  releasePayments(world, fill, price);
  disposeOfRest(world, caught.total);
  if (trust.regime === 'legal') sueSellers(world, fill, price, tick);
}

function judgeSellers(world: MarketWorld, fill: Uint32Array, tick: number): void {
  const { orderSide } = world.columns;
  defaults.clear();
  caught.clear();
  for (let i = 0; i < fill.length; i++) {
    const units = fill[i]!;
    if (units === 0 || orderSide[i] !== SIDE.sell) continue;
    const defaulted = defaultsNow(world, i);
    const found = auditFinds(world, tick, i, defaulted);
    defaults.add(units, defaulted);
    caught.add(units, found);
    performContract(world, i, units, defaulted);
    lockStake(world, i, units, found);
  }
}

/** Buyers pay into escrow, and get back what audits found for them with their part of the slashed stakes. */
function payForCompute(world: MarketWorld, fill: Uint32Array, price: number): void {
  const { parameters, columns, ledger } = world;
  const {
    orderSide,
    computeFilled,
    computeAmount,
    compute,
    undelivered,
    compensated,
    contractBill,
    trustTotal,
  } = columns;
  const { auditFee, slashToBuyer, regime } = parameters.trust;
  const escrow = ledger.system(SYSTEM.escrow);
  let start = 0;
  let escrowed = 0;
  for (let i = 0; i < fill.length; i++) {
    const units = fill[i]!;
    if (units === 0 || orderSide[i] !== SIDE.buy) continue;
    const end = start + units;
    const missing = defaults.markedBelow(end) - defaults.markedBelow(start);
    const refunded = caught.markedBelow(end) - caught.markedBelow(start);
    start = end;
    ledger.transfer(ASSET.token, i, escrow, price * units, REASON.compute);
    ledger.transfer(ASSET.token, escrow, i, price * refunded, REASON.refund);
    ledger.transfer(ASSET.token, escrow, i, slashToBuyer * refunded, REASON.slash);
    compute[i]! += units - missing;
    undelivered[i] = missing;
    computeFilled[i] = units;
    computeAmount[i] = price * (units - refunded);
    compensated[i] = slashToBuyer * refunded;
    trustTotal[TRUST_TOTAL.compensated]! += compensated[i]!;
    if (regime === 'programmatic') addToBill(world, contractBill, i, auditFee * units);
    escrowed += price * units;
  }
  if (regime === 'programmatic') trustTotal[TRUST_TOTAL.escrowed]! += escrowed;
  moveDeliveredShare(world, start);
}

/** Moving share, over the cu whose price was not given back, of those that arrived; rounded down. */
function moveDeliveredShare({ columns }: MarketWorld, traded: number): void {
  const paid = traded - caught.total;
  if (paid <= 0) return;
  // a false alarm gives the price back for what arrived: never more than all
  const arrived = Math.min(paid, traded - defaults.total);
  const now = Math.floor((arrived * U32_MAX) / paid);
  const before = columns.deliveredShare[0]!;
  columns.deliveredShare[0] = before + Math.floor((now - before) / 2 ** SHARE_RATE_SHIFT);
}

/** Sellers for whose buyers no audit found anything are paid; the fee rounds down, the seller keeps the remainder. */
function releasePayments(world: MarketWorld, fill: Uint32Array, price: number): void {
  const { parameters, columns, ledger } = world;
  const { orderSide, computeFilled, computeAmount, compute } = columns;
  const escrow = ledger.system(SYSTEM.escrow);
  let sold = 0;
  for (let i = 0; i < fill.length; i++) {
    const units = fill[i]!;
    if (units === 0 || orderSide[i] !== SIDE.sell) continue;
    const found = caught.markedBelow(sold + units) > caught.markedBelow(sold);
    sold += units;
    compute[i]! -= units;
    computeFilled[i] = units;
    if (found) continue;
    const paid = price * units;
    const fee = feeOf(paid, parameters.computeMarket.feeBps);
    ledger.transfer(ASSET.token, escrow, i, paid - fee, REASON.compute);
    takeFee(world, escrow, fee, REASON.computeFee);
    computeAmount[i] = paid - fee;
  }
}

/** Buyers whose loss is worth it sue; sellers owe what the suing among their buyers did not get. */
function sueSellers(world: MarketWorld, fill: Uint32Array, price: number, tick: number): void {
  const { parameters, columns, balances } = world;
  const { orderSide, undelivered, bill, courtBill, breached, trustTotal } = columns;
  const { legalCost } = parameters.trust;
  const claim = claimPerUnit(world, price);
  const cohort = cohortAt(parameters, dueTick(parameters, tick));
  suits.clear();
  for (let i = 0; i < fill.length; i++) {
    if (fill[i] === 0 || orderSide[i] !== SIDE.buy) continue;
    const sues = worthSuing(world, undelivered[i]!, price, balances.cash[i]! - bill[i]!);
    suits.add(fill[i]!, sues);
    if (!sues) continue;
    trustTotal[TRUST_TOTAL.suits]!++;
    addToBill(world, courtBill, i, legalCost);
    bookClaim(world, i, cohort, claim * undelivered[i]!);
  }
  if (suits.total === 0) return;
  let start = 0;
  for (let i = 0; i < fill.length; i++) {
    if (fill[i] === 0 || orderSide[i] !== SIDE.sell) continue;
    const end = start + fill[i]!;
    if (breached[i]! > 0) {
      bookLiability(world, i, cohort, claim * (suits.markedBelow(end) - suits.markedBelow(start)));
    }
    start = end;
  }
}

// --- the service market ---

/**
 * Performs and pays one seller's tasks of a tick; its consumers are one buyer. Writes what it receives after the fee
 * and returns what the consumers pay, milli-token; 0 where an audit found for them.
 *
 * @param price milli-token a task
 */
export function settleTaskContract(
  world: MarketWorld,
  seller: number,
  tasks: number,
  price: number,
  tick: number,
): number {
  const { parameters, columns, ledger, balances } = world;
  const { regime, auditFee, slashToBuyer } = parameters.trust;
  const { cuPerTask, feeBps } = parameters.serviceMarket;
  const units = tasks * cuPerTask;
  const defaulted = defaultsNow(world, seller);
  const found = auditFinds(world, tick, seller, defaulted);
  const consumers = ledger.system(SYSTEM.consumers);
  const escrow = ledger.system(SYSTEM.escrow);
  const paid = price * tasks;
  const fee = feeOf(paid, feeBps);
  performContract(world, seller, units, defaulted);
  lockStake(world, seller, units, found);
  if (regime === 'programmatic') {
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
      return 0;
    }
    ledger.transfer(ASSET.token, escrow, seller, paid - fee, REASON.task);
    takeFee(world, escrow, fee, REASON.taskFee);
    columns.serviceAmount[seller] = paid - fee;
    return paid;
  }
  ledger.transfer(ASSET.token, consumers, seller, paid - fee, REASON.task);
  takeFee(world, consumers, fee, REASON.taskFee);
  columns.serviceAmount[seller] = paid - fee;
  if (regime === 'legal' && defaulted) sueForTasks(world, seller, tasks, price, tick);
  return paid;
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
  const worth = mulHigh(value, skill);
  const { regime, reputationWeight } = parameters.trust;
  if (regime === 'off' || reputationWeight === 0) return worth;
  return mulHigh(worth, U32_MAX - mulHigh(reputationWeight, U32_MAX - columns.reputation[agent]!));
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
