/**
 * Birth, death and immigration (MODEL.md section 8). Within a tick parents are drawn and pay before estates
 * are settled, and children take their slots last; with one random death a tick that is the Moran process, with
 * all slots dying and multinomial sampling the Wright-Fisher process. Selection acts on money alone.
 */
import { populationOfSlots, type WorldParameters } from '../configs/derive.ts';
import { CLASS_COUNT, type PopulationConfig } from '../configs/schema.ts';
import { settleEstate } from '../market/claims.ts';
import {
  ASSET,
  cashToToken,
  FREE_SLOT,
  type MarketWorld,
  MODE,
  SIDE,
  SYSTEM,
  TOTAL,
  tokenToCash,
  WORLD,
} from '../market/columns.ts';
import { addToPool } from '../market/dataPool.ts';
import { REASON } from '../market/ledger.ts';
import { midPrice } from '../market/pool.ts';
import { dropWithdrawal } from '../market/staking.ts';
import { leaveEpoch } from '../market/tokenPolicy.ts';
import { leaveContracts } from '../market/trust.ts';
import { wealthOf } from '../market/wealth.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { log } from '../sim/core/floatMath.ts';
import { takeLargest, takeSmallest } from '../sim/core/orderStatistic.ts';
import { DrawSequence, draw, STREAM } from '../sim/core/rng.ts';
import { TWO_32, U32_MAX } from '../sim/core/units.ts';
import { actionIndex } from './actions.ts';
import { drawInitialWeights } from './brain/brain.ts';
import { HEAD_COUNT, LANES, OBSERVATION_COUNT, PARAMETER_COUNT } from './brain/layout.ts';
import { type AgentWorld, GENE_COUNT, NO_ANCESTOR } from './columns.ts';
import { takeFounderGenes, takeFounderMind } from './founders.ts';
import { silenceCritic, writeLearnerGenes } from './learners.ts';
import { multinomialSample, systematicSample, wealthWeights } from './lottery.ts';
import { measureWealth } from './observation.ts';
import { isLearner } from './populations.ts';
import { initialGenome } from './rewardGenome.ts';
import { abandonTrial, beginUnrevised, heritableGenes } from './selfUpdate.ts';
import { crossOver, mutate, mutateEndowment, mutateThreshold } from './variation.ts';

/** Reputation of a newborn, a half. */
export const REPUTATION_START = 0x8000_0000;
/** The agent key of draws that belong to a world and not to an agent. */
const WORLD_DRAW = 0xffff_ffff;
const MODES = 4;
const MEMORIES = 4;

const CAUSE = { none: 0, insolvency: 1, age: 2, random: 3, truncation: 4 } as const;
const CAUSE_NAMES = ['random', 'insolvency', 'age', 'random', 'truncation'] as const;

// --- scratch, grown to the largest world of the thread and overwritten in every use ---

const scratchOf = (slots: number) => ({
  /** CAUSE of each slot's death this tick. */
  cause: new Uint8Array(slots),
  dying: new Uint32Array(slots),
  /** Slots that children may take, grouped by owner under quotas. */
  open: new Uint32Array(slots),
  living: new Uint32Array(slots),
  eligible: new Uint32Array(slots),
  weights: new Uint32Array(slots),
  chosen: new Uint32Array(slots),
  slots,
});
let scratch = scratchOf(0);

/** Children between the choice of their parents and their placement: their parents may be gone by then. */
const stageOf = (room: number) => ({
  slot: new Uint32Array(room),
  population: new Uint32Array(room),
  parent: new Float64Array(room),
  secondParent: new Float64Array(room),
  generation: new Uint32Array(room),
  ancestor: new Uint32Array(room),
  threshold: new Uint32Array(room),
  endowment: new Uint32Array(room),
  token: new Float64Array(room),
  cash: new Float64Array(room),
  weightsBornAt: new Uint32Array(room),
  weightsBornIn: new Uint32Array(room),
  genes: new Float32Array(room * GENE_COUNT),
  shadow: new Float32Array(room * GENE_COUNT),
  room,
});
let stage = stageOf(16);
let staged = 0;
/** Lamarckian children's weights and input moments, one record a staged child; empty until first used. */
const WEIGHTS_RECORD = PARAMETER_COUNT + 2 * OBSERVATION_COUNT + 1;
let stagedWeights = new Float32Array(0);

function growStage(): void {
  const old = stage;
  stage = stageOf(2 * old.room);
  for (const name of Object.keys(old) as (keyof typeof old)[]) {
    if (name === 'room') continue;
    (stage[name] as Float64Array).set(old[name] as Float64Array);
  }
}

const draws = new DrawSequence();
const shadowDraws = new DrawSequence();
const drawnWeights = new Float32Array(PARAMETER_COUNT);

// --- founding ---

/**
 * Fills all slots with the agents of genesis: identity, genomes, brains, skill and capacity. Runs before
 * market/circulation.ts gives them their money; wealth is set to what that will be.
 */
export function foundPopulation(world: AgentWorld): void {
  const { parameters: p, columns: c, agents } = world;
  const owner = populationOfSlots(p.populations, p.slots);
  const token = p.amm.enabled ? tokenToCash(p.genesis.token, midPriceAtGenesis(world)) : 0;
  const wealth = Math.min(U32_MAX, p.genesis.cash + token);
  agents.slotPopulation.set(owner);
  for (let i = 0; i < p.slots; i++) {
    draws.at(p.seed, 0, i, STREAM.genesisGenome);
    arrive(world, 0, i, owner[i]!);
    c.wealth[i] = wealth;
    c.wealthBefore[i] = wealth;
    world.lineage?.birth(world, 0, i, 'genesis');
  }
  c.total[TOTAL.genesisAgents] = p.slots;
  c.scalar[WORLD.alive] = p.slots;
  measureWealth(world);
}

/** The price at which the AMM opens, 2^-16. */
const midPriceAtGenesis = ({ parameters: { amm } }: MarketWorld): number =>
  Math.floor((amm.cash * 0x1_0000) / amm.token);

/** A newcomer of the genesis distribution in a free slot; its genome continues the sequence in `draws`. */
function arrive(world: AgentWorld, tick: number, slot: number, population: number): void {
  const { parameters: p, agents } = world;
  const config = p.populations[population]!;
  const sigma = p.demography.sigma;
  const logKappa = log(p.learner.kappaActor);
  initialGenome(agents.genes, slot, p.slots, config, p.learner, logKappa, sigma, draws);
  // a genome of its own, or it would know something of the agent that carries it
  shadowDraws.at(p.seed, tick, slot, STREAM.shadowGenome);
  initialGenome(agents.shadowGenes, slot, p.slots, config, p.learner, logKappa, sigma, shadowDraws);
  agents.thresholdGene[slot] = p.demography.threshold;
  agents.endowmentGene[slot] = p.demography.endowmentShare;
  takeFounderGenes(world, tick, slot, population);
  agents.generation[slot] = 0;
  agents.parent[slot] = 0;
  agents.secondParent[slot] = 0;
  agents.censusAncestor[slot] = NO_ANCESTOR;
  agents.weightsBornAt[slot] = tick;
  agents.weightsBornIn[slot] = slot;
  embody(world, tick, slot, population, p.genesis.capacity, p.genesis.data);
  if (isLearner(config)) {
    world.brain.birth(slot, tick);
    takeFounderMind(world, tick, slot, population);
    silenceCritic(world, slot);
  }
}

/** What every new agent gets, whoever its parents: serial, body, empty memory. */
function embody(
  world: AgentWorld,
  tick: number,
  slot: number,
  population: number,
  capacity: number,
  data: number,
): void {
  const { parameters: p, columns: c, agents, brain } = world;
  agents.serial[slot] = ++c.total[TOTAL.nextSerial]!;
  agents.bornAt[slot] = tick;
  c.population[slot] = population;
  c.capacity[slot] = capacity;
  c.total[TOTAL.capacity]! += capacity;
  c.data[slot] = data;
  c.total[TOTAL.dataFounded]! += data;
  c.reputation[slot] = REPUTATION_START;
  for (let k = 0; k < CLASS_COUNT; k++) c.skill[slot * CLASS_COUNT + k] = p.genesis.skill;
  for (let m = 0; m < MODES; m++) agents.modeShare[m * p.slots + slot] = 1 / MODES;
  writeLearnerGenes(world, slot);
  beginUnrevised(world, slot);
  brain.columns.active[slot] = isLearner(p.populations[population]) ? 1 : 0;
}

// --- the phase ---

/**
 * Phase 10: marks who dies, draws parents for the open slots and lets them pay, settles estates, places the
 * children, lets immigrants in.
 */
export function live(world: AgentWorld, tick: number): void {
  const { parameters: p, columns: c, agents } = world;
  c.scalar[WORLD.births] = 0;
  c.scalar[WORLD.deaths] = 0;
  c.scalar[WORLD.immigrants] = 0;
  agents.transferGiven.fill(0);
  if (!p.demography.enabled) return;
  if (scratch.slots < p.slots) scratch = scratchOf(p.slots);
  const dying = markDying(world, tick);
  staged = 0;
  drawParents(world, tick, dying);
  for (let k = 0; k < dying; k++) bury(world, tick, scratch.dying[k]!);
  for (let b = 0; b < staged; b++) place(world, tick, b);
  immigrate(world, tick);
}

/** Fills scratch.cause and scratch.dying; returns how many die. */
function markDying(world: AgentWorld, tick: number): number {
  const { parameters: p, columns: c } = world;
  const { cause, dying, living } = scratch;
  const { hazard, deathsPerTick } = p.demography;
  let alive = 0;
  for (let i = 0; i < p.slots; i++) {
    cause[i] = CAUSE.none;
    if (c.population[i] === FREE_SLOT) continue;
    living[alive++] = i;
    if (c.insolvent[i] !== 0 || c.wealth[i]! < p.energy.subsistence) cause[i] = CAUSE.insolvency;
    else if (hazard > 0 && draw(p.seed, tick, i, STREAM.deathHazard) < hazard) cause[i] = CAUSE.age;
  }
  // the first places of a Fisher-Yates shuffle: exactly that many distinct agents
  const random = Math.min(deathsPerTick, alive);
  draws.at(p.seed, tick, WORLD_DRAW, STREAM.deathHazard);
  for (let k = 0; k < random; k++) {
    const pick = k + draws.below(alive - k);
    const agent = living[pick]!;
    living[pick] = living[k]!;
    living[k] = agent;
    if (cause[agent] === CAUSE.none) cause[agent] = CAUSE.random;
  }
  if (endsGeneration(p, tick)) truncate(world);
  let count = 0;
  for (let i = 0; i < p.slots; i++) if (cause[i] !== CAUSE.none) dying[count++] = i;
  return count;
}

/** Whether truncation selection takes place at the end of a tick. */
const endsGeneration = ({ demography }: WorldParameters, tick: number): boolean =>
  demography.selection === 'truncation' && (tick + 1) % demography.generation === 0;

/** Collects the living members of a population in scratch.living; FREE_SLOT = of all populations. */
function collectLiving({ columns: { population } }: AgentWorld, owner: number): number {
  let count = 0;
  for (let i = 0; i < population.length; i++) {
    const of = population[i]!;
    if (of !== FREE_SLOT && (owner === FREE_SLOT || of === owner)) scratch.living[count++] = i;
  }
  return count;
}

/** Agents that a generation's end takes from a group, and parents that it gives: the share, rounded down. */
const truncationQuota = ({ demography }: WorldParameters, count: number): number =>
  Math.floor(demography.truncationShare * count);

/** Marks the poorest share of the living, of each population apart under quotas. */
function truncate(world: AgentWorld): void {
  const { parameters: p, columns: c } = world;
  const { cause, living, chosen } = scratch;
  const groups = p.demography.quotas ? p.populations.length : 1;
  for (let group = 0; group < groups; group++) {
    const count = collectLiving(world, p.demography.quotas ? group : FREE_SLOT);
    const poorest = takeSmallest(c.wealth, living, count, truncationQuota(p, count), chosen);
    for (let k = 0; k < poorest; k++)
      if (cause[chosen[k]!] === CAUSE.none) cause[chosen[k]!] = CAUSE.truncation;
  }
}

// --- birth ---

/** Opens slots, holds one lottery for all of them (or one for each population under quotas), stages children. */
function drawParents(world: AgentWorld, tick: number, dying: number): void {
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
  const reuse = dying > 0 && (p.demography.deathsPerTick > 0 || endsGeneration(p, tick));
  let count = 0;
  for (let i = 0; i < p.slots; i++) {
    const free = c.population[i] === FREE_SLOT || (reuse && cause[i] !== CAUSE.none);
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

function findEligible(world: AgentWorld, owner: number): number {
  const { population } = world.columns;
  const price = tokenWorth(world);
  let count = 0;
  for (let i = 0; i < population.length; i++) {
    const of = population[i]!;
    if (of === FREE_SLOT || (owner !== FREE_SLOT && of !== owner)) continue;
    if (canReproduce(world, i, price)) scratch.eligible[count++] = i;
  }
  return count;
}

/** cu of a child's kit: enough for one task where compute is needed at all. */
export const kitSize = ({ parameters: p }: MarketWorld): number =>
  Math.max(
    p.demography.kitCompute,
    p.serviceMarket.enabled || p.training.enabled ? p.serviceMarket.cuPerTask : 0,
  );
const kitPrice = (world: MarketWorld): number => kitSize(world) * world.columns.scalar[WORLD.hardwarePrice]!;

/** What a milli-token is worth to a parent, milli-cash in 2^-16: the closing price, 0 where none can be sold. */
const tokenWorth = (world: MarketWorld): number => (world.parameters.amm.enabled ? midPrice(world) : 0);

/**
 * Whether an agent's wealth passes its threshold (plus the kit's price) and its free money buys the kit and
 * the least endowment, with room for rounding. Where children are made for nothing, everybody may be drawn.
 *
 * @param price milli-cash per milli-token, 2^-16
 */
export function canReproduce(world: AgentWorld, agent: number, price: number): boolean {
  const { parameters: p, columns: c, agents } = world;
  if (!p.demography.parentPays) return true;
  if (c.wealth[agent]! < agents.thresholdGene[agent]! + kitPrice(world)) return false;
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

/** Lets a parent pay for a child and records all that the child inherits. */
function stageChild(world: AgentWorld, tick: number, parent: number, slot: number, candidates: number): void {
  const { parameters: p, columns: c, agents, brain } = world;
  if (staged === stage.room) growStage();
  const b = staged++;
  const population = c.population[parent]!;
  const config = p.populations[population]!;
  stage.slot[b] = slot;
  stage.population[b] = population;
  stage.parent[b] = agents.serial[parent]!;
  stage.secondParent[b] = 0;
  stage.generation[b] = agents.generation[parent]! + 1;
  stage.ancestor[b] = agents.censusAncestor[parent]!;
  stage.weightsBornAt[b] = config.inheritance === 'baldwinian' ? agents.weightsBornAt[parent]! : tick;
  stage.weightsBornIn[b] = config.inheritance === 'baldwinian' ? agents.weightsBornIn[parent]! : slot;
  pay(world, parent, b);
  inheritGenes(world, tick, parent, b, config, candidates);
  if (config.inheritance === 'lamarckian' && isLearner(config)) {
    const end = (b + 1) * WEIGHTS_RECORD;
    if (stagedWeights.length < end) {
      const grown = new Float32Array(2 * end);
      grown.set(stagedWeights);
      stagedWeights = grown;
    }
    const record = stagedWeights.subarray(b * WEIGHTS_RECORD, end);
    brain.readRows('weights', parent, record);
    brain.readRows('inputMean', parent, record.subarray(PARAMETER_COUNT));
    brain.readRows('inputVariance', parent, record.subarray(PARAMETER_COUNT + OBSERVATION_COUNT));
    brain.readRows('inputCount', parent, record.subarray(PARAMETER_COUNT + 2 * OBSERVATION_COUNT));
  }
}

/**
 * The parent buys the kit, in cash as far as that goes and the rest in token at the closing price (rounded up,
 * the seller keeps the remainder), then puts the endowment in escrow until the child's slot is free: a share
 * of each asset, rounded down, topped up to the floor in cash first.
 */
function pay(world: AgentWorld, parent: number, b: number): void {
  const { parameters: p, columns: c, balances, agents, ledger } = world;
  stage.token[b] = 0;
  stage.cash[b] = 0;
  if (!p.demography.parentPays) return;
  const price = tokenWorth(world);
  const kit = kitPrice(world);
  const kitCash = Math.min(kit, balances.cash[parent]!);
  const kitToken = tokenFor(kit - kitCash, price);
  ledger.transfer(ASSET.cash, parent, ledger.system(SYSTEM.supplier), kitCash, REASON.kit);
  // the supplier's receipts return to the consumers each tick; its token go there at once
  ledger.transfer(ASSET.token, parent, ledger.system(SYSTEM.consumers), kitToken, REASON.kit);

  const share = agents.endowmentGene[parent]!;
  let cash = mulHigh(balances.cash[parent]!, share);
  let token = mulHigh(balances.token[parent]!, share);
  let missing = p.demography.endowmentFloor - cash - tokenToCash(token, price);
  if (missing > 0) {
    const more = Math.min(missing, balances.cash[parent]! - cash);
    cash += more;
    missing -= more;
    token += Math.min(tokenFor(missing, price), balances.token[parent]! - token);
  }
  const escrow = ledger.system(SYSTEM.escrow);
  ledger.transfer(ASSET.cash, parent, escrow, cash, REASON.endowment);
  ledger.transfer(ASSET.token, parent, escrow, token, REASON.endowment);
  stage.cash[b] = cash;
  stage.token[b] = token;
  const given = Math.min(c.wealth[parent]!, kit + cash + tokenToCash(token, price));
  agents.transferGiven[parent] = Math.min(U32_MAX, agents.transferGiven[parent]! + given);
  c.wealth[parent]! -= given;
}

/** The least token worth `cash` at a price, 0 for nothing. */
const tokenFor = (cash: number, price: number): number => (cash <= 0 ? 0 : cashToToken(cash, price) + 1);

/** Writes the child's genome and its neutral shadow, which has random parents but the same crossover and mutation. */
function inheritGenes(
  world: AgentWorld,
  tick: number,
  parent: number,
  b: number,
  config: PopulationConfig,
  candidates: number,
): void {
  const { parameters: p, agents } = world;
  const slots = p.slots;
  const slot = stage.slot[b]!;
  const start = b * GENE_COUNT;
  stage.threshold[b] = agents.thresholdGene[parent]!;
  stage.endowment[b] = agents.endowmentGene[parent]!;
  shadowDraws.at(p.seed, tick, slot, STREAM.shadow);
  const shadowParent = randomMember(world, parent);
  const genes = heritableGenes(world, parent);
  for (let k = 0; k < GENE_COUNT; k++) {
    stage.genes[start + k] = genes[k * slots + parent]!;
    stage.shadow[start + k] = agents.shadowGenes[k * slots + shadowParent]!;
  }
  if (!config.evolves) return;
  draws.at(p.seed, tick, slot, STREAM.crossover);
  if (draws.word() < p.demography.crossover) {
    const second = secondParent(world, parent, candidates);
    if (second !== parent) {
      stage.secondParent[b] = agents.serial[second]!;
      crossOver(stage.genes, start, heritableGenes(world, second), second, slots, draws);
      if (draws.word() >>> 31) stage.threshold[b] = agents.thresholdGene[second]!;
      if (draws.word() >>> 31) stage.endowment[b] = agents.endowmentGene[second]!;
      const shadowSecond = randomMember(world, parent);
      crossOver(stage.shadow, start, agents.shadowGenes, shadowSecond, slots, shadowDraws);
    }
  }
  if (!p.demography.mutation) return;
  draws.at(p.seed, tick, slot, STREAM.mutation);
  mutate(stage.genes, start, config, draws);
  stage.threshold[b] = mutateThreshold(stage.threshold[b]!, draws);
  stage.endowment[b] = mutateEndowment(stage.endowment[b]!, draws);
  mutate(stage.shadow, start, config, draws);
}

/** Tries before a search by rejection gives way to an exact count; both are uniform. */
const REJECTIONS_MAX = 16;

/** A uniformly random eligible agent of the parent's population other than the parent; the parent when there is none. */
function secondParent(world: AgentWorld, parent: number, candidates: number): number {
  const { population } = world.columns;
  const { eligible } = scratch;
  const own = population[parent]!;
  for (let k = 0; k < REJECTIONS_MAX; k++) {
    const agent = eligible[draws.below(candidates)]!;
    if (agent !== parent && population[agent] === own) return agent;
  }
  let count = 0;
  for (let k = 0; k < candidates; k++)
    if (eligible[k] !== parent && population[eligible[k]!] === own) count++;
  if (count === 0) return parent;
  let pick = draws.below(count);
  for (let k = 0; k < candidates; k++) {
    if (eligible[k] === parent || population[eligible[k]!] !== own) continue;
    if (pick-- === 0) return eligible[k]!;
  }
  return parent;
}

/** A uniformly random living agent of an agent's population, itself included; drawn from the shadow's sequence. */
function randomMember(world: AgentWorld, agent: number): number {
  const { population } = world.columns;
  const own = population[agent]!;
  for (let k = 0; k < REJECTIONS_MAX; k++) {
    const other = shadowDraws.below(population.length);
    if (population[other] === own) return other;
  }
  let count = 0;
  for (let i = 0; i < population.length; i++) if (population[i] === own) count++;
  let pick = shadowDraws.below(count);
  for (let i = 0; i < population.length; i++) if (population[i] === own && pick-- === 0) return i;
  return agent;
}

/** Places a staged child in its slot, which is free by now. */
function place(world: AgentWorld, tick: number, b: number): void {
  const { parameters: p, columns: c, agents, brain, ledger } = world;
  const slot = stage.slot[b]!;
  const population = stage.population[b]!;
  const config = p.populations[population]!;
  const start = b * GENE_COUNT;
  for (let k = 0; k < GENE_COUNT; k++) {
    agents.genes[k * p.slots + slot] = stage.genes[start + k]!;
    agents.shadowGenes[k * p.slots + slot] = stage.shadow[start + k]!;
  }
  agents.thresholdGene[slot] = stage.threshold[b]!;
  agents.endowmentGene[slot] = stage.endowment[b]!;
  agents.parent[slot] = stage.parent[b]!;
  agents.secondParent[slot] = stage.secondParent[b]!;
  agents.generation[slot] = stage.generation[b]!;
  agents.censusAncestor[slot] = stage.ancestor[b]!;
  agents.weightsBornAt[slot] = stage.weightsBornAt[b]!;
  agents.weightsBornIn[slot] = stage.weightsBornIn[b]!;
  embody(world, tick, slot, population, kitSize(world), 0);
  const escrow = ledger.system(SYSTEM.escrow);
  ledger.transfer(ASSET.cash, escrow, slot, stage.cash[b]!, REASON.endowment);
  ledger.transfer(ASSET.token, escrow, slot, stage.token[b]!, REASON.endowment);
  setWealth(world, slot);
  if (isLearner(config)) {
    brain.birth(slot, tick);
    if (config.inheritance === 'baldwinian') {
      const { sparsity } = p.learner;
      drawInitialWeights(drawnWeights, p.seed, stage.weightsBornAt[b]!, stage.weightsBornIn[b]!, sparsity);
      brain.writeAgent(slot, drawnWeights);
    } else if (config.inheritance === 'lamarckian') inheritWeights(world, slot, b);
    silenceCritic(world, slot);
  }
  c.scalar[WORLD.births]!++;
  c.total[TOTAL.births]!++;
  c.scalar[WORLD.alive]!++;
  world.lineage?.birth(world, tick, slot, 'birth');
}

/** Weights, and the input moments without which they would see differently scaled inputs. */
function inheritWeights({ brain }: AgentWorld, slot: number, b: number): void {
  const record = stagedWeights.subarray(b * WEIGHTS_RECORD, (b + 1) * WEIGHTS_RECORD);
  brain.writeRows('weights', slot, record);
  brain.writeRows('inputMean', slot, record.subarray(PARAMETER_COUNT));
  brain.writeRows('inputVariance', slot, record.subarray(PARAMETER_COUNT + OBSERVATION_COUNT));
  brain.writeRows('inputCount', slot, record.subarray(PARAMETER_COUNT + 2 * OBSERVATION_COUNT));
}

/** Wealth of a newcomer at the closing price; its next tick's change starts from here. */
function setWealth(world: AgentWorld, slot: number): void {
  const wealth = Math.min(U32_MAX, wealthOf(world, slot, midPrice(world)));
  world.columns.wealth[slot] = wealth;
  world.columns.wealthBefore[slot] = wealth;
}

// --- death ---

/** Settles an estate and empties the slot: money to the treasury, hardware to the supplier's stock. */
function bury(world: AgentWorld, tick: number, slot: number): void {
  const { columns: c, balances, ledger } = world;
  const cause = scratch.cause[slot]!;
  abandonTrial(world, slot);
  world.lineage?.death(world, tick, slot, CAUSE_NAMES[cause]!);
  settleEstate(world, slot);
  dropWithdrawal(world, slot);
  const treasury = ledger.system(SYSTEM.treasury);
  ledger.transfer(ASSET.token, slot, treasury, balances.token[slot]!, REASON.estate);
  ledger.transfer(ASSET.token, ledger.stakeOf(slot), treasury, balances.stake[slot]!, REASON.estate);
  ledger.transfer(ASSET.cash, slot, treasury, balances.cash[slot]!, REASON.estate);
  c.total[TOTAL.capacity]! -= c.capacity[slot]!;
  addToPool(world, c.data[slot]!);
  c.total[TOTAL.deaths]!++;
  // settle has counted those that could not pay their bill
  if (cause === CAUSE.insolvency && c.insolvent[slot] === 0) c.total[TOTAL.insolvencies]!++;
  c.scalar[WORLD.deaths]!++;
  c.scalar[WORLD.alive]!--;
  vacate(world, slot);
}

/** Clears all that a slot's next owner must not find. */
function vacate({ columns: c, agents, brain, parameters: p }: AgentWorld, slot: number): void {
  for (const column of SLOT_COLUMNS) c[column][slot] = 0;
  leaveContracts(c, slot);
  leaveEpoch(c, slot);
  if (c.lossCarried.length > 0) c.lossCarried[slot] = 0;
  c.population[slot] = FREE_SLOT;
  c.mode[slot] = MODE.idle;
  c.computeSide[slot] = SIDE.none;
  for (let k = 0; k < CLASS_COUNT; k++) c.skill[slot * CLASS_COUNT + k] = 0;
  for (const column of AGENT_COLUMNS) agents[column][slot] = 0;
  for (let k = 0; k < MEMORIES; k++) agents.memory[k * p.slots + slot] = 0;
  brain.columns.active[slot] = 0;
  brain.columns.reward[slot] = 0;
  for (let h = 0, at = actionIndex(slot); h < HEAD_COUNT; h++, at += LANES) brain.columns.action[at] = 0;
}

const SLOT_COLUMNS = [
  'capacity',
  'data',
  'reputation',
  'soldEma',
  'taskClass',
  'taskAsk',
  'computeLevel',
  'computeQuantity',
  'method',
  'finance',
  'deliver',
  'compute',
  'computeFilled',
  'computeAmount',
  'computeUsed',
  'tasksOffered',
  'tasksSold',
  'serviceAmount',
  'labelsUsed',
  'skillGain',
  'bill',
  'insolvent',
  'invested',
  'wealth',
  'wealthBefore',
  'inducedUnits',
] as const;
const AGENT_COLUMNS = [
  'serial',
  'profit',
  'lifeReward',
  'lifeProfit',
  'computeFill',
  'serviceFill',
  'unusedCompute',
  'scriptedLevel',
  'scriptedAsk',
  'transferGiven',
] as const;

// --- immigration ---

/** Admits agents of the genesis distribution below the population floor; under quotas, below each population's own floor. */
function immigrate(world: AgentWorld, tick: number): void {
  const { demography, populations, slots } = world.parameters;
  const { immigrationFloor, immigrantsPerTick } = demography;
  if (immigrationFloor === 0 || immigrantsPerTick === 0) return;
  if (!demography.quotas) {
    admit(
      world,
      tick,
      Math.min(immigrantsPerTick, immigrationFloor - world.columns.scalar[WORLD.alive]!),
      FREE_SLOT,
    );
    return;
  }
  let room = immigrantsPerTick;
  for (let population = 0; population < populations.length && room > 0; population++) {
    if (!populations[population]!.immigrates) continue;
    let owned = 0;
    let alive = 0;
    for (let i = 0; i < slots; i++) {
      if (world.agents.slotPopulation[i] !== population) continue;
      owned++;
      if (world.columns.population[i] !== FREE_SLOT) alive++;
    }
    room -= admit(
      world,
      tick,
      Math.min(room, Math.floor((immigrationFloor * owned) / slots) - alive),
      population,
    );
  }
}

/**
 * Admits up to `count` immigrants, each endowed as its population was at genesis, until the treasury cannot pay
 * the next one in full; returns how many came.
 *
 * @param only the population that they join; FREE_SLOT = drawn by the genesis shares
 */
function admit(world: AgentWorld, tick: number, count: number, only: number): number {
  const { parameters: p, columns: c, ledger } = world;
  const treasury = ledger.system(SYSTEM.treasury);
  let admitted = 0;
  for (let k = count; k > 0; k--) {
    draws.at(p.seed, tick, WORLD_DRAW - k, STREAM.immigration);
    const population = only === FREE_SLOT ? immigrantPopulation(p.populations, draws.word()) : only;
    if (population < 0) break;
    // to the nearest milli-unit, as at genesis; the treasury pays what the immigrant gets
    const { endowment } = p.populations[population]!;
    const token = Math.round(p.genesis.token * endowment);
    const cash = Math.round(p.genesis.cash * endowment);
    if (ledger.balance(ASSET.token, treasury) < token || ledger.balance(ASSET.cash, treasury) < cash) break;
    const slot = freeSlot(world, population);
    if (slot < 0) continue;
    draws.at(p.seed, tick, slot, STREAM.immigration);
    arrive(world, tick, slot, population);
    ledger.transfer(ASSET.token, treasury, slot, token, REASON.immigration);
    ledger.transfer(ASSET.cash, treasury, slot, cash, REASON.immigration);
    setWealth(world, slot);
    c.scalar[WORLD.immigrants]!++;
    c.total[TOTAL.immigrants]!++;
    c.scalar[WORLD.alive]!++;
    world.lineage?.birth(world, tick, slot, 'immigration');
    admitted++;
  }
  return admitted;
}

/** A population drawn by the genesis shares of those that accept immigrants; -1 when none does. */
function immigrantPopulation(populations: readonly PopulationConfig[], word: number): number {
  let total = 0;
  for (const { share, immigrates } of populations) if (immigrates) total += share;
  let at = (word / TWO_32) * total;
  let last = -1;
  for (let k = 0; k < populations.length; k++) {
    const { share, immigrates } = populations[k]!;
    if (!immigrates || share === 0) continue;
    last = k;
    at -= share;
    if (at < 0) return k;
  }
  return last;
}

/** The first free slot that a population may use, or -1. */
function freeSlot({ parameters: p, columns: c, agents }: AgentWorld, population: number): number {
  for (let i = 0; i < p.slots; i++) {
    if (c.population[i] !== FREE_SLOT) continue;
    if (!p.demography.quotas || agents.slotPopulation[i] === population) return i;
  }
  return -1;
}
