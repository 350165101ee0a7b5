/** The linter keeps the host's clocks, randomness and inexact functions out of the model; these tests see it refuse them outside the tree. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
let planted = '';

beforeAll(() => {
  planted = mkdtempSync(join(tmpdir(), 'model-host-'));
  cpSync(join(root, 'biome.model.grit'), join(planted, 'biome.model.grit'));
  // as in the tree, but for git and the schema, which are not in the planted one
  const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  config.vcs = { enabled: false };
  delete config.$schema;
  writeFileSync(join(planted, 'biome.json'), JSON.stringify(config));
});
afterAll(() => rmSync(planted, { recursive: true, force: true }));

/** Whether the linter refuses a module, and the errors that it names. */
function lint(path: string, text: string): { refused: boolean; errors: string[] } {
  const file = join(planted, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const tool = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const { status, stdout } = spawnSync(
    'node',
    [tool, 'lint', '--diagnostic-level=error', '--reporter=json', path],
    { cwd: planted, encoding: 'utf8' },
  );
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { message: string; category: string }[] };
  return {
    refused: status !== 0,
    errors: diagnostics.map(({ message, category }) => `${category}: ${message}`),
  };
}

describe('what the model may not ask of its host', () => {
  it.each([
    ['Math.random()', 'plugin: The model draws from sim/core/rng.ts'],
    ['Math.exp(1)', 'plugin: The model draws from sim/core/rng.ts'],
    ['[1].map(Math.log)', 'plugin: The model draws from sim/core/rng.ts'],
    ["Math['sin'](1)", 'plugin: Name the function of Math'],
    ['((m) => m)(Math)', 'plugin: Name the function of Math'],
    ['Date.now()', 'variable Date'],
    ['performance.now()', 'variable performance'],
    ['setInterval(() => 1, 1)', 'variable setInterval'],
    ['crypto.randomUUID()', 'variable crypto'],
    ['globalThis.process', 'variable globalThis'],
  ])('%s is refused in a market module, and allowed in its test and in experiments', (code, reason) => {
    const text = `export const x = ${code};\n`;
    const { refused, errors } = lint('market/x.ts', text);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(reason);
    expect(refused).toBe(true);
    for (const path of ['market/x.test.ts', 'experiments/x.ts'])
      expect(lint(path, text)).toEqual({ refused: false, errors: [] });
  });

  it.each(['sim/core/x.ts', 'agents/brain/x.ts', 'configs/x.ts'])(
    'Math.random() is refused in %s',
    (path) => {
      expect(lint(path, 'export const x = Math.random();\n').refused).toBe(true);
    },
  );

  it('the exact functions of Math are allowed, and comments may name any', () => {
    const text =
      '// unlike Math.exp\nexport const x = Math.floor(Math.sqrt(2)) + Math.imul(3, 4) + 2 ** 5;\n';
    expect(lint('market/x.ts', text)).toEqual({ refused: false, errors: [] });
  });
});
