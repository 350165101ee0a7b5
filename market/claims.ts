/**
 * Who owes whom what a court awarded, due when (MODEL 5e). Claims and liabilities are rings of cohorts per agent,
 * pooled by due tick: a cohort's debtors pay into the court in the tick before it is due, and the court shares what
 * came in among its creditors. So nobody keeps a list of pairs.
 *
 * At all times, for each cohort: claims of agents, consumers and treasury = liabilities of agents + what the court
 * holds + what is lost.
 */

import { OverflowError } from '../sim/core/errors.ts';
import { mulDiv } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SYSTEM, TRUST_TOTAL, tokenToCash } from './columns.ts';
import { REASON } from './ledger.ts';
import { midPrice } from './pool.ts';

/** The creditor that stands for the consumers. */
export const CONSUMER_CREDITOR = -1;

/** The first tick from `tick + delay` on in which a cohort falls due. */
export const dueTick = ({ trust }: MarketWorld['parameters'], tick: number): number =>
  Math.ceil((tick + trust.delay) / trust.cohortTicks) * trust.cohortTicks;

/** Place in the rings of the cohort that falls due at `due`, a multiple of `cohortTicks`. */
export const cohortAt = ({ trust }: MarketWorld['parameters'], due: number): number =>
  (due / trust.cohortTicks) % trust.cohorts;

function add(
  world: MarketWorld,
  ring: Uint32Array,
  agent: number,
  cohort: number,
  amount: number,
  what: string,
): void {
  const at = agent * world.parameters.trust.cohorts + cohort;
  const after = ring[at]! + amount;
  if (after > U32_MAX) {
    const place = { world: world.ledger.world, tick: world.ledger.tick, account: `agent ${agent} ${what}` };
    throw new OverflowError(place, `${after} milli-cash passes 2^32 - 1`);
  }
  ring[at] = after;
}

/** Awards a creditor (an agent, or CONSUMER_CREDITOR) a claim, milli-cash. Its liability must be booked too. */
export function bookClaim(world: MarketWorld, creditor: number, cohort: number, amount: number): void {
  if (creditor === CONSUMER_CREDITOR) world.columns.consumerClaims[cohort]! += amount;
  else add(world, world.columns.claims, creditor, cohort, amount, 'claims');
}

/** Sentences a debtor to a liability, milli-cash. */
export function bookLiability(world: MarketWorld, debtor: number, cohort: number, amount: number): void {
  add(world, world.columns.liabilities, debtor, cohort, amount, 'liabilities');
}

/** Sum of an agent's claims, milli-cash, at most 2^32 - 1; 0 where there are no courts. */
export function claimsOf(
  { columns, parameters }: Pick<MarketWorld, 'columns' | 'parameters'>,
  agent: number,
): number {
  const { cohorts } = parameters.trust;
  let sum = 0;
  for (let at = agent * cohorts; at < (agent + 1) * cohorts; at++) sum += columns.claims[at]!;
  return Math.min(U32_MAX, sum);
}

/** Cash that the court holds for creditors and may not give away, milli-cash. */
export function heldByCourt({ columns }: Pick<MarketWorld, 'columns'>): number {
  let held = 0;
  for (let k = 0; k < columns.courtHeld.length; k++) held += columns.courtHeld[k]!;
  return held;
}

/**
 * At the opening of a tick: the cohort due now is paid out. Where less came in than is owed, every creditor gets the
 * same share, rounded down; the court keeps the remainder. What is still owed then is lost.
 */
export function payClaims(world: MarketWorld, tick: number): void {
  const { parameters, columns, ledger } = world;
  const { cohorts, cohortTicks } = parameters.trust;
  if (cohorts === 0 || tick % cohortTicks !== 0) return;
  const { claims, liabilities, consumerClaims, treasuryClaims, courtHeld, courtLost, trustTotal } = columns;
  const k = cohortAt(parameters, tick);
  let owed = consumerClaims[k]! + treasuryClaims[k]!;
  for (let at = k; at < claims.length; at += cohorts) owed += claims[at]!;
  const held = courtHeld[k]!;
  if (owed === 0) return;
  const court = ledger.system(SYSTEM.court);
  const pay = (to: number, claim: number): number => {
    if (claim === 0) return 0;
    const paid = held === owed ? claim : mulDiv(claim, held, owed);
    ledger.transfer(ASSET.cash, court, to, paid, REASON.recovery);
    trustTotal[TRUST_TOTAL.recovered]! += paid;
    trustTotal[TRUST_TOTAL.lost]! += claim - paid;
    return paid;
  };
  pay(ledger.system(SYSTEM.consumers), consumerClaims[k]!);
  pay(ledger.system(SYSTEM.treasury), treasuryClaims[k]!);
  for (let i = 0, at = k; i < parameters.slots; i++, at += cohorts) {
    columns.contractCash[i]! += pay(i, claims[at]!);
    claims[at] = 0;
    liabilities[at] = 0;
  }
  consumerClaims[k] = 0;
  treasuryClaims[k] = 0;
  courtHeld[k] = 0;
  courtLost[k] = 0;
}

/** Before bills are settled: adds to each debtor's bill what falls due in the next tick. */
export function billDebts(world: MarketWorld, tick: number): void {
  const { parameters, columns } = world;
  const { cohorts, cohortTicks } = parameters.trust;
  if (cohorts === 0 || (tick + 1) % cohortTicks !== 0) return;
  const { liabilities, debtDue, bill, population } = columns;
  const k = cohortAt(parameters, tick + 1);
  for (let i = 0, at = k; i < parameters.slots; i++, at += cohorts) {
    if (population[i] === FREE_SLOT || liabilities[at] === 0) continue;
    debtDue[i] = liabilities[at]!;
    bill[i] = Math.min(U32_MAX, bill[i]! + debtDue[i]!);
  }
}

/** An agent pays the court `amount` milli-cash of what it owes to a cohort. */
export function payDebt(world: MarketWorld, agent: number, cohort: number, amount: number): void {
  const { columns, ledger, parameters } = world;
  ledger.transfer(ASSET.cash, agent, ledger.system(SYSTEM.court), amount, REASON.damages);
  columns.liabilities[agent * parameters.trust.cohorts + cohort]! -= amount;
  columns.courtHeld[cohort]! += amount;
}

/**
 * Settles the debts and claims of a dying agent, before the rest of its estate goes to the treasury: its cash pays
 * all that it owes into court, whenever that is due; the treasury, which inherits its token, pays for it what their
 * worth covers, rounded down, as far as it has the cash; the rest is lost to the creditors. Its own claims pass to
 * the treasury. Nothing of the agent's is left in the rings.
 */
export function settleEstate(world: MarketWorld, agent: number): void {
  const { parameters, columns, balances, ledger } = world;
  const { cohorts } = parameters.trust;
  if (cohorts === 0) return;
  const { claims, liabilities, treasuryClaims, courtHeld, courtLost } = columns;
  const price = parameters.amm.enabled ? midPrice(world) : 0;
  let tokenWorth = tokenToCash(balances.token[agent]! + balances.stake[agent]!, price);
  for (let k = 0; k < cohorts; k++) {
    const at = agent * cohorts + k;
    treasuryClaims[k]! += claims[at]!;
    claims[at] = 0;
    payDebt(world, agent, k, Math.min(liabilities[at]!, balances.cash[agent]!));
    const rest = liabilities[at]!;
    if (rest === 0) continue;
    const advanced = Math.min(rest, tokenWorth, balances.systemCash[SYSTEM.treasury]!);
    ledger.transfer(
      ASSET.cash,
      ledger.system(SYSTEM.treasury),
      ledger.system(SYSTEM.court),
      advanced,
      REASON.damages,
    );
    tokenWorth -= advanced;
    courtHeld[k]! += advanced;
    courtLost[k]! += rest - advanced;
    liabilities[at] = 0;
  }
}
