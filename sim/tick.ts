/**
 * One tick of one world. This is the whole program on one screen: every other file of sim/, agents/ and
 * market/ explains one of its lines. A phase reads what earlier phases wrote and writes its own columns.
 */
import { applyActions, openOrders, orderRange } from '../agents/actions.ts';
import { LANES } from '../agents/brain/layout.ts';
import type { AgentWorld } from '../agents/columns.ts';
import { live } from '../agents/demography.ts';
import { measureWealth, observe, observeRange, openObservation } from '../agents/observation.ts';
import { bookTradersOf, decideScripted } from '../agents/populations.ts';
import { reward, rewardRange } from '../agents/rewardGenome.ts';
import { reviseObjectives } from '../agents/selfUpdate.ts';
import { circulate, startTick } from '../market/circulation.ts';
import { billDebts } from '../market/claims.ts';
import { tradeContinuously } from '../market/classic/doubleAuction.ts';
import { playContests } from '../market/classic/pairwiseContest.ts';
import { exchangeAtRandom } from '../market/classic/randomExchange.ts';
import { tradeCompute } from '../market/computeMarket.ts';
import { buyData } from '../market/dataPool.ts';
import { drawInducedValues } from '../market/inducedValues.ts';
import { serveTasks } from '../market/serviceMarket.ts';
import { settle } from '../market/settle.ts';
import { moveStakes } from '../market/staking.ts';
import { train } from '../market/training.ts';
import { openContracts } from '../market/trust.ts';
import { checkLaws, type LawBook } from './invariants.ts';
import type { World } from './world.ts';

/** A phase of a tick, in the order of the table below. */
export interface Phase {
  readonly name: string;
  readonly run: (world: World, tick: number) => void;
  /**
   * Where agents do not meet: the same for some blocks of LANES agents, by columns alone, which the threads of a split
   * world do side by side once one of them has done `open`.
   */
  readonly share?: (world: AgentWorld, tick: number, blockFrom: number, blockTo: number) => void;
  readonly open?: (world: AgentWorld) => void;
}

/** A phase that takes ranges of agents can be shared; `open` does what they have in common. */
const shared = (
  part: (world: AgentWorld, tick: number, from: number, to: number) => void,
  open: (world: AgentWorld) => void,
): Required<Pick<Phase, 'share' | 'open'>> => ({
  share: (w, t, blockFrom, blockTo) =>
    part(w, t, LANES * blockFrom, Math.min(w.parameters.slots, LANES * blockTo)),
  open,
});

/** What brains do in a tick. */
export const LEARN_AND_ACT: Phase = {
  name: 'learn and act',
  run: (w, t) => w.brain.step(t),
  share: (w, t, from, to) => w.brain.step(t, from, to),
};

/** Who has no brain decides, once the columns of all phases to come are back in the cache. */
function decide(world: World, tick: number): void {
  world.columnFetch.fetch();
  decideScripted(world, tick);
}

/** Counts who acted, while the dying are still there and the newborn not yet. Nothing in the model reads it. */
const tallyAgents: Phase['run'] = (w, t) => w.tally.addAgents(w, t);

/** A market economy. */
const ECONOMY: readonly Phase[] = [
  { name: 'income', run: startTick },
  { name: 'claims', run: openContracts },
  { name: 'circulate', run: circulate },
  { name: 'induced values', run: drawInducedValues },
  { name: 'observe', run: observe, ...shared(observeRange, openObservation) },
  LEARN_AND_ACT,
  { name: 'scripted', run: decide },
  { name: 'decide', run: applyActions, ...shared(orderRange, openOrders) },
  { name: 'compute market', run: (w, t) => tradeCompute(w, w.computeAuction, t) },
  { name: 'double auction', run: (w, t) => tradeContinuously(w, w.doubleAuction, bookTradersOf, t) },
  { name: 'service market', run: (w, t) => serveTasks(w, w.serviceAuction, t) },
  { name: 'data', run: buyData },
  { name: 'train', run: train },
  { name: 'exchange', run: exchangeAtRandom },
  { name: 'contest', run: playContests },
  { name: 'debts', run: billDebts },
  { name: 'settle', run: settle },
  { name: 'stake', run: moveStakes },
  { name: 'reward', run: reward, ...shared(rewardRange, measureWealth) },
  { name: 'revise', run: reviseObjectives },
  { name: 'tally', run: tallyAgents },
  { name: 'live', run: live },
];

/** A plugged-in environment in place of the markets: the same learner, the same timing. */
const ENVIRONMENT: readonly Phase[] = [
  { name: 'observe', run: (w, t) => w.environment?.observe(w, t) },
  LEARN_AND_ACT,
  { name: 'learn and act by table', run: (w, t) => w.tabular.step(w, t) },
  { name: 'reward', run: (w, t) => w.environment?.step(w, t) },
  { name: 'tally', run: tallyAgents },
];

/** The phases that a world goes through. */
export const phasesOf = ({ environment }: Pick<World, 'environment'>): readonly Phase[] =>
  environment === null ? ECONOMY : ENVIRONMENT;

/** Does a phase of a tick, with all threads of the world's team where it has one and agents do not meet. */
function runPhase(world: World, index: number, now: number): void {
  const { run, open, share } = phasesOf(world)[index]!;
  if (world.team === null || share === undefined) {
    run(world, now);
    return;
  }
  open?.(world);
  world.team.share(index, now, world.brain.blockCount, (from, to) => share(world, now, from, to));
}

/** What may watch or disturb a tick without being part of the model. */
export interface TickHooks {
  /** The laws to check after the last phase, or null to check none. */
  readonly laws: LawBook | null;
  /** Called after each phase: profiling, and faults injected to test the laws. */
  readonly afterPhase: ((world: World, phase: string) => void) | null;
}

/**
 * Advances a world by one tick.
 *
 * @throws LawViolation when an economic law breaks, OverflowError when a balance leaves its range
 */
export function tick(world: World, hooks: TickHooks): void {
  const now = world.tick;
  world.ledger.tick = now;
  const phases = phasesOf(world);
  for (let k = 0; k < phases.length; k++) {
    runPhase(world, k, now);
    if (hooks.afterPhase !== null) hooks.afterPhase(world, phases[k]!.name);
  }
  world.tally.addWorld(world);
  if (hooks.laws !== null) checkLaws(world, hooks.laws, now);
  if (hooks.afterPhase !== null) hooks.afterPhase(world, 'measure');
  world.tick = now + 1;
}
