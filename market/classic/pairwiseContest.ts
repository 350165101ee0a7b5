/**
 * Pairwise contests: agents meet in random pairs and play a symmetric game of two moves for some rounds, by the
 * strategy of their population; the court pays, as a bank. Payoffs are money, so that births and deaths by
 * wealth select on them. Sources: J. Maynard Smith & G. R. Price, "The logic of animal conflict", Nature 246,
 * 1973; R. Axelrod, "The evolution of cooperation", 1984.
 */

import type { PopulationConfig } from '../../configs/schema.ts';
import type { WorldParameters } from '../../configs/worldParameters.ts';
import { STREAM } from '../../sim/core/rng.ts';
import { ASSET, type MarketWorld, SYSTEM } from '../columns.ts';
import { REASON } from '../ledger.ts';
import { matchAtRandom } from './randomMatching.ts';

const FIRST = 0;
const SECOND = 1;
const MOVES = 2;

/** A strategy that remembers one round: its opening move, and its reply to (own x 2 + other's) move of the last. */
interface Strategy {
  readonly opening: number;
  readonly reply: readonly [number, number, number, number];
}

/** In the game of the config, first = cooperate or dove, second = defect or hawk, or as one likes. */
export const STRATEGIES: Readonly<Record<PopulationConfig['strategy'], Strategy>> = {
  first: { opening: FIRST, reply: [FIRST, FIRST, FIRST, FIRST] },
  second: { opening: SECOND, reply: [SECOND, SECOND, SECOND, SECOND] },
  /** The other's last move. */
  titForTat: { opening: FIRST, reply: [FIRST, SECOND, FIRST, SECOND] },
  /** First until the other once plays second, then second for ever. */
  grim: { opening: FIRST, reply: [FIRST, SECOND, SECOND, SECOND] },
  /** Repeats its move after the other's first, changes it after the other's second. */
  winStay: { opening: FIRST, reply: [FIRST, SECOND, SECOND, FIRST] },
};

/**
 * What a strategy earns against another in one meeting, milli-cash, without background.
 *
 * @param payoffs of a move against a move, index own x 2 + other's
 */
export function earnings(own: Strategy, other: Strategy, payoffs: readonly number[], rounds: number): number {
  let mine = own.opening;
  let theirs = other.opening;
  let sum = 0;
  for (let round = 0; round < rounds; round++) {
    const seen = mine * MOVES + theirs;
    sum += payoffs[seen]!;
    const answer = other.reply[theirs * MOVES + mine]!;
    mine = own.reply[seen]!;
    theirs = answer;
  }
  return sum;
}

// Strategies draw nothing, so two populations always earn the same off each other: [populations x populations].
const tables = new WeakMap<WorldParameters, Float64Array>();

function earningsOf(parameters: WorldParameters): Float64Array {
  let table = tables.get(parameters);
  if (table === undefined) {
    const { populations, contest } = parameters;
    const strategies = populations.map(({ strategy }) => STRATEGIES[strategy]);
    table = Float64Array.from(
      strategies.flatMap((own) =>
        strategies.map((other) => earnings(own, other, contest.payoffs, contest.rounds)),
      ),
    );
    tables.set(parameters, table);
  }
  return table;
}

/** The meetings of this tick; nothing when contests are off. Of an odd number of agents one sits out. */
export function playContests(world: MarketWorld, tick: number): void {
  const { parameters, columns } = world;
  const { enabled, meetings, background } = parameters.contest;
  if (!enabled) return;
  const { order, population } = columns;
  const populations = parameters.populations.length;
  const table = earningsOf(parameters);
  for (let meeting = 0; meeting < meetings; meeting++) {
    const { living } = matchAtRandom(world, tick, meeting, STREAM.contestPairs);
    for (let k = 0; k + 1 < living; k += 2) {
      const one = population[order[k]!]!;
      const other = population[order[k + 1]!]!;
      settleWithBank(world, order[k]!, background + table[one * populations + other]!);
      settleWithBank(world, order[k + 1]!, background + table[other * populations + one]!);
    }
  }
}

/** The bank pays what was earned or takes what was lost, as far as either has the money. */
function settleWithBank({ balances, ledger }: MarketWorld, agent: number, amount: number): void {
  const bank = ledger.system(SYSTEM.court);
  if (amount >= 0) {
    const paid = Math.min(amount, balances.systemCash[SYSTEM.court]!);
    ledger.transfer(ASSET.cash, bank, agent, paid, REASON.contest);
  } else {
    ledger.transfer(ASSET.cash, agent, bank, Math.min(-amount, balances.cash[agent]!), REASON.contest);
  }
}
