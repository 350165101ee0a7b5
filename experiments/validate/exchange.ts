/** Cases about random exchange of money: kinetic exchange and the gambler's ruin. */
import { Shard } from '../../sim/shard.ts';
import {
  BLANK_WORLD,
  meanOf,
  QUIET_OUTPUT,
  resolve,
  STANDARD_ERRORS,
  shareTolerance,
  type ValidationCase,
} from './case.ts';

/** One unit of money in these worlds, in cash. */
const UNIT_CASH = 0.001;

/** Gini coefficient of non-negative integers. */
export function gini(values: Uint32Array): number {
  const sorted = Uint32Array.from(values).sort();
  let total = 0;
  let weighted = 0;
  sorted.forEach((value, k) => {
    total += value;
    weighted += (k + 1) * value;
  });
  const n = sorted.length;
  return (2 * weighted) / (n * total) - (n + 1) / n;
}

/**
 * Mean Gini of n agents among whom every division of n T units is equally likely, as the symmetric exchange makes
 * them: (n - 1) E|x_1 - x_2| / (2 n T), E|x_1 - x_2| = 2T - 2 sum over k >= 1 of P(x_1 >= k and x_2 >= k), and that
 * probability is C(nT - 2k + n - 1, n - 1) / C(nT + n - 1, n - 1). Goes to (1 + T)/(1 + 2T) as n grows.
 */
export function expectedGini(agents: number, meanMoney: number): number {
  const money = agents * meanMoney;
  let probability = 1;
  let leastOfTwo = 0;
  for (let left = money; left >= 2 && probability > 1e-18; left -= 2) {
    probability *= (left / (left + agents - 1)) * ((left - 1) / (left + agents - 2));
    leastOfTwo += probability;
  }
  return ((agents - 1) * (2 * meanMoney - 2 * leastOfTwo)) / (2 * money);
}

/** Samples of a world that count as independent in the theoretical error: they are a part of the relaxation apart. */
const INDEPENDENT_SAMPLES = 10;

export const kineticExchange: ValidationCase = {
  name: 'kinetic-exchange',
  about:
    'Random pairs move one unit, no debt, mean money T: P(k) = T^k/(1+T)^(k+1), Gini (1+T)/(1+2T) when they are many, and what equally likely divisions give when few (Dragulescu & Yakovenko 2000).',
  parameters: {
    meanMoney: { default: 20, about: 'mean units of money T' },
    agents: { default: 1000, about: 'agents' },
  },
  seeds: 4,
  full: [
    { set: { agents: '4000' } },
    { set: { meanMoney: '5', agents: '1000' }, seeds: 16 },
    { set: { meanMoney: '1', agents: '50' }, seeds: 100 },
  ],
  async measure(params, seeds) {
    const meanMoney = params.integer('meanMoney');
    const agents = params.integer('agents', 2);
    // money diffuses: about T^2 exchanges an agent to relax; measure over as many again
    const relaxTicks = Math.ceil(6 * meanMoney ** 2) + 100;
    const samples = 40;
    const between = Math.max(1, Math.ceil(meanMoney ** 2 / 4));
    const run = resolve({
      seed: 'kinetic-exchange',
      ticks: relaxTicks + samples * between,
      worlds: seeds,
      slots: agents,
      output: QUIET_OUTPUT,
      world: {
        ...BLANK_WORLD,
        genesis: { token: 0, cash: meanMoney * UNIT_CASH, capacity: 0 },
        randomExchange: { kind: 'kinetic', stake: UNIT_CASH },
      },
      populations: [{ name: 'traders', kind: 'passive' }],
    });
    const shard = new Shard(
      run,
      Array.from({ length: seeds }, (_, w) => w),
    );
    shard.advance(relaxTicks);
    const perWorld = Array.from({ length: seeds }, () => 0);
    for (let s = 1; s <= samples; s++) {
      shard.advance(relaxTicks + s * between);
      [...shard.inside()].forEach((world, w) => {
        perWorld[w]! += gini(world.balances.cash) / samples;
      });
    }
    const { mean, standardError } = meanOf(perWorld);
    // exponential holdings have a Gini of variance 1/(12 (n - 1)); a few worlds estimate their own error badly
    const byTheory = 1 / Math.sqrt(12 * (agents - 1) * seeds * INDEPENDENT_SAMPLES);
    return {
      measured: { gini: mean },
      expected: { gini: expectedGini(agents, meanMoney) },
      tolerance: {
        gini: Math.max(params.allowance(0.01), STANDARD_ERRORS * Math.max(standardError, byTheory)),
      },
    };
  },
};

/** (rho^i - rho^n)/(1 - rho^n) in powers of the smaller of rho and 1/rho, so that nothing overflows or cancels. */
export function ruinProbability(p: number, start: number, target: number): number {
  if (p === 0.5) return 1 - start / target;
  const against = Math.log1p(-p) - Math.log(p);
  if (against > 0) return Math.expm1(-(target - start) * against) / Math.expm1(-target * against);
  return 1 - Math.expm1(start * against) / Math.expm1(target * against);
}

export const gamblersRuin: ValidationCase = {
  name: 'gamblers-ruin',
  about:
    'Bets of one unit won with probability p from a start until 0 or a target: P(ruin) = (rho^i - rho^n)/(1 - rho^n), rho = (1-p)/p.',
  parameters: {
    p: { default: 0.49, about: 'probability of winning a bet' },
    start: { default: 10, about: 'units at the start' },
    target: { default: 20, about: 'units at which a gambler stops' },
  },
  seeds: 4,
  full: [
    { seeds: 80 },
    { set: { p: '0.5', start: '3', target: '17' }, seeds: 20 },
    { set: { p: '0.6', start: '4', target: '12' }, seeds: 40 },
  ],
  async measure(params, seeds) {
    const p = params.number('p', 0, 1);
    const start = params.integer('start');
    const target = params.integer('target', start + 1);
    const gamblers = 2000;
    const run = resolve({
      seed: 'gamblers-ruin',
      ticks: 1_000_000,
      worlds: seeds,
      slots: gamblers,
      output: QUIET_OUTPUT,
      world: {
        ...BLANK_WORLD,
        genesis: { token: 0, cash: start * UNIT_CASH, capacity: 0 },
        randomExchange: {
          kind: 'bets',
          stake: UNIT_CASH,
          winProbability: p,
          target: target * UNIT_CASH,
          roundsPerTick: 8,
        },
      },
      populations: [{ name: 'gamblers', kind: 'passive' }],
    });
    const shard = new Shard(
      run,
      Array.from({ length: seeds }, (_, w) => w),
    );
    const targetMilli = Math.round(target * UNIT_CASH * 1000);
    const playing = (): number => {
      let count = 0;
      for (const world of shard.inside())
        for (const cash of world.balances.cash) if (cash > 0 && cash < targetMilli) count++;
      return count;
    };
    for (let tick = 100; playing() > 0; tick += 100) shard.advance(tick);
    let ruined = 0;
    for (const world of shard.inside()) for (const cash of world.balances.cash) if (cash === 0) ruined++;
    const total = seeds * gamblers;
    const expected = ruinProbability(p, start, target);
    return {
      measured: { ruin: ruined / total },
      expected: { ruin: expected },
      tolerance: { ruin: shareTolerance(expected, total) },
    };
  },
};
