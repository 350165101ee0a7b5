/**
 * How an agent comes to be in a slot: at genesis, and, for whoever its parents are, its body and its standing.
 */
import { populationOfSlots } from '../configs/allotments.ts';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { type MarketWorld, TOTAL, tokenToCash, WORLD } from '../market/columns.ts';
import { midPrice } from '../market/pool.ts';
import { wealthOf } from '../market/wealth.ts';
import { log } from '../sim/core/floatMath.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { type AgentWorld, NO_ANCESTOR } from './columns.ts';
import { takeFounderGenes, takeFounderMind } from './founders.ts';
import { silenceCritic, writeLearnerGenes } from './learners.ts';
import { measureWealth } from './observation.ts';
import { isLearner } from './populations.ts';
import { initialGenome } from './rewardGenome.ts';
import { beginUnrevised } from './selfUpdate.ts';

/** Reputation of a newborn, a half. */
const REPUTATION_START = 0x8000_0000;

const MODES = 4;

const draws = new DrawSequence();
const shadowDraws = new DrawSequence();

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
    arrive(world, 0, i, owner[i]!, draws);
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
export function arrive(
  world: AgentWorld,
  tick: number,
  slot: number,
  population: number,
  draws: DrawSequence,
): void {
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
export function embody(
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

/** Wealth of a newcomer at the closing price; its next tick's change starts from here. */
export function setWealth(world: AgentWorld, slot: number): void {
  const wealth = Math.min(U32_MAX, wealthOf(world, slot, midPrice(world)));
  world.columns.wealth[slot] = wealth;
  world.columns.wealthBefore[slot] = wealth;
}
