/**
 * Token policy (MODEL 5f): who is issued new token, what is taxed, and what everybody gets back. All of it is minting,
 * burning and moving by entries of the ledger; fees are burned where they are taken (fee.ts).
 *
 * Issuance never exceeds `issuancePerTick` a tick. Each part is rounded down, and what rounding leaves, or what
 * nobody has earned, is not issued.
 */
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { portion } from '../sim/core/fixed.ts';
import { takeLargest } from '../sim/core/orderStatistic.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { SwapRate } from './amm.ts';
import { ASSET, type Asset, FREE_SLOT, type MarketWorld, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { REASON } from './ledger.ts';
import { SparseYuma } from './sparseYuma.ts';
import { U16_MAX, YUMA_MEMBERS_MAX } from './yuma.ts';

/** Quality of a task is counted in 2^-16. */
const QUALITY_SHIFT = 16;

/** Weights of agents in this tick's issuance, or parts of a dividend; grown to the thread's largest world. */
let parts = new Uint32Array(0);
const rate = new SwapRate();

/** Applies the policy of the tick, after bills and before wealth is measured: issuance, tax, dividend. */
export function applyTokenPolicy(world: MarketWorld, tick: number): void {
  if (parts.length < world.parameters.slots) parts = new Uint32Array(world.parameters.slots);
  issueToken(world, tick);
  levyTax(world);
  payDividend(world);
  // all burning of the tick, also of slashed stake: a total, so that metrics can take differences
  world.columns.total[TOTAL.burned] = world.ledger.burned(ASSET.token);
}

// --- issuance ---

function issueToken(world: MarketWorld, tick: number): void {
  const { issuance } = world.parameters.policy;
  if (issuance === 'yuma') addEpochQuality(world);
  if (issuesNow(world, tick)) issueNow(world);
}

/** Whether token is issued at the end of a tick. */
export const issuesNow = ({ parameters: { policy } }: MarketWorld, tick: number): boolean =>
  policy.issuance === 'yuma' ? (tick + 1) % policy.epoch === 0 : policy.issuance !== 'none';

/** Issues token by the rule, given the quality of the epoch up to this tick where that is the rule. */
export function issueNow(world: MarketWorld): void {
  const { issuance } = world.parameters.policy;
  if (issuance === 'yuma') {
    closeEpoch(world);
    return;
  }
  const { slots } = world.parameters;
  if (parts.length < slots) parts = new Uint32Array(slots);
  const { population } = world.columns;
  const { stake } = world.balances;
  for (let i = 0; i < slots; i++) {
    if (population[i] === FREE_SLOT) parts[i] = 0;
    else parts[i] = issuance === 'stakeWeighted' ? stake[i]! : deliveredQuality(world, i);
  }
  issueByWeight(world);
}

/** Issues this tick's token in proportion to `parts`; nothing where all are zero. */
function issueByWeight(world: MarketWorld): void {
  const { slots, policy } = world.parameters;
  let sum = 0;
  for (let i = 0; i < slots; i++) sum += parts[i]!;
  if (sum === 0) return;
  rate.set(policy.issuancePerTick, sum);
  for (let i = 0; i < slots; i++) if (parts[i]! > 0) issue(world, i, rate.share(parts[i]!));
}

function issue({ ledger, columns }: MarketWorld, agent: number, amount: number): void {
  ledger.mint(ASSET.token, agent, amount, REASON.issuance);
  columns.total[TOTAL.issued]! += amount;
}

/** Sum of quality over the tasks that an agent delivered this tick, 2^-16, saturated. */
function deliveredQuality({ columns }: MarketWorld, agent: number): number {
  const { tasksSold, breached, skill, taskClass } = columns;
  if (tasksSold[agent] === 0 || (breached.length > 0 && breached[agent]! > 0)) return 0;
  const quality = skill[agent * CLASS_COUNT + taskClass[agent]!]! >>> QUALITY_SHIFT;
  return Math.min(U32_MAX, tasksSold[agent]! * quality);
}

// --- Yuma consensus ---

function addEpochQuality(world: MarketWorld): void {
  const { population, epochQuality } = world.columns;
  for (let i = 0; i < world.parameters.slots; i++) {
    if (population[i] === FREE_SLOT) continue;
    epochQuality[i] = Math.min(U32_MAX, epochQuality[i]! + deliveredQuality(world, i));
  }
}

/** Members of the epoch being closed, side by side; grown to the thread's largest world. */
const epochOf = (slots: number, members: number) => ({
  living: new Uint32Array(slots),
  chosen: new Uint32Array(slots),
  /** 1 = the slot has a seat. */
  seated: new Uint8Array(slots),
  slot: new Uint32Array(members),
  stake: new Uint32Array(members),
  quality: new Uint16Array(members),
  place: new Int32Array(members),
  slots,
});
let epochScratch = epochOf(0, 0);
const consensus = new SparseYuma();

/**
 * Ends an epoch: the largest stakers weigh the members by the quality that each delivered, and what the consensus
 * gives each is issued. On the host: it runs once in many ticks.
 */
function closeEpoch(world: MarketWorld): void {
  const { parameters, columns, balances } = world;
  const { policy, slots } = parameters;
  const { epochQuality, yumaTenure, yumaMember, yumaBonds } = columns;
  const size = yumaMember.length;
  if (epochScratch.slots < slots) epochScratch = epochOf(slots, YUMA_MEMBERS_MAX);
  const { slot, stake, quality, place } = epochScratch;
  const members = seatMembers(world, size);
  if (members > 0) {
    let best = 1;
    for (let k = 0; k < members; k++) best = Math.max(best, epochQuality[slot[k]!]!);
    for (let k = 0; k < members; k++) {
      stake[k] = balances.stake[slot[k]!]!;
      quality[k] = Math.floor((epochQuality[slot[k]!]! * U16_MAX) / best);
    }
    findPlaces(world, members);
    consensus.run({
      members,
      stakes: stake,
      weights: quality,
      weightStride: 0,
      bonds: yumaBonds,
      bondStride: size,
      places: place,
      ...policy.consensus,
      emission: policy.issuancePerTick * policy.epoch,
      validators: policy.validators,
    });
    yumaTenure.fill(0);
    yumaMember.fill(0);
    yumaBonds.fill(0);
    for (let k = 0; k < members; k++) {
      issue(world, slot[k]!, consensus.emission[k]!);
      yumaTenure[slot[k]!] = 1;
      yumaMember[k] = slot[k]!;
    }
    const { rows, rowMember, bonds } = consensus;
    for (let r = 0; r < rows; r++) {
      const start = rowMember[r]! * size;
      for (let k = 0; k < members; k++) yumaBonds[start + k] = bonds[k * rows + r]!;
    }
  }
  epochQuality.fill(0);
}

/**
 * Writes the slots of an epoch's members, in order, and returns how many: all living agents where they fit, else the
 * validators (the largest stakers) and then those who delivered most; of equals the lower slot.
 */
function seatMembers({ parameters, columns, balances }: MarketWorld, most: number): number {
  const { population, epochQuality } = columns;
  const { slots } = parameters;
  const { living, chosen, seated, slot } = epochScratch;
  let alive = 0;
  for (let i = 0; i < slots; i++) if (population[i] !== FREE_SLOT) living[alive++] = i;
  if (alive <= most) {
    slot.set(living.subarray(0, alive));
    return alive;
  }
  seated.fill(0);
  let candidates = 0;
  for (let k = 0; k < alive; k++) if (balances.stake[living[k]!]! > 0) chosen[candidates++] = living[k]!;
  const seats = Math.min(most, parameters.policy.validators);
  const validators = takeLargest(balances.stake, chosen, candidates, seats, chosen);
  for (let k = 0; k < validators; k++) seated[chosen[k]!] = 1;
  candidates = 0;
  for (let k = 0; k < alive; k++) if (seated[living[k]!] === 0) chosen[candidates++] = living[k]!;
  const workers = takeLargest(epochQuality, chosen, candidates, most - validators, chosen);
  for (let k = 0; k < workers; k++) seated[chosen[k]!] = 1;
  let members = 0;
  for (let k = 0; k < alive; k++) if (seated[living[k]!] === 1) slot[members++] = living[k]!;
  return members;
}

/** Writes the place that each member had in the last epoch, if it is still the same agent, else -1. */
function findPlaces({ columns }: MarketWorld, members: number): void {
  const { yumaMember, yumaTenure } = columns;
  const { slot, place } = epochScratch;
  const size = yumaMember.length;
  let at = 0;
  for (let k = 0; k < members; k++) {
    // members of both epochs are in the order of slots; places beyond the last epoch's members hold zeros
    while (at < size && yumaMember[at]! < slot[k]! && (at === 0 || yumaMember[at]! > yumaMember[at - 1]!))
      at++;
    const found = at < size && yumaMember[at] === slot[k] && yumaTenure[slot[k]!] === 1;
    place[k] = found ? at : -1;
  }
}

/** What an agent that leaves its slot did in the epoch, and its bonds, are forgotten. */
export function leaveEpoch(columns: MarketWorld['columns'], agent: number): void {
  if (columns.epochQuality.length === 0) return;
  columns.epochQuality[agent] = 0;
  columns.yumaTenure[agent] = 0;
}

// --- tax and dividend ---

/** Wealth tax on free token and cash, each rounded down; the taxed keep the remainder. */
function levyTax({ parameters, ledger }: MarketWorld): void {
  const { wealthTax } = parameters.policy;
  if (wealthTax === 0) return;
  // an empty slot owns nothing to tax
  ledger.levy(ASSET.token, SYSTEM.treasury, wealthTax, REASON.tax);
  ledger.levy(ASSET.cash, SYSTEM.treasury, wealthTax, REASON.tax);
}

/** Equal parts, rounded down, of a share of what the treasury holds above its reserve; it keeps the remainder. */
function payDividend(world: MarketWorld): void {
  const { total } = world.columns;
  const token = dividendEach(world, ASSET.token);
  const cash = dividendEach(world, ASSET.cash);
  if (token > 0) total[TOTAL.dividendToken]! += payEqually(world, ASSET.token, token);
  if (cash > 0) total[TOTAL.dividendCash]! += payEqually(world, ASSET.cash, cash);
}

/** What the treasury pays everybody alive in an asset, milli-units. */
export function dividendEach({ parameters, columns, ledger }: MarketWorld, asset: Asset): number {
  const alive = columns.scalar[WORLD.alive]!;
  if (parameters.policy.dividend === 0 || alive === 0) return 0;
  const { tokenReserve, cashReserve } = parameters.treasury;
  const reserve = asset === ASSET.token ? tokenReserve : cashReserve;
  const surplus = ledger.balance(asset, ledger.system(SYSTEM.treasury)) - reserve;
  const shared = portion(Math.min(U32_MAX, Math.max(0, surplus)), parameters.policy.dividend);
  return Math.floor(shared / alive);
}

function payEqually({ parameters, columns, ledger }: MarketWorld, asset: Asset, each: number): number {
  for (let i = 0; i < parameters.slots; i++) parts[i] = columns.population[i] === FREE_SLOT ? 0 : each;
  return ledger.distribute(asset, SYSTEM.treasury, parts, REASON.dividend);
}
