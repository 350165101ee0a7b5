/**
 * The economic laws of the markets, each recomputed from columns and away from the code that upholds it.
 *
 * They hold when a tick ends: they read possessions, balances and the records of the tick's trades, which
 * deaths leave alone, and no intents, which a vacated slot loses. Each is one pass over a few columns or
 * over the price levels, cheap enough for every tick.
 */
import { PRICE_LEVELS } from '../configs/derive.ts';
import { CLASS_COUNT } from '../configs/schema.ts';
import { LawViolation } from '../sim/core/errors.ts';
import {
  ASSET,
  ASSET_NAMES,
  FREE_SLOT,
  type MarketWorld,
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

/**
 * The volume is the largest that any level allows, no fill is beyond its limit or larger than its order, and
 * a better limit is served in full before a worse one.
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
  if (volume === 0) return;
  const clearing = scalar[WORLD.computeLevel]!;
  filledBids.fill(0);
  filledAsks.fill(0);
  for (let i = 0; i < world.parameters.slots; i++) {
    const filled = orderFilled[i]!;
    if (filled === 0) continue;
    const level = orderLevel[i]!;
    const buys = orderSide[i] === SIDE.buy;
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
}

/** The product of the AMM's reserves falls in no swap. */
export function checkAmm(world: MarketWorld): void {
  const { swapReserves } = world.columns;
  for (const [name, row] of Object.entries(SWAP)) {
    const at = row * SWAP_FIELDS;
    if (swapReserves[at] === 0) continue;
    const before = BigInt(swapReserves[at]!) * BigInt(swapReserves[at + 1]!);
    const after = BigInt(swapReserves[at + 2]!) * BigInt(swapReserves[at + 3]!);
    if (after < before) breach(world, 'amm-k', `amm, swap '${name}'`, `k fell from ${before} to ${after}`);
  }
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
    const account = `stake of agent ${i}`;
    if (slashed[i]! > stakeLocked[i]!) {
      breach(world, law, account, `${slashed[i]} milli-token slashed of ${stakeLocked[i]} locked`);
    }
    if (stakeLocked[i]! > stakeOpened[i]!) {
      breach(world, law, account, `${stakeLocked[i]} milli-token locked of ${stakeOpened[i]}`);
    }
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
 * = what sellers received + fees, and = what the statistics say was spent.
 */
export function checkSpending({ columns, ledger }: MarketWorld): void {
  const { spending, total } = columns;
  const spent = spending[SPENDING.opened]! - spending[SPENDING.closed]! + spending[SPENDING.compensated]!;
  const received = spending[SPENDING.receipts]! + total[TOTAL.taskFees]! - spending[SPENDING.feesBefore]!;
  const counted = total[TOTAL.spentToken]! - spending[SPENDING.spentBefore]!;
  if (spent === received && spent === counted) return;
  const found = `${spent} milli-token spent on tasks, ${received} received with fees, ${counted} counted`;
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
    about: 'the volume is maximal, no fill is beyond its limit, better limits are served first',
    check: checkClearing,
  },
  {
    name: 'tasks',
    about: 'no class is served beyond its demand, nobody sells more than it offered',
    check: checkTasks,
  },
  { name: 'amm-k', about: 'the product of the AMM reserves falls in no swap', check: checkAmm },
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
