/**
 * One writer a run directory: `running.lock` names the process that writes. The lock of a process that is gone, killed
 * or lost with its machine, is taken over.
 */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { UsageError } from '../sim/core/errors.ts';
import { forceNow, remove, write } from './disk.ts';

const LOCK = 'running.lock';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process was started, as the system tells; null where it does not. Process numbers are used again. */
  readonly started: string | null;
}

/** Characters of a host's name (POSIX HOST_NAME_MAX). */
const HOST_MAX = 255;
const holderShape = z.object({
  pid: z.number().int().min(1),
  host: z.string().max(HOST_MAX),
  started: z.string().nullable(),
});

/** A killed process takes a moment to go. */
const PATIENCE_MS = 2000;
const PAUSE_MS = 50;

/** Clock ticks from the machine's start to the process's, on Linux; null elsewhere and for a process that has ended. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the name, in brackets, may hold anything; state and start are the first and the 20th field after it
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return 'ZX'.includes(fields[0]!) ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function isAlive({ pid, host, started }: Holder): boolean {
  // what runs on another machine cannot be seen from here
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return started === null || startOf(pid) === started;
}

/** Throws UsageError when another process writes to a directory. */
function assertNotWritten(directory: string): void {
  const file = join(directory, LOCK);
  if (!existsSync(file)) return;
  const holder = readHolder(file);
  if (holder !== null && !isAlive(holder)) return;
  throw new UsageError(
    holder === null
      ? `${directory} is locked by ${file}`
      : `${directory} is being written by process ${holder.pid} on ${holder.host}`,
    `wait for it, or remove ${file} if it is gone`,
  );
}

/** Resolves when no other process writes to a directory. Throws UsageError when one goes on for two seconds. */
export async function untilNotWritten(directory: string): Promise<void> {
  for (let waited = 0; ; waited += PAUSE_MS) {
    try {
      assertNotWritten(directory);
      return;
    } catch (error) {
      if (waited >= PATIENCE_MS) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/**
 * Locks a directory for this process; returns what unlocks it.
 *
 * @throws UsageError when another process writes to it
 */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, LOCK);
  const own: Holder = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  for (;;) {
    try {
      write(file, `${JSON.stringify(own)}\n`, 'wx');
      forceNow(file);
      return () => remove(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    assertNotWritten(directory);
    remove(file);
  }
}

function readHolder(file: string): Holder | null {
  try {
    return holderShape.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}
