/**
 * How near a world is to breaking each law: the worst value beside its limit. A law that two amounts are equal has the
 * difference that was found, of which none is allowed. Recomputed from columns, as the laws themselves are.
 */
import {
  largestNormError,
  largestProbabilityError,
  NORM_TOLERANCE,
  PROBABILITY_TOLERANCE,
} from '../agents/laws.ts';
import { priceTerms } from '../agents/priceEquation.ts';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { largestVolume } from '../market/auctionLaws.ts';
import {
  ASSET,
  FREE_SLOT,
  SIDE,
  SPENDING,
  SWAP,
  SWAP_FIELDS,
  SYSTEM,
  TOTAL,
  WORLD,
} from '../market/columns.ts';
import { feeOf } from '../market/fee.ts';
import { issuable } from '../market/laws.ts';
import { U32_MAX } from './core/units.ts';
import type { LawMargin } from './frame.ts';
import { TRACKED_TRAIT } from './metrics/measure.ts';
import type { World } from './world.ts';

/** Why a law has no margin in a world, in a sentence. */
export interface NoMargin {
  readonly why: string;
}
export type MarginOf = (world: World) => LawMargin | NoMargin;

/** Residual of the Price equation in a gene of unit scale: rounding of f32 genes summed in double. */
export const PRICE_TOLERANCE = 1e-5;

/** What the Price equation leaves unexplained; 0 where nobody lives at one end of the interval: there is no mean. */
export function residualOf(world: World): number {
  const lives = world.columns.population.some((owner) => owner !== FREE_SLOT);
  return lives && world.agents.censusAlive.includes(1) ? priceTerms(world, TRACKED_TRAIT).residual : 0;
}

/** Of amounts that must be equal, or zero. */
const noneAllowed = (what: string, unit: string, largest: number): LawMargin => ({
  what,
  unit,
  largest,
  limit: 0,
});

/** What is no number at all is as bad as can be. */
function shareOf(largest: number, limit: number): number {
  if (limit > 0 && !Number.isNaN(largest)) return largest / limit;
  return largest <= 0 ? 0 : Number.POSITIVE_INFINITY;
}

/** Whether the second amount is nearer to its limit than the first; of equals the larger amounts are. */
function isNearer(largestA: number, limitA: number, largestB: number, limitB: number): boolean {
  const [ofA, ofB] = [shareOf(largestA, limitA), shareOf(largestB, limitB)];
  if (ofA !== ofB) return ofB > ofA;
  return largestB > largestA || (largestB === largestA && limitB > limitA);
}

/** The worse of two margins of one law: the one nearer to its limit. */
export const worse = (a: LawMargin, b: LawMargin): LawMargin =>
  isNearer(a.largest, a.limit, b.largest, b.limit) ? b : a;

/** The worst of several, each an amount and its limit; the first where all are alike. */
function nearest(
  what: string,
  unit: string,
  count: number,
  of: (k: number) => readonly [number, number],
): LawMargin {
  let worst = 0;
  let limit = 0;
  for (let k = 0; k < count; k++) {
    const [amount, most] = of(k);
    if ((amount === 0 && most === 0) || !isNearer(worst, limit, amount, most)) continue;
    worst = amount;
    limit = most;
  }
  return { what, unit, largest: worst, limit };
}

const largestOf = (columns: readonly Uint32Array[]): number => {
  let largest = 0;
  for (const column of columns)
    for (let i = 0; i < column.length; i++) if (column[i]! > largest) largest = column[i]!;
  return largest;
};

const sumOf = (column: Uint32Array): number => {
  let sum = 0;
  for (let i = 0; i < column.length; i++) sum += column[i]!;
  return sum;
};

function computeUsed({ columns, parameters }: World): LawMargin {
  const { opened, computeUsed: used, orderFilled, orderSide, undelivered } = columns;
  return nearest('compute used', 'cu', parameters.slots, (i) => {
    const filled = orderSide[i] === SIDE.buy ? orderFilled[i]! - (undelivered[i] ?? 0) : -orderFilled[i]!;
    return [used[i]!, opened[i]! + filled];
  });
}

function boughtAndSold({ columns }: World): LawMargin {
  const { orderFilled, orderSide, scalar } = columns;
  const sums = [0, 0, 0];
  for (let i = 0; i < orderFilled.length; i++) sums[orderSide[i]!]! += orderFilled[i]!;
  const volume = scalar[WORLD.computeVolume]!;
  const off = Math.max(Math.abs(sums[SIDE.buy]! - volume), Math.abs(sums[SIDE.sell]! - volume));
  return noneAllowed('difference', 'cu', off);
}

function clearing({ columns, parameters }: World): LawMargin {
  const { bidHistogram, askHistogram, scalar, orderFilled, orderQuantity } = columns;
  if (parameters.doubleAuction.enabled)
    return nearest('fill of an order', 'cu', parameters.slots, (i) => [orderFilled[i]!, orderQuantity[i]!]);
  const missed = largestVolume(bidHistogram, askHistogram) - scalar[WORLD.computeVolume]!;
  return noneAllowed('volume missed', 'cu', Math.abs(missed));
}

function uniformPrice({ columns, parameters }: World): LawMargin | NoMargin {
  if (parameters.doubleAuction.enabled) return { why: 'In a book every trade has a price of its own.' };
  if (parameters.trust.regime === 'programmatic')
    return { why: 'Audits give prices back and add slashed stake, so that no one price is due.' };
  const { orderFilled, orderSide, orderAmount, scalar } = columns;
  const { priceTable, feeBps } = parameters.computeMarket;
  const price = priceTable[scalar[WORLD.computeLevel]!]!;
  let off = 0;
  for (let i = 0; i < orderFilled.length; i++) {
    const gross = orderFilled[i]! === 0 ? 0 : price * orderFilled[i]!;
    const due = orderSide[i] === SIDE.sell ? gross - feeOf(gross, feeBps) : gross;
    off = Math.max(off, Math.abs(orderAmount[i]! - due));
  }
  return noneAllowed('difference', 'milli-token', off);
}

/** The loss of k as a share of it, negative where swaps add to it. */
function ammLoss({ columns: { swapReserves } }: World): LawMargin | NoMargin {
  let worst = Number.NEGATIVE_INFINITY;
  for (const row of Object.values(SWAP)) {
    const at = row * SWAP_FIELDS;
    if (swapReserves[at] === 0) continue;
    const before = BigInt(swapReserves[at]!) * BigInt(swapReserves[at + 1]!);
    const after = BigInt(swapReserves[at + 2]!) * BigInt(swapReserves[at + 3]!);
    worst = Math.max(worst, Number(before - after) / Number(before));
  }
  return worst === Number.NEGATIVE_INFINITY
    ? { why: 'No swap has been looked at yet: one that takes place moves the product.' }
    : noneAllowed('share of k lost in a swap', '', worst);
}

function stakeLocked({ columns: { stakeLocked: locked, stakeOpened: opened } }: World): LawMargin | NoMargin {
  if (locked.length === 0)
    return { why: 'Sellers cannot default here, so that no stake is locked or slashed.' };
  const margin = nearest('stake locked', 'milli-token', locked.length, (i) => [locked[i]!, opened[i]!]);
  return margin.largest === 0 && margin.limit === 0 ? { why: 'Nobody has staked token yet.' } : margin;
}

function claimsGap({ columns: c, parameters, balances }: World): LawMargin | NoMargin {
  const { cohorts } = parameters.trust;
  if (cohorts === 0) return { why: 'No court awards claims here.' };
  let off = -balances.systemCash[SYSTEM.court]!;
  for (let k = 0; k < cohorts; k++) off += c.courtHeld[k]!;
  // the court may have more than it holds for creditors, and not less
  off = Math.max(0, off);
  for (let k = 0; k < cohorts; k++) {
    let gap = c.consumerClaims[k]! + c.treasuryClaims[k]! - c.courtHeld[k]! - c.courtLost[k]!;
    for (let at = k; at < c.claims.length; at += cohorts) gap += c.claims[at]! - c.liabilities[at]!;
    off = Math.max(off, Math.abs(gap));
  }
  return noneAllowed('difference', 'milli-cash', off);
}

function spendingGap({ columns: { spending, total } }: World): LawMargin {
  const spent = spending[SPENDING.opened]! - spending[SPENDING.closed]! + spending[SPENDING.compensated]!;
  const fees = total[TOTAL.taskFees]! - spending[SPENDING.feesBefore]!;
  const gap = spent - spending[SPENDING.receipts]! - fees;
  const uncounted = spent - total[TOTAL.spentToken]! + spending[SPENDING.spentBefore]!;
  return noneAllowed('difference', 'milli-token', Math.max(Math.abs(gap), Math.abs(uncounted)));
}

function populationGap({ columns: { population, total } }: World): LawMargin {
  let alive = 0;
  for (let i = 0; i < population.length; i++) if (population[i] !== FREE_SLOT) alive++;
  const came = total[TOTAL.genesisAgents]! + total[TOTAL.births]! + total[TOTAL.immigrants]!;
  return noneAllowed('difference', 'agents', Math.abs(came - total[TOTAL.deaths]! - alive));
}

function leftInEmptySlots({ columns: c, balances, agents, brain }: World): LawMargin {
  let most = 0;
  for (let i = 0; i < c.population.length; i++) {
    if (c.population[i] !== FREE_SLOT) continue;
    const money = Math.max(balances.token[i]!, balances.cash[i]!, balances.stake[i]!);
    most = Math.max(most, money, c.capacity[i]!, agents.serial[i]!, brain.columns.active[i]!);
  }
  return noneAllowed('possession or identity left', '', most);
}

/** By name of the law. */
export const MARGINS: Readonly<Record<string, MarginOf>> = {
  'balances-in-range': ({ balances: { token, cash, stake } }) => ({
    what: 'balance',
    unit: 'milli-units',
    largest: largestOf([token, cash, stake]),
    limit: U32_MAX,
  }),
  conservation: ({ ledger }) => {
    const gaps = [ASSET.token, ASSET.cash].map((asset) =>
      Math.abs(ledger.holdings(asset) - ledger.supply(asset)),
    );
    return noneAllowed('difference', 'milli-units', Math.max(...gaps));
  },
  'escrow-empty': ({ balances: { systemToken, systemCash } }) => {
    const left = Math.max(systemToken[SYSTEM.escrow]!, systemCash[SYSTEM.escrow]!);
    return noneAllowed('amount left', 'milli-units', left);
  },
  'compute-used': computeUsed,
  'bought-equals-sold': boughtAndSold,
  clearing,
  'uniform-price': uniformPrice,
  tasks: ({ columns: { served, demand } }) =>
    nearest('tasks served of a class', 'wanted', CLASS_COUNT, (c) => [served[c]!, demand[c]!]),
  'amm-k': ammLoss,
  'slashing-within-stake': stakeLocked,
  'claims-equal-liabilities': claimsGap,
  'welfare-accounting': spendingGap,
  'data-conserved': ({ columns: { data, total } }) => {
    const made = total[TOTAL.dataProduced]! + total[TOTAL.dataFounded]!;
    return noneAllowed('difference', 'data units', Math.abs(sumOf(data) + total[TOTAL.dataPool]! - made));
  },
  'minted-equals-issued': ({ columns, parameters, ledger }) => ({
    what: 'amount issued',
    unit: 'milli-token',
    largest: columns.total[TOTAL.issued]!,
    limit: issuable(parameters, ledger.tick),
  }),
  'capacity-total': ({ columns: { capacity, total } }) =>
    noneAllowed('difference', 'cu', Math.abs(sumOf(capacity) - total[TOTAL.capacity]!)),
  'population-balance': populationGap,
  'empty-slots': leftInEmptySlots,
  'unit-norm': (world) => ({
    what: 'distance from 1',
    unit: '',
    largest: largestNormError(world),
    limit: NORM_TOLERANCE,
  }),
  probabilities: (world) => ({
    what: 'distance of a sum from 1',
    unit: '',
    largest: largestProbabilityError(world, world.logitMask),
    limit: PROBABILITY_TOLERANCE,
  }),
  'price-equation': (world) => ({
    what: 'residual',
    unit: '',
    largest: Math.abs(residualOf(world)),
    limit: PRICE_TOLERANCE,
  }),
};
