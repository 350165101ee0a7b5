import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REWARD_FEATURES } from '../../agents/columns.ts';
import { METRIC_INDEX, METRICS, POPULATION_METRICS } from '../../sim/metrics/table.ts';
import { decodeFrame, encodeFrame, type WatchedFrame } from '../frameBytes.ts';
import { type Hello, PROTOCOL_VERSION } from '../protocol.ts';
import { sampleFrame, sampleHeader } from '../sampleFrames.ts';
import { quantile, RunStore, STORED_FRAMES_MAX, summarise } from './store.ts';

const OPTIONS = { arms: 2, worlds: 2 };
const hello: Hello = {
  type: 'hello',
  version: PROTOCOL_VERSION,
  run: sampleHeader(OPTIONS),
  watchedWorlds: 4,
  metrics: METRICS,
  populationMetrics: POPULATION_METRICS,
  rewardFeatures: REWARD_FEATURES,
};
const watched = (step: number, distributions = true): WatchedFrame =>
  decodeFrame(encodeFrame(sampleFrame(step, OPTIONS), { interval: 50, distributions }));
const everyTick: Hello = { ...hello, run: { ...hello.run, metricsEvery: 1 } };
const at = (tick: number): WatchedFrame => ({ ...base, tick });
const base = watched(1, false);

function begun(run: Hello = everyTick): RunStore {
  const store = new RunStore();
  store.begin(run);
  return store;
}
const ticks = (store: RunStore): number[] =>
  Array.from({ length: store.frameCount }, (_, k) => store.tickOf(k));

describe('summarise', () => {
  const worlds = [1, 2, 3, 10].map((value) => Float64Array.of(value, Number.NaN));

  test('the mean and the range are over the worlds that have a value', () => {
    const summary = summarise([...worlds, Float64Array.of(Number.NaN, 7)], 2, 'range');
    expect([summary.mean[0], summary.low[0], summary.high[0]]).toEqual([4, 1, 10]);
    expect([summary.mean[1], summary.low[1], summary.high[1]]).toEqual([7, 7, 7]);
  });

  test('a value that no world has is not a number', () => {
    expect(summarise(worlds, 2, 'range').mean[1]).toBeNaN();
  });

  test('quartiles interpolate between order statistics (type 7, as numpy and R)', () => {
    const summary = summarise(worlds, 2, 'quartiles');
    expect([summary.low[0], summary.high[0]]).toEqual([1.75, 4.75]);
    expect(quantile([5], 1, 0.25)).toBe(5);
  });
});

describe('RunStore', () => {
  test('frames stand in the order of their ticks, once each, however the past and the present mix', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }), (arrived) => {
        const store = begun();
        for (const tick of arrived) store.add([at(tick)]);
        expect(ticks(store)).toEqual([...new Set(arrived)].sort((a, b) => a - b));
      }),
    );
  });

  test('memory is bounded; the first and the last frame stay and no gap is wider than three even ones', () => {
    const store = begun();
    for (let k = 1; k <= 5 * STORED_FRAMES_MAX; k++) {
      store.add([at(k)]);
      expect(store.frameCount).toBeLessThanOrEqual(STORED_FRAMES_MAX);
    }
    const kept = ticks(store);
    expect(kept[0]).toBe(1);
    expect(kept.at(-1)).toBe(5 * STORED_FRAMES_MAX);
    const gaps = kept.slice(1).map((tick, k) => tick - kept[k]!);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3 * ((5 * STORED_FRAMES_MAX) / (STORED_FRAMES_MAX / 2)));
  });

  test('a frame within an interval of the metrics stays only while it is the last', () => {
    const store = begun(hello);
    store.add([at(50), at(60), at(61)]);
    expect(ticks(store)).toEqual([50, 61]);
    store.add([at(0), at(30)]);
    expect(ticks(store)).toEqual([0, 50, 61]);
    store.add([at(100)]);
    expect(ticks(store)).toEqual([0, 50, 100]);
  });

  test('a selection of an arm or a world summarises just that', () => {
    const store = begun();
    store.add([watched(3)]);
    const index = store.metricIndex('tokenPrice');
    const prices = sampleFrame(3, OPTIONS).worlds.map((w) => w.metrics[METRIC_INDEX.tokenPrice]!);
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    expect(store.summaryOf(0).mean[index]).toBeCloseTo(mean(prices), 12);
    store.select({ kind: 'arm', arm: 1 }, 'range');
    expect(store.summaryOf(0).mean[index]).toBeCloseTo(mean(prices.slice(2)), 12);
    expect(store.latestWorlds.map((w) => w.world)).toEqual([2, 3]);
    store.select({ kind: 'world', world: 1 }, 'range');
    const summary = store.summaryOf(0);
    expect([summary.low[index], summary.mean[index], summary.high[index]]).toEqual(Array(3).fill(prices[1]));
  });

  test('metrics, populations, genes and shadow genes stand where their index says', () => {
    const store = begun();
    store.add([watched(5)]);
    store.select({ kind: 'world', world: 2 }, 'range');
    const { mean } = store.summaryOf(0);
    const world = sampleFrame(5, OPTIONS).worlds[2]!;
    expect(mean[store.metricIndex('giniWealth')]).toBe(world.metrics[METRIC_INDEX.giniWealth]);
    expect(mean[store.populationIndex(1, 'profitPerTick')]).toBe(world.populations[1]![2]);
    expect(mean[store.geneIndex(4, 'mean')]).toBe(Math.fround(world.geneMean[4]!));
    expect(mean[store.geneIndex(14, 'shadow')]).toBe(Math.fround(world.shadowMean[14]!));
    expect(store.metricIndex('no such metric')).toBe(-1);
    expect(store.populationIndex(0, 'no such metric')).toBe(-1);
  });

  test('a frame of another shape than the hello promised is left out', () => {
    const store = begun();
    const frame = watched(1);
    store.add([{ ...frame, worlds: [{ ...frame.worlds[0]!, metrics: new Float64Array(2) }] }]);
    expect(store.frameCount).toBe(0);
  });

  test('distributions come from the latest frame that has them', () => {
    const store = begun();
    store.add([watched(4), watched(3), watched(6, false)]);
    expect(store.lastTick).toBe(300);
    const drawn = sampleFrame(4, OPTIONS).worlds[0]!;
    expect([...store.latestWorlds[0]!.bidHistogram]).toEqual([...drawn.bidHistogram]);
  });

  test('a new run starts empty; a selection that it does not have becomes all worlds', () => {
    const store = begun();
    store.add([watched(1)]);
    store.select({ kind: 'world', world: 3 }, 'quartiles');
    store.begin(hello);
    expect(store.frameCount).toBe(0);
    expect(store.selection).toEqual({ kind: 'world', world: 3 });
    store.begin({ ...hello, run: { ...hello.run, worlds: 1 } });
    expect(store.selection).toEqual({ kind: 'all' });
  });

  test('the cursor finds the nearest frame, and without it the last', () => {
    const store = begun();
    expect(store.shownIndex).toBe(-1);
    store.add([at(0), at(100), at(200)]);
    expect(store.shownIndex).toBe(2);
    for (const [cursor, index] of [
      [0, 0],
      [49, 0],
      [51, 1],
      [149, 1],
      [151, 2],
      [900, 2],
    ] as const) {
      store.cursor = cursor;
      expect(store.shownIndex).toBe(index);
    }
  });
});
