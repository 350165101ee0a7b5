/**
 * Everything that a run changes on the disk goes through here, so that the order of writing, forcing and renaming is in
 * one place, and so that a fault simulator (faults/) can stand between: let a step fail, or be the last one.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What is done to a path: its bytes are written, forced to the disk, its name is changed or removed. */
export type DiskStep = 'write' | 'force' | 'rename' | 'remove';

/** Somebody who stands between a run and its disk. */
export interface DiskWatch {
  /** Whether what is forced is forced for real: one that keeps account of it by itself saves the time. */
  readonly forces: boolean;
  /** Called before a step; what it throws happens in place of the step. */
  readonly before: (step: DiskStep, path: string, to?: string) => void;
  /** Called after a step; what it throws happens although the step was done. */
  readonly after: (step: DiskStep, path: string, to?: string) => void;
}

let watch: DiskWatch | null = null;

/** Lets `next` stand between all runs of this process and the disk; null = nobody. Returns who stood there. */
export function watchDisk(next: DiskWatch | null): DiskWatch | null {
  const before = watch;
  watch = next;
  return before;
}

function step(kind: DiskStep, path: string, act: () => void, to?: string): void {
  watch?.before(kind, path, to);
  act();
  watch?.after(kind, path, to);
}

/** A step that somebody else takes, such as a library that writes a file. */
export async function stepOf<T>(kind: DiskStep, path: string, act: () => Promise<T>): Promise<T> {
  watch?.before(kind, path);
  const result = await act();
  watch?.after(kind, path);
  return result;
}

/** Some systems refuse to open or to force folders; then nothing is lost but the guarantee. */
const UNFORCED_OPEN = ['EISDIR', 'EPERM', 'EACCES'];
const UNFORCED_SYNC = ['EPERM', 'EINVAL'];
const isOneOf = (error: unknown, codes: readonly string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '');

/** Forces a file or the entries of a folder to the disk. */
export function forceToDisk(path: string): Promise<void> {
  return stepOf('force', path, async () => {
    if (watch?.forces === false) return;
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      if (isOneOf(error, UNFORCED_OPEN)) return;
      throw error;
    }
    try {
      await handle.sync();
    } catch (error) {
      if (!isOneOf(error, UNFORCED_SYNC)) throw error;
    } finally {
      await handle.close();
    }
  });
}

/** forceToDisk that the caller waits for. */
export function forceNow(path: string): void {
  step('force', path, () => {
    if (watch?.forces === false) return;
    let file = -1;
    try {
      file = openSync(path, 'r');
      fsyncSync(file);
    } catch (error) {
      if (!isOneOf(error, [...UNFORCED_OPEN, ...UNFORCED_SYNC])) throw error;
    } finally {
      if (file >= 0) closeSync(file);
    }
  });
}

/** Gives a file or folder another name, in the place of a file that has it. */
export const rename = (from: string, to: string): void =>
  step('rename', from, () => renameSync(from, to), to);

/** Removes a file or a folder with all that it holds; one that is not there is no error. */
export const remove = (path: string): void =>
  step('remove', path, () => rmSync(path, { recursive: true, force: true }));

/** Writes a whole file in place. */
export const write = (path: string, data: string | Uint8Array, flag: 'w' | 'wx' = 'w'): void =>
  step('write', path, () => writeFileSync(path, data, { flag }));

/**
 * Puts a file in the place of the one that has its name: whoever reads, and whatever happens to the machine, meets
 * either of them whole.
 */
export function replace(path: string, data: string | Uint8Array): void {
  const aside = `${path}.writing`;
  write(aside, data);
  forceNow(aside);
  rename(aside, path);
  forceNow(dirname(path));
}
