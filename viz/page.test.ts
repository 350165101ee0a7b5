import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { REWARD_FEATURES } from '../agents/columns.ts';
import type { RunFrame, WorldFrame } from '../sim/frame.ts';
import { METRIC_INDEX, type MetricName, POPULATION_METRIC_INDEX } from '../sim/metrics/table.ts';
import { launchBrowser } from './browser.ts';
import { clearingLevel } from './client/charts/clearing.ts';
import type { RunCatalog } from './dataApi.ts';
import { NO_RUNS } from './dataRoutes.ts';
import type { Control } from './protocol.ts';
import { sampleFrame, sampleHeader, sampleLaws } from './sampleFrames.ts';
import { type LiveServer, type ServerOptions, startServer } from './server.ts';

const RATES = { ticksPerSecond: 1234, agentStepsPerSecond: 940_000 };
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 400, height: 800 };

let browser: Browser;
let pageDirectory: string;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  pageDirectory = await mkdtemp(join(tmpdir(), 'darwin-page-'));
  [browser] = await Promise.all([
    launchBrowser(),
    build({
      configFile: fileURLToPath(new URL('client/vite.config.ts', import.meta.url)),
      logLevel: 'error',
      build: { outDir: pageDirectory },
    }),
  ]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await rm(pageDirectory, { recursive: true, force: true });
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A live run of which nothing is recorded. */
const UNRECORDED: RunCatalog = {
  ...NO_RUNS,
  ticks: async () => [],
  table: async () => ({ rows: 0, total: 0, columns: [] }),
};

async function serve(options: Partial<ServerOptions> = {}): Promise<LiveServer> {
  const server = await startServer({
    header: sampleHeader(),
    catalog: UNRECORDED,
    framesPerSecond: Number.POSITIVE_INFINITY,
    pageDirectory,
    ...options,
  });
  closing.push(() => server.close());
  return server;
}

const publish = (server: LiveServer, steps: number, from = 1): void => {
  for (let k = from; k < from + steps; k++) server.publish(sampleFrame(k), RATES);
};

interface OpenOptions {
  readonly viewport?: { width: number; height: number };
  readonly colorScheme?: 'light' | 'dark';
  /** Problems that the test provokes. */
  readonly expected?: RegExp;
  /** Query of the address. */
  readonly at?: string;
}

/** Opens the page as a new visitor; fails the test on anything in the console or any request elsewhere. */
async function open(server: LiveServer, options: OpenOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: options.viewport ?? WIDE,
    colorScheme: options.colorScheme ?? 'light',
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  const { host } = new URL(server.url);
  page.on('request', (request) => {
    if (new URL(request.url()).host !== host) problems.push(`request to ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== host) problems.push(`socket to ${socket.url()}`);
  });
  closing.push(async () => {
    await context.close();
    expect(problems.filter((problem) => !options.expected?.test(problem))).toEqual([]);
  });
  await page.goto(`${server.url}${options.at ?? ''}`);
  return page;
}

/** Opens the page and waits for its figures to stand at a tick. */
async function openAt(server: LiveServer, tick: string, options: OpenOptions = {}): Promise<Page> {
  const page = await open(server, options);
  await shows(page, '#tick', tick);
  return page;
}

const until = <T>(check: () => Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 60_000, interval: 50 });
const shows = (page: Page, selector: string, text: string | RegExp): Promise<void> =>
  until(async () => expect(await page.locator(selector).first().textContent()).toMatch(text));
/** The exact value behind a number in a legend or tile. */
const shownValue = async (page: Page, selector: string): Promise<number> =>
  Number(await page.locator(selector).first().getAttribute('value'));
const attribute = async (page: Page, selector: string, name: string): Promise<number> =>
  Number(await page.locator(selector).first().getAttribute(name));
/** Brings a figure into view and waits until it is drawn. */
async function figure(page: Page, id: string): Promise<void> {
  await page.locator(`[data-figure="${id}"]`).scrollIntoViewIfNeeded();
  await page.locator(`[data-figure="${id}"] svg .grid-lines line`).first().waitFor({ state: 'attached' });
}

const meanOver = (worlds: readonly WorldFrame[], read: (world: WorldFrame) => number): number =>
  worlds.reduce((sum, world) => sum + read(world), 0) / worlds.length;
const metricOf = (frame: RunFrame, name: MetricName): number =>
  meanOver(frame.worlds, (world) => world.metrics[METRIC_INDEX[name]]!);

describe('what a watcher sees', () => {
  test('the page shows the run, its state, its progress and its rates', async () => {
    const server = await serve();
    publish(server, 3);
    server.status({ state: 'running' });
    const page = await openAt(server, '150 / 20,000');
    expect(await page.title()).toBe('sample market \u00b7 darwin-market');
    await shows(page, '#run-name', 'sample market');
    await shows(page, '#run-state', 'running');
    await shows(page, '#connection', 'live');
    await shows(page, '#ticks-per-second', '1,234');
    await shows(page, '#agent-steps-per-second', '940k');
    await shows(page, '#dropped', '0');
    await shows(page, '#run-description', '128 slots \u00b7 2 arms \u00b7 6 worlds');
  });

  test('before the first frame the page says what it waits for, then gives way to the figures', async () => {
    const server = await serve();
    const page = await open(server);
    await shows(page, '#blank-title', 'Waiting for the first frame of sample market');
    expect(await page.locator('#figures').isVisible()).toBe(false);
    publish(server, 1);
    await page.locator('#figures').waitFor({ state: 'visible' });
    expect(await page.locator('#blank').isVisible()).toBe(false);
  });

  test('legends, tiles and lines hold the mean over worlds of what was sent, with the whole past', async () => {
    const server = await serve();
    publish(server, 40);
    const page = await openAt(server, '2,000 / 20,000');
    const frame = sampleFrame(40);
    await until(async () =>
      expect(await attribute(page, 'path.line[data-series="computePrice"]', 'data-points')).toBe(40),
    );
    for (const [id, name, perTicks] of [
      ['compute', 'computePrice', 0],
      ['compute', 'computeVolume', 1],
      ['tasks', 'tasksServed', 1],
      ['tasks', 'tasksDemanded', 0],
      ['tasks', 'spend', 1],
      ['token', 'tokenPrice', 0],
    ] as const) {
      await figure(page, id);
      const expected = metricOf(frame, name) * (perTicks === 0 ? 1 : perTicks / 50);
      expect(await shownValue(page, `data[data-series="${name}"]`)).toBeCloseTo(expected, 9);
      expect(await attribute(page, `path.line[data-series="${name}"]`, 'data-last')).toBeCloseTo(expected, 9);
    }
    expect(await shownValue(page, 'data[data-tile="alive"]')).toBeCloseTo(metricOf(frame, 'alive'), 9);
    expect(await shownValue(page, 'data[data-tile="tasksServed"]')).toBeCloseTo(
      metricOf(frame, 'tasksServed') / 50,
      9,
    );
  });

  test('births and deaths are rates over the last thousand ticks', async () => {
    const server = await serve();
    publish(server, 40);
    const page = await openAt(server, '2,000 / 20,000', { at: '?view=evolution' });
    await figure(page, 'turnover');
    const last = Array.from({ length: 20 }, (_, k) => metricOf(sampleFrame(21 + k), 'births'));
    const expected = last.reduce((a, b) => a + b, 0);
    await until(async () =>
      expect(await shownValue(page, 'data[data-series="births"]')).toBeCloseTo(expected, 9),
    );
  });

  test('a line is drawn where its axis says that its value is', async () => {
    const server = await serve();
    publish(server, 40);
    const page = await openAt(server, '2,000 / 20,000');
    await figure(page, 'token');
    const drawn = await page.locator('[data-figure="token"] svg').evaluate((svg) => {
      const ticks = [...svg.querySelectorAll('.panel-0 .grid-lines g')].map((g) => ({
        y: Number(/,([-\d.]+)/.exec(g.getAttribute('transform') ?? '')?.[1]),
        value: Number(g.querySelector('text')?.textContent),
      }));
      const path = svg.querySelector('path.line')?.getAttribute('d') ?? '';
      const points = [...path.matchAll(/[ML]?([-\d.]+),([-\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
      return { ticks, last: points.at(-1)!, count: points.length, width: svg.clientWidth };
    });
    const [a, b] = [drawn.ticks[0]!, drawn.ticks.at(-1)!];
    const value = a.value + ((drawn.last[1]! - a.y) / (b.y - a.y)) * (b.value - a.value);
    expect(value).toBeCloseTo(metricOf(sampleFrame(40), 'tokenPrice'), 2);
    expect(drawn.last[0]).toBeCloseTo(drawn.width - 12, 0);
    expect(drawn.count).toBe(40);
  });

  test('species, profit, genes, Lorenz curves and orders hold what was sent', async () => {
    const server = await serve();
    publish(server, 40);
    const page = await openAt(server, '2,000 / 20,000');
    const { worlds } = sampleFrame(40);
    await figure(page, 'species');
    for (const p of [0, 1, 2]) {
      const alive = meanOver(worlds, (w) => w.populations[p]![POPULATION_METRIC_INDEX.alive]!);
      const profit = meanOver(worlds, (w) => w.populations[p]![POPULATION_METRIC_INDEX.profitPerTick]!);
      expect(await attribute(page, `path.layer[data-series="alive-${p}"]`, 'data-last')).toBeCloseTo(
        alive,
        9,
      );
      expect(await shownValue(page, `data[data-series="profit-${p}"]`)).toBeCloseTo(profit, 9);
    }
    await figure(page, 'lorenz');
    expect(await shownValue(page, 'data[data-series="giniWealth"]')).toBeCloseTo(
      metricOf(sampleFrame(40), 'giniWealth'),
      9,
    );
    expect(await attribute(page, 'path[data-series="lorenzWealth"]', 'data-points')).toBe(21);
    expect(await attribute(page, 'path[data-series="lorenzWealth"]', 'data-middle')).toBeCloseTo(
      meanOver(worlds, (w) => w.lorenzWealth[10]!),
      6,
    );
    await page.getByRole('link', { name: 'Market' }).click();
    await figure(page, 'depth');
    const bid = worlds[0]!.bidHistogram.reduce((a, b) => a + b, 0);
    expect(await shownValue(page, 'data[data-series="depth-bid"]')).toBe(bid);
    expect(await attribute(page, '.side-bid', 'data-total')).toBe(bid);
    const cleared = clearingLevel(worlds[0]!.bidHistogram, worlds[0]!.askHistogram);
    expect(await shownValue(page, 'data[data-series="depth-clearing"]')).toBe(
      sampleHeader().arms[0]!.computePrices[cleared],
    );
    await page.getByRole('link', { name: 'Evolution' }).click();
    await figure(page, 'genes-now');
    for (const [f, feature] of REWARD_FEATURES.entries()) {
      const row = `[data-feature="${feature}"]`;
      expect(await attribute(page, row, 'data-mean')).toBeCloseTo(
        meanOver(worlds, (w) => w.geneMean[f]!),
        6,
      );
      expect(await attribute(page, row, 'data-shadow')).toBeCloseTo(
        meanOver(worlds, (w) => w.shadowMean[f]!),
        6,
      );
    }
    await figure(page, 'genes');
    expect(await page.locator('[data-figure="genes"] path.line').count()).toBe(REWARD_FEATURES.length);
    expect(await page.locator('[data-figure="genes"] path.line:not(.faint)').count()).toBe(5);
  });

  test('one world or one arm can be shown instead of the mean of all', async () => {
    const server = await serve();
    publish(server, 10);
    const page = await openAt(server, '500 / 20,000');
    const price = 'data[data-series="tokenPrice"]';
    const { worlds } = sampleFrame(10);
    const prices = worlds.map((w) => w.metrics[METRIC_INDEX.tokenPrice]!);
    await page.locator('#selection').selectOption('world 4');
    await until(async () => expect(await shownValue(page, price)).toBe(prices[4]));
    await page.locator('#selection').selectOption('arm 1');
    await until(async () =>
      expect(await shownValue(page, price)).toBeCloseTo((prices[3]! + prices[4]! + prices[5]!) / 3, 12),
    );
    const band = '[data-figure="token"] path.band';
    const range = await page.locator(band).getAttribute('d');
    await page.locator('#band').selectOption('quartiles');
    await until(async () => expect(await page.locator(band).getAttribute('d')).not.toBe(range));
  });

  test('frames that arrive move the figures on, and memory stays bounded', async () => {
    const server = await serve();
    const options = { arms: 1, worlds: 1, ticks: 100_000 };
    server.publish(sampleFrame(1, options), RATES);
    const page = await openAt(server, '50 / ');
    for (let k = 2; k <= 1000; k++) {
      server.publish(sampleFrame(k, options), RATES);
      // a page that is slower than the run is spared frames, which is not what this test is about
      if (k % 8 === 0) await shows(page, '#tick', `${(50 * k).toLocaleString('en-US')} / `);
    }
    const points = await attribute(page, 'path.line[data-series="computePrice"]', 'data-points');
    expect(points).toBeGreaterThan(100);
    expect(points).toBeLessThanOrEqual(800);
  });

  test('a name from a config is text, never markup', async () => {
    const header = sampleHeader();
    const nasty = '<img src=x onerror="document.title=1">';
    const server = await serve({
      header: {
        ...header,
        name: nasty,
        description: nasty,
        populations: header.populations.map((p) => ({ ...p, name: nasty })),
      },
    });
    publish(server, 1);
    const page = await openAt(server, '50 / 20,000');
    await shows(page, '#run-name', '<img src=x');
    expect(await page.locator('img').count()).toBe(0);
  });
});

describe('what a watcher can do', () => {
  test('pause, resume, step and speed reach the server, and the buttons follow the state', async () => {
    const server = await serve();
    const heard: Control[] = [];
    server.onControl((control) => heard.push(control));
    publish(server, 1);
    const page = await openAt(server, '50 / 20,000');
    await page.getByRole('button', { name: 'Pause' }).click();
    await until(async () => expect(heard.at(-1)).toEqual({ type: 'pause' }));
    server.status({ state: 'paused' });
    await shows(page, '#run-state', 'paused');
    await page.locator('#step-ticks').selectOption('1000');
    await page.getByRole('button', { name: 'Step' }).click();
    await until(async () => expect(heard.at(-1)).toEqual({ type: 'step', ticks: 1000 }));
    await page.locator('#speed').selectOption('20');
    await until(async () => expect(heard.at(-1)).toEqual({ type: 'speed', ticksPerSecond: 20 }));
    await page.locator('#speed').selectOption('null');
    await until(async () => expect(heard.at(-1)).toEqual({ type: 'speed', ticksPerSecond: null }));
    await page.getByRole('button', { name: 'Resume' }).click();
    await until(async () => expect(heard.at(-1)).toEqual({ type: 'resume' }));
    expect(heard.length).toBe(5);
  });

  test('a speed that another watcher asked for is shown, also when it is not on the list', async () => {
    const server = await serve();
    publish(server, 1);
    const page = await openAt(server, '50 / 20,000');
    server.status({ state: 'running', speed: 7 });
    await until(async () => expect(await page.locator('#speed').inputValue()).toBe('7'));
    server.status({ state: 'running', speed: null });
    await until(async () => expect(await page.locator('#speed').inputValue()).toBe('null'));
  });

  test('pointing at a tick shows the values of that tick in every figure', async () => {
    const server = await serve();
    publish(server, 40);
    const page = await openAt(server, '2,000 / 20,000');
    await figure(page, 'compute');
    const box = (await page.locator('[data-figure="compute"] svg').boundingBox())!;
    await page.mouse.move(box.x + 46 + (box.width - 58) / 2, box.y + 60);
    await shows(page, '[data-figure="token"] .cursor text', '1,000');
    expect(await shownValue(page, 'data[data-series="tokenPrice"]')).toBeCloseTo(
      metricOf(sampleFrame(20), 'tokenPrice'),
      9,
    );
    await page.mouse.move(box.x + 60, box.y - 30);
    await until(async () =>
      expect(await shownValue(page, 'data[data-series="tokenPrice"]')).toBeCloseTo(
        metricOf(sampleFrame(40), 'tokenPrice'),
        9,
      ),
    );
  });

  test('everything can be reached and read by keyboard alone', async () => {
    const server = await serve();
    publish(server, 40);
    const page = await openAt(server, '2,000 / 20,000');
    // What a drawing says of itself is known once it has been in view.
    for (const id of ['species', 'concentration', 'lorenz']) await figure(page, id);
    const names: string[] = [];
    for (let k = 0; k < 80; k++) {
      await page.keyboard.press('Tab');
      const name = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return null;
        const label = (element as HTMLSelectElement).labels?.[0]?.textContent;
        const outlined = getComputedStyle(element).outlineStyle !== 'none';
        const spoken = element.getAttribute('aria-label') ?? label ?? element.textContent ?? '';
        return `${spoken.trim().split(/\s+/).slice(0, 4).join(' ')}${outlined ? '' : ' (no outline)'}`;
      });
      if (name === null) break;
      names.push(name);
    }
    expect(names.slice(0, 5)).toEqual([
      'Skip to the figures',
      'Colour theme: as the',
      'Overview',
      'Evolution',
      'Market',
    ]);
    expect(names.slice(10, 13)).toEqual(['Pause', 'Step', 'Ticks of one step']);
    expect(names.every((name) => name !== '' && !name.endsWith('(no outline)'))).toBe(true);
    expect(names.filter((name) => name.startsWith('At tick 2,000:')).length).toBe(7);

    await page.locator('[data-figure="token"] svg').focus();
    await page.keyboard.press('Home');
    await shows(page, '[data-figure="token"] .cursor text', /^50$/);
    await page.keyboard.press('ArrowRight');
    await shows(page, '[data-figure="token"] .cursor text', /^100$/);
    await page.keyboard.press('Escape');
    await until(async () =>
      expect(await page.locator('[data-figure="token"] .cursor').getAttribute('visibility')).toBe('hidden'),
    );
  });
});

describe('when things go wrong or end', () => {
  test('a lost connection is said, tried again, and the next run is shown in its place', async () => {
    const first = await serve();
    publish(first, 5);
    const page = await openAt(first, '250 / 20,000', { expected: /WebSocket|ERR_CONNECTION/ });
    await first.close();
    await shows(page, '#run-state', 'disconnected');
    // Each attempt is later than the one before; this one leaves time to press the button.
    await shows(page, '#notice-text', 'Trying again in 4 s');
    const port = Number(new URL(first.url).port);
    const second = await serve({ port, header: { ...sampleHeader(), name: 'second run' } });
    publish(second, 2);
    await page.locator('#notice-action').click();
    await shows(page, '#run-name', 'second run');
    await shows(page, '#tick', '100 / 20,000');
    await until(async () => expect(await page.locator('#notice').isVisible()).toBe(false));
    await until(async () =>
      expect(await attribute(page, 'path.line[data-series="computePrice"]', 'data-points')).toBe(2),
    );
  });

  test('a broken law is shown in the table, and the failure in the words of the terminal', async () => {
    const server = await serve();
    publish(server, 2);
    const page = await openAt(server, '100 / 20,000');
    await page.getByRole('link', { name: 'Laws' }).click();
    await shows(page, '[data-law="cash-conserved"] .state', 'holds');
    const laws = sampleLaws(150, 'cash-conserved');
    const words = laws[1]!.violated!;
    server.publish({ ...sampleFrame(3), laws }, RATES);
    server.status({ state: 'failed', message: words });
    await shows(page, '[data-law="cash-conserved"] .state', 'violated');
    await shows(page, '[data-law="token-conserved"] .state', 'holds');
    expect(await page.locator('[data-law="cash-conserved"] .found').textContent()).toBe(words);
    await shows(page, '#run-state', 'failed');
    expect(await page.locator('#notice-text').textContent()).toBe(words);
    expect(await page.locator('#notice').getAttribute('role')).toBe('alert');
    expect(await page.locator('#pause').isDisabled()).toBe(true);
  });

  test('a page comes back by itself when its server does', async () => {
    const first = await serve();
    publish(first, 5);
    const page = await openAt(first, '250 / 20,000', { expected: /WebSocket|ERR_CONNECTION/ });
    await first.close();
    const second = await serve({ port: Number(new URL(first.url).port) });
    publish(second, 3);
    await shows(page, '#tick', '150 / 20,000');
    await shows(page, '#connection', 'live');
  });

  test('a finished run says so and its figures stay when the server goes', async () => {
    const server = await serve();
    publish(server, 3);
    const page = await openAt(server, '150 / 20,000', { expected: /WebSocket|ERR_CONNECTION/ });
    server.status({ state: 'finished', message: 'hash 12ab' });
    await shows(page, '#run-state', 'finished');
    await shows(page, '#notice-text', 'The run has ended after 150 ticks: hash 12ab');
    await server.close();
    await shows(page, '#notice-text', 'these are its last figures');
    await shows(page, '#run-state', 'finished');
    expect(await page.locator('[data-figure="compute"]').isVisible()).toBe(true);
  });

  test('what cannot be read is reported and left out, and the page goes on', async () => {
    const server = await serve();
    publish(server, 1);
    const context = await browser.newContext();
    closing.push(() => context.close());
    const page = await context.newPage();
    await page.routeWebSocket(/api\/live/, (socket) => {
      const upstream = socket.connectToServer();
      upstream.onMessage((message) => {
        socket.send(message);
        if (typeof message !== 'string') socket.send(Buffer.from('not a frame'));
      });
    });
    await page.goto(server.url);
    await shows(page, '#notice-text', 'could not read what the server sent');
    server.publish(sampleFrame(2), RATES);
    await shows(page, '#tick', '100 / 20,000');
  });
});

describe('how it looks', () => {
  test.each([
    ['1280 px', WIDE, 2],
    ['400 px', NARROW, 1],
  ] as const)('at %s nothing is wider than the window', async (_, viewport, columns) => {
    const server = await serve();
    publish(server, 10);
    const page = await openAt(server, '500 / 20,000', { viewport });
    const layout = await page.evaluate(() => ({
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      columns: getComputedStyle(document.getElementById('markets')!).gridTemplateColumns.split(' ').length,
      wide: [...document.querySelectorAll('main *, header *, .toolbar *')]
        .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
        .map((e) => e.outerHTML.slice(0, 80)),
    }));
    expect(layout).toEqual({ overflow: 0, columns, wide: [] });
  });

  test('light and dark follow the system, can be chosen, and the choice is remembered', async () => {
    const server = await serve();
    publish(server, 1);
    const luminance = (page: Page): Promise<number> =>
      page.evaluate(() => {
        const canvas = document.createElement('canvas').getContext('2d')!;
        canvas.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
        return (r! + g! + b!) / 3;
      });
    const dark = await openAt(server, '50 / 20,000', { colorScheme: 'dark' });
    expect(await luminance(dark)).toBeLessThan(40);
    const light = await openAt(server, '50 / 20,000', { colorScheme: 'light' });
    expect(await luminance(light)).toBeGreaterThan(230);
    await light.locator('#theme').click();
    await light.locator('#theme').click();
    await shows(light, '#theme', 'Theme: dark');
    expect(await luminance(light)).toBeLessThan(40);
    await light.reload();
    expect(await luminance(light)).toBeLessThan(40);
  });

  test.each(['light', 'dark'] as const)(
    'in %s, text and lines stand out from their card',
    async (colorScheme) => {
      const server = await serve();
      publish(server, 1);
      const page = await openAt(server, '50 / 20,000', { colorScheme });
      const contrast = await page.evaluate(() => {
        const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
        const probe = document.body.appendChild(document.createElement('i'));
        const luminance = (name: string): number => {
          probe.style.color = `var(--${name})`;
          canvas.fillStyle = getComputedStyle(probe).color;
          canvas.fillRect(0, 0, 1, 1);
          // Relative luminance, WCAG 2.2.
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
            const c = byte / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
        };
        const card = luminance('card');
        const against = (name: string): number => {
          const l = luminance(name);
          return (Math.max(l, card) + 0.05) / (Math.min(l, card) + 0.05);
        };
        const names = ['ink', 'muted', 'bad', 'good', ...Array.from({ length: 8 }, (_, k) => `c${k}`)];
        return names.map((name) => [name, against(name)] as const);
      });
      for (const [name, ratio] of contrast) {
        expect(ratio, name).toBeGreaterThanOrEqual(/^c\d/.test(name) ? 3 : 4.5);
      }
    },
  );

  test('nothing moves while frames arrive, values change and figures are pointed at', async () => {
    const server = await serve();
    publish(server, 1);
    const page = await openAt(server, '50 / 20,000');
    await page.evaluate(() => {
      const moved = window as unknown as { moved: number };
      moved.moved = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) moved.moved += (entry as unknown as { value: number }).value;
      }).observe({ type: 'layout-shift' });
    });
    for (const id of ['compute', 'lorenz', 'species']) {
      await page.locator(`[data-figure="${id}"] svg`).hover();
      publish(server, 20, 2 + 20 * ['compute', 'lorenz', 'species'].indexOf(id));
      await shows(page, '#tick', /\d/);
      await page.waitForTimeout(150);
    }
    await shows(page, '#tick', '3,050');
    await page.locator('[data-figure="token"] svg').hover();
    await page.waitForTimeout(150);
    expect(await page.evaluate(() => (window as unknown as { moved: number }).moved)).toBeLessThan(0.01);
  });
});
