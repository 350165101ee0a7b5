/**
 * Every view of the page for people who read it otherwise, of a run that is recorded, that goes on and that ends:
 * names of controls, contrast, keyboard, and that nothing moves. One page a width serves all tests.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchBrowser } from '../viz/browser.ts';
import { assertCompiled, darwin } from './compiled.ts';
import { RunDesk } from './runDesk.ts';

/** Two arms with all markets; the laws are looked at in the first tick. */
const configOf = (ticks: number, every: number): string => `
name: small
ticks: ${ticks}
worlds: 1
slots: 24
threads: 1
output: { metricsEvery: ${every}, agentsEvery: ${every}, tradesEvery: ${every}, tradesWorlds: 4 }
world:
  serviceMarket: { demand: [10, 30] }
  demography: { meanLife: 120 }
  trust: { regime: programmatic }
populations:
  - { name: learners, kind: learner, share: 2 }
  - { name: traders, kind: ziC, share: 1 }
`;
/** What a view shows once it has read what it needs. */
const VIEWS = [
  ['overview', '[data-figure="compute"] path.line'],
  ['evolution', '[data-figure="genome-map"] svg[data-points]'],
  ['market', 'data[data-auction="demand"]'],
  ['agents', '#life-wealth svg[data-points]'],
  ['explore', '[data-figure="scatter"] svg[data-points]'],
  ['compare', '[data-figure="compare-spendCash"] path.line'],
  ['laws', '[data-law="conservation"]'],
  ['runs', '[data-run]'],
  ['control', '#form details'],
] as const;
const WIDTHS = [400, 1280, 2560] as const;

/** Of the page whose names and colours are looked at. */
const WIDE = 1280;
/** What has come is drawn, and moves what it will, within this. */
const SETTLE_MS = 400;

/** What the page comes to show; how soon is no matter here. */
const until = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 60_000, interval: 50 });

let work: string;
let desk: RunDesk;
let browser: Browser;
let pages: ReadonlyMap<number, Page>;

beforeAll(async () => {
  assertCompiled();
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  work = mkdtempSync(join(tmpdir(), 'darwin-access-'));
  desk = await RunDesk.open({ port: 0, folder: join(work, 'runs') });
  browser = await launchBrowser();
  expect(await begin(configOf(200, 20), false)).toBe(200);
  await vi.waitFor(async () => expect(await state()).toBe('finished'), { timeout: 120_000, interval: 200 });
  pages = new Map(await Promise.all(WIDTHS.map(async (width) => [width, await openPage(width)] as const)));
});
afterAll(async () => {
  await browser?.close();
  await desk?.close();
  rmSync(work, { recursive: true, force: true });
  vi.restoreAllMocks();
});

async function steer(what: 'start' | 'reset', body: object = {}): Promise<number> {
  const answer = await fetch(`${desk.url}api/v1/control/${what}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.status;
}
const begin = (text: string, paused: boolean): Promise<number> =>
  steer('start', { text, name: 'small.yaml', overrides: [], paused });
async function state(): Promise<string> {
  const { runs } = (await (await fetch(`${desk.url}api/v1/runs`)).json()) as { runs: { status: string }[] };
  return runs[0]!.status;
}

/** A page that watches what moves from the first paint of every document on. */
async function openPage(width: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme: 'light' });
  await page.addInitScript(() => {
    const shifts: string[] = [];
    Object.assign(window, { moved: 0, shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { value, hadRecentInput, sources } = entry as unknown as {
          value: number;
          hadRecentInput: boolean;
          sources: { node: Element | null }[];
        };
        // what somebody has just asked for may move things: so CLS is defined
        if (hadRecentInput) continue;
        (window as unknown as { moved: number }).moved += value;
        shifts.push(
          `${value.toFixed(3)} ${sources.map(({ node }) => node?.id || node?.className || node?.nodeName)}`,
        );
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  return page;
}

const onEach = <T>(work: (page: Page, width: number) => Promise<T>): Promise<T[]> =>
  Promise.all([...pages].map(([width, page]) => work(page, width)));
const shown = (page: Page, selector: string): Promise<void> =>
  page.locator(selector).first().waitFor({ state: 'attached', timeout: 60_000 });

/** In the page: acts without a mouse or a key, after which what moves would be excused. */
const click = (selector: string): void => document.querySelector<HTMLElement>(selector)!.click();

/** Shows a view of a run: in place where the page shows the run, or the one that it took the place of. */
async function show(page: Page, run: string, view: string): Promise<void> {
  if (!page.url().includes(`run=${run}`)) await page.goto(`${desk.url}?run=${run}&view=${view}&agent=0.1`);
  else await page.evaluate(click, `a[data-view="${view}"]`);
}

/** What moved most, where it is more than a reader would bear, since this was last asked. */
async function moves(page: Page): Promise<string[]> {
  const [moved, shifts] = await page.evaluate(() => {
    const seen = window as unknown as { moved: number; shifts: string[] };
    const found = [seen.moved, seen.shifts.splice(0)] as const;
    seen.moved = 0;
    return found;
  });
  return moved < 0.1 ? [] : shifts;
}

/** That a view fits and has not moved, at every width. */
async function assertSteady(): Promise<void> {
  await onEach(async (page, width) => {
    expect(await cutOff(page)).toEqual([]);
    expect(await page.locator('#views a[aria-current]').boundingBox()).toSatisfy(
      (box: { x: number; width: number } | null) => box !== null && box.x >= 0 && box.x + box.width <= width,
    );
    expect(await moves(page), `what moved at ${width} px`).toEqual([]);
  });
}

/** That everything has a name, and stands out from what lies behind it in both themes. */
async function assertReadable(): Promise<void> {
  const page = pages.get(WIDE)!;
  expect(await nameless(page)).toEqual([]);
  expect(await faint(page), 'faint in light').toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  try {
    await page.waitForTimeout(100);
    expect(await faint(page), 'faint in dark').toEqual([]);
  } finally {
    await page.emulateMedia({ colorScheme: 'light' });
  }
}

/** Roles that a person may act on or look at, and so must be told the name of. */
const NAMED = [
  'button',
  'link',
  'combobox',
  'listbox',
  'slider',
  'textbox',
  'searchbox',
  'spinbutton',
  'checkbox',
  'radio',
  'image',
  'img',
  'meter',
  'progressbar',
  'figure',
  'table',
  'region',
];

/** Elements of the accessibility tree that should have a name and have none. */
async function nameless(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const found: string[] = [];
  for (const node of nodes) {
    const role = String(node.role?.value ?? '');
    const canFocus = node.properties?.some(({ name, value }) => name === 'focusable' && value.value === true);
    if (node.ignored || role === 'RootWebArea') continue;
    if (!NAMED.includes(role) && !canFocus) continue;
    if (String(node.name?.value ?? '').trim() !== '') continue;
    const { object } = await session.send('DOM.resolveNode', { backendNodeId: node.backendDOMNodeId! });
    const { result } = await session.send('Runtime.callFunctionOn', {
      objectId: object.objectId!,
      functionDeclaration: 'function () { return this.outerHTML?.slice(0, 100) ?? this.nodeName; }',
    });
    found.push(`${role}: ${result.value}`);
  }
  await session.detach();
  return found;
}

/** Texts whose contrast with what lies behind them is below what WCAG 2.2 (1.4.3, AA) asks for, with the ratio. */
const faint = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    const known = new Map<string, readonly number[]>();
    const bytes = (colour: string): readonly number[] => {
      const before = known.get(colour);
      if (before !== undefined) return before;
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const found = [...canvas.getImageData(0, 0, 1, 1).data];
      known.set(colour, found);
      return found;
    };
    const luminance = (rgb: readonly number[]): number => {
      const [r, g, b] = rgb.slice(0, 3).map((byte) => {
        const c = byte / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const over = (front: readonly number[], alpha: number, back: readonly number[]): number[] =>
      [0, 1, 2].map((k) => alpha * front[k]! + (1 - alpha) * back[k]!);
    const behind = (element: Element): number[] => {
      const layers: number[][] = [];
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        const colour = [...bytes(getComputedStyle(at).backgroundColor)];
        if (colour[3]! > 0) layers.push(colour);
        if (colour[3] === 255) break;
      }
      return layers.reduceRight<number[]>(
        (back, layer) => over(layer, layer[3]! / 255, back),
        [255, 255, 255],
      );
    };
    const found: string[] = [];
    for (const element of document.querySelectorAll<HTMLElement | SVGElement>('body *')) {
      const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
      const words = texts.map((node) => node.textContent!.trim()).join(' ');
      if (words.trim() === '' || element instanceof HTMLOptionElement) continue;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      if (box.width < 2 || box.height < 2 || style.visibility !== 'visible' || box.right < 0) continue;
      // what cannot be used is excepted, and so is what is shown when it is pointed at
      if (element.closest(':disabled, .save, title, [aria-hidden="true"]') !== null) continue;
      let alpha = 1;
      for (let at: Element | null = element; at !== null; at = at.parentElement)
        alpha *= Number(getComputedStyle(at).opacity);
      const back = behind(element);
      const ink = [...bytes(element instanceof SVGElement ? style.fill : style.color)];
      const front = over(ink, (ink[3]! / 255) * alpha, back);
      const [a, b] = [luminance(front), luminance(back)].sort((x, y) => y - x);
      const ratio = (a! + 0.05) / (b! + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) found.push(`${words.slice(0, 40)}: ${ratio.toFixed(2)}`);
    }
    return [...new Set(found)];
  });

/** Elements that reach out of the window, apart from what scrolls within its own frame. */
const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const { clientWidth } = document.documentElement;
    const scrolls = (element: Element): boolean => {
      for (let at = element.parentElement; at !== null; at = at.parentElement)
        if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(at).overflowX)) return true;
      return false;
    };
    return [...document.querySelectorAll('body *')]
      .filter((e) => e.getBoundingClientRect().right > clientWidth + 0.5 && !scrolls(e))
      .map((e) => e.outerHTML.slice(0, 80));
  });

describe('of a recorded run', () => {
  test.each(VIEWS)(
    'its view %s fits and stays as it loads at every width, is named, and stands out in light and dark',
    async (view, shows) => {
      await onEach(async (page, width) => {
        // by its link at one width; where the others have loaded the page, they change the view
        if (width === WIDE) await page.goto(`${desk.url}?run=small-darwin-1&view=${view}&agent=0.1`);
        else await show(page, 'small-darwin-1', view);
        await shown(page, shows);
        await page.waitForTimeout(SETTLE_MS);
      });
      await assertSteady();
      await assertReadable();
    },
  );
});

describe('of a live run', () => {
  beforeAll(async () => expect(await begin(configOf(30, 5), true)).toBe(200));

  test.each(VIEWS)(
    'its view %s fits and stays from the first tick to the end, is named, and stands out in light and dark',
    async (view, shows) => {
      expect(await steer('reset')).toBe(200);
      await onEach((page) => show(page, 'live', view));
      const tick = (text: string): Promise<unknown> =>
        onEach((page) => until(async () => expect(await page.locator('#tick').textContent()).toBe(text)));
      const press = (id: string): Promise<void> => pages.get(WIDE)!.evaluate(click, `#${id}`);
      const settled = async (): Promise<void> => {
        await pages.get(WIDE)!.waitForTimeout(SETTLE_MS);
        await assertSteady();
      };
      await tick('0 / 30');
      if (view === 'agents')
        await onEach(async (page) => {
          await shown(page, 'tr[data-agent]');
          await page.evaluate(click, 'tr[data-agent]');
        });
      await settled();
      await pages.get(WIDE)!.selectOption('#step-ticks', '10');
      await press('step');
      await tick('10 / 30');
      await onEach((page) => shown(page, shows));
      await settled();
      await assertReadable();
      await press('pause');
      await onEach((page) => shown(page, '#run-state[data-state="finished"]'));
      await onEach((page) => shown(page, '#notice[data-kind="good"]'));
      await settled();
    },
  );

  test('that has ended says so in a line that is named and stands out', async () => {
    expect(await steer('reset')).toBe(200);
    await onEach((page) => show(page, 'live', 'overview'));
    const page = pages.get(WIDE)!;
    await shown(page, '#run-state[data-state="paused"]');
    await page.evaluate(click, '#pause');
    await page.locator('#notice[data-kind="good"]').waitFor({ timeout: 60_000 });
    await assertReadable();
  });
});

test('every view is reached, and its controls are walked through, by the keyboard alone', async () => {
  const page = pages.get(WIDE)!;
  await page.goto(`${desk.url}?run=small-darwin-1&view=overview&agent=0.1`);
  await shown(page, VIEWS[0][1]);
  const focusIn = (selector: string): Promise<boolean> =>
    page.evaluate((s) => document.activeElement?.closest(s) !== null, selector);
  for (const [view, shows] of VIEWS) {
    const link = page.locator(`#views a[data-view="${view}"]`);
    await page.locator('.skip').focus();
    for (let k = 0; k < 30 && !(await focusIn(`#views a[data-view="${view}"]`)); k++)
      await page.keyboard.press('Tab');
    expect(await focusIn(`#views a[data-view="${view}"]`), `the link to ${view} is reached`).toBe(true);
    await page.keyboard.press('Enter');
    await shown(page, shows);
    await until(async () => expect(await link.getAttribute('aria-current')).toBe('page'));
    const unreachable = await page
      .locator('.room')
      .evaluate(
        (room) =>
          [...room.querySelectorAll<HTMLElement>('a[href], button, select, input, textarea, summary')].filter(
            (e) => e.tabIndex < 0 && !(e as HTMLButtonElement).disabled,
          ).length,
      );
    expect(unreachable, view).toBe(0);
    for (let k = 0; k < 40 && !(await focusIn('.room')); k++) await page.keyboard.press('Tab');
    if ((await page.locator('.room :is(a[href], button, select, [tabindex="0"])').count()) > 0)
      expect(await focusIn('.room'), `the room of ${view} is reached`).toBe(true);
  }
});

describe('what goes wrong', () => {
  test('of a recorded run that failed is said in the words of the terminal', async () => {
    const out = join(work, 'runs', 'broken');
    const { code, stderr } = await darwin(
      ['run', 'ci', '--ticks', '40', '--fault', 'minted-token', '--out', out],
      work,
    );
    expect(code).toBe(1);
    const words = /^error: (.*)$/m.exec(stderr)![1]!;
    const page = pages.get(WIDE)!;
    await page.goto(`${desk.url}?run=broken&view=laws`);
    await until(async () => {
      expect(await page.locator('#notice-text').textContent()).toBe(words);
      expect(await page.locator('#run-state').textContent()).toBe('failed');
    });
    expect(await page.locator('#notice').getAttribute('role')).toBe('alert');
  });
});
