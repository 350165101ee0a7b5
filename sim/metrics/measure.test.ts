import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../configs/parse.ts';
import { FREE_SLOT, WORLD } from '../../market/columns.ts';
import { Shard } from '../shard.ts';
import { measure, startInterval } from './measure.ts';
import { METRIC_INDEX, type MetricName, POPULATION_METRIC_INDEX } from './table.ts';

describe("agents' share of all money", () => {
  /** At the end of the first tick of a world in which nobody has reason to move money. */
  const shareIn = (amm: object): number => {
    const run = parseConfig(
      JSON.stringify({
        seed: 'share',
        ticks: 1,
        slots: 4,
        output: { metricsEvery: 1 },
        world: {
          genesis: { token: 50, cash: 100 },
          consumers: { token: 1000, cash: 400 },
          treasury: { reserveEndowments: 0 },
          amm,
          computeMarket: { enabled: false },
          serviceMarket: { enabled: false },
          training: { enabled: false },
          hardware: { enabled: false },
          energy: { price: 0, subsistence: 0 },
          policy: { wealthTaxPerTick: 0 },
          demography: { enabled: false },
        },
        populations: [{ name: 'idle', kind: 'passive' }],
      }),
    );
    return new Shard(run, [0]).advance(1).frames.at(-1)!.metrics[METRIC_INDEX.agentsMoneyShare]!;
  };

  it('counts token at the mid price', () => {
    // agents 4 x (100 + 2 x 50); consumers 400 + 2 x 1000; pool 300 + 2 x 150
    expect(shareIn({ token: 150, cash: 300 })).toBeCloseTo(800 / 3800, 12);
  });

  it('is of cash alone where the AMM is off, as wealth is: agents who own all cash own all money', () => {
    expect(shareIn({ enabled: false, token: 150, cash: 300 })).toBeCloseTo(400 / 800, 12);
  });
});

describe('figures of a sampled world', () => {
  const shardOf = (config: object): Shard =>
    new Shard(
      parseConfig(
        JSON.stringify({ seed: 'figures', ticks: 40, slots: 16, output: { metricsEvery: 10 }, ...config }),
      ),
      [0],
    );
  const learners = [{ name: 'learners', kind: 'learner' }];
  const figure = (metrics: Float64Array, name: MetricName): number => metrics[METRIC_INDEX[name]]!;

  it('velocity is what consumers spent on tasks of each token there is', () => {
    const { frames } = shardOf({ populations: [{ name: 'rule', kind: 'rule' }] }).advance(40);
    for (const { metrics } of frames) {
      const each = figure(metrics, 'spend') / figure(metrics, 'tokenSupply');
      expect(figure(metrics, 'velocity')).toBeCloseTo(each, 15);
    }
    expect(figure(frames.at(-1)!.metrics, 'velocity')).toBeGreaterThan(0);
  });

  it('velocity is nil where nothing is sold, with the AMM on or off', () => {
    for (const enabled of [true, false]) {
      const world = { serviceMarket: { enabled: false }, amm: { enabled } };
      const { metrics } = shardOf({ world, populations: learners }).advance(10).frames.at(-1)!;
      expect(figure(metrics, 'velocity')).toBe(0);
      expect(figure(metrics, 'welfareBound')).toBeNaN();
      expect(figure(metrics, 'serviceEfficiency')).toBeNaN();
    }
  });

  it('there is no spread without a compute market', () => {
    const world = { computeMarket: { enabled: false } };
    const { metrics } = shardOf({ world, populations: learners }).advance(10).frames.at(-1)!;
    expect(figure(metrics, 'computeSpread')).toBeNaN();
  });

  it('the spread is that of the orders left, of a call as of a book', () => {
    for (const enabled of [false, true]) {
      const [world] = shardOf({ world: { doubleAuction: { enabled } }, populations: learners }).inside();
      const { columns, parameters } = world!;
      const [low, mid, high] = [10, 20, 30];
      columns.bidHistogram.set([7, 4], low);
      columns.bidHistogram[mid] = 3;
      columns.askHistogram[mid] = 3;
      columns.askHistogram[high] = 5;
      columns.scalar[WORLD.computeVolume] = 3; // the orders at `mid`
      const spread = figure(measure(world!, startInterval(world!)).metrics, 'computeSpread');
      const price = (level: number): number => parameters.computeMarket.priceTable[level]! / 1000;
      // a book's histograms are what is left, so that orders at one level never stand there together
      expect(spread).toBeCloseTo(enabled ? 0 : price(high) - price(low + 1), 12);
    }
  });

  it('the lineage is as deep as the largest generation of the living, and of no depth where nobody lives', () => {
    const [world] = shardOf({ populations: learners }).inside();
    const depth = (): number => figure(measure(world!, startInterval(world!)).metrics, 'lineageDepth');
    expect(depth()).toBe(0);
    world!.agents.generation.set([2, 5, 1]);
    expect(depth()).toBe(5);
    world!.columns.population[1] = FREE_SLOT;
    expect(depth()).toBe(2);
    world!.columns.population.fill(FREE_SLOT);
    expect(depth()).toBeNaN();
  });

  it('variation is that of genomes which can evolve, beside that of their shadows', () => {
    const [world] = shardOf({
      slots: 6,
      populations: [
        { name: 'learners', kind: 'learner', share: 2 },
        { name: 'fixed', kind: 'learner', share: 3, evolves: false },
        { name: 'rule', kind: 'rule', share: 1 },
      ],
    }).inside();
    const { genes, shadowGenes } = world!.agents;
    const write = (to: Float32Array, genomes: readonly (readonly number[])[]): void => {
      to.fill(0);
      genomes.forEach((genome, agent) => {
        genome.forEach((weight, f) => {
          to[f * 6 + agent] = weight;
        });
      });
    };
    write(genes, [[1], [0, -1], [0, 0, 1], [0, 0, 0, 1], [-1]]);
    write(shadowGenes, [[1], [1], [0, 1]]);
    const read = () => {
      const { metrics } = measure(world!, startInterval(world!));
      return (['speciesCount', 'speciesCountShadow', 'diversity', 'diversityShadow'] as const).map((name) =>
        figure(metrics, name),
      );
    };
    expect(read()).toEqual([2, 1, 2, 0]);
    world!.columns.population[0] = FREE_SLOT;
    expect(read()).toEqual([1, 1, Number.NaN, Number.NaN]);
    world!.columns.population[1] = FREE_SLOT;
    expect(read()).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  });

  it('genomes at genesis are as far apart as strangers are, and so are their shadows', () => {
    const [world] = shardOf({ slots: 512, populations: [{ ...learners[0], reward: 'random' }] }).inside();
    const { metrics } = measure(world!, startInterval(world!));
    // 2 (1 - R^2) n / (n - 1), where the mean R of n random directions is about 1 / sqrt(n)
    expect(figure(metrics, 'diversity')).toBeCloseTo(2, 1);
    expect(figure(metrics, 'diversityShadow')).toBeCloseTo(2, 1);
  });

  it('heritability is told of each population', () => {
    const { frames } = shardOf({ populations: learners }).advance(10);
    expect(frames.at(-1)!.populations[0]![POPULATION_METRIC_INDEX.heritability]).toBeNaN();
  });
});
