/** Test support: orders, offers and contracts at random, for comparing engines. */
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import { DrawSequence, STREAM } from '../sim/core/rng.ts';
import { DELIVER, type MarketWorld, MODE, SIDE, SYSTEM, WORLD } from './columns.ts';

export interface Unrest {
  /** Levels that limits spread over, from the middle of the table. */
  readonly levels?: number;
  /** Most cu in an order and tasks' worth of compute in an offer. */
  readonly most?: number;
  /** Cash of the consumers, milli-cash; as it is by default. */
  readonly consumersCash?: number;
  /** One of so many sellers defaults, 0 = none. */
  readonly honesty?: number;
  /** Most stake and cash of an agent, milli-units. */
  readonly purse?: number;
}

const draws = new DrawSequence();

/** Lets everybody order compute and offer tasks at random, with and without means to pay for it and to be trusted. */
export function stir(
  { parameters, columns, balances }: MarketWorld,
  seed: number,
  { levels = 12, most = 30, consumersCash, honesty = 2, purse = 3_000_000 }: Unrest = {},
): void {
  draws.at(parameters.seed, seed, parameters.world, STREAM.scripted);
  const value = columns.scalar[WORLD.taskValue]!;
  for (let i = 0; i < parameters.slots; i++) {
    columns.computeSide[i] = draws.below(3);
    columns.computeLevel[i] = Math.min(PRICE_LEVELS, PRICE_LEVELS / 2 + draws.below(levels));
    columns.computeQuantity[i] = draws.below(most + 1);
    columns.compute[i] = draws.below(most + 1);
    columns.mode[i] = columns.computeSide[i] === SIDE.sell ? MODE.rentOut : draws.below(2) + MODE.serve;
    columns.taskClass[i] = draws.below(4);
    columns.taskAsk[i] = draws.below(2) === 0 ? draws.below(1 + value) : 0;
    columns.deliver[i] = honesty > 0 && draws.below(honesty) === 0 ? DELIVER.default : DELIVER.honest;
    balances.token[i] = draws.below(purse);
    balances.cash[i] = draws.below(purse);
    balances.stake[i] = draws.below(purse);
    columns.unstakeAmount[i] = draws.below(2) * draws.below(purse);
    columns.registered[i] = draws.below(2);
  }
  if (consumersCash !== undefined) balances.systemCash[SYSTEM.consumers] = consumersCash;
}
