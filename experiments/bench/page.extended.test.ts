import { describe, expect, it } from 'vitest';
import { defaultPageDirectory } from '../../viz/server.ts';
import { assertCompiled } from '../compiled.ts';
import { pageWeight } from './page.ts';
import { benchDrawing } from './pageDrawing.ts';
import { benchServing } from './pageServing.ts';
import { benchWatched } from './pageWatched.ts';

describe('darwin bench page', () => {
  it('weighs every file that a browser loads, and all together', () => {
    assertCompiled();
    const [all, ...files] = pageWeight(defaultPageDirectory());
    expect(files.map(({ name }) => name.split('.').at(-1))).toEqual(
      expect.arrayContaining(['js', 'css', 'html']),
    );
    const sum = files.reduce((bytes, row) => bytes + row.gzippedBytes!.median, 0);
    expect(all!.gzippedBytes!.median).toBe(sum);
  });

  it('draws agents for as many seconds as it was told, and says what that took', async () => {
    assertCompiled();
    const rows = await benchDrawing({ agents: 5000, seconds: 2, repeats: 1 });
    const [first, drawing, longest] = rows;
    expect(first!.milliseconds!.min).toBeGreaterThan(0);
    expect(drawing!.framesPerSecond!.min).toBeGreaterThan(0);
    expect(drawing!.mebibytes!.min).toBeGreaterThan(1);
    expect(drawing!.samples!.length).toBeGreaterThan(0);
    // a frame of the screen is never longer than the second that it lies in, by much
    expect(longest!.milliseconds!.max).toBeGreaterThan(0);
  });

  it('serves frames to one, ten and fifty', async () => {
    const rows = await benchServing({ worlds: 1, repeats: 1 });
    expect(rows.map(({ name }) => name)).toEqual(['page 1 watcher', 'page 10 watchers', 'page 50 watchers']);
    for (const row of rows) expect(row.framesPerSecond!.min).toBeGreaterThan(0);
  });

  it('sets runs that are watched beside one that nobody watches', async () => {
    assertCompiled();
    const rows = await benchWatched({ worlds: 1, repeats: 1, ticks: 20 });
    expect(rows.map(({ ratio }) => ratio === undefined)).toEqual([false, true, false, false]);
    for (const row of rows) expect(row.agentStepsPerSecond!.min).toBeGreaterThan(0);
  });
});
