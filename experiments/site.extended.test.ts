/** The page without a server: the engine in a real browser, from plain files below a path. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchBrowser } from '../viz/browser.ts';
import { assertCompiled, darwin } from './compiled.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
/** A policy for every file, workers among them, as a strict host sets it. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'";
const BELOW = '/somewhere/deep/';

let work: string;
let browser: Browser;
let host: Server;
let address: string;
const pages: Page[] = [];
const problems: string[] = [];

beforeAll(async () => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-site-'));
  const site = join(work, 'site');
  const configFile = fileURLToPath(new URL('../viz/client/vite.site.config.ts', import.meta.url));
  [browser] = await Promise.all([
    launchBrowser(),
    build({ configFile, logLevel: 'error', build: { outDir: site } }),
  ]);
  host = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const below = pathname.startsWith(BELOW) ? pathname.slice(BELOW.length) || 'index.html' : '..';
    const file = normalize(below);
    if (file.startsWith('..')) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)]!, 'Content-Security-Policy': POLICY });
    response.end(readFileSync(join(site, file)));
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(host.address() as AddressInfo).port}${BELOW}`;
}, 120_000);
afterAll(async () => {
  await browser?.close();
  host?.close();
  rmSync(work, { recursive: true, force: true });
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  expect(problems.splice(0)).toEqual([]);
});

const until = <T>(check: () => Promise<T>): Promise<T> =>
  vi.waitFor(check, { timeout: 120_000, interval: 100 });
const shows = (page: Page, selector: string, text: string | RegExp): Promise<void> =>
  until(async () => expect(await page.locator(selector).first().textContent()).toMatch(text));

async function open(query = ''): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 1000 } })).newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error.stack)));
  page.on('request', (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith('data:'))
      problems.push(`request to ${request.url()}`);
  });
  pages.push(page);
  await page.goto(`${address}${query}`);
  return page;
}

describe('the page without a server', () => {
  test('has no shared memory, and ends a run with the hash that the terminal gives', async () => {
    const page = await open('?preset=yuma&seed=in%20a%20browser');
    expect(await page.evaluate(() => 'SharedArrayBuffer' in window)).toBe(false);
    await shows(page, '#run-state', 'finished');
    const { stdout } = await darwin(
      ['run', 'yuma', '--seed', 'in a browser', '--out', join(work, 'yuma'), '--threads', '2', '--json'],
      work,
    );
    await shows(page, '#notice-text', (JSON.parse(stdout) as { finalHash: string }).finalHash);
    expect(await page.locator('#try-preset').inputValue()).toBe('yuma');
    expect(await page.locator('#try-seed').inputValue()).toBe('in a browser');
  });

  test('begins with the quickstart, which is paused, stepped, stopped and goes on; its views show it', async () => {
    const page = await open();
    await shows(page, '#run-name', 'quickstart');
    await page.locator('#pause').click();
    await shows(page, '#run-state', 'paused');
    const tick = async (): Promise<number> =>
      Number((await page.locator('#tick').textContent())!.split('/')[0]!.replaceAll(/\D/g, ''));
    const before = await tick();
    await page.locator('#step-ticks').selectOption('10');
    await page.locator('#step').click();
    await until(async () => expect(await tick()).toBe(before + 10));
    for (const [view, drawn] of [
      ['evolution', '[data-figure="lineage"], .room-evolution figure'],
      ['agents', '.room-agents tbody tr:not(.spacer)'],
      ['explore', '.room-explore figure canvas'],
      ['laws', '.room-laws tbody tr'],
      ['control', '#form details'],
    ] as const) {
      await page.locator(`#views a[data-view="${view}"]`).click();
      await page.locator(drawn).first().waitFor();
    }
    expect(await page.locator('#views a[data-view="runs"]').isVisible()).toBe(false);
    await page.locator('#stop').click();
    await shows(page, '#run-state', 'stopped');
    await page.locator('#pause').click();
    await until(async () => expect(await tick()).toBeGreaterThan(before + 10));
  });

  test('starts what its bar says, from a link that can be given to others', async () => {
    const page = await open('?preset=nonesuch');
    await shows(page, '.try-about', 'There is no preset nonesuch; this is quickstart.');
    await page.locator('#try-preset').selectOption('fee-burn');
    await page.locator('#try-start').click();
    await shows(page, '#run-name', 'fee-burn');
    expect(new URL(page.url()).searchParams.get('preset')).toBe('fee-burn');
    expect(new URL(page.url()).searchParams.has('seed')).toBe(false);
  });
});
