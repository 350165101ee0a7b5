/** The laws of agents/: checked away from the code that upholds them. Each throws LawViolation at its first breach. */
import { FREE_SLOT, TOTAL } from '../market/columns.ts';
import { LawViolation } from '../sim/core/errors.ts';
import { HEADS, LOGIT_COUNT } from './brain/layout.ts';
import { type AgentWorld, GENE, TRIAL, UNIT_NORM_GENES } from './columns.ts';
import { isUnrewarded } from './rewardGenome.ts';

/** Largest distance of the norm of reward genes from what it should be: f32 rounding of a norm of 19 terms. */
export const NORM_TOLERANCE = 1e-5;
/** Likewise of a sum of 6 probabilities. */
export const PROBABILITY_TOLERANCE = 1e-5;

const GENOME_NAMES = {
  genes: 'genome',
  shadowGenes: 'shadow genome',
  trialGenes: 'genome on trial',
} as const;
const GENOMES = ['genes', 'shadowGenes'] as const;
const TRIAL_GENOMES = [...GENOMES, 'trialGenes'] as const;

const violation = (law: string, world: AgentWorld, tick: number, account: string, found: string): never => {
  throw new LawViolation(law, { world: world.parameters.world, tick, account }, found);
};

/** ||(w, v)||_2 = 1 of every living agent; 0 where the population has no reward. Genes, shadow and genes on trial alike. */
export function checkUnitNorm(world: AgentWorld, tick: number): void {
  const { parameters: p, columns, agents } = world;
  for (let i = 0; i < p.slots; i++) {
    const population = columns.population[i]!;
    if (population === FREE_SLOT) continue;
    const expected = isUnrewarded(p.populations[population]!) ? 0 : 1;
    const onTrial = (agents.trialStage[i] ?? TRIAL.none) !== TRIAL.none;
    for (const genes of onTrial ? TRIAL_GENOMES : GENOMES) {
      let squares = 0;
      const column = agents[genes];
      for (let k = 0; k < UNIT_NORM_GENES; k++) squares += column[(GENE.linear + k) * p.slots + i]! ** 2;
      const norm = Math.sqrt(squares);
      if (Math.abs(norm - expected) <= NORM_TOLERANCE) continue;
      violation(
        'unit-norm',
        world,
        tick,
        `agent ${i} ${GENOME_NAMES[genes]}`,
        `||(w, v)|| = ${norm}, expected ${expected}`,
      );
    }
  }
}

const probability = new Float32Array(LOGIT_COUNT);

/** Told of a head of a learner that has acted: the sum of its probabilities, and 1 where it has options, else 0. */
type HeadVisitor = (agent: number, head: string, sum: number, expected: number) => void;

function visitHeads(world: AgentWorld, logitMask: number, visit: HeadVisitor): void {
  const { brain } = world;
  const { active } = brain.columns;
  for (let i = 0; i < world.parameters.slots; i++) {
    if (active[i] === 0 || brain.isFresh(i)) continue;
    brain.readRows('probability', i, probability);
    for (let h = 0; h < HEADS.length; h++) {
      const { name, offset, size } = HEADS[h]!;
      let sum = 0;
      let allowed = 0;
      for (let k = offset; k < offset + size; k++) {
        sum += probability[k]!;
        allowed |= (logitMask >>> k) & 1;
      }
      visit(i, name, sum, allowed);
    }
  }
}

/**
 * The probabilities of every learner that has acted are finite, and sum to 1 in each head that has options.
 *
 * @param logitMask the mask that the world's brains were bound with
 */
export function checkProbabilities(world: AgentWorld, tick: number, logitMask: number): void {
  visitHeads(world, logitMask, (i, head, sum, expected) => {
    if (Math.abs(sum - expected) <= PROBABILITY_TOLERANCE) return;
    violation('probabilities', world, tick, `agent ${i} head ${head}`, `sum ${sum}, expected ${expected}`);
  });
}

/** Largest distance of a learner's sum of probabilities of a head from 1, or from 0 where the head has no options. */
export function largestProbabilityError(world: AgentWorld, logitMask: number): number {
  let largest = 0;
  visitHeads(world, logitMask, (_agent, _head, sum, expected) => {
    largest = Math.max(largest, Math.abs(sum - expected));
  });
  return largest;
}

/** Largest distance of the norm of living agents' reward genes from 1, or from 0 where a population has no reward. */
export function largestNormError({ parameters: p, columns, agents }: AgentWorld): number {
  let largest = 0;
  for (let i = 0; i < p.slots; i++) {
    const population = columns.population[i]!;
    if (population === FREE_SLOT) continue;
    let squares = 0;
    for (let k = 0; k < UNIT_NORM_GENES; k++) squares += agents.genes[(GENE.linear + k) * p.slots + i]! ** 2;
    const expected = isUnrewarded(p.populations[population]!) ? 0 : 1;
    largest = Math.max(largest, Math.abs(Math.sqrt(squares) - expected));
  }
  return largest;
}

/** Living agents = genesis + births + immigrants - deaths, recounted from the slots. */
export function checkPopulationBalance(world: AgentWorld, tick: number): void {
  const { population, total } = world.columns;
  let alive = 0;
  for (let i = 0; i < population.length; i++) if (population[i] !== FREE_SLOT) alive++;
  const expected =
    total[TOTAL.genesisAgents]! + total[TOTAL.births]! + total[TOTAL.immigrants]! - total[TOTAL.deaths]!;
  if (alive !== expected)
    violation('population-balance', world, tick, 'population', `${alive} alive, expected ${expected}`);
}

/** Nobody lives on in an empty slot: no money, no hardware, no identity. */
export function checkEmptySlots(world: AgentWorld, tick: number): void {
  const { columns: c, balances, agents, brain } = world;
  for (let i = 0; i < c.population.length; i++) {
    if (c.population[i] !== FREE_SLOT) continue;
    const left =
      balances.token[i]! + balances.cash[i]! + balances.stake[i]! + c.capacity[i]! + agents.serial[i]!;
    if (left + brain.columns.active[i]! === 0) continue;
    violation('empty-slots', world, tick, `agent ${i}`, `an empty slot owns money, hardware or a brain`);
  }
}
