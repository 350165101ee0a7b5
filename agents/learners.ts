/**
 * The learners that a population can have, all on the one kernel of brain/: what differs between them is
 * what they write to the columns of genes and to their critic at birth. With r the scaled reward, V the
 * critic, and for streamAc (M. Elsayed, G. Vasan, A. R. Mahmood 2024; brain/specification.ts)
 *
 *     delta = r + gamma V(s') - V(s)
 *     z_v  <- gamma lambda z_v + grad V(s)
 *     z_pi <- gamma lambda z_pi + grad log pi(a|s) + tau sign(delta) grad H(pi(.|s))
 *     w    <- w + alpha_eff delta z,  alpha_eff = alpha / max(1, M),  M = alpha kappa max(|delta|, 1) ||z||_1
 *
 * - `sgd`: kappa = 0 in both nets, so M = 0 and alpha_eff = alpha: actor-critic with eligibility traces and plain
 *   stochastic gradient steps (Sutton & Barto 2018, section 13.6) of the size `world.learner.plainStep`.
 * - `reinforce`: neither bound nor critic. The critic's output layer is 0 at birth and its kappa infinite, so its step
 *   is exactly 0 and V = 0 for life; lambda = 1 whatever the gene. Then delta = r and
 *
 *       z_pi <- gamma z_pi + grad log pi(a|s) + tau sign(r) grad H(pi(.|s))
 *       w    <- w + alpha r z_pi
 *
 *   REINFORCE (R. J. Williams 1992) for a stream without episodes, each reward crediting all actions
 *   before it with weight gamma^age: OLPOMDP of Baxter & Bartlett 2001. No baseline is learned. Where
 *   `world.learner.centreReward` is on, r is less its running mean, which is Williams' reinforcement
 *   comparison; switch it off for none at all.
 *
 * Each of the three takes one thing away from the one before it, so that their differences measure it.
 *
 * - `frozen`: alpha = 0, so the weights of birth act for life: a background of known behaviour, where members are founded
 *   with brains that have learned (founders.ts). The moments that scale inputs and rewards still move.
 */
import { exp } from '../sim/core/floatMath.ts';
import { HIDDEN, PARAMETER_COUNT, PARAMETERS } from './brain/layout.ts';
import { type AgentWorld, GENE } from './columns.ts';

/** Writes what an agent's brain learns with: its genes, as far as its population's learner uses them. */
export function writeLearnerGenes({ parameters, columns, agents, brain }: AgentWorld, agent: number): void {
  const gene = (at: number): number => agents.genes[at * parameters.slots + agent]!;
  const { learner, populations } = parameters;
  const kind = populations[columns.population[agent]!]?.learner ?? 'streamAc';
  const to = brain.columns;
  to.gamma[agent] = gene(GENE.gamma);
  to.lambda[agent] = kind === 'reinforce' ? 1 : gene(GENE.lambda);
  to.tau[agent] = gene(GENE.tau);
  to.kappaActor[agent] = kind === 'streamAc' ? exp(gene(GENE.logKappa)) : 0;
  to.kappaCritic[agent] = { streamAc: learner.kappaCritic, sgd: 0, reinforce: Infinity, frozen: 0 }[kind];
  to.alpha[agent] = {
    streamAc: learner.alpha,
    sgd: learner.plainStep,
    reinforce: learner.plainStep,
    frozen: 0,
  }[kind];
}

const weights = new Float32Array(PARAMETER_COUNT);

/** Silences the critic of a newborn whose learner has none; after its weights are drawn or inherited. */
export function silenceCritic({ parameters, columns, brain }: AgentWorld, agent: number): void {
  if (parameters.populations[columns.population[agent]!]?.learner !== 'reinforce') return;
  brain.readAgent(agent, weights);
  weights.fill(0, PARAMETERS.criticOutput, PARAMETERS.criticOutput + HIDDEN);
  weights[PARAMETERS.criticOutputBias] = 0;
  brain.writeAgent(agent, weights);
}
