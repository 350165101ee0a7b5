/** What the page shows where there is little to show, or where something went wrong: words, and no broken drawing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { type DarwinError, EngineError } from '../sim/core/errors.ts';
import type { Engine } from '../sim/engine.ts';
import { launchBrowser } from '../viz/browser.ts';
import { headerOf } from '../viz/hello.ts';
import { assertCompiled } from './compiled.ts';
import { conduct } from './conduct.ts';
import { cpuEngine } from './engines/cpu.ts';
import { RunDesk } from './runDesk.ts';
import { startFresh } from './starts.ts';

const BARE = `
ticks: 40
slots: 16
threads: 1
output: { metricsEvery: 20, agentsEvery: 0, tradesWorlds: 0, lineage: false }
world: { amm: { enabled: false } }
`;
const LOST = "the GPU 'test' was lost (unknown: it went away)";

let work: string;
let desk: RunDesk;
let browser: Browser;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  assertCompiled();
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  work = mkdtempSync(join(tmpdir(), 'darwin-states-'));
  desk = await RunDesk.open({ port: 0, folder: join(work, 'runs') });
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 4000 } });
  page.on('pageerror', (error) => problems.push(String(error.stack)));
});
afterEach(() => expect(problems.splice(0)).toEqual([]));
afterAll(async () => {
  await browser?.close();
  await desk?.close();
  rmSync(work, { recursive: true, force: true });
  vi.restoreAllMocks();
});

const until = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 60_000, interval: 100 });
const says = (id: string, words: string | RegExp): Promise<void> =>
  until(async () => expect(await page.locator(id).textContent()).toMatch(words));

/** A run of this process, watched from the page; its error, or null. */
async function run(
  name: string,
  engine = cpuEngine(),
  fault?: string,
  more = '',
): Promise<DarwinError | null> {
  const start = await startFresh(parseConfig(`name: ${name}${BARE}${more}`));
  const { catalog, steering, server } = desk.take(start);
  const options = { parent: join(work, 'runs'), fault, signal: steering.signal };
  const onBegin = (): void => server.begin(headerOf(start.run));
  return conduct(
    start,
    { engine, why: 'test' },
    { ...options, onBegin, watch: { catalog, steering, server } },
  )
    .then(() => null)
    .catch((error: DarwinError) => error);
}

/** Figures that neither draw anything nor say why, that do both, or that draw what is no number. */
const broken = (): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-figure]')].flatMap((card) => {
      const words = card.querySelector('.empty')?.textContent ?? '';
      const svg = card.querySelector('.plot > svg, .scatter > svg, svg')!;
      const drawn = getComputedStyle(svg).visibility === 'visible';
      const marks = svg.querySelectorAll('path[d]:not([d=""]), rect[height], circle, image').length;
      const geometry = /\s(d|x|y|x1|x2|y1|y2|cx|cy|width|height|transform)="[^"]*NaN/;
      const wrong = geometry.test(svg.outerHTML) ? ['draws what is no number'] : [];
      if (words !== '' && drawn) wrong.push(`draws and says ${words}`);
      if (words === '' && (!drawn || (marks === 0 && card.querySelector('canvas') === null)))
        wrong.push('is blank');
      return wrong.map((what) => `${card.dataset.figure} ${what}`);
    }),
  );

/** The cpu engine on a device that goes away before its first tick is done. */
const lostEngine = (): Engine => {
  const engine = cpuEngine();
  return {
    ...engine,
    createShards: async (...what) =>
      (await engine.createShards(...what)).map(
        (shard) =>
          new Proxy(shard, {
            get: (of, key) => {
              if (key === 'advance') return () => Promise.reject(new EngineError(LOST, 'use --engine cpu'));
              const value = of[key as keyof typeof of];
              return typeof value === 'function' ? value.bind(of) : value;
            },
          }),
      ),
  };
};

describe('a run of which little is recorded', () => {
  beforeAll(async () => {
    expect(await run('bare')).toBeNull();
    // the last one is the server's live run, also when it has ended
    expect(await run('later')).toBeNull();
  });

  test.each(['overview', 'evolution', 'market', 'explore', 'compare'])(
    'has words wherever its %s has nothing to draw',
    async (view) => {
      await page.goto(`${desk.url}?run=bare-darwin-1&view=${view}`);
      await page.locator('[data-figure]').first().waitFor();
      await until(async () => expect(await broken()).toEqual([]));
    },
  );

  test('has words about learning and descent where nobody learns, and draws the rest', async () => {
    expect(
      await run('scripted', cpuEngine(), undefined, 'populations: [{ name: a, kind: ziC }]\n'),
    ).toBeNull();
    await page.goto(`${desk.url}?run=scripted-darwin-1&view=evolution`);
    await page.locator('[data-figure="turnover"] path.line').first().waitFor({ state: 'attached' });
    await until(async () => expect(await broken()).toEqual([]));
    await says('[data-figure="genes-now"] .empty', 'No learner lives at this tick.');
  });

  test('says what it reads while the server is slow', async () => {
    let answer = (): void => {};
    const slow = new Promise<void>((done) => {
      answer = done;
    });
    await page.route('**/frames?*', async (route) => {
      await slow;
      await route.continue();
    });
    await page.goto(`${desk.url}?run=bare-darwin-1`);
    await says('#blank-title', /^Reading bare-darwin-1$/);
    expect(await page.locator('#blank').isVisible()).toBe(true);
    answer();
    await page.locator('[data-figure="compute"] path.line').first().waitFor({ state: 'attached' });
    expect(await page.locator('#blank').isVisible()).toBe(false);
    await page.unroute('**/frames?*');
  });
});

describe('a live run', () => {
  test.each(['overview', 'evolution', 'market', 'explore', 'compare'])(
    'that has not begun draws its first state in %s, or says why not',
    async (view) => {
      const start = await fetch(`${desk.url}api/v1/control/start`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ text: `name: none${BARE}`, name: 'none', overrides: [], paused: true }),
      });
      expect(start.status).toBe(200);
      await page.goto(`${desk.url}?run=live&view=${view}`);
      await page.locator('[data-figure]').first().waitFor();
      await until(async () => expect(await broken()).toEqual([]));
      await page.locator('#stop').click();
      await says('#notice-text', 'The run was stopped at tick 0, before it began.');
      await until(async () => expect(await broken()).toEqual([]));
    },
  );

  test.each([
    ['whose engine was lost', lostEngine(), undefined, LOST],
    ['that broke a law', cpuEngine(), 'minted-token', 'conservation'],
  ] as const)(
    '%s says so in the words of the terminal, and keeps its figures',
    async (_, engine, fault, about) => {
      const error = await run('bad', engine, fault);
      expect(error!.line).toContain(about);
      await page.goto(`${desk.url}?run=live&view=overview`);
      await says('#run-state', 'failed');
      await says('#notice-text', /./);
      // the terminal writes `error: ` and the same line
      expect(await page.locator('#notice-text').textContent()).toBe(error!.line);
      expect(await page.locator('#notice').getAttribute('role')).toBe('alert');
      expect(await page.locator('#pause').isDisabled()).toBe(true);
    },
  );
});
