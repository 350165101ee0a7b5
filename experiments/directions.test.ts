/** The import directions are kept by a tool; these tests see it refuse what it must, on modules planted outside the tree. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertCompiled } from './compiled.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
let planted = '';

beforeAll(() => {
  planted = mkdtempSync(join(tmpdir(), 'directions-'));
  for (const file of ['tsconfig.json', '.dependency-cruiser.cjs', 'package.json'])
    cpSync(join(root, file), join(planted, file));
});
afterAll(() => rmSync(planted, { recursive: true, force: true }));

/** What the checker says about a tree of these files. */
function cruise(files: Readonly<Record<string, string>>): { status: number | null; output: string } {
  for (const layer of ['sim', 'agents', 'market', 'configs', 'viz', 'experiments']) {
    rmSync(join(planted, layer), { recursive: true, force: true });
    mkdirSync(join(planted, layer));
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(planted, path)), { recursive: true });
    writeFileSync(join(planted, path), text);
  }
  const tool = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const layers = ['sim', 'agents', 'market', 'configs', 'viz', 'experiments'];
  const { status, stdout, stderr } = spawnSync(
    'node',
    [tool, '--config', '.dependency-cruiser.cjs', ...layers],
    {
      cwd: planted,
      encoding: 'utf8',
    },
  );
  return { status, output: stdout + stderr };
}

const agent = 'export const agent = 1;\n';

describe('import directions', () => {
  it('lets agents import the market', () => {
    const { status, output } = cruise({
      'agents/a.ts': "export { price } from '../market/b.ts';\n",
      'market/b.ts': 'export const price = 1;\n',
    });
    expect(output).toContain('2 modules');
    expect(status).toBe(0);
  });

  it('refuses a market that imports agents', () => {
    const { status, output } = cruise({
      'market/b.ts': "export { agent } from '../agents/a.ts';\n",
      'agents/a.ts': agent,
    });
    expect(output).toContain('market-never-imports-agents-or-sim: market/b.ts');
    expect(status).not.toBe(0);
  });

  it('refuses a type imported against the direction', () => {
    const { output } = cruise({
      'sim/core/x.ts': "import type { A } from '../../agents/a.ts';\nexport type X = A;\n",
      'agents/a.ts': 'export type A = number;\n',
    });
    expect(output).toContain('core-imports-nothing: sim/core/x.ts');
  });

  it('refuses a node module in the model', () => {
    const { output } = cruise({
      'agents/a.ts': "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n",
    });
    expect(output).toContain('model-runs-in-a-browser: agents/a.ts');
  });

  it('refuses a circle', () => {
    const { output } = cruise({
      'market/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
      'market/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
    });
    expect(output).toContain('no-circles');
  });
});

/** Modules of the compiled program that one loads, and packages beside them. */
function loadedBy(entry: string): Set<string> {
  const seen = new Set([entry]);
  for (const file of seen) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8');
    for (const [, from] of text.matchAll(/^(?:import|export)\b[^;]*?['"]([^'"]+)['"];/gm))
      seen.add(from!.startsWith('.') ? resolve(dirname(file), from!) : from!);
  }
  return seen;
}

describe('worker threads', () => {
  it.each(['shardWorker', 'helperWorker'])('begin without building the schema of configs: %s', (name) => {
    assertCompiled();
    const compiled = join(root, 'dist');
    const modules = loadedBy(join(compiled, 'experiments', `${name}.js`));
    expect(modules).toContain(join(compiled, 'configs', 'arms.js'));
    expect(modules).not.toContain(join(compiled, 'configs', 'schema.js'));
    expect(modules).not.toContain('zod');
  });
});
