/**
 * How soon and how smoothly the page draws, part of `darwin bench page`: a browser without a screen looks at a live run
 * whose frames arrive twenty times a second and whose agents, some 10^5, are sent anew every two seconds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { draw, STREAM, unitInterval } from '../../sim/core/rng.ts';
import type { RunFrame } from '../../sim/frame.ts';
import { TABLES } from '../../sim/tables.ts';
import type { RunCatalog } from '../../viz/dataApi.ts';
import { NO_RUNS } from '../../viz/dataRoutes.ts';
import { FRAMES_PER_SECOND } from '../../viz/feed.ts';
import { type LiveServer, startServer } from '../../viz/server.ts';
import type { FrameColumn, TableFrame } from '../../viz/tableFrame.ts';
import { median } from '../statistics/estimates.ts';
import { note } from '../terminal.ts';
import { type BenchOptions, type BenchRow, spreadOf } from './measure.ts';
import { someFrames } from './pageServing.ts';

const AGENTS = 100_000;
const SECONDS = 30;
const REPEATS = 5;
const WORLDS = 8;
/** Between ticks of frames. */
const INTERVAL = 20;
const MIB = 2 ** 20;
const VIEWPORT = { width: 1280, height: 1000 };
/** A page that shows nothing for so long has failed. */
const PATIENCE_MS = 60_000;
/** Seconds before those that count. */
const WARM_UP_S = 3;

const TYPES = { u32: Uint32Array, u64: Float64Array, f32: Float32Array, f64: Float64Array } as const;
const FRAME_TYPES = { u32: 'u32', u64: 'f64', f32: 'f32', f64: 'f64' } as const;
/** Values of a column: whole ones below `most`, else shares of it. */
const MOST: Readonly<Record<string, number>> = {
  world: WORLDS,
  population: 1,
  born: 1000,
  mode: 4,
  generation: 20,
};
const MONEY_MOST = 2_000_000;

/** Agents that never lived, all columns of the table, the same for every tick but for it. */
function sampleAgents(agents: number, tick: number): TableFrame {
  const columns = TABLES.agents.map(({ name, type }, c): FrameColumn => {
    const cells = new TYPES[type as keyof typeof TYPES](agents);
    const whole = type === 'u32' || type === 'u64';
    const most = MOST[name] ?? (whole ? MONEY_MOST : 1);
    for (let k = 0; k < agents; k++) {
      const share = unitInterval(draw(1, c, k, STREAM.demand));
      cells[k] =
        name === 'tick' ? tick : name === 'serial' ? k + 1 : whole ? Math.floor(share * most) : share;
    }
    return { name, type: FRAME_TYPES[type as keyof typeof FRAME_TYPES], cells, words: [] };
  });
  return { rows: agents, total: agents, columns };
}

/** A live run that is only shown: frames of a short one, over and over, and agents that were made up. */
class ShownRun {
  readonly server: LiveServer;
  private readonly timer: NodeJS.Timeout;

  private constructor(server: LiveServer, publish: () => void) {
    this.server = server;
    publish();
    this.timer = setInterval(publish, 1000 / FRAMES_PER_SECOND);
  }

  static async open(agents: number): Promise<ShownRun> {
    const { header, frames } = await someFrames(WORLDS);
    let step = 0;
    const table = sampleAgents(agents, 0);
    const catalog: RunCatalog = {
      ...NO_RUNS,
      list: async () => ({ runs: [], shown: null }),
      ticks: async () => [0],
      table: async (_, query) => {
        if (query.table !== 'agents') return { rows: 0, total: 0, columns: [] };
        const tick = { ...table.columns[0]!, cells: new Uint32Array(agents).fill(step * INTERVAL) };
        return { ...table, columns: [tick, ...table.columns.slice(1)] };
      },
    };
    const server = await startServer({
      header: { ...header, slots: agents / WORLDS, ticks: Number.MAX_SAFE_INTEGER, metricsEvery: INTERVAL },
      catalog,
    });
    return new ShownRun(server, () => {
      step++;
      const frame: RunFrame = frames[step % frames.length]!;
      server.publish(
        { ...frame, tick: step * INTERVAL, ticks: Number.MAX_SAFE_INTEGER },
        { ticksPerSecond: INTERVAL * FRAMES_PER_SECOND, agentStepsPerSecond: 1 },
      );
    });
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.server.close();
  }
}

/** Notes when the first line of a chart stands. Runs in the page, before its own scripts. */
function watchForChart(): void {
  const page = window as unknown as { firstChartMs?: number };
  const observer = new MutationObserver(() => {
    if (document.querySelector('.plot .grid-lines line') === null) return;
    page.firstChartMs = performance.now();
    observer.disconnect();
  });
  observer.observe(document, { childList: true, subtree: true });
}

/** What a page did in each second. */
interface Watched {
  /** Frames of the screen. */
  readonly frames: number[];
  /** Longest time between two of them, ms. */
  readonly gaps: number[];
}

/** Counts frames of the screen for some seconds. Runs in the page. */
function countFrames(seconds: number): Promise<Watched> {
  const watched: Watched = { frames: [], gaps: [] };
  return new Promise((resolve) => {
    let [since, last, frames, gap] = [performance.now(), performance.now(), 0, 0];
    const count = (now: number): void => {
      frames++;
      gap = Math.max(gap, now - last);
      last = now;
      if (now - since >= 1000) {
        watched.frames.push((frames * 1000) / (now - since));
        watched.gaps.push(gap);
        [since, frames, gap] = [now, 0, 0];
      }
      if (watched.frames.length < seconds) requestAnimationFrame(count);
      else resolve(watched);
    };
    requestAnimationFrame(count);
  });
}

/** Milliseconds from the request for a page to the first line of a chart, each time in a browser that has cached nothing. */
export async function firstCharts(browser: Browser, url: string, repeats: number): Promise<number[]> {
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    // a context of its own: nothing is cached
    const context = await browser.newContext({ viewport: VIEWPORT });
    await context.addInitScript(watchForChart);
    const page = await context.newPage();
    await page.goto(url);
    const handle = await page.waitForFunction(
      () => (window as unknown as { firstChartMs?: number }).firstChartMs,
      undefined,
      { timeout: PATIENCE_MS },
    );
    times.push((await handle.jsonValue())!);
    await context.close();
  }
  return times;
}

/** Memory of the page's objects and arrays once a second until it is told to stop, MiB. */
async function watchHeap(page: Page, signal: AbortSignal): Promise<number[]> {
  const session = await page.context().newCDPSession(page);
  const heap: number[] = [];
  while (!signal.aborted) {
    const usage = (await session.send('Runtime.getHeapUsage')) as HeapUsage;
    heap.push((usage.usedSize + (usage.backingStorageSize ?? 0)) / MIB);
    await delay(1000);
  }
  return heap;
}
interface HeapUsage {
  readonly usedSize: number;
  /** Of array buffers; older browsers do not tell. */
  readonly backingStorageSize?: number;
}

async function watchAgents(page: Page, url: string, agents: number, seconds: number) {
  await page.goto(`${url}?view=explore`);
  const drawn = page.locator(`[data-figure="scatter"] svg[data-points="${agents}"]`);
  await drawn.waitFor({ state: 'attached', timeout: PATIENCE_MS });
  await page.evaluate(countFrames, WARM_UP_S);
  const over = new AbortController();
  const heap = watchHeap(page, over.signal);
  const watched = await page.evaluate(countFrames, seconds);
  over.abort();
  return { ...watched, heap: await heap };
}

/** The browser, loaded where somebody measures a page. Throws EnvironmentError where there is none. */
export async function openBrowser(): Promise<Browser> {
  try {
    const { launchBrowser } = await import('../../viz/browser.ts');
    return await launchBrowser();
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new EnvironmentError(
      'a page is measured with playwright-core, which is not installed',
      'npm install --no-save playwright-core',
      { cause },
    );
  }
}

/** Time to the first chart; frames a second and heap with agents drawn. */
export async function benchDrawing(options: BenchOptions = {}): Promise<BenchRow[]> {
  const { agents = AGENTS, seconds = SECONDS, repeats = REPEATS } = options;
  const browser = await openBrowser();
  const shown = await ShownRun.open(agents);
  try {
    const { url } = shown.server;
    const first = await firstCharts(browser, url, repeats);
    note(`page: ${agents} agents are drawn for ${seconds} s`);
    const page = await browser.newPage({ viewport: VIEWPORT });
    const { frames, gaps, heap } = await watchAgents(page, url, agents, seconds);
    const quarter = (k: number): number[] =>
      heap.slice(Math.floor((k * heap.length) / 4), Math.ceil(((k + 1) * heap.length) / 4));
    const plain = { engine: 'cpu', threads: 1, worlds: WORLDS };
    return [
      {
        ...plain,
        name: 'page first chart',
        agents,
        milliseconds: spreadOf(first),
        note: 'from the request for the page to the first line of a chart, nothing cached',
      },
      {
        ...plain,
        name: 'page drawing',
        agents,
        framesPerSecond: spreadOf(frames),
        note: `frames of the screen in each of ${seconds} s, agents against two of their columns drawn, memory of its objects and arrays in the last quarter beside the second`,
        mebibytes: spreadOf(heap),
        ratio: median(quarter(3)) / median(quarter(1)),
        ratioTo: 'memory before',
        samples: heap.map((y, k) => ({ x: k + 1, y })),
      },
      {
        ...plain,
        name: 'page drawing: longest frame',
        agents,
        milliseconds: spreadOf(gaps),
        note: 'the longest time between two frames of the screen, second by second',
      },
    ];
  } finally {
    await browser.close();
    await shown.close();
  }
}
