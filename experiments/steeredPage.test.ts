/** Runs that a page starts, steers and ends, in a real browser; what it may ask for over HTTP, and what it may not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { METRIC_INDEX } from '../sim/metrics/table.ts';
import { createSimulation } from '../sim/run.ts';
import { launchBrowser } from '../viz/browser.ts';
import { REQUEST_BYTES_MAX } from '../viz/controlApi.ts';
import { assertCompiled, darwin } from './compiled.ts';
import { readManifest } from './manifest.ts';
import { RunDesk } from './runDesk.ts';

const CONFIG =
  'name: tiny\nticks: 60\nslots: 12\nworlds: 2\nthreads: 1\nworld: { serviceMarket: { demand: 4 } }\n';

let work: string;
let pageDirectory: string;
let browser: Browser;
let desk: RunDesk;
const pages: Page[] = [];
const problems: string[] = [];
let count = 0;

beforeAll(async () => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-steered-'));
  pageDirectory = join(work, 'page');
  const configFile = fileURLToPath(new URL('../viz/client/vite.config.ts', import.meta.url));
  [browser] = await Promise.all([
    launchBrowser(),
    build({ configFile, logLevel: 'error', build: { outDir: pageDirectory } }),
  ]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  rmSync(work, { recursive: true, force: true });
});
beforeEach(async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  desk = await RunDesk.open({ port: 0, folder: join(work, `runs-${count++}`), pageDirectory });
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  await desk.close();
  vi.restoreAllMocks();
  expect(problems.splice(0)).toEqual([]);
});

const folder = (run: string): string => join(work, `runs-${count - 1}`, run);
const until = <T>(check: () => Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 30_000, interval: 100 });

async function open(query = '', at = desk): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 1000 } })).newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error.stack)));
  pages.push(page);
  await page.goto(`${at.link}${query}`);
  return page;
}
const shows = (page: Page, selector: string, text: string | RegExp): Promise<void> =>
  until(async () => expect(await page.locator(selector).first().textContent()).toMatch(text));

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${desk.url}api/v1/control/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, ...(text.startsWith('{') ? JSON.parse(text) : {}) };
}
const start = (paused: boolean, more = ''): Promise<{ run: string }> =>
  post('start', { text: `${CONFIG}${more}`, name: 'tiny.yaml', overrides: [], paused }) as never;
const ended = (run: string, status: string): Promise<void> =>
  until(async () => expect(readManifest(folder(run)).status).toBe(status));

/** The hash of a run of the manifest's configs in this process. */
async function recomputed(run: string): Promise<string> {
  const { arms, armLabels, ticks } = readManifest(folder(run));
  const simulation = createSimulation({ arms, armLabels });
  await simulation.advance(ticks);
  return simulation.finalHash();
}

describe('the form', () => {
  test('starts what it shows: errors stand beside their key in the words of the terminal, until they are gone', async () => {
    const page = await open('?view=control');
    const field = (path: string) => page.locator(`[data-path="${path}"] input`);
    await field('ticks').fill('40');
    await field('worlds').fill('1');
    await field('slots').fill('12');
    await page.locator('#find').fill('capitalCost');
    await until(async () => expect(await page.locator('.setting:visible').count()).toBe(1));
    await page.locator('#find').fill('energy');
    await field('world.energy.price').fill('-1');
    const wrong = page.locator('[data-path="world.energy.price"] .wrong');
    await until(async () => expect(await wrong.isVisible()).toBe(true));
    const words = await wrong.textContent();
    const terminal = await darwin(['run', 'quickstart', '--set', 'world.energy.price=-1'], work);
    expect(terminal.stderr).toBe(`error: ${words}\n`);
    expect(await field('world.energy.price').getAttribute('aria-invalid')).toBe('true');

    await field('world.energy.price').fill('0.2, 0.3');
    await until(async () => expect(await wrong.isVisible()).toBe(false));
    await shows(page, '#start-said', /^2 arms, 2 worlds of 12 slots, 40 ticks/);
    expect(await page.locator('#command').textContent()).toBe(
      "npx darwin run configs/quickstart.yaml --set ticks=40 --set worlds=1 --set slots=12 --set 'world.energy.price=[0.2,0.3]'",
    );
    await page.locator('#start').click();
    await shows(page, '#run-state', 'finished');
    const run = new URL(page.url()).searchParams.get('run')!;
    await ended(run, 'finished');
    const manifest = readManifest(folder(run));
    expect(manifest.arms.map(({ world }) => world.energy.price)).toEqual([0.2, 0.3]);
    expect(manifest.arms[0]).toMatchObject({ ticks: 40, worlds: 1, slots: 12, name: 'quickstart' });
  });

  test('edits text and populations, and refuses what they say where they say it', async () => {
    const page = await open('?view=control');
    await shows(page, '#start-said', /slots/);
    await page.locator('summary', { hasText: 'as text' }).click();
    await page.locator('#text').fill(`${CONFIG}tickz: 3\n`);
    await shows(page, '#start-said', 'config:7:1: unknown key `tickz` (did you mean `ticks`?)');
    await page.locator('#text').fill(CONFIG);
    await shows(page, '#start-said', '2 worlds of 12 slots, 60 ticks');
    expect(await page.locator('[data-path="ticks"] input').inputValue()).toBe('60');
    await page.locator('.section-name', { hasText: /^populations$/ }).click();
    await page.getByRole('button', { name: 'Add to populations' }).click();
    await page.getByRole('button', { name: 'Add to populations' }).click();
    await page.locator('[data-path="populations[0].name"] input').fill('name-2');
    await shows(page, '[data-path="populations[1].name"] .wrong', 'the name of `populations[0]` too');
    await page.getByRole('button', { name: 'Remove populations[0]' }).click();
    await shows(page, '#start-said', '2 worlds of 12 slots');
  });
});

describe('a run that a page started', () => {
  test('waits at its first tick, steps, is changed, stopped, goes on, and is what its manifest says', async () => {
    const { run } = await start(true);
    const page = await open();
    await shows(page, '#run-state', 'paused');
    await shows(page, '#tick', '0 / 60');
    await page.locator('#step-ticks').selectOption('10');
    await page.locator('#step').click();
    await shows(page, '#tick', '10 / 60');

    await page.locator('#views a[data-view="control"]').click();
    await page.locator('#change-value').fill('7e9');
    await page.locator('#change-value').press('Enter');
    await shows(page, '#change .said', 'must be a number from 0 to 1e+9');
    await page.locator('#change-value').fill('0.9');
    await page.locator('#change-value').press('Enter');
    await shows(page, '#change .said', 'world.energy.price is 0.9 from tick 10 on.');
    await shows(page, '.interventions tbody', /10.*energy\.price.*0\.9.*all/);
    expect(readManifest(folder(run)).arms[0]!.interventions).toEqual([
      { tick: 10, path: 'world.energy.price', value: 0.9 },
    ]);

    await page.locator('#step').click();
    await shows(page, '#tick', '20 / 60');
    await page.locator('#views a[data-view="overview"]').click();
    const mark = page.locator('[data-figure="compute"] .change');
    await until(async () => expect(await mark.count()).toBe(1));
    expect(await mark.getAttribute('data-tick')).toBe('10');
    expect(await mark.locator('text').textContent()).toBe('energy.price 0.9');
    // where the axis has tick 10 of 20
    expect(await mark.locator('line').getAttribute('x1')).toBe(
      await page.locator('[data-figure="token"] .change line').getAttribute('x1'),
    );
    await page.locator('#stop').click();
    await shows(page, '#run-state', 'stopped');
    await shows(page, '#notice-text', 'The run was stopped at tick 20, with a checkpoint.');
    await ended(run, 'interrupted');
    await page.locator('#notice-action').click();
    await shows(page, '#run-state', 'finished');
    await ended(run, 'finished');
    const manifest = readManifest(folder(run));
    expect([manifest.ticks, manifest.resumedAt]).toEqual([60, [20]]);
    expect(await recomputed(run)).toBe(manifest.finalHash);
    const verified = await darwin(['verify', folder(run), '--json'], work);
    expect(JSON.parse(verified.stdout)).toMatchObject({ match: true });
    problems.length = 0; // the refused change is logged by the browser
  });

  test('begins anew when it is reset: the same config, paused, elsewhere; a second page follows', async () => {
    const { run } = await start(true);
    await post('intervene', { path: 'world.energy.price', value: 3, arm: null });
    const [one, two] = [await open(), await open('?run=live')];
    await shows(two, '#tick', '0 / 60');
    await one.locator('#step').click();
    await shows(two, '#tick', '60 / 60');
    await ended(run, 'finished');
    await one.locator('#reset').click();
    await shows(one, '#run-state', 'paused');
    await shows(two, '#tick', '0 / 60');
    await shows(two, '#run-state', 'paused');
    expect(readManifest(folder('tiny-darwin-2')).arms[0]!.interventions).toBeUndefined();
    expect(readManifest(folder('tiny-darwin-1')).status).toBe('finished');
    await two.locator('#pause').click();
    await shows(one, '#run-state', 'finished');
    await ended('tiny-darwin-2', 'finished');
  });

  test('is steered from two pages, each of which shows what the other does, changes in flight among it', async () => {
    const text = CONFIG.replace('demand: 4', 'demand: [4, 5]');
    const more = 'output: { metricsEvery: 5 }\n';
    await post('start', { text: `${text}${more}`, name: 'two', overrides: [], paused: true });
    const [one, two] = [await open('?view=evolution'), await open('?view=control')];
    for (const page of [one, two]) {
      await shows(page, '#run-state', 'paused');
      await page.locator('#step-ticks').selectOption('10');
    }
    await one.locator('#step').click();
    await shows(two, '#tick', '10 / 60');
    await two.locator('#change-value').fill('0.9');
    await two.locator('#change-value').press('Enter');
    await shows(two, '#change .said', 'world.energy.price is 0.9 from tick 10 on.');
    await two.locator('#step').click();
    await shows(one, '#tick', '20 / 60');

    await one.locator('[data-figure="gene-grid"]').scrollIntoViewIfNeeded();
    const cells = one.locator('[data-figure="gene-grid"] [data-gene]');
    const marks = one.locator('[data-figure="gene-grid"] [data-gene] .change[data-tick="10"] line');
    // neither is there before the grid is drawn
    await cells.first().waitFor({ state: 'attached' });
    await until(async () => expect(await marks.count()).toBe(await cells.count()));
    // half of the way from tick 0 to tick 20
    await until(async () => {
      const [at, width] = await marks.first().evaluate((line) => {
        const cell = line.closest('[data-gene]')!;
        return [line, cell.querySelector('.zero')!].map((e, k) =>
          Number(e.getAttribute(k === 0 ? 'x1' : 'x2')),
        );
      });
      expect(at).toBeCloseTo(width! / 2, 3);
    });
    await one.locator('#views a[data-view="compare"]').click();
    await shows(one, '[data-figure="compare-spendCash"] .change text', 'energy.price 0.9');
    expect(await one.locator('[data-figure="compare-spendCash"] .change').count()).toBe(1);

    await Promise.all([one.locator('#step').click(), two.locator('#step').click()]);
    await until(async () => expect(await one.locator('#tick').textContent()).toMatch(/^(30|40) /));
    await until(async () =>
      expect(await two.locator('#tick').textContent()).toBe(await one.locator('#tick').textContent()),
    );
    await two.locator('#speed').selectOption('1');
    await until(async () => expect(await one.locator('#speed').inputValue()).toBe('1'));
    await two.locator('#pause').click();
    await shows(one, '#run-state', 'running');
    await one.locator('#pause').click();
    await shows(two, '#run-state', 'paused');
    await two.locator('#stop').click();
    for (const page of [one, two]) {
      await shows(page, '#run-state', 'stopped');
      await shows(page, '#notice-text', /^The run was stopped at tick \d+, with a checkpoint\.$/);
    }
  });

  test('is one at a time; what comes when there is none is refused', async () => {
    expect(await post('stop', {})).toMatchObject({ status: 400, error: { message: 'no run is under way' } });
    expect(await post('reset', {})).toMatchObject({ status: 400 });
    const { run } = await start(true);
    expect(await start(false)).toMatchObject({ status: 400, error: { message: 'a run is under way' } });
    expect(await post('intervene', { path: 'world.genesis.token', value: 3, arm: null })).toMatchObject({
      error: { path: 'interventions[0].path', code: 'config' },
    });
    expect(await post('intervene', { path: 'world.energy.price', value: 3, arm: 4 })).toMatchObject({
      error: { message: 'change of world.energy.price: there is no arm 4' },
    });
    expect(await post('stop', {})).toMatchObject({ status: 200, run });
    expect(await post('intervene', { path: 'world.energy.price', value: 3, arm: null })).toMatchObject({
      status: 400,
    });
    expect(await post('resume', { run: '../x' })).toMatchObject({ status: 400 });
  });

  test('changes one arm alone, and runs on while it is changed', async () => {
    const { run } = await start(true, 'seed: arms\n');
    await post('stop', {});
    const text = `${CONFIG.replace('demand: 4', 'demand: [4, 5]').replace('ticks: 60', 'ticks: 4000')}`;
    const second = (await post('start', { text, name: 'x', overrides: [], paused: false })) as {
      run: string;
    };
    const done = (await post('intervene', { path: 'world.energy.price', value: 0.3, arm: 1 })) as never as {
      tick: number;
    };
    await post('stop', {});
    const manifest = readManifest(folder(second.run));
    expect(manifest.arms.map(({ interventions = [] }) => interventions)).toEqual([
      [],
      [{ tick: done.tick, path: 'world.energy.price', value: 0.3 }],
    ]);
    expect(await recomputed(second.run)).toBe(manifest.finalHash);
    expect(run).not.toBe(second.run);
  });
});

describe('a live run', () => {
  test('shows agents, their distributions and arms as another simulation of the same config has them', async () => {
    const trust = 'trust: { regime: programmatic }';
    const text = CONFIG.replace('demand: 4 }', `demand: [4, 30] }, ${trust}`).replace(
      'slots: 12',
      'slots: 20',
    );
    const more = 'output: { metricsEvery: 10, agentsEvery: 0 }\n';
    await post('start', { text: `${text}${more}`, name: 'arms', overrides: [], paused: true });
    const page = await open('?view=agents');
    await shows(page, '#tick', '0 / 60');
    await page.locator('#step-ticks').selectOption('10');
    await page.locator('#step').click();
    await shows(page, '#tick', '10 / 60');

    const simulation = createSimulation(parseConfig(`${text}${more}`));
    const { frame } = await simulation.advance(10);
    const [agents, contracts] = await simulation.snapshot();
    const { world, serial, wealth } = agents!.columns as Record<string, ArrayLike<number>>;
    const rows = Array.from({ length: agents!.rows }, (_, k) => k);
    const richest = rows.reduce((best, k) => (wealth![k]! > wealth![best]! ? k : best));
    const first = page.locator('tr[data-agent]').first();
    await until(async () =>
      expect(await first.getAttribute('data-agent')).toBe(`${world![richest]}.${serial![richest]}`),
    );
    await first.click();
    await shows(page, '#life-title', `Agent ${serial![richest]} of world ${world![richest]}`);
    await until(async () => expect(await page.locator('#life-body').isVisible()).toBe(true));

    const of = contracts!.columns as Record<string, ArrayLike<number>>;
    const busiest = rows.reduce((best, k) => (of.contracted![k]! > of.contracted![best]! ? k : best));
    await page.goto(`${desk.url}?view=agents&agent=${of.world![busiest]}.${of.serial![busiest]}`);
    for (const column of ['contracted', 'escrowed', 'stake_locked', 'reputation'])
      await until(async () =>
        expect(
          Number(await page.locator(`data[data-contract="${column}"]`).getAttribute('value')),
        ).toBeCloseTo(of[column]![busiest]!, 6),
      );
    expect(of.contracted![busiest]).toBeGreaterThan(0);

    await page.locator('#views a[data-view="explore"]').click();
    const points = page.locator('[data-figure="scatter"] svg');
    await until(async () => expect(Number(await points.getAttribute('data-points'))).toBe(agents!.rows));
    const bars = await page
      .locator('[data-figure="histogram"] rect.column')
      .evaluateAll((rects) => rects.map((rect) => Number(rect.getAttribute('data-count'))));
    expect(bars.reduce((sum, count) => sum + count, 0)).toBe(agents!.rows);

    await page.locator('#views a[data-view="compare"]').click();
    await page.locator('[data-figure="compare-spendCash"]').scrollIntoViewIfNeeded();
    const spend = (arm: number): number => {
      const of = frame.worlds.filter((candidate) => candidate.arm === arm);
      return of.reduce((sum, { metrics }) => sum + metrics[METRIC_INDEX.spendCash]!, 0) / of.length / 10;
    };
    const line = page.locator('[data-figure="compare-spendCash"] [data-series="difference"]');
    await until(async () =>
      expect(Number(await line.getAttribute('data-last'))).toBeCloseTo(spend(1) - spend(0), 9),
    );
    await post('stop', {});
  });
});

describe('a request', () => {
  test.each([
    ['that is not JSON', '{"text"', 400, 'the request is not a JSON object in UTF-8'],
    ['that is a list', '[]', 400, 'the request is not a JSON object'],
    ['with a key too many', { text: '', name: '', overrides: [], paused: true, x: 1 }, 400, 'unknown key x'],
    [
      'with overrides that are none',
      { text: '', name: '', overrides: 3, paused: true },
      400,
      'overrides must be',
    ],
    [
      'that is too long',
      { text: 'x'.repeat(REQUEST_BYTES_MAX) },
      413,
      `longer than ${REQUEST_BYTES_MAX} bytes`,
    ],
    ['whose config is wrong', { text: 'ticks: x', name: 'c', overrides: [], paused: false }, 400, 'c:1:8:'],
  ])('%s is refused in a line, and starts nothing', async (_, body, status, words) => {
    const answer = await post('start', body);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(words);
    expect(answer.error.message).not.toContain('\n');
    expect((await (await fetch(`${desk.url}api/v1/runs`)).json()).runs).toEqual([]);
  });

  test('of another origin, of a form, or to another host is refused', async () => {
    const body = { text: CONFIG, name: 'c', overrides: [], paused: true };
    expect((await post('start', body, { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await post('start', body, { Origin: 'null' })).status).toBe(403);
    expect((await post('start', JSON.stringify(body), { 'Content-Type': 'text/plain' })).status).toBe(400);
    const { port } = new URL(desk.url);
    const status = await new Promise((resolve) => {
      const headers = { Host: 'evil.example', 'Content-Type': 'application/json' };
      httpRequest({ port, path: '/api/v1/control/stop', method: 'POST', headers }, (response) =>
        resolve(response.statusCode),
      ).end('{}');
    });
    expect(status).toBe(403);
    expect((await post('start', body, { Origin: new URL(desk.url).origin })).status).toBe(200);
  });

  test('cannot name a directory outside the folder of runs, nor a file outside the working directory', async () => {
    const file = join(work, 'outside.csv');
    writeFileSync(file, 'demand\n1\n');
    const reads = `demandSeries: { file: '${file}', column: demand }\n`;
    expect((await start(true, reads)) as unknown).toMatchObject({
      status: 400,
      error: { path: 'demandSeries.file', message: expect.stringContaining('outside the working directory') },
    });
    const text = CONFIG.replace('tiny', "'../../../way-out'");
    const { run } = await post('start', { text, name: 'c', overrides: [], paused: true });
    expect(run).toMatch(/^[\w.-]+$/);
    expect(readManifest(folder(run)).name).toBe('../../../way-out');
    for (const id of ['../way-out', '..', '/etc', `${run}/../${run}`, `${run}\0`])
      expect((await post('resume', { run: id })).status).toBe(400);
  });
});

describe('a page of another machine', () => {
  test('opens by the link, which leaves no token in its address, and steers', async () => {
    const remote = await RunDesk.open({
      port: 0,
      host: '0.0.0.0',
      folder: join(work, 'remote'),
      pageDirectory,
    });
    try {
      const page = await open('', remote);
      expect(page.url()).toBe(remote.url);
      await until(async () => expect(await page.locator('#figures').textContent()).toMatch(/\S/));
      const body = { text: CONFIG, name: 'tiny.yaml', overrides: [], paused: true };
      const answer = await page.evaluate(async (sent) => {
        const headers = { 'Content-Type': 'application/json' };
        const init = { method: 'POST', headers, body: JSON.stringify(sent) };
        return { status: (await fetch('api/v1/control/start', init)).status, cookie: document.cookie };
      }, body);
      expect(answer).toEqual({ status: 200, cookie: '' });
      await page.goto(remote.url);
      await shows(page, '#run-state', 'paused');
      const bare = await fetch(`${remote.url}api/v1/control/stop`, { method: 'POST' });
      expect(bare.status).toBe(401);
    } finally {
      for (const page of pages.splice(0)) await page.context().close();
      await remote.close();
    }
  });
});
