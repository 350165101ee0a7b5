/** `darwin engines`: which engines are here, and why others are not. */
import type { Command } from 'commander';
import { engineStatuses } from '../engines/index.ts';
import { answer, table } from '../terminal.ts';

export function register(program: Command): void {
  program
    .command('engines')
    .summary('what is available here, and why not')
    .description('Lists the engines, what they would run on, and why one is missing.')
    .option('--json', 'print one JSON array')
    .action(async ({ json }: { json?: boolean }) => {
      const statuses = await engineStatuses();
      answer(json, statuses, () =>
        table(
          ['engine', 'available', 'device', 'reason'],
          statuses.map((e) => [e.name, e.available ? 'yes' : 'no', e.device ?? '-', e.reason]),
        ),
      );
    });
}
