/**
 * Compiles every AssemblyScript kernel, x.as.ts, to x.generated.ts, which carries the module as base64 so that Node,
 * bundlers and browsers load it the same way (sim/core/webAssembly.ts). A kernel whose sources, compiler and place in
 * memory are unchanged is left alone.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/**
 * Kernels share one memory, so that each has its own place for static data, in bytes from its start and below
 * ARENA_START (sim/core/columns.ts); the brain's working memories of threads lie from 4 KiB to 64 KiB,
 * those of screens and tallies at the places of their static data. In ascending order.
 */
const KERNELS = [
  { source: 'agents/brain/kernel.as.ts', staticData: 0 },
  { source: 'agents/senses.as.ts', staticData: 65_536 },
  { source: 'sim/screen.as.ts', staticData: 96 * 1024 },
  { source: 'sim/metrics/tally.as.ts', staticData: 112 * 1024 },
  // without static data
  { source: 'sim/columnFetch.as.ts', staticData: 196_608 },
  { source: 'market/settle.as.ts', staticData: 196_608 },
  { source: 'market/inducedValues.as.ts', staticData: 208 * 1024 },
  { source: 'market/clearing.as.ts', staticData: 216 * 1024 },
];

/** Twin of sim/core/columns.ts, where columns begin. */
const ARENA_START = 4 * 65_536;

const FLAGS = ['--runtime', 'stub', '--enable', 'simd', '--importMemory', '-O3', '--converge', '--noAssert'];

/**
 * WebAssembly bytes of an AssemblyScript source and of what it imports by relative path.
 *
 * @param {string} path the source file
 * @param {{ staticData?: number }} [options] staticData: first byte of its static data
 * @returns {Promise<{ wasm: Uint8Array, sources: string[] }>} also the paths of all sources
 */
async function compileKernel(path, { staticData = 0 } = {}) {
  const entry = resolve(path);
  const sources = new Set();
  const base = dirname(entry);
  let binary;
  const { error, stderr } = await asc.main(
    [
      entry.slice(base.length + 1),
      '--baseDir',
      base,
      '--outFile',
      'kernel.wasm',
      '--memoryBase',
      String(staticData),
      ...FLAGS,
    ],
    {
      readFile: (name, directory) => {
        const file = resolve(directory, name);
        if (!existsSync(file)) return null;
        sources.add(file);
        return readFileSync(file, 'utf8');
      },
      writeFile: (name, contents) => {
        if (name === 'kernel.wasm') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${path} does not compile:\n${stderr.toString()}`, { cause: error });
  return { wasm: binary, sources: [...sources] };
}

/** An unsigned LEB128 number at a position of a module, and the position behind it. */
function unsigned(wasm, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = wasm[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

const DATA_SECTION = 11;

/**
 * First byte behind a module's static data, which memory.data reserves too.
 *
 * @param {Uint8Array} wasm
 */
export function staticDataEnd(wasm) {
  let last = 0;
  // behind the magic number and the version
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const [size, start] = unsigned(wasm, at + 1);
    at = start + size;
    if (id !== DATA_SECTION) continue;
    let [segments, p] = unsigned(wasm, start);
    for (; segments > 0; segments--) {
      // an active segment of memory 0: flags, i32.const, offset, end, length, bytes
      if (wasm[p] !== 0 || wasm[p + 1] !== 0x41) throw new Error('a data segment has no constant place');
      const [offset, end] = unsigned(wasm, p + 2);
      const [length, bytes] = unsigned(wasm, end + 1);
      last = Math.max(last, offset + length);
      p = bytes + length;
    }
  }
  return last;
}

/** Throws where a kernel's static data reaches into the place of the next one. */
export function assertPlace(source, wasm, next) {
  const end = staticDataEnd(wasm);
  if (end > next)
    throw new Error(`${source}: static data ends at byte ${end}, the next place begins at ${next}`);
}

/** SHA-256 of texts, by which a generated file knows its sources. */
function hash(...parts) {
  const sha = createHash('sha256');
  for (const part of parts) sha.update(part);
  return sha.digest('hex');
}

async function build(root, { source, staticData }, next) {
  const path = resolve(root, source);
  const target = path.replace(/\.as\.ts$/, '.generated.ts');
  const compiler = readFileSync(fileURLToPath(import.meta.resolve('assemblyscript/package.json')));
  const self = readFileSync(fileURLToPath(import.meta.url));
  const stampOf = (sources) =>
    hash(compiler, self, ...sources.map((file) => readFileSync(resolve(root, file))));
  if (existsSync(target)) {
    const [stamp = '', list = ''] = readFileSync(target, 'utf8').split('\n', 2);
    const sources = list.replace('// from ', '').split(' ');
    const there = sources.every((file) => existsSync(resolve(root, file)));
    if (there && stamp === `// kernel ${stampOf(sources)}`) return;
  }
  const { wasm, sources } = await compileKernel(path, { staticData });
  assertPlace(source, wasm, next);
  const relative = sources.map((file) => file.slice(root.length + 1));
  const lines = [
    `// kernel ${stampOf(relative)}`,
    `// from ${relative.join(' ')}`,
    `/** SHA-256 of the ${source.split('/').at(-1)} that this was compiled from. */`,
    `export const KERNEL_SOURCE_HASH = '${hash(readFileSync(path))}';`,
    `/** The compiled module, ${wasm.length} bytes. */`,
    `export const KERNEL_BASE64 = '${Buffer.from(wasm).toString('base64')}';`,
    '',
  ];
  writeFileSync(target, lines.join('\n'));
  process.stderr.write(`${target.slice(root.length + 1)}: ${wasm.length} bytes\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [k, kernel] of KERNELS.entries())
    await build(process.cwd(), kernel, KERNELS[k + 1]?.staticData ?? ARENA_START);
}
