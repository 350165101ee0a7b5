/** A disk that fails when a schedule says so, and remembers what a machine that stops would lose. */
import { existsSync, readFileSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DiskStep, DiskWatch } from '../disk.ts';
import type { Fault } from './schedule.ts';

/** Thrown in place of every step of a process that is no more. */
export class Crash extends Error {}

/** A name that was changed and not yet forced. */
interface Renamed {
  readonly from: string;
  readonly to: string;
  /** The file that had the name before; null where there was none. */
  readonly replaced: Buffer | null;
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

export class FaultyDisk implements DiskWatch {
  readonly forces = false;
  /** Steps so far. */
  steps = 0;
  /** Whether the fault has happened. */
  struck = false;
  /** Whether the process is no more. */
  dead = false;
  private readonly fault: Fault | null;
  /** Number of the step that the fault strikes, from 1. */
  private readonly at: number;
  private unforced = new Set<string>();
  private renames: Renamed[] = [];
  private replaced: Buffer | null = null;

  /**
   * @param fault null for a disk that only counts
   * @param steps of the run without faults
   */
  constructor(fault: Fault | null, steps: number) {
    this.fault = fault;
    this.at = fault === null ? 0 : 1 + Math.floor(fault.at * steps);
  }

  before(step: DiskStep, path: string, to?: string): void {
    if (this.dead) throw new Crash();
    this.steps++;
    if (step === 'rename') {
      const isFile = to !== undefined && existsSync(to) && statSync(to).isFile();
      this.replaced = isFile ? readFileSync(to) : null;
    }
    const { fault } = this;
    if (fault === null || this.steps !== this.at) return;
    if (fault.kind === 'refused') this.refuse(fault.code, step, path);
    if ((fault.kind === 'killed' || fault.kind === 'power') && !fault.after) this.end();
    // other steps than writes cannot be cut short
    if (fault.kind === 'short' && step !== 'write') this.refuse('ENOSPC', step, path);
  }

  after(step: DiskStep, path: string, to?: string): void {
    this.remember(step, path, to);
    const { fault } = this;
    if (fault === null || this.steps !== this.at) return;
    if (fault.kind === 'short') {
      truncateSync(path, Math.floor(statSync(path).size * fault.share));
      this.refuse('ENOSPC', step, path);
    }
    if ((fault.kind === 'killed' || fault.kind === 'power') && fault.after) this.end();
  }

  /** Leaves what a machine that stops leaves: unforced files are cut short, unforced names from some point on undone. */
  losePower(share: number): void {
    for (const path of this.unforced)
      if (existsSync(path)) truncateSync(path, Math.floor(statSync(path).size * share));
    for (const { from, to, replaced } of this.renames
      .slice(Math.floor(this.renames.length * share))
      .reverse()) {
      if (!existsSync(to) || existsSync(from)) continue;
      renameSync(to, from);
      if (replaced !== null) writeFileSync(to, replaced);
    }
  }

  private refuse(code: string, step: DiskStep, path: string): never {
    this.struck = true;
    throw Object.assign(new Error(`${code}: ${step} '${path}'`), { code, syscall: step, path });
  }

  private end(): never {
    this.struck = true;
    this.dead = true;
    throw new Crash();
  }

  private remember(step: DiskStep, path: string, to?: string): void {
    if (step === 'write') this.unforced.add(path);
    if (step === 'force') {
      this.unforced.delete(path);
      this.renames = this.renames.filter((renamed) => dirname(renamed.to) !== path);
    }
    if (step === 'remove') {
      for (const file of this.unforced) if (isWithin(file, path)) this.unforced.delete(file);
      this.renames = this.renames.filter((renamed) => !isWithin(renamed.to, path));
    }
    if (step === 'rename' && to !== undefined) {
      const moved = (file: string): string => (isWithin(file, path) ? to + file.slice(path.length) : file);
      this.unforced.delete(to);
      this.unforced = new Set([...this.unforced].map(moved));
      this.renames.push({ from: path, to, replaced: this.replaced });
    }
  }
}
