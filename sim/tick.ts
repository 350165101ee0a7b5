/**
 * One tick of one world. This is the whole program on one screen: every other file of sim/, agents/ and
 * market/ explains one of its lines. A phase reads what earlier phases wrote and writes its own columns.
 */
import { applyActions } from '../agents/actions.ts';
import { live } from '../agents/demography.ts';
import { observe } from '../agents/observation.ts';
import { bookTradersOf, decideScripted } from '../agents/populations.ts';
import { reward } from '../agents/rewardGenome.ts';
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
}

/** A market economy. */
const ECONOMY: readonly Phase[] = [
  { name: 'income', run: startTick },
  { name: 'claims', run: openContracts },
  { name: 'circulate', run: circulate },
  { name: 'induced values', run: drawInducedValues },
  { name: 'observe', run: observe },
  { name: 'learn and act', run: (w, t) => w.brain.step(t) },
  { name: 'scripted', run: decideScripted },
  { name: 'decide', run: applyActions },
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
  { name: 'reward', run: reward },
  { name: 'revise', run: reviseObjectives },
  { name: 'live', run: live },
];

/** A plugged-in environment in place of the markets: the same learner, the same timing. */
const ENVIRONMENT: readonly Phase[] = [
  { name: 'observe', run: (w, t) => w.environment?.observe(w, t) },
  { name: 'learn and act', run: (w, t) => w.brain.step(t) },
  { name: 'learn and act by table', run: (w, t) => w.tabular.step(w, t) },
  { name: 'reward', run: (w, t) => w.environment?.step(w, t) },
];

/** The phases that a world goes through. */
export const phasesOf = (world: World): readonly Phase[] =>
  world.environment === null ? ECONOMY : ENVIRONMENT;

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
  for (const phase of phasesOf(world)) {
    phase.run(world, now);
    if (hooks.afterPhase !== null) hooks.afterPhase(world, phase.name);
  }
  world.tally.add(world, now);
  if (hooks.laws !== null) checkLaws(world, hooks.laws, now);
  if (hooks.afterPhase !== null) hooks.afterPhase(world, 'measure');
  world.tick = now + 1;
}
