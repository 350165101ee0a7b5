/**
 * Kills a run with SIGKILL at random moments, again and again, lets it go on each time, and proves that it ends in the
 * hash of one that was left alone and that no kill lost more than the interval between checkpoints.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { MismatchError } from '../../sim/core/errors.ts';
import { DrawSequence, STREAM, unitInterval } from '../../sim/core/rng.ts';
import { checkpointTicks } from '../checkpoints.ts';
import { differingRows } from '../compiled.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { readManifest } from '../manifest.ts';

export interface KillOptions {
  readonly kills: number;
  readonly engine: string;
  readonly threads: number;
  /** Of the moments, a whole number. */
  readonly seed: number;
  /** Told now and then how many kills are done. */
  readonly onKill?: (done: number) => void;
}

/** What came of it. */
export interface KillFigures {
  readonly kills: number;
  /** Runs that were killed until they had ended. */
  readonly runs: number;
  readonly hash: string;
  /** Ticks of the interval between checkpoints, and the most that a kill lost. */
  readonly interval: number;
  readonly mostLost: number;
}

interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

/** A start that has not ended after so long never will. */
const HANGS_MS = 300_000;
const VICTIM = join(PACKAGE_ROOT, 'dist', 'experiments', 'faults', 'victim.js');

/** Starts the run of a directory and kills it after so long; Infinity = where it hangs. */
function startVictim(
  directory: string,
  { engine, threads }: KillOptions,
  killAfterMs: number,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const from = performance.now();
    const child = spawn(process.execPath, [VICTIM, directory, engine, String(threads)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (data: string) => {
        text[name] += data;
      });
    const timer = setTimeout(
      () => {
        if (killAfterMs >= HANGS_MS) text.stderr += `did not end within ${HANGS_MS / 1000} s`;
        child.kill('SIGKILL');
      },
      Math.min(killAfterMs, HANGS_MS),
    );
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      clearTimeout(timer);
      resolve({ signal, ...text, elapsedMs: performance.now() - from });
    });
  });
}

/** Ticks that the last start of a directory's run had reached. */
function reachedBy(directory: string, startsBefore: number): number {
  const file = `${directory}.ticks`;
  const told = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(startsBefore) : [];
  return Math.max(0, ...told.map(Number));
}
const linesOf = (directory: string): number =>
  existsSync(`${directory}.ticks`) ? readFileSync(`${directory}.ticks`, 'utf8').split('\n').length - 1 : 0;

/**
 * Kills so many times.
 *
 * @throws MismatchError where a run ends otherwise than one that was left alone, or lost more than its interval
 */
export async function killOften(options: KillOptions): Promise<KillFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'darwin-kills-'));
  const draws = new DrawSequence().at(options.seed, 0, 0, STREAM.environment);
  const refuse = (problem: string): never => {
    throw new MismatchError(
      problem,
      `npm run faults -- --kills ${options.kills} --seed ${options.seed} again`,
    );
  };
  try {
    const straight = join(folder, 'straight');
    const alone = await startVictim(straight, options, Number.POSITIVE_INFINITY);
    if (alone.stdout === '') refuse(`a run that was left alone failed: ${alone.stderr.trim().slice(-300)}`);
    const { hash } = JSON.parse(alone.stdout) as { hash: string };
    const interval = readManifest(straight).arms[0]!.output.checkpointEvery;
    let [kills, runs, mostLost] = [0, 0, 0];
    // of a start that ends by itself: the machine may be less busy than it was with the first
    let spanMs = alone.elapsedMs;
    while (kills < options.kills) {
      const directory = join(folder, `killed-${runs++}`);
      for (;;) {
        const lines = linesOf(directory);
        const wait = kills < options.kills ? unitInterval(draws.word()) * spanMs : Number.POSITIVE_INFINITY;
        const ended = await startVictim(directory, options, wait);
        const saved = checkpointTicks(directory).at(-1) ?? 0;
        if (ended.signal === null || wait >= HANGS_MS) {
          spanMs = Math.min(spanMs, ended.elapsedMs);
          const answer = ended.stdout === '' ? null : (JSON.parse(ended.stdout) as { hash: string });
          if (answer?.hash !== hash)
            refuse(`a killed run ended with ${answer?.hash ?? ended.stderr.trim().slice(-300)}, not ${hash}`);
          break;
        }
        kills++;
        options.onKill?.(kills);
        if (!existsSync(join(directory, 'manifest.json')))
          rmSync(directory, { recursive: true, force: true });
        const lost = reachedBy(directory, lines) - saved;
        mostLost = Math.max(mostLost, lost);
        if (lost > interval) refuse(`a kill lost ${lost} ticks of an interval of ${interval}`);
      }
      const differing = Object.keys(await differingRows(straight, directory));
      if (differing.length > 0) refuse(`rows differ after kills: ${differing.join(', ')}`);
      rmSync(directory, { recursive: true });
    }
    return { kills, runs, hash, interval, mostLost };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
