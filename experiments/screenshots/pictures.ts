/** Pictures of the page for README.md: views of a recorded run, in light and in dark. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { launchBrowser } from '../../viz/browser.ts';
import { RunDesk } from '../runDesk.ts';

export const THEMES = ['light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

interface Shot {
  readonly name: string;
  /** Query of the address. */
  readonly at: string;
  /** What must be there before the picture is taken. */
  readonly shows: readonly string[];
  /** Brings the page to what is shown, beyond its address. */
  prepare?(page: Page): Promise<void>;
}

export const SHOTS: readonly Shot[] = [
  {
    name: 'overview',
    at: '',
    shows: ['[data-figure="compute"] path.line', '[data-figure="token"] path.line'],
  },
  {
    name: 'evolution',
    at: '?view=evolution',
    shows: ['[data-figure="genome-map"] svg[data-points]', 'path.stream'],
  },
  {
    name: 'market',
    at: '?view=market',
    shows: ['data[data-auction="demand"]', '[data-figure="depth"] svg'],
  },
  {
    name: 'agents',
    at: '?view=agents',
    shows: ['#life-wealth svg[data-points]', '.gene-bars', '#life-family a'],
    prepare: (page) => page.locator('tr[data-agent]').first().click(),
  },
];

const VIEWPORT = { width: 1280, height: 860 };
/** Of WebP: below it text has rims. */
const QUALITY = 82;
const PATIENCE_MS = 60_000;
/** Fades and redraws that follow what was waited for. */
const SETTLE_MS = 600;

export const pictureName = (name: string, theme: Theme): string => `${name}-${theme}.webp`;

/**
 * Takes all pictures of a recorded run.
 *
 * @param run its directory
 * @param out directory that the pictures are written to
 * @returns their files
 * @throws EnvironmentError where there is no browser, or the page does not show what it should
 */
export async function takePictures(run: string, out: string): Promise<string[]> {
  mkdirSync(out, { recursive: true });
  const directory = resolve(run);
  const [desk, browser] = await Promise.all([
    RunDesk.open({ port: 0, folder: dirname(directory), shown: basename(directory) }),
    launchBrowser(),
  ]);
  const files: string[] = [];
  try {
    for (const theme of THEMES) {
      const context = await browser.newContext({
        viewport: VIEWPORT,
        colorScheme: theme,
        reducedMotion: 'reduce',
      });
      const page = await context.newPage();
      for (const shot of SHOTS) {
        const file = join(out, pictureName(shot.name, theme));
        writeFileSync(file, await take(page, desk.link, shot));
        files.push(file);
      }
      await context.close();
    }
  } finally {
    await browser.close();
    await desk.close();
  }
  return files;
}

async function take(page: Page, address: string, { name, at, shows, prepare }: Shot): Promise<Buffer> {
  try {
    await page.goto(`${address}${at}`);
    await page.locator('#figures').waitFor({ timeout: PATIENCE_MS });
    await prepare?.(page);
    for (const selector of shows)
      await page.locator(selector).first().waitFor({ state: 'attached', timeout: PATIENCE_MS });
  } catch (cause) {
    throw new EnvironmentError(
      `the page does not show its ${name}: ${(cause as Error).message.split('\n')[0]}`,
      'npm run build',
      { cause },
    );
  }
  await page.mouse.move(0, 0);
  await page.waitForTimeout(SETTLE_MS);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY });
  await session.detach();
  return Buffer.from(data, 'base64');
}
