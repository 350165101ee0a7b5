import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { type Outcome, passes } from './case.ts';
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
    await expect(runCase(caseNamed('amm'), { amountIn: '-5' })).rejects.toThrow(UsageError);
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

/** Settings away from the defaults, small enough for the fast tier: theory must hold there too. */
const SMALL: readonly [string, Record<string, string>, number][] = [
  ['ledger-conservation', { agents: '24', ticks: '150' }, 2],
  ['kinetic-exchange', { meanMoney: '3', agents: '200' }, 4],
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
  ['double-auction-zi', { traders: '20', days: '20' }, 4],
  ['double-auction-zip', { traders: '30', days: '4' }, 3],
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
  ['moran', { fitness: '1', population: '6' }, 200],
  ['wright-fisher', { population: '8', generations: '5', selection: '0.2' }, 200],
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

  it('amm gives 90 for 100 into 1000/1000', async () => {
    const result = await runCase(caseNamed('amm'), {
      reserveIn: '1000',
      reserveOut: '1000',
      amountIn: '100',
    });
    expect(result.measured.amountOut).toBe('90');
  });
});
