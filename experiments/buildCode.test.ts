import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('buildCode.mjs', import.meta.url));
let project = '';
const plant = (path: string, text: string): void => {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
};
const build = (): { status: number | null; stdout: string } =>
  spawnSync('node', [SCRIPT], { cwd: project, encoding: 'utf8' });
const compiled = (): string[] =>
  readdirSync(join(project, 'dist'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'build-code-'));
  const compilerOptions = { rootDir: '.', outDir: 'dist', declaration: true, module: 'nodenext', types: [] };
  plant('tsconfig.build.json', JSON.stringify({ compilerOptions, include: ['sim', 'viz'] }));
  plant('package.json', '{"type":"module"}');
  plant('sim/kept.ts', 'export const a = 1;\n');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

describe('the build of the code', () => {
  it('removes modules without a source and folders that they leave empty, and keeps the pages', () => {
    plant('dist/sim/renamed.js', '');
    plant('dist/sim/gone/deep.d.ts', '');
    plant('dist/viz/client/page.html', '');
    plant('dist/site/site.html', '');
    expect(build()).toMatchObject({ status: 0, stdout: '' });
    expect(compiled()).toEqual(['kept.d.ts', 'kept.js', 'page.html', 'site.html']);
    expect(existsSync(join(project, 'dist/sim/gone'))).toBe(false);
  });

  it('fails with the message of the compiler, and then removes nothing', () => {
    plant('dist/sim/renamed.js', '');
    plant('sim/wrong.ts', "export const a: number = 'text';\n");
    const { status, stdout } = build();
    expect(status).not.toBe(0);
    expect(stdout).toContain('wrong.ts(1,14): error TS2322');
    expect(compiled()).toContain('renamed.js');
  });
});
