/** The programs that the documentation prints compile as they stand, in the strictest project, and run. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertCompiled } from '../compiled.ts';
import { PACKAGE_ROOT } from '../hardware.ts';

const PAGES = ['README.md', 'experiments/guide/extending.md'];
const programsOf = (page: string): string[] =>
  [...readFileSync(join(PACKAGE_ROOT, page), 'utf8').matchAll(/^```ts\n(.*?)^```/gms)].map(
    ([, code]) => code!,
  );
/** What two pages print is one program. */
const PROGRAMS = [...new Set(PAGES.flatMap(programsOf))].map((code, k) => ({
  file: `program${k}.mts`,
  code,
}));
const EXAMPLE = 'externalLearner.mts';
const OPTIONS = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  target: 'es2023',
  lib: ['es2023', 'dom'],
  module: 'nodenext',
  types: [],
  rootDir: '.',
  outDir: 'out',
};

let app: string;
beforeAll(() => {
  assertCompiled();
  app = mkdtempSync(join(tmpdir(), 'darwin-guide-'));
  mkdirSync(join(app, 'node_modules'));
  symlinkSync(PACKAGE_ROOT, join(app, 'node_modules', 'darwin-market'));
  for (const { file, code } of PROGRAMS) writeFileSync(join(app, file), code);
  const example = readFileSync(join(PACKAGE_ROOT, 'experiments/examples/externalLearner.ts'), 'utf8');
  writeFileSync(join(app, EXAMPLE), example.replace('../../sim/index.ts', 'darwin-market'));
  const files = [EXAMPLE, ...PROGRAMS.map(({ file }) => file)];
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: OPTIONS, files }));
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

describe('programs of the documentation', () => {
  it('compile without a change, and so does the example of an outside learner', () => {
    expect(PROGRAMS.length).toBeGreaterThan(1);
    const tsc = join(PACKAGE_ROOT, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', app], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  }, 60_000);

  it.each(PROGRAMS)(
    'run: $file',
    ({ file }) => {
      const stdout = execFileSync(process.execPath, [join(app, 'out', file.replace('.mts', '.mjs'))], {
        encoding: 'utf8',
        cwd: app,
      });
      expect(stdout).toMatch(/^\d+ [\d.]+$/m);
      expect(stdout).not.toMatch(/undefined|NaN/);
    },
    60_000,
  );
});
