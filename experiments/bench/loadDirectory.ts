/** How soon a large run directory is open, over the data API and in a browser; part of `darwin bench load`. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPageDirectory, startServer } from '../../viz/server.ts';
import { catalogBeside } from '../runCatalog.ts';
import { note } from '../terminal.ts';
import { asked } from './asking.ts';
import { writeLargeRun } from './largeRun.ts';
import { type BenchOptions, type BenchRow, spreadOf } from './measure.ts';

const MEBIBYTES = 1024;
const REPEATS = 5;

/** What a page asks when it opens a recorded run, one after the other. */
const questionsOf = (ticks: number): readonly (readonly [name: string, path: string])[] => [
  ['list', 'runs'],
  ['detail', 'runs/large'],
  ['frames', 'runs/large/frames'],
  ['last frame', `runs/large/frames?from=${ticks}&to=${ticks}`],
  ['ticks of agents', 'runs/large/ticks?table=agents'],
  ['agents of a tick', 'runs/large/tables/agents?columns=tick,world,wealth,token&from=10000&to=10000'],
];

/** Milliseconds from the request for the page to its first line of a chart; null where there is no browser or page. */
async function pageTimes(url: string, repeats: number): Promise<number[] | null> {
  const built = existsSync(join(defaultPageDirectory(), 'index.html'));
  const { openBrowser, firstCharts } = await import('./pageDrawing.ts');
  const browser = built ? await openBrowser().catch(() => null) : null;
  if (browser === null) return null;
  try {
    return await firstCharts(browser, url, repeats);
  } finally {
    await browser.close();
  }
}

/** Opens a generated directory of so many MiB again and again; each question to files that were read before. */
export async function loadDirectory(options: BenchOptions): Promise<BenchRow[]> {
  const { mebibytes = MEBIBYTES, repeats = REPEATS } = options;
  const work = mkdtempSync(join(tmpdir(), 'darwin-load-large-'));
  try {
    note(`load: a run directory of ${mebibytes} MiB is written`);
    const path = join(work, 'large');
    const { ticks, parts, bytes } = await writeLargeRun(path, mebibytes);
    const told = `${(bytes / 2 ** 20).toFixed(0)} MiB in ${parts} parts`;
    const server = await startServer({ catalog: catalogBeside(path) });
    const common = { engine: 'cpu', threads: 1, agents: 0, worlds: 0 };
    try {
      const questions = questionsOf(ticks);
      const times: number[][] = questions.map(() => []);
      for (let repeat = 0; repeat < repeats; repeat++)
        for (const [k, [, question]] of questions.entries())
          times[k]!.push((await asked(`${server.url}api/v1/${question}`)).ms);
      const whole = Array.from({ length: repeats }, (_, k) => times.reduce((sum, of) => sum + of[k]!, 0));
      const rows: BenchRow[] = questions.map(([name], k) => ({
        ...common,
        name: `load: large run, ${name}`,
        milliseconds: spreadOf(times[k]!),
        note: told,
      }));
      rows.push({ ...common, name: 'load: large run, all of it', milliseconds: spreadOf(whole), note: told });
      const drawn = await pageTimes(server.url, repeats);
      if (drawn === null) note('load: no page is opened: it is not built, or there is no browser');
      else
        rows.push({
          ...common,
          name: 'load: large run, page',
          milliseconds: spreadOf(drawn),
          note: `${told}; from the request for the page to the first line of a chart, nothing cached`,
        });
      return rows;
    } finally {
      await server.close();
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
