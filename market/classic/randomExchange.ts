/**
 * Random exchange of money, the baseline of econophysics (A. Dragulescu, V. M. Yakovenko, "Statistical
 * mechanics of money", EPJ B 17, 2000), and bets against a bank.
 */
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SYSTEM } from '../columns.ts';
import { REASON } from '../ledger.ts';

const pairs = new DrawSequence();
const outcomes = new DrawSequence();

/** The rounds of this tick, by the config's kind; nothing when it is off. */
export function exchangeAtRandom(world: MarketWorld, tick: number): void {
  const { kind, roundsPerTick } = world.parameters.randomExchange;
  if (kind === 'off') return;
  for (let round = 0; round < roundsPerTick; round++) {
    if (kind === 'kinetic') exchangeInPairs(world, tick, round);
    else placeBets(world, tick, round);
  }
}

/** A random perfect matching of the living (one sits out when odd); in each pair a random one pays a stake, if it can. */
function exchangeInPairs(world: MarketWorld, tick: number, round: number): void {
  const { parameters, columns, balances, ledger } = world;
  const { order, population } = columns;
  const { stake } = parameters.randomExchange;
  let living = 0;
  for (let i = 0; i < parameters.slots; i++) if (population[i] !== FREE_SLOT) order[living++] = i;
  pairs.at(parameters.seed, tick, round, STREAM.exchangePairs);
  for (let k = living - 1; k > 0; k--) {
    const other = pairs.below(k + 1);
    const held = order[k]!;
    order[k] = order[other]!;
    order[other] = held;
  }
  // a matching in random order needs no further draw: of each pair the first pays
  for (let k = 0; k + 1 < living; k += 2) {
    const payer = order[k]!;
    if (balances.cash[payer]! >= stake) {
      ledger.transfer(ASSET.cash, payer, order[k + 1]!, stake, REASON.randomExchange);
    }
  }
}

/** Each agent bets one stake against the court until it has nothing to bet or has reached the target. */
function placeBets(world: MarketWorld, tick: number, round: number): void {
  const { parameters, columns, balances, ledger } = world;
  const { stake, winProbability, target } = parameters.randomExchange;
  const court = ledger.system(SYSTEM.court);
  for (let i = 0; i < parameters.slots; i++) {
    if (columns.population[i] === FREE_SLOT) continue;
    const cash = balances.cash[i]!;
    if (cash < stake || (target > 0 && cash >= target)) continue;
    outcomes.at(parameters.seed, tick, i + round * parameters.slots, STREAM.exchangeOutcome);
    if (outcomes.word() < winProbability) {
      if (balances.systemCash[SYSTEM.court]! < stake) continue; // a bank without money takes no bets
      ledger.transfer(ASSET.cash, court, i, stake, REASON.randomExchange);
    } else {
      ledger.transfer(ASSET.cash, i, court, stake, REASON.randomExchange);
    }
  }
}
