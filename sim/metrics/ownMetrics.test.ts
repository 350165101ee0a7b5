import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../configs/parse.ts';
import { Shard } from '../shard.ts';
import { TABLES, tablesOf } from '../tables.ts';
import { registerMetric } from './ownMetrics.ts';
import { METRIC_INDEX } from './table.ts';

registerMetric(
  { name: 'ownLiving', unit: 'agents', about: 'living agents, counted again' },
  ({ columns }) => columns.population.filter((population) => population !== 0xffff_ffff).length,
);
registerMetric({ name: 'ownTick', unit: 'tick', about: 'ticks that are complete' }, ({ tick }) => tick);

function live(extensions: string) {
  const run = parseConfig(`
seed: own metrics
ticks: 60
slots: 24
output: { metricsEvery: 20 }
world: { demography: { meanLife: 30 }, serviceMarket: { demand: 8 } }
${extensions}`);
  const shard = new Shard(run, [0]);
  return { run, report: shard.advance(60), hash: shard.hashes()[0] };
}

describe('metrics of one’s own', () => {
  it('are columns behind those of the table, in the order of the config, and move nothing', () => {
    const own = live('extensions: { metrics: [ownTick, ownLiving] }');
    const plain = live('');
    expect(own.hash).toBe(plain.hash);
    expect(plain.report.frames.every((frame) => !('ownMetrics' in frame))).toBe(true);
    for (const { ownMetrics, metrics, tick } of own.report.frames)
      expect([...ownMetrics!]).toEqual([tick, metrics[METRIC_INDEX.alive]]);
    const columns = tablesOf(own.run.arms[0]!).metrics;
    expect(columns.slice(TABLES.metrics.length).map(({ name, unit }) => `${name} ${unit}`)).toEqual([
      'ownTick tick',
      'ownLiving agents',
    ]);
    const rows = own.report.batches.find(({ table }) => table === 'metrics')!;
    expect(Object.keys(rows.columns)).toEqual(columns.map(({ name }) => name));
    expect([...(rows.columns.ownTick as Float64Array)]).toEqual([0, 20, 40, 60]);
    const before = plain.report.batches.find(({ table }) => table === 'metrics')!;
    expect(before.columns).toEqual(
      Object.fromEntries(Object.keys(before.columns).map((name) => [name, rows.columns[name]])),
    );
  });

  it('that are no number end the run, unless they are not a number: then nothing was observed', () => {
    const nothing = (() => {}) as unknown as () => number;
    registerMetric({ name: 'ownNothing', unit: '1', about: 'forgets to return' }, nothing);
    registerMetric({ name: 'ownUnseen', unit: '1', about: 'was not observed' }, () => Number.NaN);
    registerMetric({ name: 'ownFault', unit: '1', about: 'throws' }, () => {
      throw new TypeError('x is undefined');
    });
    expect(() => live('extensions: { metrics: [ownNothing] }')).toThrow(
      "metric 'ownNothing' is undefined, no number",
    );
    expect(() => live('extensions: { metrics: [ownFault] }')).toThrow(
      "metric 'ownFault' failed: x is undefined",
    );
    const { frames } = live('extensions: { metrics: [ownUnseen] }').report;
    expect([...frames[0]!.ownMetrics!]).toEqual([Number.NaN]);
  });

  it('have names of their own', () => {
    const refused = (name: string) => () => registerMetric({ name, unit: '1', about: 'none' }, () => 0);
    expect(refused('ownTick')).toThrow('already registered');
    expect(refused('alive')).toThrow('built in');
    expect(refused('share')).toThrow('must be called own and a word, such as ownCapacityShare');
    expect(refused('own"')).toThrow('must be called own');
  });

  it('that nobody registered, or that stand twice, are refused in a config', () => {
    const line = (text: string) => expect.objectContaining({ line: expect.stringContaining(text) });
    expect(() => live('extensions: { metrics: [ownTock] }')).toThrow(
      line('`extensions.metrics[0]` is `ownTock`, which is not registered'),
    );
    expect(() => live('extensions: { metrics: [ownTick, ownTick] }')).toThrow(
      line('`extensions.metrics[1]` is `ownTick` a second time'),
    );
  });
});
