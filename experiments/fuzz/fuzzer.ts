/**
 * Reads inputs in a process of its own and finds out which of them was neither answered nor refused: another error than
 * the project's own, a hang, a crash, memory without bounds. Where a process ends or falls silent, those inputs of which
 * it had not told are read again one by one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError, UsageError } from '../../sim/core/errors.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import type { FuzzNews, FuzzTask } from './fuzzProcess.ts';
import type { FuzzInput } from './target.ts';
import { targetNamed } from './targets.ts';

const PROGRAM = join(PACKAGE_ROOT, 'dist', 'experiments', 'fuzz', 'fuzzProcess.js');
/** In memory, where there is such a place: files are written for each input. */
const FOLDERS = ['/dev/shm', tmpdir()];
/** Silence that counts as a hang: so much time of the processor, since a machine may be busy, or so often that of a clock. */
const PATIENCE_MS = 60_000;
const PATIENCES_ASLEEP = 10;
const MEMORY_MAX = 2 * 2 ** 30;
const HEAP_MIB = 1024;

export interface FuzzOptions {
  readonly target: string;
  /** Inputs, and the number of the first. */
  readonly inputs: number;
  readonly from?: number;
  readonly seed: number;
  /** An input that was kept, in place of those of a seed. */
  readonly kept?: FuzzInput;
  readonly patienceMs?: number;
  readonly onFinding?: (finding: Finding) => void;
  /** Told now and then how many inputs are read. */
  readonly onProgress?: (read: number) => void;
}

/** An input that was neither answered nor refused. */
export interface Finding {
  readonly number: number;
  readonly input: FuzzInput;
  readonly problem: string;
}

export interface FuzzFigures {
  readonly inputs: number;
  readonly answered: number;
  readonly refused: number;
  readonly findings: readonly Finding[];
  /** Times that a process ended or fell silent and no input of those that it was at did it again. */
  readonly unrepeated: number;
  readonly seconds: number;
}

/** An input as text that a file can keep. */
export const encodeInput = (target: string, { what, bytes }: FuzzInput): string =>
  `${JSON.stringify({ target, what, bytes: Buffer.from(bytes).toString('base64') })}\n`;

/** Reads an input that was kept. Throws UsageError where a file holds none. */
export function readInput(file: string): { target: string; input: FuzzInput } {
  try {
    const { target, what, bytes } = JSON.parse(readFileSync(file, 'utf8'));
    if ([target, what, bytes].every((text) => typeof text === 'string')) {
      targetNamed(target);
      return { target, input: { what, bytes: new Uint8Array(Buffer.from(bytes, 'base64')) } };
    }
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(
      `cannot read ${file}: ${(cause as Error).message}`,
      'give a file that fuzzing kept',
      {
        cause,
      },
    );
  }
  throw new UsageError(`${file} holds no input`, 'give a file that fuzzing kept');
}

/** Milliseconds in each of the ticks in which Linux tells processor times (USER_HZ, proc(5)). */
const TICK_MS = 10;

/** Processor time of a child so far; infinite where the system does not tell, so that a clock decides. */
function processorMs({ pid }: ChildProcess): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // user and system time are the 12th and 13th field after the name, which stands in brackets
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** How a process came to its end. */
interface Ended {
  /** Inputs before this number are done with. */
  readonly before: number;
  /** The input that was being read where each is told. */
  readonly at: { readonly number: number; readonly input: FuzzInput } | null;
  /** Why it ended before its last input; null = it did not. */
  readonly fault: string | null;
}

class Fuzzer {
  answered = 0;
  refused = 0;
  unrepeated = 0;
  readonly findings: Finding[] = [];
  private readonly options: FuzzOptions;
  private readonly folder: string;

  constructor(options: FuzzOptions, folder: string) {
    this.options = options;
    this.folder = folder;
  }

  /** Reads inputs [from, to). */
  async read(from: number, to: number): Promise<void> {
    let next = from;
    while (next < to) {
      const { before, fault } = await this.process(next, to, false);
      next = before;
      if (fault === null) continue;
      next = await this.search(before, Math.min(to, before + SEARCHED), fault);
    }
  }

  /** Reads inputs one by one for the one that ends a process; returns where to go on. */
  private async search(from: number, to: number, fault: string): Promise<number> {
    const { before, at, fault: again } = await this.process(from, to, true);
    if (again === null) {
      this.unrepeated++;
      return before;
    }
    if (at === null) throw new EnvironmentError(`no process for fuzzing: ${fault}`, 'npm run build');
    this.find({ ...at, problem: again });
    return at.number + 1;
  }

  private find(finding: Finding): void {
    this.findings.push(finding);
    this.options.onFinding?.(finding);
  }

  private process(from: number, to: number, careful: boolean): Promise<Ended> {
    const { target, seed, kept = null, patienceMs = PATIENCE_MS, onProgress } = this.options;
    const task: FuzzTask = {
      ...{ target, seed, from, to, careful, kept },
      folder: mkdtempSync(join(this.folder, 'process-')),
      memoryMax: MEMORY_MAX,
    };
    return new Promise((resolve, reject) => {
      const child: ChildProcess = fork(PROGRAM, [], {
        serialization: 'advanced',
        execArgv: [`--max-old-space-size=${HEAP_MIB}`],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      let before = from;
      let at: Ended['at'] = null;
      let fault: string | null = null;
      let stderr = '';
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        stderr = (stderr + text).slice(-4000);
      });
      let timer: NodeJS.Timeout;
      const expectNews = (patiences = PATIENCES_ASLEEP, since = processorMs(child)): void => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          const spent = processorMs(child) - since;
          // it had no turn
          if (spent < patienceMs / 2 && patiences > 1) return expectNews(patiences - 1, since);
          fault = `hangs: no word for ${patienceMs / 1000} s`;
          child.kill('SIGKILL');
        }, patienceMs);
      };
      expectNews();
      child.on('message', (news: FuzzNews) => {
        expectNews();
        if (news.kind === 'reading') at = news;
        else if (news.kind === 'wrong') this.find(news);
        else {
          before = news.before;
          if (news.kind === 'memory') fault = `takes ${(news.bytes / 2 ** 30).toFixed(1)} GiB of memory`;
          else {
            this.answered += news.answered;
            this.refused += news.refused;
            onProgress?.(before);
          }
        }
      });
      child.on('error', reject);
      // what it told last may arrive after its end
      const heard = new Promise<void>((done) => child.once('disconnect', () => done()));
      child.on('close', async (code, signal) => {
        await heard;
        clearTimeout(timer);
        rmSync(task.folder, { recursive: true, force: true });
        if (fault === null && (code !== 0 || before < to)) {
          const last = stderr.trim().split('\n').at(-1) ?? '';
          fault = `ends its process with ${signal ?? `code ${code}`}: ${last.slice(0, 200)}`;
        }
        resolve({ before, at, fault });
      });
      child.send(task);
    });
  }
}

/** Inputs that are read one by one after a process fell silent: as many as it had not told of. */
const SEARCHED = 64;

/**
 * Fuzzes a target.
 *
 * @throws UsageError for a target that there is not, EnvironmentError where the program is not built
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzFigures> {
  targetNamed(options.target);
  if (!existsSync(PROGRAM)) throw new EnvironmentError(`${PROGRAM} is missing`, 'npm run build');
  const folder = mkdtempSync(join(FOLDERS.find((path) => existsSync(path))!, 'darwin-fuzz-'));
  const fuzzer = new Fuzzer(options, folder);
  const { from = 0, inputs } = options;
  const start = performance.now();
  try {
    await fuzzer.read(from, from + inputs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const { answered, refused, findings, unrepeated } = fuzzer;
  const seconds = (performance.now() - start) / 1000;
  return { inputs, answered, refused, findings, unrepeated, seconds };
}
