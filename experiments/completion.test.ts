import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionScript, SHELLS } from './completion.ts';
import { buildProgram } from './program.ts';

const KNOWN = { run: ['quickstart', 'quiet'], 'config explain': ['quickstart'] };
let work: string;
let script: string;
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'darwin-completion-'));
  writeFileSync(join(work, 'quick.yaml'), '');
  writeFileSync(join(work, 'my economy.yaml'), '');
  script = completionScript('bash', await buildProgram([], true), KNOWN);
});
afterAll(() => rmSync(work, { recursive: true }));

/** What bash itself offers behind words, the last of which is begun. */
function offered(...words: string[]): string[] {
  const line = `${script}
COMP_WORDS=(darwin ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_darwin
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['-c', line], { cwd: work, encoding: 'utf8' });
  return text.split('\n').filter((word) => word !== '');
}

describe('bash completes', () => {
  test.each([
    ['commands', ['se'], ['serve']],
    ['subcommands', ['config', 'ex'], ['explain']],
    ['options', ['serve', '--p'], ['--port']],
    ['options behind arguments', ['run', 'quickstart', '--ser'], ['--serve']],
    ['options of subcommands', ['config', 'schema', '--ex'], ['--experiment']],
    ['presets beside files', ['run', 'qui'], ['quickstart', 'quiet', 'quick.yaml']],
    ['words of subcommands', ['config', 'explain', 'quicks'], ['quickstart']],
    ['files with blanks as one', ['check', 'my'], ['my economy.yaml']],
    ['nothing where nothing fits', ['serve', '--nonsense'], []],
    ['no hidden options', ['run', '--fau'], []],
  ])('%s', (_, words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

test('every shell has a script that names every command and option that help shows', async () => {
  const program = await buildProgram([], true);
  for (const shell of SHELLS) {
    const text = completionScript(shell, program, KNOWN);
    for (const command of program.commands) {
      expect(text).toContain(command.name());
      for (const { long, hidden } of command.options)
        if (!hidden) expect(text).toContain(shell === 'fish' ? `-l ${long!.slice(2)} ` : long!);
    }
  }
  expect(SHELLS.map((shell) => completionScript(shell, program, {}).split('\n')[0])).toEqual([
    '# bash completion of darwin',
    '#compdef darwin darwin-market',
    '# fish completion of darwin',
  ]);
});
