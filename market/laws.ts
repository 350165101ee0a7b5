/**
 * The economic laws of the markets, each recomputed from columns and away from the code that upholds it.
 *
 * They hold when a tick ends: they read possessions, balances and the records of the tick's trades, which
 * deaths leave alone, and no intents, which a vacated slot loses. Each is one pass over a few columns or
 * over the price levels, cheap enough for every tick.
 */

import { LawViolation } from '../sim/core/errors.ts';
import { checkBoughtSold, checkClearing, checkComputeUse, checkPayments } from './auctionLaws.ts';
import { breach } from './breach.ts';
import {
  ASSET,
  ASSET_NAMES,
  FREE_SLOT,
  type MarketWorld,
  SPENDING,
  SYSTEM,
  SYSTEM_COUNT,
  SYSTEM_NAMES,
  TOTAL,
} from './columns.ts';
import { checkAmm } from './poolLaws.ts';
import { checkTasks } from './serviceLaws.ts';

/** A law by name; `check` throws LawViolation with law, tick, world and account. */
export interface MarketLaw {
  readonly name: string;
  readonly about: string;
  readonly check: (world: MarketWorld) => void;
}

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

/** Capacity of all slots = the total on record. */
function checkCapacity(world: MarketWorld): void {
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
function checkSlashing(world: MarketWorld): void {
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
function checkSpending({ columns, ledger }: MarketWorld): void {
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

/** Milli-token that the token policy may have issued by the end of a tick: its highest rate so far, on every tick. */
export const issuable = ({ policy }: MarketWorld['parameters'], tick: number): number =>
  (policy.issuanceMost ?? policy.issuancePerTick) * (tick + 1);

/** The rate that a state shows: milli-token a tick that must have been allowed to issue what it has issued, rounded up. */
export function issuedRate({ parameters: { policy }, columns }: MarketWorld, ticks: number): number {
  // Yuma consensus issues at the end of an epoch what all of its ticks allowed
  const counted = policy.issuance === 'yuma' ? ticks - (ticks % policy.epoch) : ticks;
  return Math.ceil(columns.total[TOTAL.issued]! / Math.max(1, counted));
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
  const most = issuable(parameters, ledger.tick);
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
