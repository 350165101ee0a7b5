/**
 * Compiles the contracts of market/contracts/ with the pinned solc to experiments/replay/contracts.generated.ts: interfaces
 * and bytecode, the same bytes on every machine (fixed settings, no metadata). Unchanged sources are left alone.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const SOURCES = 'market/contracts';
const TARGET = 'experiments/replay/contracts.generated.ts';
/** Doubles for tests, which nothing else imports. */
const TESTING = { sources: 'market/contracts/testing', target: 'experiments/replay/testing.generated.ts' };

/** Settings that decide the bytecode; changing one changes the pinned hashes of contracts.test.ts. */
const SETTINGS = {
  evmVersion: 'cancun',
  optimizer: { enabled: true, runs: 10_000 },
  metadata: { bytecodeHash: 'none', appendCBOR: false },
};

const { resolve } = createRequire(import.meta.url);

/** Paths of imports are those of npm packages or of the source tree. */
const find = (path) => {
  try {
    return { contents: readFileSync(path.startsWith('@') ? resolve(path) : path, 'utf8') };
  } catch (error) {
    return { error: String(error) };
  }
};

/**
 * Compiles Solidity sources.
 *
 * @param {Readonly<Record<string, string>>} sources text by path
 * @returns {Promise<Record<string, { abi: unknown[], bytecode: string }>>} by contract
 */
export async function compileContracts(sources) {
  // 9 MB of compiler: loaded only when something has to be compiled
  const { default: solc } = await import('solc');
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: { ...SETTINGS, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  };
  const { errors = [], contracts } = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  const serious = errors.filter(
    ({ severity, sourceLocation }) => severity === 'error' || !(sourceLocation?.file ?? '').startsWith('@'),
  );
  if (serious.length > 0)
    throw new Error(`contracts do not compile:\n${serious.map((e) => e.formattedMessage).join('\n')}`);
  const compiled = {};
  for (const path of Object.keys(sources))
    for (const [name, { abi, evm }] of Object.entries(contracts[path]))
      if (evm.bytecode.object !== '') compiled[name] = { abi, bytecode: `0x${evm.bytecode.object}` };
  return compiled;
}

const sourcesOf = (folder) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith('.sol'))
      .sort()
      .map((name) => [`${folder}/${name}`, readFileSync(join(folder, name), 'utf8')]),
  );

/** The first line of what these sources compile to. */
function stampOf(sources) {
  const sha = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  for (const name of ['solc/package.json', '@openzeppelin/contracts/package.json'])
    sha.update(readFileSync(resolve(name)));
  for (const [path, text] of Object.entries(sources)) sha.update(path).update(text);
  return `// contracts ${sha.digest('hex')}`;
}

async function build(folder, target) {
  const sources = sourcesOf(folder);
  const stamp = stampOf(sources);
  if (existsSync(target) && readFileSync(target, 'utf8').split('\n', 1)[0] === stamp) return;
  const compiled = await compileContracts(sources);
  const lines = [stamp, `/** Interfaces and creation bytecode of ${folder}/. */`];
  for (const [name, contract] of Object.entries(compiled).sort())
    lines.push(`export const ${name} = ${JSON.stringify(contract)} as const;`);
  writeFileSync(target, `${lines.join('\n')}\n`);
  process.stderr.write(`${target}: ${Object.keys(compiled).length} contracts\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await build(SOURCES, TARGET);
  await build(TESTING.sources, TESTING.target);
}
