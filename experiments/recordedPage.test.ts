/** The page over a recorded run in a real browser: what is drawn is what the Parquet parts hold. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { createSimulation } from '../sim/run.ts';
import { launchBrowser } from '../viz/browser.ts';
import { type LiveServer, startServer } from '../viz/server.ts';
import { freshManifest } from './manifest.ts';
import { catalogBeside } from './runCatalog.ts';
import { RunDirectory } from './runDirectory.ts';

const CONFIG = `
name: tiny
ticks: 300
worlds: 2
slots: 24
output: { metricsEvery: 20, agentsEvery: 100, tradesEvery: 20, tradesWorlds: 4 }
world:
  serviceMarket: { demand: [10, 30] }
  demography: { meanLife: 120 }
  trust: { regime: [programmatic, legal], legalCost: 0.01, registrationFee: 0.01, delay: 40, discountRate: 0 }
populations:
  - { name: learners, kind: learner, share: 2 }
  - { name: traders, kind: ziC, share: 1 }`;

let work: string;
let browser: Browser;
let server: LiveServer;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'darwin-recorded-page-'));
  const run = parseConfig(CONFIG, { file: 'tiny' });
  const directory = await RunDirectory.create(
    join(work, 'runs/tiny-1'),
    freshManifest(run, { name: 'cpu', device: 'test' }, 1),
  );
  const simulation = createSimulation(run);
  const { batches, frame } = await simulation.advance(300);
  await directory.append(batches);
  await directory.append(await simulation.lastSnapshot());
  await directory.finish({
    ticks: 300,
    status: 'finished',
    finalHash: await simulation.finalHash(),
    laws: frame.laws,
  });
  await simulation.close();
  const pageDirectory = join(work, 'page');
  [browser] = await Promise.all([
    launchBrowser(),
    build({
      configFile: fileURLToPath(new URL('../viz/client/vite.config.ts', import.meta.url)),
      logLevel: 'error',
      build: { outDir: pageDirectory },
    }),
  ]);
  server = await startServer({ catalog: catalogBeside(join(work, 'runs/tiny-1')), pageDirectory });
  page = await (await browser.newContext({ viewport: { width: 1280, height: 1600 } })).newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error.stack)));
}, 120_000);
afterEach(() => expect(problems.splice(0)).toEqual([]));
afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(work, { recursive: true, force: true });
});

/** Rows of SQL over the run's parts; `TABLE` in it stands for one of them. */
async function sql(table: string, text: string): Promise<Record<string, number>[]> {
  const folder = join(work, 'runs/tiny-1', table);
  expect(existsSync(folder)).toBe(true);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const answer = await connection.runAndReadAll(text.replaceAll('TABLE', `'${folder}/*.parquet'`));
    return answer.getRowObjectsJS() as Record<string, number>[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const open = async (query: string): Promise<void> => {
  await page.goto(`${server.url}${query}`);
  await page.locator('#figures').waitFor({ state: 'visible' });
};
const until = <T>(check: () => Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 60_000, interval: 50 });
const number = async (selector: string, attribute = 'value'): Promise<number> =>
  Number(await page.locator(selector).first().getAttribute(attribute));
const text = (selector: string): Promise<string | null> => page.locator(selector).first().textContent();

describe('a recorded run', () => {
  test('opens by itself, and its overview shows the means of the last recorded tick', async () => {
    await open('');
    await until(async () => expect(await text('#run-name')).toBe('tiny'));
    expect(await text('#connection')).toBe('recorded');
    // runs may share a name
    expect(await text('#product')).toBe('darwin-market \u00b7 tiny-1');
    expect(await page.locator('#run-controls').isVisible()).toBe(false);
    const [row] = await sql(
      'metrics',
      'select avg(tokenPrice) price, avg(alive) alive from TABLE where tick = 300',
    );
    await until(async () => expect(await number('data[data-tile="tokenPrice"]')).toBeCloseTo(row!.price!, 9));
    expect(await number('data[data-tile="alive"]')).toBeCloseTo(row!.alive!, 9);
    await page.locator('[data-figure="lorenz"]').scrollIntoViewIfNeeded();
    await until(async () => expect(await number('path[data-series="lorenzWealth"]', 'data-points')).toBe(21));
  });

  test('is scrubbed to a tick of which the address then speaks, and played to its end', async () => {
    await open('');
    await page.locator('#scrub').fill('160');
    const [row] = await sql('metrics', 'select avg(tokenPrice) price from TABLE where tick = 160');
    await until(async () => expect(await number('data[data-tile="tokenPrice"]')).toBeCloseTo(row!.price!, 9));
    await until(async () => expect(new URL(page.url()).searchParams.get('tick')).toBe('160'));
    await page.reload();
    await until(async () => expect(await text('#shown-tick')).toBe('160'));
    await page.locator('#play-speed').selectOption('10');
    await page.getByRole('button', { name: 'Play' }).click();
    await until(async () => expect(Number(await text('#shown-tick'))).toBeGreaterThan(165));
    await page.getByRole('button', { name: 'Latest' }).click();
    await until(async () => expect(await text('#shown-tick')).toBe('300'));
  });

  test('its views have addresses that Back and Forward walk through', async () => {
    await open('');
    for (const name of ['Evolution', 'Laws']) await page.getByRole('link', { name, exact: true }).click();
    await until(async () => expect(await text('#verdict')).toContain('none broken'));
    expect(await page.locator('[data-law]').count()).toBe(20);
    await page.goBack();
    await until(async () => expect(await page.locator('.room-evolution').count()).toBe(1));
    expect(new URL(page.url()).searchParams.get('view')).toBe('evolution');
    await page.goForward();
    await until(async () => expect(await page.locator('.room-laws').count()).toBe(1));
  });

  test('its evolution holds one dot a learner, and streams that add up to who was alive', async () => {
    await open('?view=evolution');
    const [alive] = await sql(
      'agents',
      'select count(*)::double n from TABLE where tick = 300 and population = 0',
    );
    await until(async () =>
      expect(await number('[data-figure="genome-map"] svg', 'data-points')).toBe(alive!.n),
    );
    await page.locator('[data-figure="species-stream"]').scrollIntoViewIfNeeded();
    await page.locator('path.stream').first().waitFor({ state: 'attached' });
    const streams = await page
      .locator('path.stream')
      .evaluateAll((paths) => paths.map((path) => Number(path.getAttribute('data-last'))));
    const [everybody] = await sql('metrics', 'select avg(alive) n from TABLE where tick = 300');
    expect(streams.reduce((a, b) => a + b, 0)).toBeCloseTo(everybody!.n!, 9);
  });

  test('its tree of lives shows an agent with its children, and is walked by choosing one', async () => {
    const [parent] = await sql(
      'lineage',
      `select world, parent::double serial, min(serial)::double child, count(*)::double n from TABLE
        where event = 'birth' group by all order by n desc, world, serial limit 1`,
    );
    await open(`?view=evolution&agent=${parent!.world}.${parent!.serial}`);
    await page.locator('[data-figure="family"]').scrollIntoViewIfNeeded();
    await until(async () => expect(await page.locator('.life.chosen').count()).toBe(1));
    expect(await number('.life.chosen', 'data-serial')).toBe(parent!.serial);
    await page.locator(`.life[data-serial="${parent!.child}"] .name`).click();
    await until(async () => expect(await number('.life.chosen', 'data-serial')).toBe(parent!.child));
    expect(new URL(page.url()).searchParams.get('agent')).toBe(`${parent!.world}.${parent!.child}`);
  });

  test('its agents are listed by wealth, and the richest has a life to read', async () => {
    await open('?view=agents');
    const rich = await sql(
      'agents',
      'select world, serial::double serial, wealth from TABLE where tick = 300 order by wealth desc, world, slot limit 3',
    );
    const ids = rich.map((row) => `${row.world}.${row.serial}`);
    const rows = page.locator('tr[data-agent]');
    await until(async () => expect(await rows.first().getAttribute('data-agent')).toBe(ids[0]));
    await page.locator(`tr[data-agent="${ids[1]}"]`).click();
    await until(async () => expect(await page.locator('#life-body').isVisible()).toBe(true));
    const [history] = await sql(
      'agents',
      `select count(*)::double n from TABLE where world = ${rich[1]!.world} and serial = ${rich[1]!.serial}`,
    );
    await until(async () => expect(await number('#life-wealth svg', 'data-points')).toBe(history!.n));
    expect(await text('#life-wallet')).toContain('made without a mnemonic');
    expect(await page.getByRole('button', { name: 'in life' }).getAttribute('title')).toBe(
      'profit since birth (cash)',
    );
    await page.getByRole('button', { name: 'capacity' }).click();
    await until(async () =>
      expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending'),
    );
  });

  test.each([
    ['escrow and stakes', 'escrowed > 0 and world < 2'],
    ['claims before a court', 'claims > 0'],
    ['liabilities', 'liabilities > 0'],
  ])('its agents have the contracts that are recorded of them: %s', async (_, which) => {
    const [row] = await sql(
      'contracts',
      `select world, serial::double serial, tick, contracted, breached, undelivered, escrowed::double escrowed,
        stake_locked, slashed, compensated, claims::double claims, liabilities::double liabilities, due, reputation,
        registered from TABLE where ${which} order by tick, world, serial limit 1`,
    );
    const { world, serial, tick, ...columns } = row!;
    await open(`?view=agents&agent=${world}.${serial}&tick=${tick}`);
    for (const [name, value] of Object.entries(columns))
      await until(async () => expect(await number(`data[data-contract="${name}"]`)).toBeCloseTo(value, 6));
  });

  test('the family of an agent is the recorded one, and is walked by its links', async () => {
    const children = await sql(
      'lineage',
      `select world, parent::double parent, serial::double serial from TABLE where event = 'birth' and (world, parent) in
        (select (world, parent) from TABLE where event = 'birth' group by world, parent order by count(*) desc, world, parent limit 1)
        order by serial`,
    );
    const [{ world, parent }] = children as [Record<string, number>];
    await open(`?view=agents&agent=${world}.${parent}`);
    const links = page.locator('[data-kin="children"] a');
    await until(async () => expect(await links.count()).toBeGreaterThan(0));
    const more = page.locator('[data-kin="children"] button');
    if ((await more.count()) > 0) await more.click();
    await until(async () =>
      expect(await links.evaluateAll((all) => all.map((a) => (a as HTMLElement).dataset.agent))).toEqual(
        children.map(({ serial }) => `${world}.${serial}`),
      ),
    );
    await links.first().click();
    const back = page.locator('[data-kin="parents"] a');
    await until(async () => expect(await back.getAttribute('data-agent')).toBe(`${world}.${parent}`));
    expect(new URL(page.url()).searchParams.get('agent')).toBe(`${world}.${children[0]!.serial}`);
    await back.focus();
    await page.keyboard.press('Enter');
    await until(async () => expect(await links.count()).toBe(children.length));
  });

  test.each([100, 300])(
    'any column of its agents is drawn against any other, and counted, at tick %i',
    async (tick) => {
      await open(`?view=explore&x=age&y=cash&show=world+1&tick=${tick}`);
      const [row] = await sql(
        'agents',
        `select count(*)::double n from TABLE where tick = ${tick} and world = 1`,
      );
      const columns = page.locator('.room-explore .field').nth(1).locator('select');
      const scatter = '[data-figure="scatter"] svg';
      await until(async () => expect(await number(scatter, 'data-points')).toBe(row!.n));
      const titles = await columns.locator('option').allTextContents();
      expect(titles.length).toBeGreaterThan(25);
      for (const title of titles) {
        await columns.selectOption(title);
        await until(async () => expect(await text(`${scatter} .x-label`)).toBe(title));
        expect(await number(scatter, 'data-points')).toBe(row!.n);
      }
      const bars = await page
        .locator('[data-figure="histogram"] rect.column')
        .evaluateAll((rects) => rects.map((rect) => Number(rect.getAttribute('data-count'))));
      expect(bars.reduce((a, b) => a + b, 0)).toBe(row!.n);
    },
  );

  test('its markets show the pool, the orders and the tasks of every class as recorded', async () => {
    await open('?view=market&show=world+0');
    const [pool] = await sql(
      'metrics',
      'select poolToken, poolCash from TABLE where tick = 300 and world = 0',
    );
    await until(async () => expect(await number('data[data-pool="token"]')).toBeCloseTo(pool!.poolToken!, 6));
    expect(await number('data[data-pool="price"]')).toBeCloseTo(pool!.poolCash! / pool!.poolToken!, 9);
    const sold = await sql(
      'trades',
      `select class, sum(quantity)::double n from TABLE
        where world = 0 and market = 'service' and tick = (select max(tick) from TABLE where world = 0) group by class`,
    );
    await page.locator('[data-figure="class-sold"]').scrollIntoViewIfNeeded();
    await page.locator('[data-figure="class-sold"] path.line').first().waitFor({ state: 'attached' });
    for (const row of sold)
      expect(await number(`[data-series="sold-${row.class}"]`, 'data-last')).toBeCloseTo(row.n!, 9);
  });

  test('its auction is drawn from the orders of the shown tick, as it is scrubbed', async () => {
    await open('?view=market&show=world+1&tick=160');
    for (const tick of [160, 300]) {
      const [row] = await sql(
        'orders',
        `select sum(bid)::double bid, sum(offered)::double offered from TABLE where tick = ${tick} and world = 1`,
      );
      if (tick === 300) await page.locator('#to-latest').click();
      await until(async () => expect(await number('data[data-auction="demand"]')).toBe(row!.bid));
      expect(await number('data[data-auction="supply"]')).toBe(row!.offered);
    }
  });

  test('its laws tell how near each has come to its limit, and which differences were found', async () => {
    await open('?view=laws');
    const margin = page.locator('tr[data-law="balances-in-range"] .margin');
    await until(async () => expect(await margin.textContent()).toContain('largest balance'));
    const [row] = await sql('agents', 'select max(greatest(token, cash, stake))::double most from TABLE');
    // snapshots are rarer than checks
    expect(Number(await margin.getAttribute('data-largest'))).toBeGreaterThanOrEqual(row!.most! / 2);
    expect(await text('tr[data-law="capacity-total"] .margin')).toBe(
      'largest difference: 0 cu; none is allowed',
    );
    const margins = await page.locator('tr[data-law] .margin').allTextContents();
    expect(margins).toHaveLength(20);
    for (const words of margins) expect(words).toMatch(/^largest .*: .* (of .*|none is allowed)$/);
    expect(await text('tr[data-law="unit-norm"] .margin')).toMatch(
      /^largest distance from 1: .* of 1\.0e\u22125/,
    );
  });

  test('its arms are compared in pairs of worlds with one seed', async () => {
    await open('?view=compare');
    await page.locator('[data-figure="compare-spendCash"]').scrollIntoViewIfNeeded();
    const [row] = await sql(
      'metrics',
      `select (avg(spendCash) filter (arm = 1) - avg(spendCash) filter (arm = 0)) / 20 difference
        from TABLE where tick = 300`,
    );
    const line = '[data-figure="compare-spendCash"] [data-series="difference"]';
    await until(async () => expect(await number(line, 'data-last')).toBeCloseTo(row!.difference!, 9));
    expect(await text('.said')).toContain('in pairs');
  });

  test('what it is compared with stands in the address, which opens the same again', async () => {
    await open('?view=compare');
    const sides = page.locator('.room-compare .field select');
    await sides.nth(0).selectOption('arm 1');
    await sides.nth(1).selectOption('all');
    await until(async () => expect(page.url()).toMatch(/of=arm\+1&with=all/));
    await page.reload();
    const chosen = (): Promise<string[]> =>
      sides.evaluateAll((selects) => selects.map((select) => (select as HTMLSelectElement).value));
    await until(async () => expect(await chosen()).toEqual(['arm 1', 'all']));
    // an address of another run may name an arm that this one lacks
    await open('?view=compare&of=arm%207&with=arm%208');
    await until(async () => expect(await chosen()).toEqual(['arm 0', 'arm 1']));
  });

  test('its reward genes spread as those of the living learners do', async () => {
    await open('?view=evolution');
    const [row] = await sql(
      'agents',
      `select avg(deviation) deviation from (select stddev_pop(gene_profit) deviation from TABLE
        where tick = 300 and population = 0 group by world)`,
    );
    const gene = '[data-figure="genes-now"] [data-feature="profit"]';
    await until(async () => expect(await number(gene, 'data-deviation')).toBeCloseTo(row!.deviation!, 6));
    const key = page.locator('[data-figure="genes-now"] .key', { hasText: 'standard deviation' });
    expect(await key.isVisible()).toBe(true);
    // no snapshot is of this tick
    await page.locator('#scrub').fill('160');
    await until(async () => expect(await key.isVisible()).toBe(false));
  });

  test('it stands in the list of runs, which links to it; a run that is not there is said to be missing', async () => {
    await open('?view=runs');
    await page.locator('tr[data-run="tiny-1"] a').click();
    await until(async () => expect(await text('#run-name')).toBe('tiny'));
    expect(new URL(page.url()).searchParams.get('run')).toBe('tiny-1');
    await page.goto(`${server.url}?run=nothing`);
    await until(async () => expect(await text('#blank-text')).toContain('there is no run nothing'));
    problems.splice(0);
  });

  test('a figure is saved as CSV with the numbers that it draws, and as SVG that stands by itself', async () => {
    await open('');
    await page.locator('[data-figure="token"] svg path.line').waitFor({ state: 'attached' });
    const save = async (kind: string): Promise<string> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `Save Token price as ${kind}` }).click(),
      ]);
      const stream = await download.createReadStream();
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    };
    const [head, ...rows] = (await save('CSV')).trim().split('\r\n');
    expect(head).toBe('tick,mid price,mid price low,mid price high');
    const [last] = await sql('metrics', 'select avg(tokenPrice) price from TABLE where tick = 300');
    const [tick, price] = rows.at(-1)!.split(',').map(Number);
    expect([rows.length, tick]).toEqual([16, 300]);
    expect(price).toBeCloseTo(last!.price!, 9);
    const svg = await save('SVG');
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).toContain('stroke: rgb(');
    expect(svg).not.toContain('class=');
  });

  test.each([
    ['overview', 8],
    ['evolution', 7],
    ['market', 8],
    ['agents', 2],
    ['explore', 2],
    ['compare', 6],
  ])('every figure of its %s is saved as SVG and as CSV', async (view, figures) => {
    const { world, serial } = (
      await sql('agents', 'select world, serial::double serial from TABLE where tick = 300')
    )[0]!;
    await page.setViewportSize({ width: 1280, height: 4000 });
    await open(`?view=${view}&agent=${world}.${serial}`);
    await until(async () => expect(await page.locator('.save').count()).toBe(figures));
    const save = (): Promise<[name: string, content: string][]> =>
      page.evaluate(async () => {
        const files: [name: string, blob: Blob][] = [];
        const made: Blob[] = [];
        const { createObjectURL } = URL;
        const { click } = HTMLAnchorElement.prototype;
        URL.createObjectURL = (blob) => `#${made.push(blob as Blob)}`;
        HTMLAnchorElement.prototype.click = function () {
          files.push([this.download, made.at(-1)!]);
        };
        for (const button of document.querySelectorAll<HTMLElement>('.save button')) button.click();
        Object.assign(URL, { createObjectURL });
        Object.assign(HTMLAnchorElement.prototype, { click });
        return Promise.all(
          files.map(async ([name, blob]): Promise<[string, string]> => [name, await blob.text()]),
        );
      });
    await until(async () => {
      expect(await page.locator('.empty').count()).toBe(0);
      const saved = await save();
      expect(new Set(saved.map(([name]) => name)).size).toBe(2 * figures);
      for (const [name, content] of saved) {
        if (name.endsWith('.svg')) expect(content, name).toMatch(/^<svg .*<(path|rect|circle|image) /s);
        else expect(content.split('\r\n').length, name).toBeGreaterThan(2);
      }
    });
    await page.setViewportSize({ width: 1280, height: 1600 });
  });
});
