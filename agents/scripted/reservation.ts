/** What a scripted trader must know to never quote at a loss, and to invest within its means. */
import { CLASS_COUNT } from '../../configs/taskClasses.ts';
import { cashToToken, FINANCE, type MarketWorld, WORLD } from '../../market/columns.ts';
import { freeStake } from '../../market/staking.ts';
import { trustIsOn, worthToConsumers } from '../../market/trust.ts';
import { mulHigh } from '../../sim/core/fixed.ts';
import { effortOfTask, levelAtLeast } from '../actions.ts';

const BPS = 10_000;

/** What a task of an agent's quality is worth to consumers, milli-token. */
export const worthOf = (world: MarketWorld, agent: number, taskClass: number): number =>
  worthToConsumers(
    world,
    agent,
    world.columns.scalar[WORLD.taskValue]!,
    world.columns.skill[agent * CLASS_COUNT + taskClass]!,
  );

/** The lowest compute level at which renting out pays for the energy and effort that it takes; the top one if none does. */
export function lowestAskLevel(world: MarketWorld): number {
  const { parameters: p, columns: c } = world;
  const tokenPrice = c.scalar[WORLD.tokenPrice]!;
  const cost = p.energy.price + (trustIsOn(p) ? p.trust.effort : 0);
  const energy = tokenPrice === 0 ? 0 : cashToToken(cost + 1, tokenPrice) + 1;
  // the fee is taken from what the seller receives
  const needed = Math.ceil((energy * BPS) / Math.max(1, BPS - p.computeMarket.feeBps));
  const { priceTable } = p.computeMarket;
  return Math.min(priceTable.length - 1, levelAtLeast(priceTable, needed));
}

/**
 * The highest compute level at which a bought unit still earns its price in a task sold at `ask`; -1 when none does.
 * Who rents it out pays its energy (MODEL 5a), so its buyer's only other cost is the effort of delivering the task.
 * Where sellers may default, a unit is worth what units have lately been worth: only what arrives earns.
 */
export function highestBidLevel(world: MarketWorld, ask: number): number {
  const { priceTable } = world.parameters.computeMarket;
  const { cuPerTask, feeBps } = world.parameters.serviceMarket;
  const margin = Math.floor((ask * (BPS - feeBps)) / BPS) - effortOfTask(world);
  if (margin <= 0) return -1;
  const earned = Math.floor(margin / cuPerTask);
  const expected = trustIsOn(world.parameters) ? mulHigh(earned, world.columns.deliveredShare[0]!) : earned;
  return levelAtLeast(priceTable, expected + 1) - 1;
}

/** Whether an agent can pay for one step of training and keep the runway that the engine demands. */
export function canTrain({ parameters: p, columns: c }: MarketWorld, agent: number): boolean {
  return p.training.enabled && c.wealth[agent]! > 2 * p.hardware.trainingRunway;
}

/** The finance step of an agent that invests: hardware as soon as it is rich enough, paid in cash. */
export function wantsHardware({ parameters: p, columns: c }: MarketWorld, agent: number): boolean {
  const price = c.scalar[WORLD.hardwarePrice]!;
  return (
    p.hardware.enabled &&
    c.capacity[agent]! < p.hardware.capacityMax &&
    c.wealth[agent]! > 2 * (p.hardware.runway + price)
  );
}

/** What an agent that trades and nothing else does with its finances: stakes where it sells more than its stake covers. */
export function restingFinance(world: MarketWorld, agent: number): number {
  const { trust } = world.parameters;
  if (trust.regime !== 'programmatic') return FINANCE.hold;
  const wanted = STAKED_TICKS * trust.stakePerUnit * world.columns.capacity[agent]!;
  return freeStake(world, agent) < wanted ? FINANCE.stake : FINANCE.hold;
}
/** Twice what its own capacity needs, so that one false alarm does not keep it from the market. */
const STAKED_TICKS = 2;
