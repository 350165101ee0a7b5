import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { assertCompiled, darwin } from '../compiled.ts';
import { pictureName, SHOTS, THEMES, takePictures } from './pictures.ts';

test('pictures are taken of every view in both themes, and show different things', async () => {
  assertCompiled();
  const work = mkdtempSync(join(tmpdir(), 'darwin-pictures-'));
  try {
    const sets = ['ticks=400', 'worlds=2', 'output.agentsEvery=200'].flatMap((set) => ['--set', set]);
    const run = join(work, 'run');
    expect((await darwin(['run', 'quickstart', ...sets, '--out', run], work)).code).toBe(0);
    const files = await takePictures(run, join(work, 'out'));
    expect(files.map((file) => basename(file))).toEqual(
      THEMES.flatMap((theme) => SHOTS.map(({ name }) => pictureName(name, theme))),
    );
    const pictures = files.map((file) => readFileSync(file));
    for (const picture of pictures) expect(picture.subarray(8, 12).toString()).toBe('WEBP');
    expect(new Set(pictures.map((picture) => picture.toString('base64'))).size).toBe(files.length);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
