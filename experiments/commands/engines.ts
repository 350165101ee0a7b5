/** `darwin engines`: which engines are here, and why others are not. */
import type { Command } from 'commander';
import { ENGINES } from '../engines.ts';
import { answer, table } from '../terminal.ts';

export function register(program: Command): void {
  program
    .command('engines')
    .summary('what is available here, and why not')
    .description('Lists the engines, what they would run on, and why one is missing.')
    .option('--json', 'print one JSON array')
    .action(({ json }: { json?: boolean }) =>
      answer(json, ENGINES, () =>
        table(
          ['engine', 'available', 'device', 'reason'],
          ENGINES.map((e) => [e.name, e.available ? 'yes' : 'no', e.device ?? '-', e.reason]),
        ),
      ),
    );
}
