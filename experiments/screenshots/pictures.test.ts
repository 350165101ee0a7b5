import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../hardware.ts';
import { pictureName, SHOTS, THEMES } from './pictures.ts';

const FOLDER = join(PACKAGE_ROOT, 'viz', 'screenshots');
const BYTES_MAX = 150_000;

test('README shows every picture that is taken, in light and dark, and no other is kept', () => {
  const readme = readFileSync(join(PACKAGE_ROOT, 'README.md'), 'utf8');
  const names = SHOTS.flatMap(({ name }) => THEMES.map((theme) => pictureName(name, theme)));
  expect(readdirSync(FOLDER).sort()).toEqual([...names].sort());
  for (const name of names) {
    expect(readme).toContain(`viz/screenshots/${name}`);
    expect(statSync(join(FOLDER, name)).size).toBeLessThan(BYTES_MAX);
  }
});
