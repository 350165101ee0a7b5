/** What the documentation tells to type is what the command line takes, and what it links to is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../hardware.ts';
import { type ConfigOptions, loadConfig, presetNames } from '../loadConfig.ts';
import { buildProgram } from '../program.ts';
import { experimentNames } from '../sweep/experimentFile.ts';

const PAGES = [
  'README.md',
  'configs/README.md',
  ...['', 'examples/', 'replay/', 'bench/peers/', 'mutants/'].map(
    (folder) => `experiments/${folder}README.md`,
  ),
  ...readdirSync(join(PACKAGE_ROOT, 'experiments/guide'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `experiments/guide/${name}`),
];

const textOf = (page: string): string => readFileSync(join(PACKAGE_ROOT, page), 'utf8');

/** Words of the commands of a line of a shell: quotes open and close words, # begins a comment, && | ; end a command. */
function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [, quote = '', quoted, word, end] of line.matchAll(
    /(['"])(.*?)\1|((?:[^\s'"#&|;]|(?<=\S)#)+)|(&&|[|;])|\s#.*$|^#.*$/g,
  )) {
    if (end !== undefined) commands.push([]);
    else if (quote !== '') commands.at(-1)!.push(quoted!);
    else if (word !== undefined) commands.at(-1)!.push(word);
  }
  return commands.filter((words) => words.length > 0);
}

/** Commands in the fenced blocks of a page that are for a shell, with their lines. */
function typed(page: string): { line: number; words: string[] }[] {
  let block: string | null = null;
  return textOf(page)
    .split('\n')
    .flatMap((text, k) => {
      const fence = /^```(\w*)/.exec(text);
      if (fence) block = block === null ? fence[1]! : null;
      else if (block === 'sh' || block === '')
        return commandsOf(text).map((words) => ({ line: k + 1, words }));
      return [];
    });
}

/** Arguments of `darwin` that a command gives it; null where it is another program's. */
function argumentsOf(words: readonly string[]): string[] | null {
  const rest = words[0] === 'npx' ? words.slice(1) : words;
  return /^darwin(-market)?$/.test(rest[0] ?? '') ? rest.slice(1) : null;
}

let program: Command;
/** Where the commands are typed. */
let folder = PACKAGE_ROOT;

// takes what it is given and does nothing but read the configs that are there
beforeAll(async () => {
  program = await buildProgram([], true);
  const presets = presetNames();
  const all = program.commands.flatMap((command) => [command, ...command.commands]);
  for (const command of all) {
    if (command.commands.length > 0) continue;
    const takesConfig = ['run', 'check'].includes(command.name());
    command.action((given: string | undefined, options: ConfigOptions & { extend?: string[] }) => {
      if (command.name() === 'sweep' && !given!.includes('/')) expect(experimentNames()).toContain(given);
      if (!takesConfig || given === undefined) return;
      const path = existsSync(join(folder, given)) ? join(folder, given) : given;
      if (options.extend !== undefined)
        expect(options.extend.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
      else if (path !== given || presets.includes(given)) loadConfig(path, options);
      // what is made or written by hand ends in .yaml; all else must be a preset
      else expect(given).toMatch(/\.yaml$/);
    });
  }
});

describe('the documentation', () => {
  it.each(PAGES)('of %s tells to type what the command line takes', async (page) => {
    // the examples are tried where they lie
    folder = join(PACKAGE_ROOT, page.includes('examples/') ? dirname(page) : '');
    for (const { line, words } of typed(page)) {
      const args = argumentsOf(words);
      if (args === null) continue;
      const outcome = await program.parseAsync(args, { from: 'user' }).then(
        () => 'taken',
        (error: Error) => error.message,
      );
      expect([page, line, words.join(' '), outcome]).toEqual([page, line, words.join(' '), 'taken']);
    }
  });

  it.each(PAGES)('of %s names scripts that there are', (page) => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    for (const [, name] of textOf(page).matchAll(/\bnpm run ([\w:-]+)/g))
      expect(Object.keys(scripts)).toContain(name);
  });

  it.each(PAGES)('of %s links to what is there', (page) => {
    const links = [...textOf(page).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map(([, to]) => to!);
    const missing = links.filter((to) => !existsSync(join(PACKAGE_ROOT, dirname(page), to)));
    expect(missing).toEqual([]);
  });

  it('has commands in it, on both sides of a comment, of quotes and of &&', () => {
    expect(PAGES.flatMap(typed).filter(({ words }) => argumentsOf(words) !== null).length).toBeGreaterThan(
      60,
    );
    expect(commandsOf("a --set 'x=[1, 2]' b#c && d   # e && f")).toEqual([
      ['a', '--set', 'x=[1, 2]', 'b#c'],
      ['d'],
    ]);
    expect(commandsOf('# all of it')).toEqual([]);
  });
});

describe('tests that the guide names', () => {
  it('are there, with the titles that it quotes', () => {
    const named = [...textOf('experiments/guide/safety.md').matchAll(/([\w/.]+\.test\.ts): "([^"]+)"/g)];
    expect(named.length).toBeGreaterThan(10);
    const absent = named.filter(([, file = '', title = '']) => !textOf(file).includes(title));
    expect(absent.map(([text]) => text)).toEqual([]);
  });
});
