/**
 * Compiles kernel.as.ts to kernel.generated.ts, which carries the module as base64 so that Node, bundlers and
 * browsers load it the same way. Nothing is done while the source, this script and the compiler are unchanged.
 *
 * `compileKernel` is also what the benchmark uses to time another kernel source.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(HERE, 'kernel.as.ts');
const TARGET = join(HERE, 'kernel.generated.ts');

const FLAGS = ['--runtime', 'stub', '--enable', 'simd', '--importMemory', '-O3', '--converge', '--noAssert'];
/** A shared memory needs the threads proposal and a stated maximum (4 GiB in pages). */
const SHARED_FLAGS = ['--enable', 'threads', '--sharedMemory', '--maximumMemory', '65536'];

/**
 * WebAssembly bytes of an AssemblyScript source.
 *
 * @param {string} path the source file
 * @param {{ shared?: boolean }} [options] shared: import a shared memory
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernel(path, { shared = false } = {}) {
  const text = readFileSync(path, 'utf8');
  let binary;
  const { error, stderr } = await asc.main(
    ['kernel.ts', '--outFile', 'kernel.wasm', ...FLAGS, ...(shared ? SHARED_FLAGS : [])],
    {
      readFile: (name) => (name === 'kernel.ts' ? text : null),
      writeFile: (name, contents) => {
        if (name === 'kernel.wasm') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${path} does not compile:\n${stderr.toString()}`, { cause: error });
  return binary;
}

async function build() {
  const version = JSON.parse(
    readFileSync(fileURLToPath(import.meta.resolve('assemblyscript/package.json')), 'utf8'),
  ).version;
  const source = hash(readFileSync(SOURCE));
  const key = hash(version, source, readFileSync(fileURLToPath(import.meta.url)));
  const stamp = `// kernel ${key}`;
  if (existsSync(TARGET) && readFileSync(TARGET, 'utf8').startsWith(stamp)) return;
  const wasm = await compileKernel(SOURCE);
  const lines = [
    stamp,
    '/** SHA-256 of the kernel.as.ts that this was compiled from. */',
    `export const KERNEL_SOURCE_HASH = '${source}';`,
    `/** The compiled module, ${wasm.length} bytes. */`,
    `export const KERNEL_BASE64 = '${Buffer.from(wasm).toString('base64')}';`,
    '',
  ];
  writeFileSync(TARGET, lines.join('\n'));
  process.stderr.write(`agents/brain/kernel.generated.ts: ${wasm.length} bytes\n`);
}

function hash(...parts) {
  const sha = createHash('sha256');
  for (const part of parts) sha.update(part);
  return sha.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
