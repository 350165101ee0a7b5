/** Who becomes a parent in a tick (MODEL.md section 8): open slots, who can pay, the lottery, truncation selection. */
import type { PopulationConfig } from '../configs/schema.ts';
import { FREE_SLOT, tokenToCash, WORLD } from '../market/columns.ts';
import { takeLargest } from '../sim/core/orderStatistic.ts';
import { DrawSequence, STREAM, WORLD_DRAW } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import type { AgentWorld } from './columns.ts';
import { scratch } from './demographyScratch.ts';
import { kitPrice, tokenWorth } from './kit.ts';
import { multinomialSample, systematicSample, wealthWeights } from './lottery.ts';
import { CAUSE, collectLiving, endsGeneration, truncationQuota } from './mortality.ts';
import { stageChild, staged } from './nursery.ts';

const draws = new DrawSequence();

/** Opens slots, holds one lottery for all of them (or one for each population under quotas), stages children. */
export function drawParents(world: AgentWorld, tick: number, dying: number): void {
  const { parameters: p } = world;
  const { quotas, birthsPerTick } = p.demography;
  let room = birthsPerTick === 0 ? p.slots : birthsPerTick;
  const groups = quotas ? p.populations.length : 1;
  for (let group = 0; group < groups && room > 0; group++) {
    const owner = quotas ? group : FREE_SLOT;
    const births = Math.min(room, openSlots(world, owner, dying, tick));
    if (births === 0) continue;
    if (p.demography.selection === 'truncation') {
      if (endsGeneration(p, tick)) room -= breedRichest(world, tick, group, owner, births);
      continue;
    }
    const candidates = findEligible(world, owner);
    if (candidates === 0) continue;
    draws.at(p.seed, tick, WORLD_DRAW - group, STREAM.birthLottery);
    const parents = holdLottery(world, candidates, births);
    const before = staged;
    for (let k = 0; k < parents; k++) {
      const parent = scratch.eligible[scratch.chosen[k]!]!;
      // with replacement, a parent's earlier child may have taken what this one would need
      if (canReproduce(world, parent, tokenWorth(world)))
        stageChild(world, tick, parent, scratch.open[staged - before]!, candidates);
    }
    room -= staged - before;
  }
}

/** Collects slots that children may take; owner FREE_SLOT = any owner. Slots of this tick's dead count only where deaths are a parameter. */
function openSlots(
  { parameters: p, columns: c, agents }: AgentWorld,
  owner: number,
  dying: number,
  tick: number,
): number {
  const { open, cause } = scratch;
  const { population } = c;
  const { slots } = p;
  const reuse = dying > 0 && (p.demography.deathsPerTick > 0 || endsGeneration(p, tick));
  if (!reuse && c.scalar[WORLD.alive] === slots) return 0;
  let count = 0;
  for (let i = 0; i < slots; i++) {
    const free = population[i] === FREE_SLOT || (reuse && cause[i] !== CAUSE.none);
    if (free && (owner === FREE_SLOT || agents.slotPopulation[i] === owner)) open[count++] = i;
  }
  return count;
}

/**
 * Truncation selection: the richest share of a group fill its open slots in turns, from one drawn at random on, as
 * long as somebody can pay. Their wish for children (the threshold gene) is not asked.
 *
 * @returns children
 */
function breedRichest(world: AgentWorld, tick: number, group: number, owner: number, births: number): number {
  const { parameters: p, columns: c } = world;
  const { living, cause, eligible, open } = scratch;
  const count = collectLiving(world, owner);
  let staying = 0;
  for (let k = 0; k < count; k++) if (cause[living[k]!] === CAUSE.none) living[staying++] = living[k]!;
  const parents = takeLargest(c.wealth, living, staying, truncationQuota(p, count), eligible);
  if (parents === 0) return 0;
  const first = draws.at(p.seed, tick, WORLD_DRAW - group, STREAM.birthLottery).below(parents);
  const before = staged;
  let refused = 0;
  for (let turn = first; staged - before < births && refused < parents; turn++) {
    const parent = eligible[turn % parents]!;
    if (canPayForChild(world, parent, tokenWorth(world))) {
      stageChild(world, tick, parent, open[staged - before]!, parents);
      refused = 0;
    } else refused++;
  }
  return staged - before;
}

/** Collects in scratch.eligible who can reproduce, of one population or of all (FREE_SLOT); returns how many. */
function findEligible(world: AgentWorld, owner: number): number {
  const { parameters: p, columns: c } = world;
  const { population } = c;
  const { eligible } = scratch;
  const { slots } = p;
  const price = tokenWorth(world);
  const kit = kitPrice(world);
  let count = 0;
  for (let i = nextRich(world, kit, 0); i < slots; i = nextRich(world, kit, i + 1)) {
    const of = population[i]!;
    if (of === FREE_SLOT || (owner !== FREE_SLOT && of !== owner)) continue;
    if (canPayForChild(world, i, price)) eligible[count++] = i;
  }
  return count;
}

/**
 * The first agent from `from` on that is rich enough for a child that costs `kit` milli-cash, or that need not pay; the
 * number of slots if there is none. Most are not.
 */
function nextRich(world: AgentWorld, kit: number, from: number): number {
  const { slots, demography } = world.parameters;
  if (!demography.parentPays) return from;
  let agent = kit > U32_MAX ? from : world.senses.nextRich(kit, from);
  while (agent < slots && !isRich(world, agent, kit)) agent++;
  return agent;
}

/** Whether an agent's wealth is its threshold and a kit, milli-cash. */
export const isRich = ({ columns, agents }: AgentWorld, agent: number, kit: number): boolean =>
  columns.wealth[agent]! >= agents.thresholdGene[agent]! + kit;

/**
 * Whether an agent's wealth passes its threshold (plus the kit's price) and its free money buys the kit and
 * the least endowment, with room for rounding. Where children are made for nothing, everybody may be drawn.
 *
 * @param price milli-cash per milli-token, 2^-16
 */
function canReproduce(world: AgentWorld, agent: number, price: number): boolean {
  if (!world.parameters.demography.parentPays) return true;
  if (!isRich(world, agent, kitPrice(world))) return false;
  return canPayForChild(world, agent, price);
}

/** Whether an agent's free money buys the kit and the least endowment, with room for rounding. */
function canPayForChild(world: AgentWorld, agent: number, price: number): boolean {
  const { parameters: p, columns: c, balances } = world;
  if (!p.demography.parentPays) return true;
  if (c.insolvent[agent] !== 0) return false;
  const kit = kitPrice(world);
  const money = balances.cash[agent]! + tokenToCash(balances.token[agent]!, price);
  return money >= kit + p.demography.endowmentFloor + roundingSlack(price);
}

/** Cash lost at most by rounding two token amounts, milli-cash. */
const roundingSlack = (tokenPrice: number): number => 2 * Math.ceil(tokenPrice / 0x1_0000) + 4;

/** Writes the chosen candidates' indices to scratch.chosen; `draws` stands at the lottery's key. */
function holdLottery(world: AgentWorld, candidates: number, births: number): number {
  const { parameters: p, columns: c } = world;
  const { lottery, sampling } = p.demography;
  const { eligible, weights, chosen } = scratch;
  // with replacement a parent may have many children, and nothing caps its weight
  const cappedAt = sampling === 'systematic' ? births : 1;
  if (lottery === 'wealth') wealthWeights(c.wealth, eligible, candidates, cappedAt, weights);
  else if (lottery === 'uniform') weights.fill(1, 0, candidates);
  else fitnessWeights(p.populations, c.population, eligible, candidates, weights);
  return sampling === 'systematic'
    ? systematicSample(weights, candidates, births, draws.word(), chosen)
    : multinomialSample(weights, candidates, births, draws, chosen);
}

/** Weights in proportion to the fitness of each candidate's population, as fine as 32 bits allow. */
function fitnessWeights(
  populations: readonly PopulationConfig[],
  population: Uint32Array,
  candidates: Uint32Array,
  count: number,
  weights: Uint32Array,
): void {
  let fittest = 0;
  for (let k = 0; k < populations.length; k++) fittest = Math.max(fittest, populations[k]!.fitness);
  const unit = fittest === 0 ? 0 : U32_MAX / count / fittest;
  for (let k = 0; k < count; k++)
    weights[k] = Math.floor(populations[population[candidates[k]!]!]!.fitness * unit);
}
