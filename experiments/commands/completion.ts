/** `darwin completion SHELL`: a script by which the shell completes commands, options, presets and experiments. */
import process from 'node:process';
import type { Command } from 'commander';
import { UsageError } from '../../sim/core/errors.ts';
import { completionScript, type KnownWords, SHELLS, type Shell, type WholeProgram } from '../completion.ts';
import { presetNames } from '../loadConfig.ts';
import { experimentNames } from '../sweep/experimentFile.ts';

export function register(program: Command, whole: WholeProgram): void {
  program
    .command('completion')
    .summary('print a script by which bash, zsh or fish completes commands')
    .description(
      'Prints a script by which a shell completes commands, options, presets and experiments. Try it at once with: source <(darwin completion bash)',
    )
    .argument('<shell>', SHELLS.join(', '))
    .option('--json', 'print one JSON object')
    .action(async (shell: string, { json }: { json?: boolean }) => {
      const script = completionScript(shellOf(shell), await whole(), knownWords());
      process.stdout.write(json ? `${JSON.stringify({ script })}\n` : script);
    });
}

function shellOf(name: string): Shell {
  const shell = SHELLS.find((known) => known === name);
  if (shell === undefined)
    throw new UsageError(`there is no completion for ${name}`, `there is one for ${SHELLS.join(', ')}`);
  return shell;
}

function knownWords(): KnownWords {
  const presets = presetNames();
  return {
    run: presets,
    check: presets,
    'config explain': presets,
    sweep: experimentNames(),
    completion: SHELLS,
  };
}
