import { describe, expect, it } from 'vitest';
import { worldParameters } from '../../../configs/arms.ts';
import { parseConfig } from '../../../configs/parse.ts';
import { CapacityError, UsageError } from '../../core/errors.ts';
import { registerMetric } from '../../metrics/ownMetrics.ts';
import { batchBytes } from './batch.ts';
import { layOutDevice, WEIGHT_STRIDE } from './layout.ts';
import { planBatches, plannedBytes, refuseElsewhere } from './plan.ts';

const learners = 'populations: [{ name: learners, kind: learner }]';
const parametersOf = (yaml: string) => worldParameters(parseConfig(`ticks: 1\n${yaml}\n${learners}`));

describe('worlds dealt out to buffers', () => {
  const parameters = parametersOf('worlds: 5\nslots: 64\nworld: { trust: { regime: [off, none] } }');
  const brainBytes = 4 * 64 * WEIGHT_STRIDE;

  it('share one set of buffers where they have the same columns, and no other', () => {
    const plans = planBatches(parameters, 2 ** 30);
    expect(plans.map(({ worlds }) => worlds)).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
    ]);
    expect(plannedBytes(plans)).toBe(plans.reduce((sum, { layout }) => sum + batchBytes(layout, 5), 0));
  });

  it('go on in further buffers where the next brain would not fit, to the byte', () => {
    const worlds = (bytes: number) => planBatches(parameters, bytes).map((plan) => plan.worlds.length);
    expect(worlds(2 * brainBytes)).toEqual([2, 2, 1, 2, 2, 1]);
    expect(worlds(2 * brainBytes - 1)).toEqual(Array.from({ length: 10 }, () => 1));
  });

  it('are refused where the columns of one world pass a buffer, with the slots that would fit', () => {
    const bytes = 4 * layOutDevice(parameters[0]!).worldWords;
    expect(() => planBatches(parameters.slice(0, 5), bytes)).not.toThrow();
    const refused = (() => {
      try {
        planBatches(parameters, bytes / 2);
      } catch (error) {
        return error as CapacityError;
      }
      throw new Error('the plan was accepted');
    })();
    expect(refused).toBeInstanceOf(CapacityError);
    const slots = Number(/slots: (\d+)/.exec(refused.hint)![1]);
    const bytesAt = (n: number) => 4 * layOutDevice({ ...parameters[0]!, slots: n }).worldWords;
    expect(bytesAt(slots)).toBeLessThanOrEqual(bytes / 2);
    expect(bytesAt(slots + 1)).toBeGreaterThan(bytes / 2);
  });
});

describe('what the device does not run', () => {
  registerMetric({ name: 'ownAlive', unit: 'agents', about: 'living agents' }, () => 0);

  it.each([
    ['world: { doubleAuction: { enabled: true } }', 'world.doubleAuction.enabled'],
    ['world: { randomExchange: { kind: kinetic } }', 'world.randomExchange.kind'],
    ['world: { contest: { enabled: true } }', 'world.contest.enabled'],
    ['world: { environment: { kind: contextualBandit } }', 'world.environment.kind'],
    ['world: { objectives: { enabled: true, judge: reward } }', 'world.objectives.judge'],
    ['priceSeries: { values: [1] }\nworld: { amm: { outsidePrice: true } }', 'world.amm.outsidePrice'],
    ['extensions: { metrics: [ownAlive] }', 'extensions.metrics'],
  ])('%s is refused by the path of its key', (yaml, path) => {
    const run = parseConfig(`ticks: 1\n${yaml}\n${learners}`);
    expect(() => refuseElsewhere(run)).toThrow(UsageError);
    expect(() => refuseElsewhere(run)).toThrow(`${path}: the webgpu engine has no`);
  });

  it.each([
    ['world.energy.price', 2, true],
    ['world.demography.meanLife', 50, true],
    ['world.policy.issuancePerTick', 3, true],
    // records of lives that are taken and given in one tick need more room
    ['world.demography.deathsPerTick', 1, false],
    ['world.demography.immigrantsPerTick', 9, false],
  ])(
    'an intervention in %s, here to %d, is refused unless buffers and shaders stay: %s',
    (path, value, fits) => {
      const run = parseConfig(
        JSON.stringify({
          ticks: 9,
          populations: [{ name: 'learners', kind: 'learner' }],
          world: { policy: { issuance: 'workWeighted' } },
          interventions: [{ tick: 3, path, value }],
        }),
      );
      if (fits) expect(() => refuseElsewhere(run)).not.toThrow();
      else expect(() => refuseElsewhere(run)).toThrow(`a change of ${path} cannot switch on`);
    },
  );
});
