/**
 * Self-update of objectives (MODEL.md section 8): an agent may try other reward genes within its life, and wealth
 * decides whether it keeps them. The old genes (A) and the new ones (B), mutated as at birth, take turns in blocks
 * A B B A, so that a trend in wealth favours neither. The blocks of a world open together, every `trialBlock`
 * ticks, so that all agents are measured over the same ticks:
 *
 *     growth of a block = log2(wealth at its close / wealth at its opening), gifts to children taken out
 *     score = sum over both blocks B of (growth - median growth) - sum over both blocks A of the same
 *
 * in integers; the median is that of all who lived through the block. A score above 0 accepts, a tie
 * keeps the old genes. Reward never enters. The new genes of a placebo are the old ones: what share of
 * placebos is accepted is what chance accepts.
 *
 * `judge: reward` takes the guard away, for experiments on wireheading: growth is then the reward that an agent paid
 * itself over the block, by whichever genes it had in use.
 *
 * Each block of a trial opens with traces and reward moments forgotten, and with the same observed flag, so that the
 * genes are all that differs between A and B. The learner's own genes (discount, traces, entropy) are no part of an
 * objective and stay.
 */
import { FREE_SLOT } from '../market/columns.ts';
import { log2Fixed } from '../sim/core/fixed.ts';
import { kthSmallest } from '../sim/core/orderStatistic.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { actionIndex } from './actions.ts';
import { HEAD, LANES } from './brain/layout.ts';
import { type AgentWorld, GENE, GENE_COUNT, NO_BASE, TRIAL, TRIAL_TOTAL } from './columns.ts';
import { isUnrewarded } from './rewardGenome.ts';
import { mutateReward } from './variation.ts';

/** Option of the objective head that starts a trial. */
const REVISE = 1;
/** Added to growths so that they can be ranked as u32. */
const GROWTH_OFFSET = 0x8000_0000;

const draws = new DrawSequence();
const genome = new Float32Array(GENE_COUNT);
/** Growths of one block plus GROWTH_OFFSET; grown to the largest world of the thread. */
let growths = new Uint32Array(0);

/** Parts of 1 in which rewards are judged. */
const REWARD_PARTS = 1024;
/** Bound of what is judged, so that differences and sums of a trial stay within i32. */
const JUDGED_MAX = 2 ** 27;

/** log2 of wealth in 2^-16, 0 counted as 1 milli-cash. */
const log2 = (wealth: number): number => (wealth > 0 ? log2Fixed(wealth) : 0);

/** What an agent has so far of what trials are judged by: log2 of wealth in 2^-16, or reward since birth in 2^-10. */
function standing({ parameters, columns, agents }: AgentWorld, agent: number): number {
  if (!isJudgedByReward(parameters)) return log2(columns.wealth[agent]!);
  const reward = Math.floor(agents.lifeReward[agent]! * REWARD_PARTS);
  return Math.min(JUDGED_MAX, Math.max(-JUDGED_MAX, reward));
}

/** Whether the reward that agents pay themselves decides their trials. */
const isJudgedByReward = ({ objectives }: AgentWorld['parameters']): boolean => objectives.judge === 'reward';

/** Whether an agent acts by the new genes now. */
const usesNewGenes = (stage: number | undefined): boolean =>
  stage === TRIAL.newFirst || stage === TRIAL.newSecond;

/**
 * Phase 10, first part: starts trials that agents chose, and at the close of a block measures it, moves trials
 * on and decides those that are complete.
 */
export function reviseObjectives(world: AgentWorld, tick: number): void {
  const { objectives } = world.parameters;
  if (!objectives.enabled) return;
  if (!isJudgedByReward(world.parameters)) takeOutGifts(world);
  startTrials(world, tick);
  if ((tick + 1) % objectives.trialBlock === 0) closeBlock(world, tick);
}

/** Lowers the base of parents by what they gave in the tick before: a gift is no failure of the genes on trial. */
function takeOutGifts(world: AgentWorld): void {
  const { columns, agents } = world;
  for (let i = nextGiver(world, 0); i < columns.population.length; i = nextGiver(world, i + 1)) {
    const before = columns.wealthBefore[i]!;
    const given = agents.transferGiven[i]!;
    agents.blockBase[i]! += log2(before) - log2(Math.min(U32_MAX, before + given));
  }
}

/** The first agent from `from` on whose gift counts; the number of slots if there is none. */
function nextGiver(world: AgentWorld, from: number): number {
  const { slots } = world.parameters;
  let agent = world.senses.nextGiver(from);
  while (agent < slots && !givesOnTrial(world, agent)) agent++;
  return agent;
}

/** Whether an agent gave to a child while its growth is measured. */
export const givesOnTrial = ({ columns, agents }: AgentWorld, agent: number): boolean =>
  agents.transferGiven[agent] !== 0 &&
  columns.population[agent] !== FREE_SLOT &&
  agents.blockBase[agent] !== NO_BASE;

/** Draws new genes for every agent that chose to revise and may. */
function startTrials(world: AgentWorld, tick: number): void {
  const { slots } = world.parameters;
  for (let i = nextReviser(world, tick, 0); i < slots; i = nextReviser(world, tick, i + 1))
    startTrial(world, tick, i);
}

/** The first agent from `from` on that starts a trial; the number of slots if there is none. */
function nextReviser(world: AgentWorld, tick: number, from: number): number {
  const { slots } = world.parameters;
  let agent = world.senses.nextReviser(tick, from);
  while (agent < slots && !choosesTrial(world, tick, agent)) agent++;
  return agent;
}

/** Whether a learner chose to revise and is free to. */
export const choosesTrial = ({ agents, brain }: AgentWorld, tick: number, agent: number): boolean =>
  brain.columns.action[actionIndex(agent) + HEAD.objective * LANES] === REVISE &&
  brain.columns.active[agent] !== 0 &&
  agents.trialStage[agent] === TRIAL.none &&
  tick >= agents.trialFrom[agent]!;

function startTrial(world: AgentWorld, tick: number, i: number): void {
  const { parameters: p, columns, agents } = world;
  const population = p.populations[columns.population[i]!]!;
  if (!population.revises || isUnrewarded(population)) return;
  for (let k = 0; k < GENE_COUNT; k++) genome[k] = agents.genes[k * p.slots + i]!;
  draws.at(p.seed, tick, i, STREAM.selfUpdate);
  const placebo = draws.word() < p.objectives.placebo;
  if (!placebo) mutateReward(genome, 0, population, genome[GENE.sigma]!, draws);
  for (let k = 0; k < GENE_COUNT; k++) agents.trialGenes[k * p.slots + i] = genome[k]!;
  agents.trialPlacebo[i] = placebo ? 1 : 0;
  agents.trialStage[i] = TRIAL.waiting;
  agents.trialTotal[TRIAL_TOTAL.started]!++;
}

/** Growth of an agent over the block that closes, in units of `standing`. */
const growthOf = (world: AgentWorld, agent: number): number =>
  standing(world, agent) - world.agents.blockBase[agent]!;

/** The lower median growth of all who lived through the block; 0 when nobody did. */
function medianGrowth(world: AgentWorld): number {
  const { columns, agents } = world;
  const slots = columns.population.length;
  if (growths.length < slots) growths = new Uint32Array(slots);
  let count = 0;
  for (let i = 0; i < slots; i++) {
    if (columns.population[i] === FREE_SLOT || agents.blockBase[i] === NO_BASE) continue;
    growths[count++] = growthOf(world, i) + GROWTH_OFFSET;
  }
  return count === 0 ? 0 : kthSmallest(growths, count, (count - 1) >> 1) - GROWTH_OFFSET;
}

function closeBlock(world: AgentWorld, tick: number): void {
  const { columns, agents } = world;
  const median = medianGrowth(world);
  for (let i = 0; i < columns.population.length; i++) {
    if (columns.population[i] === FREE_SLOT) continue;
    const stage = agents.trialStage[i]!;
    if (stage > TRIAL.waiting) {
      const excess = growthOf(world, i) - median;
      agents.trialScore[i]! += usesNewGenes(stage) ? excess : -excess;
    }
    if (stage !== TRIAL.none) moveOn(world, tick, i, stage);
    agents.blockBase[i] = standing(world, i);
  }
}

/** Opens the next block of an agent's trial, or decides it. */
function moveOn(world: AgentWorld, tick: number, agent: number, stage: number): void {
  const { agents, brain, parameters } = world;
  if (stage === TRIAL.oldSecond) {
    const placebo = agents.trialPlacebo[agent] !== 0;
    if (agents.trialScore[agent]! > 0) {
      agents.trialTotal[placebo ? TRIAL_TOTAL.placeboAccepted : TRIAL_TOTAL.accepted]!++;
      exchangeGenes(world, agent);
      brain.resetLearning(agent);
    } else agents.trialTotal[placebo ? TRIAL_TOTAL.placeboKept : TRIAL_TOTAL.kept]!++;
    agents.trialStage[agent] = TRIAL.none;
    agents.trialScore[agent] = 0;
    agents.trialFrom[agent] = Math.min(U32_MAX, tick + 1 + parameters.objectives.cooldown);
    return;
  }
  agents.trialStage[agent] = stage + 1;
  if (stage === TRIAL.oldFirst || stage === TRIAL.newSecond) exchangeGenes(world, agent);
  brain.resetLearning(agent);
}

/** Exchanges the reward genes in use with those kept aside. */
function exchangeGenes({ agents: { genes, trialGenes }, parameters: { slots } }: AgentWorld, agent: number) {
  for (let k = 0, at = agent; k < GENE.gamma; k++, at += slots) {
    const aside = trialGenes[at]!;
    trialGenes[at] = genes[at]!;
    genes[at] = aside;
  }
}

/** The column that holds the genes which an agent hands down: during a trial its old ones. */
export const heritableGenes = ({ agents }: AgentWorld, agent: number): Float32Array =>
  usesNewGenes(agents.trialStage[agent]) ? agents.trialGenes : agents.genes;

/** Prepares a slot for a newcomer, whose first block is not measured. */
export function beginUnrevised({ agents, parameters }: AgentWorld, slot: number): void {
  if (!parameters.objectives.enabled) return;
  agents.blockBase[slot] = NO_BASE;
}

/** Ends a dying agent's trial: it dies with its old genes. */
export function abandonTrial(world: AgentWorld, slot: number): void {
  const { agents, parameters } = world;
  if (!parameters.objectives.enabled) return;
  if (agents.trialStage[slot] !== TRIAL.none) {
    agents.trialTotal[TRIAL_TOTAL.cutShort]!++;
    if (usesNewGenes(agents.trialStage[slot])) exchangeGenes(world, slot);
  }
  agents.trialStage[slot] = TRIAL.none;
  agents.trialPlacebo[slot] = 0;
  agents.trialScore[slot] = 0;
  agents.trialFrom[slot] = 0;
  agents.blockBase[slot] = 0;
}
