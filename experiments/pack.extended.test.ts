/** The package as npm packs it, unpacked in a folder of its own beside the packages that it depends on. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertCompiled } from './compiled.ts';
import { PACKAGE_ROOT } from './hardware.ts';

/** Most bytes of the tarball. */
const TARBALL_BYTES_MAX = 8 * 2 ** 20;

let app: string;
let packed: { filename: string; size: number; files: { path: string }[] };
const installed = (): string => join(app, 'node_modules', 'darwin-market');

/** A command in the folder of whoever installed it, with a home that holds nothing. */
const npx = (...args: string[]): string =>
  execFileSync('npx', ['--no-install', ...args], {
    cwd: app,
    encoding: 'utf8',
    env: {
      ...process.env,
      HOME: app,
      npm_config_cache: join(app, 'cache'),
      npm_config_update_notifier: 'false',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

beforeAll(() => {
  assertCompiled();
  app = mkdtempSync(join(tmpdir(), 'darwin-pack-'));
  // what `prepare` would build is built
  const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', app], {
    cwd: PACKAGE_ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const answer = JSON.parse(json);
  packed = Array.isArray(answer) ? answer[0] : (Object.values(answer)[0] as typeof packed);
  mkdirSync(installed(), { recursive: true });
  execFileSync('tar', ['-xzf', join(app, packed.filename), '-C', installed(), '--strip-components=1']);
  const { dependencies, bin } = JSON.parse(readFileSync(join(installed(), 'package.json'), 'utf8'));
  // only what the package says that it needs, and what that needs, which node finds where it lies
  for (const name of Object.keys(dependencies)) {
    const [scope, rest] = name.split('/');
    if (rest !== undefined) mkdirSync(join(app, 'node_modules', scope!), { recursive: true });
    symlinkSync(join(PACKAGE_ROOT, 'node_modules', name), join(app, 'node_modules', name));
  }
  mkdirSync(join(app, 'node_modules', '.bin'));
  for (const [name, file] of Object.entries(bin as Record<string, string>)) {
    execFileSync('chmod', ['+x', join(installed(), file)]);
    symlinkSync(join('..', 'darwin-market', file), join(app, 'node_modules', '.bin', name));
  }
}, 120_000);
afterAll(() => rmSync(app, { recursive: true, force: true }));

describe('the package', () => {
  test('holds what runs and what explains, and no sources, tests or machine paths', () => {
    const paths = packed.files.map(({ path }) => path);
    for (const needed of [
      'dist/experiments/cli.js',
      'dist/sim/index.d.ts',
      'dist/viz/client/index.html',
      'configs/quickstart.yaml',
      'configs/schema.json',
      'configs/REFERENCE.md',
      'experiments/trust.yaml',
      'README.md',
      'LICENSE',
    ])
      expect(paths).toContain(needed);
    expect(
      paths.filter((path) => /\.test\.|node_modules|^(sim|agents|viz|market)\/.*\.ts$/.test(path)),
    ).toEqual(paths.filter((path) => /^experiments\/examples\//.test(path) && path.includes('.test.')));
    expect(packed.size).toBeLessThan(TARBALL_BYTES_MAX);
  });

  test('runs by both of its names, without a build, and writes where it is called', () => {
    expect(npx('darwin-market', '--version')).toBe(npx('darwin', '--version'));
    const answer = JSON.parse(
      npx('darwin-market', 'run', 'quickstart', '--ticks', '20', '--set', 'worlds=1', '--json'),
    );
    expect(answer.status).toBe('finished');
    expect(existsSync(join(app, answer.dir, 'manifest.json'))).toBe(true);
    expect(readdirSync(join(app, 'runs')).length).toBe(1);
    expect(JSON.parse(npx('darwin', 'verify', answer.dir, '--json')).match).toBe(true);
  }, 120_000);

  test('completes and explains itself', () => {
    expect(npx('darwin', 'completion', 'bash')).toContain('complete -F _darwin darwin darwin-market');
    expect(npx('darwin', 'config', 'explain', 'world.amm.token')).toContain('world.amm.token');
  }, 60_000);

  test('is a library, too', () => {
    const script =
      "import { createSimulation, parseConfig } from 'darwin-market'; const s = createSimulation(parseConfig('ticks: 5')); await s.advance(5); console.log((await s.finalHash()).length)";
    const text = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: app,
      encoding: 'utf8',
    });
    expect(Number(text)).toBeGreaterThan(8);
  }, 60_000);
});
