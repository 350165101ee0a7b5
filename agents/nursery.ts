/**
 * Children between the choice of their parents and their placement: what they are given and what they inherit. Their
 * parents may be gone by the time they take their slots.
 */
import type { PopulationConfig } from '../configs/schema.ts';
import { ASSET, cashToToken, SYSTEM, TOTAL, tokenToCash, WORLD } from '../market/columns.ts';
import { REASON } from '../market/ledger.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { embody, setWealth } from './arrival.ts';
import { OBSERVATION_COUNT, PARAMETER_COUNT } from './brain/layout.ts';
import { type AgentWorld, GENE_COUNT } from './columns.ts';
import { scratch } from './demographyScratch.ts';
import { kitPrice, kitSize, tokenWorth } from './kit.ts';
import { silenceCritic } from './learners.ts';
import { isLearner } from './populations.ts';
import { heritableGenes } from './selfUpdate.ts';
import { crossOver, mutate, mutateEndowment, mutateThreshold } from './variation.ts';

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
/** Children staged in this tick. */
export let staged = 0;

/** Lamarckian children's weights and input moments, one record a staged child; empty until first used. */
const WEIGHTS_RECORD = PARAMETER_COUNT + 2 * OBSERVATION_COUNT + 1;
let stagedWeights = new Float32Array(0);

const draws = new DrawSequence();
const shadowDraws = new DrawSequence();

/** Forgets the children of the last tick. */
export function emptyNursery(): void {
  staged = 0;
}

function growStage(): void {
  const old = stage;
  stage = stageOf(2 * old.room);
  for (const name of Object.keys(old) as (keyof typeof old)[]) {
    if (name === 'room') continue;
    (stage[name] as Float64Array).set(old[name] as Float64Array);
  }
}

/** Lets a parent pay for a child and records all that the child inherits. */
export function stageChild(
  world: AgentWorld,
  tick: number,
  parent: number,
  slot: number,
  candidates: number,
): void {
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
export function place(world: AgentWorld, tick: number, b: number): void {
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
    brain.birth(slot, stage.weightsBornAt[b]!, stage.weightsBornIn[b]!);
    if (config.inheritance === 'lamarckian') inheritWeights(world, slot, b);
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
