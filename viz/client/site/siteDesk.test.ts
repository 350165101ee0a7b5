import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../configs/parse.ts';
import { createSimulation } from '../../../sim/run.ts';
import type { FormOverride } from '../../controlApi.ts';
import { LIVE_RUN } from '../../dataApi.ts';
import { splitFrames } from '../../frameBytes.ts';
import { decodeTable } from '../../tableFrame.ts';
import { answerRequest } from './answer.ts';
import { PRESETS } from './presets.ts';
import { SiteDesk } from './siteDesk.ts';

const CONFIG =
  'name: tiny\nticks: 60\nslots: 12\nworlds: 2\noutput: { metricsEvery: 20, agentsEvery: 40 }\nworld: { serviceMarket: { demand: 4 } }\n';

const desk = (): SiteDesk => new SiteDesk(PRESETS, nextTurn);
const started = async (text = CONFIG, paused = false, overrides: readonly FormOverride[] = []) => {
  const made = desk();
  await made.start({ text, name: 'tiny', overrides, paused });
  return made;
};
const ask = async (of: SiteDesk, path: string, body: unknown = null) => {
  const answer = await answerRequest(of, { path, body: body === null ? null : JSON.stringify(body) });
  const bytes = answer.body as Uint8Array<ArrayBuffer>;
  return { ...answer, bytes, json: typeof answer.body === 'string' ? answer.body : '' };
};
const jsonOf = async (of: SiteDesk, path: string, body: unknown = null) =>
  JSON.parse((await ask(of, path, body)).json);

async function hashOf(text: string): Promise<string> {
  const simulation = createSimulation(parseConfig(text, { file: 'tiny' }));
  await simulation.advance(simulation.ticks);
  return simulation.finalHash();
}

describe('a run of a page without a server', () => {
  it('ends with the hash of any other run of its config, and keeps its frames and rows', async () => {
    const of = await started();
    await of.ended;
    const { summary, tables } = await of.detail(LIVE_RUN);
    expect(summary).toMatchObject({ status: 'finished', ticks: 60, finalHash: await hashOf(CONFIG) });
    expect(tables).toEqual(['metrics', 'populations', 'agents', 'trades', 'orders', 'lineage']);

    const frames = splitFrames((await ask(of, 'api/v1/runs/live/frames')).bytes.buffer);
    expect(frames.map(({ tick }) => tick)).toEqual([0, 20, 40, 60]);
    expect((await jsonOf(of, 'api/v1/runs/live/ticks?table=agents')).ticks).toEqual([40, 60]);
    const rows = decodeTable(
      (await ask(of, 'api/v1/runs/live/tables/agents?from=60&to=60&world=1&columns=tick,world,slot')).bytes
        .buffer,
    );
    expect(rows.rows).toBe(frames.at(-1)!.worlds[1]!.metrics[0]);
    expect([...new Set(rows.columns[1]!.cells)]).toEqual([1]);
    const events = decodeTable(
      (await ask(of, 'api/v1/runs/live/tables/lineage?columns=event,tick&limit=24')).bytes.buffer,
    );
    expect(events.columns[0]!.words).toEqual(['genesis']);
    expect(events.total).toBeGreaterThan(events.rows - 1);
  });

  it('that is stopped goes on to the same end, and begins anew when it is reset', async () => {
    const of = await started(CONFIG, true);
    of.pace!.apply({ type: 'step', ticks: 30 });
    while ((await of.list()).runs[0]!.ticks < 30) await nextTurn();
    await of.stop();
    expect((await of.detail(LIVE_RUN)).summary).toMatchObject({ status: 'interrupted', ticks: 30 });
    await of.resume(LIVE_RUN);
    await of.ended;
    expect((await of.detail(LIVE_RUN)).summary.finalHash).toBe(await hashOf(CONFIG));
    await of.reset();
    expect((await of.detail(LIVE_RUN)).summary).toMatchObject({ status: 'running', ticks: 0 });
    await of.stop();
  });

  it('is changed in flight as if its config had planned it', async () => {
    const of = await started(CONFIG, true);
    of.pace!.apply({ type: 'step', ticks: 10 });
    while ((await of.list()).runs[0]!.ticks < 10) await nextTurn();
    const done = await jsonOf(of, 'api/v1/control/intervene', {
      path: 'world.energy.price',
      value: 0.3,
      arm: null,
    });
    expect(done).toEqual({ tick: 10, path: 'world.energy.price', value: 0.3 });
    of.pace!.apply({ type: 'resume' });
    await of.ended;
    expect((await of.detail(LIVE_RUN)).interventions).toEqual([[done]]);
    const planned = `${CONFIG}interventions: [{ tick: 10, path: world.energy.price, value: 0.3 }]\n`;
    expect((await of.detail(LIVE_RUN)).summary.finalHash).toBe(await hashOf(planned));
  });

  it('takes the place of the one before', async () => {
    const of = await started(CONFIG, true);
    await of.start({ text: CONFIG.replace('tiny', 'next'), name: 'next', overrides: [], paused: true });
    expect((await of.list()).runs.map(({ name }) => name)).toEqual(['next']);
    await of.stop();
  });

  it.each([
    ['engine: webgpu\n', 'engine: a browser has the engine cpu, not webgpu'],
    ['demandSeries: { file: configs/demand-week.csv, column: demand }\n', 'demandSeries: a browser reads no'],
    ['slotz: 3\n', 'unknown key `slotz`'],
  ])('is refused in one line: %s', async (more, words) => {
    const of = desk();
    const request = { text: CONFIG + more, name: 'tiny', overrides: [], paused: true };
    const answer = await ask(of, 'api/v1/control/start', request);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.json).error.message).toContain(words);
    expect(await jsonOf(of, 'api/v1/runs')).toEqual({ runs: [], shown: null, live: true, control: true });
  });
});

describe('the answers of a page without a server', () => {
  it('to what is not there are those of the server', async () => {
    const of = await started(CONFIG, true);
    expect((await ask(of, 'api/v1/runs/other')).status).toBe(404);
    expect((await ask(of, 'api/v1/nothing')).status).toBe(404);
    expect((await ask(of, 'api/v1/control/nothing', {})).status).toBe(404);
    expect((await ask(of, 'api/v1/runs/live/tables/agents?columns=wealt')).status).toBe(400);
    expect(await jsonOf(of, 'api/v1/runs/live/addresses?world=0&serial=1')).toEqual({ addresses: null });
    await of.stop();
  });

  it('offer presets that run without a file beside them, the quickstart among them', async () => {
    const of = desk();
    const names = of.presets().map(({ name }) => name);
    expect(names).toContain('quickstart');
    for (const { name, text } of of.presets())
      expect(of.check({ text, name, overrides: [] }).bytes, name).toBeLessThan(2 ** 30);
  });
});
