import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { assertCompiled } from './compiled.ts';
import { PACKAGE_ROOT } from './hardware.ts';
import { buildProgram } from './program.ts';

/** Files that `darwin ARGS` loads, as Node's coverage lists them, below the package or the folder of modules. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const coverage = mkdtempSync(join(tmpdir(), 'loaded-'));
  try {
    const cli = join(PACKAGE_ROOT, 'dist', 'experiments', 'cli.js');
    await promisify(execFile)(process.execPath, [cli, ...args], {
      env: { ...process.env, NODE_V8_COVERAGE: coverage },
    });
    const urls = readdirSync(coverage).flatMap((file) => {
      const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8'));
      return (result as { url: string }[]).map(({ url }) => url);
    });
    return urls
      .filter((url) => url.startsWith('file:'))
      .map((url) => url.replace(/^.*\/(dist|node_modules)\//, ''));
  } finally {
    rmSync(coverage, { recursive: true });
  }
}

describe('the program', () => {
  it('says of each command, without loading it, what the command says of itself', async () => {
    const outlined = await buildProgram(['--help']);
    const loaded = await buildProgram([], true);
    expect(outlined.helpInformation()).toBe(loaded.helpInformation());
    expect(outlined.commands.length).toBeGreaterThan(10);
  });

  it('ends the help of every command with examples of options that it has', async () => {
    const program = await buildProgram([], true);
    const all = program.commands.flatMap((command) => [command, ...command.commands]);
    for (const command of all) {
      let help = '';
      command
        .configureOutput({
          writeOut: (text) => {
            help += text;
          },
        })
        .outputHelp();
      const examples = help.split('\nExamples:\n')[1]?.trim().split('\n') ?? [];
      expect([command.name(), examples.length > 0]).toEqual([command.name(), true]);
      for (const example of examples) {
        const words = example.trim().split(' > ')[0]!.split(' ');
        const below = command.commands.find((child) => child.name() === words[2]) ?? command;
        const known = below.options.map(({ long }) => long);
        expect(known).toEqual(expect.arrayContaining(words.filter((word) => word.startsWith('--'))));
      }
    }
  });

  it('loads the command that is named, also behind help, and no other', async () => {
    for (const args of [['engines'], ['help', 'engines'], ['engines', '--help']]) {
      const { commands } = await buildProgram(args);
      expect(commands.map((command) => command.name())).toEqual(['engines']);
      expect(commands[0]!.description()).not.toBe('');
    }
  });

  it('loads no engine, no market and no DuckDB for --help', async () => {
    assertCompiled();
    const forHelp = await loadedBy('--help');
    expect(forHelp).toContain('experiments/program.js');
    const heavy = /^(market|agents|viz|sim\/(?!core\/errors))|^(@duckdb|zod|yaml|viem)\//;
    expect(forHelp.filter((file) => heavy.test(file))).toEqual([]);
    // the same look at a command that needs an engine finds one
    const forConfig = await loadedBy('config', 'explain');
    expect(forConfig.filter((file) => heavy.test(file))).not.toEqual([]);
  });
});
