/** `darwin serve [DIR]`: the page over a run directory, finished or still being written. */
import process from 'node:process';
import type { Command } from 'commander';
import { type LiveServer, startServer } from '../../viz/server.ts';
import { headerOf, portOf } from '../livePage.ts';
import type { Manifest } from '../manifest.ts';
import { newestRun, recordedFrames } from '../recordedRun.ts';
import { interruptSignal } from '../simulate.ts';

interface ServeOptions {
  readonly port?: string;
  readonly json?: boolean;
}

/** How often a run that is still being written is looked at. */
const POLL_MS = 2000;

export function register(program: Command): void {
  program
    .command('serve')
    .summary('show a run directory in a browser')
    .description('Shows a run directory in a browser, finished or still being written, until Ctrl-C.')
    .argument('[dir]', 'run directory; default the newest one under runs')
    .option('--port <n>', 'port; default a free one')
    .option('--json', 'print one JSON object when the page is up')
    .action(serveCommand);
}

async function serveCommand(dir: string | undefined, options: ServeOptions): Promise<void> {
  const directory = dir ?? newestRun();
  const { manifest, frames } = await recordedFrames(directory);
  const header = headerOf({ arms: manifest.arms, armLabels: manifest.armLabels });
  const page = await startServer({
    port: portOf(options.port),
    header,
    framesPerSecond: Number.POSITIVE_INFINITY,
  });
  const interrupt = interruptSignal();
  try {
    process.stdout.write(
      options.json ? `${JSON.stringify({ url: page.url, dir: directory })}\n` : `${directory}: ${page.url}\n`,
    );
    let shown = -1;
    const show = (some: typeof frames): void => {
      for (const frame of some) {
        shown = frame.tick;
        page.publish(frame, rates(manifest));
      }
    };
    show(frames);
    let latest = manifest;
    announce(page, latest);
    while (!interrupt.signal.aborted) {
      await pause(POLL_MS, interrupt.signal);
      if (latest.status !== 'running' || interrupt.signal.aborted) continue;
      const more = await recordedFrames(directory, shown);
      latest = more.manifest;
      show(more.frames);
      announce(page, latest);
    }
  } finally {
    interrupt.release();
    await page.close();
  }
}

const rates = ({ ticksPerSecond, agentStepsPerSecond }: Manifest) => ({
  ticksPerSecond: ticksPerSecond ?? 0,
  agentStepsPerSecond: agentStepsPerSecond ?? 0,
});

function announce(page: LiveServer, { status, error, finalHash }: Manifest): void {
  if (status === 'running')
    page.status({ state: 'running', message: 'following a run that is being written' });
  else if (status === 'failed') page.status({ state: 'failed', message: error ?? 'failed' });
  else page.status({ state: 'finished', message: `${status}, hash ${finalHash}` });
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
