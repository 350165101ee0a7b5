import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { type Outcome, passes } from './case.ts';
import { heterozygosityVariance, moranFixation, wrightFisherFixation } from './evolution.ts';
import { expectedGini, ruinProbability } from './exchange.ts';
import { CASES, caseNamed, runCase } from './index.ts';

describe('a validation case', () => {
  it('has a name of its own, says what it shows and describes every parameter', () => {
    expect(new Set(CASES.map((c) => c.name)).size).toBe(CASES.length);
    for (const { about, parameters } of CASES) {
      expect(about.length).toBeGreaterThan(40);
      for (const parameter of Object.values(parameters)) expect(parameter.about).not.toBe('');
    }
  });

  it('is found by name, and the nearest name is offered for a wrong one', () => {
    expect(caseNamed('moran').name).toBe('moran');
    expect(() => caseNamed('morann')).toThrow(UsageError);
    try {
      caseNamed('morann');
    } catch (error) {
      expect((error as UsageError).hint).toContain('moran');
    }
  });

  it('refuses a parameter that it does not have, and one that is no number', async () => {
    await expect(runCase(caseNamed('moran'), { fitnes: '2' })).rejects.toThrow("has no parameter 'fitnes'");
    await expect(runCase(caseNamed('moran'), { fitness: 'high' })).rejects.toThrow('not a number');
    await expect(runCase(caseNamed('moran'), { fitness: 'abc' })).rejects.toThrow("'fitness' is 'abc'");
    await expect(runCase(caseNamed('moran'), { fitness: '' })).rejects.toThrow('not a number');
    await expect(runCase(caseNamed('amm'), { amountIn: '-5' })).rejects.toThrow(UsageError);
  });

  it.each([
    ['moran', { fitness: '-1' }, "'fitness' is -1"],
    ['moran', { fitness: '1e300' }, 'fitness = 1e+300'],
    ['wright-fisher', { selection: '-1.5' }, "'selection' is -1.5"],
    ['gamblers-ruin', { p: '1.2' }, "'p' is 1.2"],
    ['bandit', { noise: '-1', steps: '10' }, 'noise = -1'],
    ['bandit', { rewardScale: '0' }, "'rewardScale' is 0"],
    ['stake-threshold', { audit: '0', falseAlarm: '0' }, "'audit' and 'falseAlarm' are 0"],
    ['bandit', { noiseShape: 'cauchy' }, 'noiseShape = cauchy'],
    ['call-auction-zi', { traders: '2' }, "'traders' is 2"],
    ['double-auction-zip', { traders: '8' }, "'traders' is 8"],
    ['price-equation', { interval: '501', ticks: '500' }, "'interval' is 501"],
    ['amm', { amountIn: '1.5' }, "'amountIn' is '1.5'"],
    ['amm', { amountIn: '1e-3' }, "'amountIn' is '1e-3'"],
  ])('%s at %o is refused by the name of the parameter', async (name, params, message) => {
    const refused = await runCase(caseNamed(name), params as Record<string, string>, 1).catch((e) => e);
    expect(refused).toBeInstanceOf(UsageError);
    expect(refused.message).toContain(message);
    expect(refused.message).not.toContain('validation case:');
  });

  it('without a finite expected figure is a wrong call, and a measured one that is no number fails by name', async () => {
    const only = (measured: number, expected: number) =>
      runCase({
        name: 'only',
        about: '',
        parameters: {},
        seeds: 1,
        full: [],
        measure: async () => ({ measured: { a: measured }, expected: { a: expected }, tolerance: { a: 0 } }),
      });
    await expect(only(1, Number.NaN)).rejects.toThrow(UsageError);
    await expect(only(1, Number.POSITIVE_INFINITY)).rejects.toThrow(UsageError);
    expect(await only(Number.NaN, 1)).toMatchObject({ measured: { a: 'NaN' }, pass: false });
    expect(await only(1, 1)).toMatchObject({ pass: true });
  });

  it('fails when one figure is off by more than its tolerance, and passes at the tolerance', () => {
    const outcome = (measured: number): Outcome => ({
      measured: { a: measured, b: 'x' },
      expected: { a: 1, b: 'x' },
      tolerance: { a: 0.25 },
    });
    expect(passes(outcome(1.25))).toBe(true);
    expect(passes(outcome(1.26))).toBe(false);
    expect(passes({ ...outcome(1), measured: { a: 1, b: 'y' } })).toBe(false);
    expect(passes({ ...outcome(1), measured: { b: 'x' } })).toBe(false);
    expect(passes({ ...outcome(1), measured: { a: Number.NaN, b: 'x' } })).toBe(false);
  });
});

describe('theory', () => {
  it("of the Wright-Fisher chain is exact where small, and meets the diffusion and Haldane's survival where large", () => {
    // n = 2: u = p^2 + 2p(1 - p) u with p = (1 + s)/(2 + s)
    const p = 1.5 / 2.5;
    expect(wrightFisherFixation(0.5, 2)).toBeCloseTo(p ** 2 / (1 - 2 * p * (1 - p)), 12);
    expect(wrightFisherFixation(1, 10)).toBeCloseTo(0.7838, 4);
    expect(wrightFisherFixation(0, 50)).toBe(0.02);
    expect(wrightFisherFixation(1e-9, 50)).toBeCloseTo(0.02, 6);
    expect(wrightFisherFixation(-1, 50)).toBe(0);
    for (const s of [-0.005, 0.005, 0.04, 0.4])
      expect(wrightFisherFixation(s, 400) / wrightFisherFixation(s, 401)).toBeCloseTo(1, 1);
  });

  it('of the variance of heterozygosity starts at 0, is that of one binomial draw, and ends at 0', () => {
    expect(heterozygosityVariance(0.5, 2, 0)).toBeCloseTo(0, 12);
    // n = 2: 0 or 1/2 with probability one half each
    expect(heterozygosityVariance(0.5, 2, 1)).toBeCloseTo(1 / 16, 12);
    expect(heterozygosityVariance(0.5, 8, 2000)).toBeCloseTo(0, 12);
  });

  it('of fixation and ruin has its limits', () => {
    expect(moranFixation(0, 10)).toBe(0);
    expect(moranFixation(1, 10)).toBe(0.1);
    expect(moranFixation(1 + 1e-12, 10)).toBeCloseTo(0.1, 9);
    expect(moranFixation(0.5, 5000)).toBe(0);
    expect(moranFixation(1.1, 100)).toBeCloseTo(0.09092, 5);
    expect([ruinProbability(0, 3, 8), ruinProbability(1, 3, 8), ruinProbability(0.5, 3, 8)]).toEqual([
      1, 0, 0.625,
    ]);
    expect(ruinProbability(0.49, 10, 20)).toBeCloseTo(0.5987, 4);
    expect(ruinProbability(0.01, 100, 5000)).toBe(1);
  });

  it('of the Gini of equally likely divisions is exact for few and geometric for many', () => {
    // 2 units among 2: (0,2), (1,1), (2,0), of Gini 1/2, 0, 1/2
    expect(expectedGini(2, 1)).toBeCloseTo(1 / 3, 12);
    expect(expectedGini(100_000, 20)).toBeCloseTo(21 / 41, 4);
  });
});

/** Settings away from the defaults, small enough for the fast tier: theory must hold there too. */
const SMALL: readonly [string, Record<string, string>, number][] = [
  ['ledger-conservation', { agents: '24', ticks: '150' }, 2],
  ['kinetic-exchange', { meanMoney: '3', agents: '200' }, 4],
  ['kinetic-exchange', { meanMoney: '5', agents: '20' }, 64],
  ['kinetic-exchange', { meanMoney: '2', agents: '2' }, 8],
  ['gamblers-ruin', { p: '0', start: '3', target: '8' }, 1],
  ['gamblers-ruin', { p: '1', start: '3', target: '8' }, 1],
  ['gamblers-ruin', { p: '0.45', start: '3', target: '8' }, 2],
  ['gamblers-ruin', { p: '0.5', start: '5', target: '9' }, 2],
  ['saving-propensity', { saving: '0' }, 6],
  ['saving-propensity', { saving: '0.8' }, 6],
  ['yard-sale', { stakeShare: '0.6', endowment: '5' }, 60],
  ['kelly', { p: '0.75', fraction: '0.4' }, 3],
  ['kelly', { p: '0.4', fraction: '0.1' }, 3],
  ['call-auction-truthful', { traders: '101' }, 4],
  ['call-auction-zi', { rounds: '3', traders: '4000' }, 3],
  ['call-auction-zi', { rounds: '1', traders: '4000', kind: 'ziu' }, 3],
  ['call-auction-zi', { traders: '20' }, 4],
  ['call-auction-zi', { rounds: '2', traders: '50', kind: 'ziu' }, 4],
  ['call-auction-truthful', { traders: '2' }, 16],
  ['double-auction-zi', { traders: '20', days: '20' }, 4],
  ['double-auction-zip', { traders: '30', days: '4' }, 3],
  ['double-auction-zip', { traders: '10', days: '2' }, 2],
  ['hungry-thirsty', { steps: '6000', reward: 'published' }, 1],
  ['hungry-thirsty', { steps: '4000', food: '5,5', water: '2,4' }, 1],
  ['hungry-thirsty', { steps: '4000', reward: 'constant' }, 1],
  ['amm', { reserveIn: '1000', reserveOut: '1000', amountIn: '100' }, 1],
  ['yuma', {}, 1],
  ['hawk-dove', { value: '3', cost: '5' }, 4],
  ['hawk-dove', { value: '6', cost: '5' }, 3],
  [
    'iterated-prisoner',
    { temptation: '7', reward: '4.5', punishment: '-1', sucker: '-2.5', rounds: '31' },
    1,
  ],
  ['iterated-prisoner', { rounds: '1' }, 1],
  ['neutral-shadow', { agents: '16', ticks: '250', trait: 'idle' }, 8],
  ['moran', { fitness: '1.5', population: '10' }, 200],
  ['moran', { fitness: '0', population: '6' }, 50],
  ['moran', { fitness: '1', population: '6' }, 200],
  ['wright-fisher', { population: '8', generations: '5', selection: '0.2' }, 200],
  ['wright-fisher', { population: '10', generations: '5', selection: '1' }, 400],
  ['wright-fisher', { population: '4', generations: '200', selection: '-0.5' }, 100],
  ['wright-fisher', { population: '6', generations: '2', selection: '-1' }, 50],
  ['price-equation', { agents: '24', ticks: '400', interval: '40' }, 1],
  ['gradients', { inputs: '9', hidden: '5' }, 2],
  ['bandit', { steps: '4000', noise: '0.5' }, 6],
  ['stake-threshold', { effort: '0.2', sideGain: '0.3', pay: '0.5', audit: '0.5', falseAlarm: '0' }, 1],
  ['legal-threshold', { cost: '0.01', recovery: '0.3', delay: '400', rate: '0.002' }, 1],
  ['legal-threshold', { cost: '50', recovery: '1', delay: '1', rate: '0' }, 1],
  ['legal-threshold', { fee: '0', stake: '100', lock: '300' }, 1],
];

describe('theory comes out of the engine', () => {
  it.each(SMALL)('%s at %o', async (name, params, seeds) => {
    const result = await runCase(caseNamed(name), params, seeds);
    expect(result, JSON.stringify(result)).toMatchObject({ pass: true });
  });

  it('amm takes amounts in powers of ten', async () => {
    const short = { reserveIn: '5e18', reserveOut: '1.0e+19', amountIn: '1E18' };
    const result = await runCase(caseNamed('amm'), short);
    expect(result).toMatchObject({ measured: { amountOut: '1662497915624478906' }, pass: true });
  });

  it('amm gives 90 for 100 into 1000/1000', async () => {
    const result = await runCase(caseNamed('amm'), {
      reserveIn: '1000',
      reserveOut: '1000',
      amountIn: '100',
    });
    expect(result.measured.amountOut).toBe('90');
  });
});
