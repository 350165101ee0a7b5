/**
 * Token policy (MODEL 5f): who is issued new token, what is taxed, and what everybody gets back. All of it is minting,
 * burning and moving by entries of the ledger; fees are burned where they are taken (fee.ts).
 *
 * Issuance never exceeds `issuancePerTick` a tick. Each part is rounded down, and what rounding leaves, or what
 * nobody has earned, is not issued.
 */
import { CLASS_COUNT } from '../configs/schema.ts';
import { portion } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { SwapRate } from './amm.ts';
import { ASSET, type Asset, FREE_SLOT, type MarketWorld, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { REASON } from './ledger.ts';
import { fixedOfAlpha, fixedOfShare, U16_MAX, yumaEpoch } from './yuma.ts';

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
  const { issuance, epoch } = world.parameters.policy;
  if (issuance === 'none') return;
  if (issuance === 'yuma') {
    addEpochQuality(world);
    if ((tick + 1) % epoch === 0) closeEpoch(world);
    return;
  }
  const { population } = world.columns;
  const { stake } = world.balances;
  for (let i = 0; i < world.parameters.slots; i++) {
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

/**
 * Ends an epoch: the largest stakers weigh the members by the quality that each delivered, and what the consensus
 * gives each is issued. On the host, with big integers: it runs once in many ticks.
 */
function closeEpoch(world: MarketWorld): void {
  const { parameters, columns, balances } = world;
  const { policy } = parameters;
  const { epochQuality, yumaTenure, yumaMember, yumaBonds, population } = columns;
  const members = membersOf(world, yumaMember.length);
  const n = members.length;
  if (n > 0) {
    const best = members.reduce((most, slot) => Math.max(most, epochQuality[slot]!), 1);
    const row = members.map((slot) => Math.floor((epochQuality[slot]! * U16_MAX) / best));
    const result = yumaEpoch({
      stakes: members.map((slot) => BigInt(balances.stake[slot]!)),
      weights: Uint16Array.from({ length: n * n }, (_, k) => row[k % n]!),
      bonds: bondsOf(world, members),
      kappa: fixedOfShare(policy.kappa),
      bondsPenalty: fixedOfShare(policy.bondsPenalty),
      alpha: fixedOfAlpha(policy.bondsAlpha),
      emission: BigInt(policy.issuancePerTick) * BigInt(policy.epoch),
      validators: policy.validators,
    });
    members.forEach((slot, k) => {
      if (population[slot] !== FREE_SLOT) issue(world, slot, Number(result.emission[k]!));
    });
    yumaTenure.fill(0);
    yumaMember.fill(0);
    yumaBonds.fill(0);
    members.forEach((slot, a) => {
      yumaTenure[slot] = 1;
      yumaMember[a] = slot;
      for (let b = 0; b < n; b++) yumaBonds[a * yumaMember.length + b] = result.bonds[a * n + b]!;
    });
  }
  epochQuality.fill(0);
}

/**
 * The slots of an epoch's members, in order: all living agents where they fit, else the validators (the largest
 * stakers) and then those who delivered most; of equals the lower slot.
 */
function membersOf({ parameters, columns, balances }: MarketWorld, most: number): number[] {
  const { population, epochQuality } = columns;
  const { stake } = balances;
  const living: number[] = [];
  for (let i = 0; i < parameters.slots; i++) if (population[i] !== FREE_SLOT) living.push(i);
  if (living.length <= most) return living;
  const stakers = living.filter((i) => stake[i]! > 0).sort((a, b) => stake[b]! - stake[a]! || a - b);
  const chosen = new Set(stakers.slice(0, Math.min(most, parameters.policy.validators)));
  const workers = living.filter((i) => !chosen.has(i));
  workers.sort((a, b) => epochQuality[b]! - epochQuality[a]! || a - b);
  for (const slot of workers.slice(0, most - chosen.size)) chosen.add(slot);
  return [...chosen].sort((a, b) => a - b);
}

/** Bonds of the last epoch between members that are still the same agents, [n x n]. */
function bondsOf({ columns }: MarketWorld, members: readonly number[]): Uint16Array {
  const { yumaMember, yumaTenure, yumaBonds } = columns;
  const size = yumaMember.length;
  const placeOf = new Map<number, number>();
  for (let place = 0; place < size; place++) {
    // places beyond the last epoch's members hold zeros, which stand for no slot but slot 0 of place 0
    if (place > 0 && yumaMember[place]! <= yumaMember[place - 1]!) break;
    placeOf.set(yumaMember[place]!, place);
  }
  const places = members.map((slot) => (yumaTenure[slot] === 1 ? placeOf.get(slot) : undefined));
  const n = members.length;
  const bonds = new Uint16Array(n * n);
  places.forEach((from, a) => {
    if (from === undefined) return;
    places.forEach((to, b) => {
      if (to !== undefined) bonds[a * n + b] = yumaBonds[from * size + to]!;
    });
  });
  return bonds;
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
  const { parameters, columns } = world;
  if (parameters.policy.dividend === 0 || columns.scalar[WORLD.alive] === 0) return;
  const { tokenReserve, cashReserve } = parameters.treasury;
  columns.total[TOTAL.dividendToken]! += payEqually(world, ASSET.token, tokenReserve);
  columns.total[TOTAL.dividendCash]! += payEqually(world, ASSET.cash, cashReserve);
}

function payEqually(world: MarketWorld, asset: Asset, reserve: number): number {
  const { parameters, columns, ledger } = world;
  const held = ledger.balance(asset, ledger.system(SYSTEM.treasury));
  const surplus = Math.min(U32_MAX, Math.max(0, held - reserve));
  const each = Math.floor(portion(surplus, parameters.policy.dividend) / columns.scalar[WORLD.alive]!);
  if (each === 0) return 0;
  for (let i = 0; i < parameters.slots; i++) parts[i] = columns.population[i] === FREE_SLOT ? 0 : each;
  return ledger.distribute(asset, SYSTEM.treasury, parts, REASON.dividend);
}
