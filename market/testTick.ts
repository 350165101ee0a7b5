/** A tick of the markets alone, with intents drawn at random, for tests. */
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { BatchAuction } from './batchAuction.ts';
import { circulate, startTick } from './circulation.ts';
import { billDebts } from './claims.ts';
import { exchangeAtRandom } from './classic/randomExchange.ts';
import { FINANCE, type MarketWorld, MODE, SIDE } from './columns.ts';
import { tradeCompute } from './computeMarket.ts';
import { buyData } from './dataPool.ts';
import { drawInducedValues } from './inducedValues.ts';
import { ServiceAuction, serveTasks } from './serviceMarket.ts';
import { settle } from './settle.ts';
import { moveStakes } from './staking.ts';
import { train } from './training.ts';
import { openContracts } from './trust.ts';

const FINANCES = [
  FINANCE.hold,
  FINANCE.sellToken,
  FINANCE.buyToken,
  FINANCE.buyHardware,
  FINANCE.stake,
  FINANCE.unstake,
] as const;
const draws = new DrawSequence();

/** Phases of the tick, for tests that stop or disturb between them. */
export const PHASES = ['income', 'act', 'compute', 'service', 'train', 'exchange', 'settle'] as const;

/** The markets' phases that a test may replace, to see what a mutant of one does. */
export const MARKET_PHASES = { circulate, tradeCompute, serveTasks, settle };

/** Runs ticks of one world; `after` is called after each phase. */
export class TestMarket {
  readonly world: MarketWorld;
  readonly phases: typeof MARKET_PHASES;
  readonly compute: BatchAuction;
  readonly service: ServiceAuction;
  tick = 0;

  constructor(
    world: MarketWorld,
    phases: Partial<typeof MARKET_PHASES> = {},
    compute = new BatchAuction(world.parameters.slots),
  ) {
    this.world = world;
    this.phases = { ...MARKET_PHASES, ...phases };
    this.compute = compute;
    this.service = new ServiceAuction(world.parameters.slots);
  }

  /**
   * One tick.
   *
   * @param act writes the intents; random ones by default
   */
  run(
    act: (world: MarketWorld, tick: number) => void = actAtRandom,
    after: (phase: (typeof PHASES)[number]) => void = () => {},
  ): void {
    const { world, tick, phases } = this;
    world.ledger.tick = tick;
    startTick(world, tick);
    openContracts(world, tick);
    phases.circulate(world, tick);
    drawInducedValues(world, tick);
    after('income');
    act(world, tick);
    after('act');
    phases.tradeCompute(world, this.compute, tick);
    after('compute');
    phases.serveTasks(world, this.service, tick);
    after('service');
    buyData(world, tick);
    train(world, tick);
    after('train');
    exchangeAtRandom(world, tick);
    after('exchange');
    billDebts(world, tick);
    phases.settle(world, tick);
    moveStakes(world, tick);
    after('settle');
    this.tick++;
  }
}

/** Random intents for all slots, also free ones, whose intents must not matter. */
export function actAtRandom({ columns, parameters }: MarketWorld, tick: number): void {
  draws.at(parameters.seed, tick, 0, STREAM.scripted);
  for (let i = 0; i < parameters.slots; i++) {
    const mode = draws.below(4);
    columns.mode[i] = mode;
    columns.taskClass[i] = draws.below(4);
    columns.taskAsk[i] = draws.below(3000);
    columns.computeSide[i] = mode === MODE.rentOut ? SIDE.sell : mode === MODE.idle ? SIDE.none : SIDE.buy;
    columns.computeLevel[i] = 80 + draws.below(64);
    columns.computeQuantity[i] = draws.below(40);
    columns.method[i] = draws.below(4);
    const staking = parameters.staking.enabled;
    columns.finance[i] = FINANCES[draws.below(staking ? FINANCES.length : 4)]!;
    columns.deliver[i] = draws.below(2);
  }
}
