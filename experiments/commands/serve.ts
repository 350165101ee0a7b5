/** `darwin serve [DIR]`: the page over recorded runs, finished or still being written. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { startServer } from '../../viz/server.ts';
import { portOf } from '../livePage.ts';
import { readManifest } from '../manifest.ts';
import { newestRun, runsIn } from '../recordedRun.ts';
import { catalogBeside, DirectoryCatalog } from '../runCatalog.ts';
import { interruptSignal } from '../simulate.ts';

interface ServeOptions {
  readonly port?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('serve')
    .summary('show recorded runs in a browser')
    .description(
      'Shows a run directory, and those beside it, in a browser until Ctrl-C; a run that is still being written is followed.',
    )
    .argument('[dir]', 'run directory, or a directory of them; default the newest one under runs')
    .option('--port <n>', 'port; default a free one')
    .option('--json', 'print one JSON object when the page is up')
    .action(serveCommand);
}

/** Throws UsageError where there is no run to show. */
function catalogOf(directory: string): DirectoryCatalog {
  if (!existsSync(join(directory, 'manifest.json')) && runsIn(directory).length > 0)
    return new DirectoryCatalog(directory);
  readManifest(directory);
  return catalogBeside(directory);
}

async function serveCommand(dir: string | undefined, options: ServeOptions): Promise<void> {
  const directory = dir ?? newestRun();
  const catalog = catalogOf(directory);
  const page = await startServer({ port: portOf(options.port), catalog });
  const interrupt = interruptSignal();
  try {
    process.stdout.write(
      options.json ? `${JSON.stringify({ url: page.url, dir: directory })}\n` : `${directory}: ${page.url}\n`,
    );
    await aborted(interrupt.signal);
  } finally {
    interrupt.release();
    await page.close();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });
