/** How an agent stands with those it contracts with (MODEL 5e), for whoever looks: reads columns and writes none. */
import { type MarketWorld, SIDE, WORLD } from './columns.ts';

/** Of one agent at the end of a tick. */
export interface Contracts {
  /** Payment for what it sold that waited in escrow in the tick, milli-token; 0 where nothing waits in escrow. */
  readonly escrowed: number;
  /** Awarded to it, and to others against it, and not yet due, milli-cash. */
  readonly claims: number;
  readonly liabilities: number;
  /** First tick in which one of them falls due; 0 = none. */
  readonly due: number;
}

/**
 * What an agent has in escrow and before the court, where sellers may default.
 *
 * @param tick ticks completed: claims due in the tick that comes next are still to be paid
 */
export function contractsOf(world: MarketWorld, agent: number, tick: number): Contracts {
  const { columns, parameters } = world;
  const { cohorts, cohortTicks } = parameters.trust;
  const next = cohorts === 0 ? 0 : Math.ceil(tick / cohortTicks);
  let claims = 0;
  let liabilities = 0;
  let due = 0;
  for (let k = 0; k < cohorts; k++) {
    // in the order in which they fall due
    const at = agent * cohorts + ((next + k) % cohorts);
    claims += columns.claims[at]!;
    liabilities += columns.liabilities[at]!;
    if (due === 0 && columns.claims[at]! + columns.liabilities[at]! > 0) due = (next + k) * cohortTicks;
  }
  return { escrowed: escrowedFor(world, agent), claims, liabilities, due };
}

/** A slot that was vacated in the tick has nothing contracted: the records of its order and offer are its predecessor's. */
function escrowedFor({ columns, parameters }: MarketWorld, agent: number): number {
  if (parameters.trust.regime !== 'programmatic' || columns.contracted[agent] === 0) return 0;
  if (columns.offerSold[agent]! > 0) return columns.offerPrice[agent]! * columns.offerSold[agent]!;
  if (columns.orderSide[agent] !== SIDE.sell) return 0;
  return (
    parameters.computeMarket.priceTable[columns.scalar[WORLD.computeLevel]!]! * columns.orderFilled[agent]!
  );
}
