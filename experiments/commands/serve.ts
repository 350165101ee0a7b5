/** `darwin serve [DIR]`: the page over recorded runs, finished or still being written. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { HOST_ABOUT, HOST_NOTE, portOf } from '../livePage.ts';
import { readManifest } from '../manifest.ts';
import { runsIn } from '../recordedRun.ts';
import { RunDesk } from '../runDesk.ts';
import { RUNS_DIRECTORY } from '../runDirectory.ts';
import { interruptSignal } from '../simulate.ts';
import { note } from '../terminal.ts';

interface ServeOptions {
  readonly port?: string;
  readonly host?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('serve')
    .summary('show recorded runs in a browser')
    .description(
      'Shows a run directory, and those beside it, in a browser until Ctrl-C; a run that is still being written is followed. New runs can be started and steered there.',
    )
    .argument('[dir]', 'run directory, or a directory of them; default the newest one under runs')
    .option('--port <n>', 'port; default a free one')
    .option('--host <address>', HOST_ABOUT)
    .option('--json', 'print one JSON object when the page is up')
    .action(serveCommand);
}

/** The folder of runs that a directory means, and the one of them that is shown. Throws UsageError where there is none. */
function folderOf(directory: string): { folder: string; shown?: string } {
  const isFolder = statSync(directory, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder && !existsSync(join(directory, 'manifest.json')) && runsIn(directory).length > 0)
    return { folder: directory };
  readManifest(directory);
  // where a link leads out of a folder, the run is shown where it lies
  const path = realpathSync(directory);
  return { folder: dirname(path), shown: basename(path) };
}

async function serveCommand(dir: string | undefined, options: ServeOptions): Promise<void> {
  // without any run the page can start one
  const directory = dir ?? runsIn(RUNS_DIRECTORY)[0] ?? RUNS_DIRECTORY;
  const { host = '127.0.0.1' } = options;
  const isEmpty = dir === undefined && directory === RUNS_DIRECTORY;
  const place = isEmpty ? { folder: directory } : folderOf(directory);
  const desk = await RunDesk.open({ port: portOf(options.port), host, ...place });
  if (desk.link !== desk.url) note(HOST_NOTE);
  const interrupt = interruptSignal();
  try {
    process.stdout.write(
      options.json
        ? `${JSON.stringify({ url: desk.link, dir: directory })}\n`
        : `${directory}: ${desk.link}\n`,
    );
    await aborted(interrupt.signal);
  } finally {
    interrupt.release();
    await desk.close();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done());
  });
