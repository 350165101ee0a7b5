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
/** All tables, of two populations. */
const RICH = `
ticks: 40
slots: 24
threads: 1
output: { metricsEvery: 10, agentsEvery: 10, tradesEvery: 10, tradesWorlds: 4 }
populations:
  - { name: learners, kind: learner, share: 2 }
  - { name: traders, kind: ziC, share: 1 }
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
  expect(await run('bare')).toBeNull();
  expect(await run('rich', cpuEngine(), undefined, '', RICH)).toBeNull();
  // the last one is the server's live run, also when it has ended
  expect(await run('later')).toBeNull();
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
  text = BARE,
): Promise<DarwinError | null> {
  const start = await startFresh(parseConfig(`name: ${name}${text}${more}`));
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

/** Asks the server to start or stop a run; the status of its answer. */
async function steer(what: 'start' | 'stop', body: object = {}): Promise<number> {
  const answer = await fetch(`${desk.url}api/v1/control/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.status;
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

const AGENTS = /\/(ticks\?table=|tables\/)agents/;
/** What is read for each view: where it says so meanwhile, in which words, and what of the address it is read by. */
const READINGS = [
  ['overview', '[data-figure="lorenz"] .empty', 'Reading the agents.', AGENTS],
  ['evolution', '[data-figure="genome-map"] .empty', 'Reading the agents.', AGENTS],
  ['evolution', '[data-figure="species-stream"] .empty', 'Reading the lineage.', /\/tables\/lineage/],
  ['evolution', '[data-figure="family"] .empty', 'Reading the lineage.', /\/tables\/lineage/],
  ['market', '[data-figure="class-sold"] .empty', 'Reading the fills.', /\/tables\/trades/],
  ['agents', '#agent-list .said', 'Reading the agents.', AGENTS],
  ['agents', '#life-words', 'Reading its life.', /\/tables\//],
  ['explore', '[data-figure="scatter"] .empty', 'Reading the agents.', AGENTS],
  ['explore', '[data-figure="histogram"] .empty', 'Reading the agents.', AGENTS],
  ['compare', '[data-figure="compare-alive"] .empty', 'Reading bare-darwin-1.', /\/bare-darwin-1\/frames/],
  ['control', '#start-said', 'Reading the presets.', /\/control\/presets/],
] as const;
const GONE = { code: 'environment', message: 'the disk went away', hint: 'mount it again' };

describe.each(['recorded', 'live'])('the tables of a run that is %s', (kind) => {
  let address: string;
  beforeAll(async () => {
    const id = kind === 'recorded' ? 'rich-darwin-1' : 'live';
    address = `${desk.url}?run=${id}&agent=0.1&with=run%20bare-darwin-1`;
    if (kind === 'recorded') return;
    expect(
      await steer('start', { text: `name: rich${RICH}`, name: 'rich', overrides: [], paused: true }),
    ).toBe(200);
    await page.goto(address);
    await page.selectOption('#step-ticks', '10');
    await page.locator('#step').click();
    await says('#tick', /^10 /);
  });
  afterEach(async () => {
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });
  afterAll(async () => {
    if (kind === 'live') expect(await steer('stop')).toBe(200);
  });

  test.each(READINGS)('are read in its %s, where %s says: %s', async (view, where, words, path) => {
    let answer = (): void => {};
    const slow = new Promise<void>((done) => {
      answer = done;
    });
    await page.route(path, async (route) => {
      await slow;
      await route.continue();
    });
    // a paused run has a frame with the curves, so that nothing is read for them
    const framed = kind === 'live' && view === 'overview';
    await page.goto(`${address}&view=${view}`);
    if (framed) await page.locator('[data-figure="lorenz"] path.line').first().waitFor({ state: 'attached' });
    else await says(where, words);
    answer();
    await until(async () => {
      const now = page.locator(where);
      expect((await now.count()) === 0 ? '' : await now.textContent()).not.toContain('Reading');
    });
    await until(async () => expect(await broken()).toEqual([]));
  });

  test.each(READINGS)('cannot be read in its %s, and %s says why', async (view, where, _, path) => {
    await page.route(path, (route) => route.fulfill({ status: 500, json: { error: GONE } }));
    const framed = kind === 'live' && view === 'overview';
    await page.goto(`${address}&view=${view}`);
    if (!framed) await says(where, 'the disk went away (mount it again)');
    await until(async () => expect(await broken()).toEqual([]));
  });

  test('show the life that was chosen last, however late the one before comes', async () => {
    let answer = (): void => {};
    const slow = new Promise<void>((done) => {
      answer = done;
    });
    await page.route(/\/tables\/.*serial=1(&|$)/, async (route) => {
      await slow;
      await route.continue();
    });
    // its words change as soon as the lineage is there, which waits for nobody
    const asked = page.waitForRequest(/\/tables\/.*serial=1(&|$)/);
    await page.goto(`${address}&view=agents`);
    await asked;
    await page.locator('tr[data-agent="0.2"]').click();
    await page.locator('#life-body').waitFor();
    const late = page.waitForResponse(/addresses\?world=0&serial=1$/);
    answer();
    await (await late).finished();
    // what has come is drawn with the next frame of the screen
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    await says('#life-title', 'Agent 2 of world 0');
    expect(await page.locator('#life-body').isVisible()).toBe(true);
  });

  test('are not needed for its laws, which say how each stands', async () => {
    await page.route('**/tables/**', (route) => route.fulfill({ status: 500, json: { error: GONE } }));
    await page.goto(`${address}&view=laws`);
    await says('#verdict', /^20 laws, (none checked yet|[\d,]+ checks, none broken)$/);
  });
});

describe('the list of runs', () => {
  test('says what it does while it is read, and why it cannot be', async () => {
    let answer = (): void => {};
    const slow = new Promise<void>((done) => {
      answer = done;
    });
    await page.goto(`${desk.url}?run=bare-darwin-1&view=overview`);
    await page.locator('[data-figure]').first().waitFor();
    await page.route('**/api/v1/runs', async (route) => {
      await slow;
      await route.fulfill({ status: 500, json: { error: GONE } });
    });
    for (const [view, where, meanwhile] of [
      ['runs', '.runs td', 'Looking for runs.'],
      ['compare', '.alone', 'Looking for other runs'],
    ] as const) {
      await page.locator(`a[data-view="${view}"]`).click();
      await says(where, meanwhile);
    }
    answer();
    await says('.alone', 'the disk went away (mount it again)');
    await page.locator('a[data-view="runs"]').click();
    await says('.runs td', 'the disk went away (mount it again)');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });

  test('of one run leaves nothing to compare it with, and compare says how there would be', async () => {
    await page.route('**/api/v1/runs', async (route) => {
      const answer = await route.fetch();
      const list = (await answer.json()) as { runs: { id: string }[] };
      const runs = list.runs.filter(({ id }) => id === 'bare-darwin-1');
      await route.fulfill({ json: { ...list, runs } });
    });
    await page.goto(`${desk.url}?run=bare-darwin-1&view=compare`);
    await says('.alone', 'There is no other run or arm to compare with');
    expect(await page.locator('[data-figure]:visible').count()).toBe(0);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });
});

describe('a live run', () => {
  test.each(['overview', 'evolution', 'market', 'explore', 'compare'])(
    'that has not begun draws its first state in %s, or says why not',
    async (view) => {
      const config = { text: `name: none${BARE}`, name: 'none', overrides: [], paused: true };
      expect(await steer('start', config)).toBe(200);
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
      const { runs } = (await (await fetch(`${desk.url}api/v1/runs`)).json()) as { runs: { id: string }[] };
      const { id } = runs.find((recorded) => recorded.id.startsWith('bad'))!;
      expect(await run('after')).toBeNull();
      await page.goto(`${desk.url}?run=${id}&view=overview`);
      await says('#connection', 'recorded');
      await says('#run-state', 'failed');
      expect(await page.locator('#notice-text').textContent()).toBe(error!.line);
    },
  );
});
