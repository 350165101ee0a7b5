/**
 * Random exchange of money, the baseline of econophysics, and bets against a bank. Sources: kinetic exchange,
 * A. Dragulescu & V. M. Yakovenko, "Statistical mechanics of money", EPJ B 17, 2000; saving, A. Chakraborti &
 * B. K. Chakrabarti, EPJ B 17, 2000; yard sale, A. Chakraborti, IJMPC 13, 2002; proportional bets, J. L. Kelly,
 * "A new interpretation of information rate", BSTJ 35, 1956.
 */
import { mulHigh } from '../../sim/core/fixed.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { fraction32 } from '../../sim/core/units.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SYSTEM, TOTAL } from '../columns.ts';
import { REASON } from '../ledger.ts';
import { matchAtRandom } from './randomMatching.ts';

const outcomes = new DrawSequence();
/** A bet at even odds at most doubles cash: below this, the result fits 32 bits. */
const HALVE_FROM = 2 ** 31;

/** The rounds of this tick, by the config's kind; nothing when it is off. */
export function exchangeAtRandom(world: MarketWorld, tick: number): void {
  const { kind, roundsPerTick } = world.parameters.randomExchange;
  if (kind === 'off') return;
  for (let round = 0; round < roundsPerTick; round++) {
    if (kind === 'bets') placeBets(world, tick, round);
    else if (kind === 'kelly') placeProportionalBets(world, tick, round);
    else exchangeInPairs(world, tick, round);
  }
}

/** A random perfect matching of the living, and the exchange of each pair. */
function exchangeInPairs(world: MarketWorld, tick: number, round: number): void {
  const { kind, stake, saving, stakeShare } = world.parameters.randomExchange;
  const { order } = world.columns;
  const { living, draws } = matchAtRandom(world, tick, round, STREAM.exchangePairs);
  for (let k = 0; k + 1 < living; k += 2) {
    // which of a pair comes first is random already: a fair game needs no further draw, the first one pays
    if (kind === 'kinetic') payIfAble(world, order[k]!, order[k + 1]!, stake);
    else if (kind === 'yardSale') betFairly(world, order[k]!, order[k + 1]!, stakeShare);
    else splitUnsaved(world, order[k]!, order[k + 1]!, saving, draws.word());
  }
}

function payIfAble({ balances, ledger }: MarketWorld, payer: number, payee: number, stake: number): void {
  if (balances.cash[payer]! < stake) return;
  ledger.transfer(ASSET.cash, payer, payee, stake, REASON.randomExchange);
}

/** The loser pays a share of what the poorer one has, rounded down but at least 1, or integers would freeze. */
function betFairly({ balances, ledger }: MarketWorld, loser: number, winner: number, share: number): void {
  const poorer = Math.min(balances.cash[loser]!, balances.cash[winner]!);
  if (poorer === 0) return;
  ledger.transfer(ASSET.cash, loser, winner, Math.max(1, mulHigh(poorer, share)), REASON.randomExchange);
}

/**
 * Both keep a share, and the rest of both is split at a uniformly random point. Rounded down three times, for
 * the savings and for the first one's part of either rest; the second one keeps what is left.
 */
function splitUnsaved(
  { balances, ledger }: MarketWorld,
  first: number,
  second: number,
  saving: number,
  word: number,
): void {
  const ofFirst = balances.cash[first]! - mulHigh(balances.cash[first]!, saving);
  const ofSecond = balances.cash[second]! - mulHigh(balances.cash[second]!, saving);
  const gain = mulHigh(ofFirst, word) + mulHigh(ofSecond, word) - ofFirst;
  if (gain > 0) ledger.transfer(ASSET.cash, second, first, gain, REASON.randomExchange);
  else ledger.transfer(ASSET.cash, first, second, -gain, REASON.randomExchange);
}

/** Each agent bets one stake against the court until it has nothing to bet or has reached the target. */
function placeBets(world: MarketWorld, tick: number, round: number): void {
  const { parameters, columns, balances } = world;
  const { stake, target } = parameters.randomExchange;
  for (let i = 0; i < parameters.slots; i++) {
    if (columns.population[i] === FREE_SLOT) continue;
    const cash = balances.cash[i]!;
    if (cash < stake || (target > 0 && cash >= target)) continue;
    betAgainstCourt(world, tick, round, i, stake);
  }
}

/** Each agent bets its population's share of its cash, rounded down, at even odds against the court. */
function placeProportionalBets(world: MarketWorld, tick: number, round: number): void {
  const { parameters, columns, balances } = world;
  const { population } = columns;
  let most = 0;
  for (let i = 0; i < parameters.slots; i++) most = Math.max(most, balances.cash[i]!);
  if (most >= HALVE_FROM) halveCash(world);
  for (let i = 0; i < parameters.slots; i++) {
    if (population[i] === FREE_SLOT) continue;
    const share = fraction32(parameters.populations[population[i]!]!.betShare);
    betAgainstCourt(world, tick, round, i, mulHigh(balances.cash[i]!, share));
  }
}

/** Halves all agents' cash, rounded down; the court takes the rest. Shares of wealth and growth are unchanged. */
function halveCash({ parameters, columns, balances, ledger }: MarketWorld): void {
  const court = ledger.system(SYSTEM.court);
  for (let i = 0; i < parameters.slots; i++) {
    const cash = balances.cash[i]!;
    ledger.transfer(ASSET.cash, i, court, cash - (cash >>> 1), REASON.randomExchange);
  }
  columns.total[TOTAL.halvings]!++;
}

/** One bet at even odds. A bank without the money takes no bet that it loses. */
function betAgainstCourt(world: MarketWorld, tick: number, round: number, i: number, stake: number): void {
  const { parameters, balances, ledger } = world;
  const court = ledger.system(SYSTEM.court);
  outcomes.at(parameters.seed, tick, i + round * parameters.slots, STREAM.exchangeOutcome);
  if (outcomes.word() < parameters.randomExchange.winProbability) {
    if (balances.systemCash[SYSTEM.court]! < stake) return;
    ledger.transfer(ASSET.cash, court, i, stake, REASON.randomExchange);
  } else {
    ledger.transfer(ASSET.cash, i, court, stake, REASON.randomExchange);
  }
}
