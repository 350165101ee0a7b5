/**
 * The directory of a sweep: `sweep.json` says what is run and when that was stated, `experiment.yaml` is the file as it
 * was then, `cells/<hash>.json.gz` are results. Results are written aside and renamed, so that what is there is whole.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { inBrief } from '../../sim/core/brief.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { lockDirectory } from '../directoryLock.ts';
import { describeHardware, type Hardware, packageVersion, sourceCommit } from '../hardware.ts';
import { makeDirectory } from '../makeDirectory.ts';
import { noDirectory } from '../noDirectory.ts';
import { shapeProblem } from '../shapeProblem.ts';
import { note } from '../terminal.ts';
import { type Cell, type CellResult, decodeResult, encodeResult, ticksOf } from './cell.ts';
import { type ExperimentFile, parseExperiment } from './experimentFile.ts';
import type { ScaleName } from './experimentSchema.ts';
import { sha256 } from './sha256.ts';
import { isResult, SWEEP_SHAPE } from './sweepShape.ts';

const SWEEP_VERSION = 1;
const MANIFEST = 'sweep.json';
const COPY = 'experiment.yaml';
const CELLS = 'cells';

/** A version of the experiment file, and how much was known when it was stated. */
export interface Statement {
  /** SHA-256 of the file. */
  readonly hash: string;
  readonly at: string;
  /** Cells of the directory that were finished by then. */
  readonly finished: number;
}

export interface CellEntry {
  readonly hash: string;
  readonly arm: string;
  readonly replicate: number;
}

/** Contents of `sweep.json`. */
export interface SweepManifest {
  readonly sweepVersion: number;
  readonly name: string;
  readonly scale: ScaleName;
  /** Path of the experiment file as it was given. */
  readonly file: string;
  /** Versions of the file in the order in which they were run; more than one if it was changed on the way. */
  readonly statements: readonly Statement[];
  readonly arms: readonly { readonly name: string; readonly about: string; readonly differs: string }[];
  readonly cells: readonly CellEntry[];
  readonly worlds: number;
  readonly ticks: number;
  readonly batches: number;
  readonly version: string;
  readonly commit: string | null;
  readonly hardware: Hardware;
  readonly threads: number;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Wall-clock time of all sittings. */
  readonly seconds: number;
  readonly status: 'running' | 'submitted' | 'finished' | 'interrupted' | 'failed';
}

/** What a sweep is about to do. */
export interface SweepPlan {
  readonly source: ExperimentFile;
  readonly scale: ScaleName;
  readonly arms: SweepManifest['arms'];
  readonly cells: readonly Cell[];
  readonly worlds: number;
  readonly batches: number;
  readonly threads: number;
}

const fileOf = (directory: string, hash: string): string => join(directory, CELLS, `${hash}.json.gz`);

/** The result of a cell, null where it is missing or damaged. */
export function readCell(directory: string, hash: string): CellResult | null {
  const file = fileOf(directory, hash);
  if (!existsSync(file)) return null;
  try {
    const result = decodeResult(readFileSync(file));
    if (isResult(result)) return result.hash === hash ? result : null;
  } catch {
    // told below
  }
  note(`${file} is damaged: its cell counts as not run`);
  return null;
}

/** Writes the result of a cell aside and puts it in place whole; many processes may do so at once. */
export function keepResult(directory: string, result: CellResult): void {
  const file = fileOf(directory, result.hash);
  const aside = `${file}.${hostname()}-${process.pid}.writing`;
  writeFileSync(aside, encodeResult(result));
  renameSync(aside, file);
}

/** Reads `sweep.json`. Throws UsageError when the directory holds none that this version can read. */
export function readSweep(directory: string): SweepManifest {
  const file = join(directory, MANIFEST);
  const hint = 'give the directory of a sweep';
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw noDirectory(directory, MANIFEST, 'sweep', cause);
    if (code !== undefined)
      throw new UsageError(`cannot read ${file}: ${(cause as Error).message}`, hint, { cause });
    throw new UsageError(`${directory} has a broken ${MANIFEST}`, hint, { cause });
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw new UsageError(`${directory} has a broken ${MANIFEST}`, hint);
  const { sweepVersion } = found as Partial<SweepManifest>;
  if (sweepVersion !== SWEEP_VERSION)
    throw new UsageError(
      `${file} has version ${inBrief(sweepVersion)}, this program reads version ${SWEEP_VERSION}`,
      'use the version of darwin-market that wrote it',
    );
  const problem = shapeProblem(SWEEP_SHAPE, found);
  if (problem !== null)
    throw new UsageError(`${file} is damaged: ${problem}`, 'sweep into another directory');
  return found as SweepManifest;
}

/** The experiment as it was last stated in a directory. Throws UsageError, or ConfigError for what is wrong in it. */
export function statedExperiment(directory: string): ExperimentFile {
  const file = join(directory, COPY);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(
      `cannot read ${file}: ${(cause as Error).message}`,
      'give the directory of a sweep',
      {
        cause,
      },
    );
  }
  return { file, text, hash: sha256(text), experiment: parseExperiment(text, file) };
}

/** The directory of a sweep that is being run; one process writes at a time. */
export class SweepDirectory {
  readonly path: string;
  private manifest: SweepManifest;
  private readonly unlock: () => void;
  private readonly began = performance.now();
  private readonly secondsBefore: number;

  /**
   * Opens a new directory, or one of an earlier sitting, and states what will be run before anything is.
   *
   * @throws UsageError where the directory holds something else, or a sweep that is not to be resumed
   */
  constructor(path: string, plan: SweepPlan, resume: boolean) {
    const known = existsSync(join(path, MANIFEST)) ? readSweep(path) : null;
    if (known === null && existsSync(path) && readdirSync(path).length > 0)
      throw new UsageError(`${path} is not empty and holds no sweep`, 'give another --out');
    if (known !== null && !resume)
      throw new UsageError(
        `${path} holds a sweep that is ${known.status}`,
        `--resume goes on with it; its finished cells are not run again`,
      );
    if (known === null && resume)
      throw new UsageError(`${path} holds no sweep to resume`, 'leave out --resume');
    if (known !== null && (known.name !== plan.source.experiment.name || known.scale !== plan.scale))
      throw new UsageError(
        `${path} holds ${known.name} at scale ${known.scale}`,
        'resume with the same experiment and scale, or give another --out',
      );
    try {
      makeDirectory(join(path, CELLS));
    } catch (cause) {
      throw new UsageError(`cannot make ${path}: ${(cause as Error).message}`, 'give another --out', {
        cause,
      });
    }
    this.path = path;
    this.unlock = lockDirectory(path);
    this.secondsBefore = known?.seconds ?? 0;
    const finished = readdirSync(join(path, CELLS)).filter((name) => name.endsWith('.json.gz')).length;
    this.manifest = manifestOf(plan, known, finished);
    writeFileSync(join(path, COPY), plan.source.text);
    this.save();
  }

  /** Keeps the result of a cell. */
  keep(result: CellResult): void {
    keepResult(this.path, result);
  }

  /** Records how the sitting ended and lets go of the directory. */
  close(status: SweepManifest['status']): void {
    this.manifest = {
      ...this.manifest,
      status,
      finishedAt: status === 'finished' ? new Date().toISOString() : null,
      seconds: this.secondsBefore + Math.round((performance.now() - this.began) / 100) / 10,
    };
    this.save();
    this.unlock();
  }

  private save(): void {
    const file = join(this.path, MANIFEST);
    writeFileSync(`${file}.writing`, `${JSON.stringify(this.manifest, null, 2)}\n`);
    renameSync(`${file}.writing`, file);
    rmSync(`${file}.writing`, { force: true });
  }
}

function manifestOf(
  { source, scale, arms, cells, worlds, batches, threads }: SweepPlan,
  known: SweepManifest | null,
  finished: number,
): SweepManifest {
  const now = new Date().toISOString();
  const statements = known?.statements ?? [];
  return {
    sweepVersion: SWEEP_VERSION,
    name: source.experiment.name,
    scale,
    file: source.file,
    statements:
      statements.at(-1)?.hash === source.hash
        ? statements
        : [...statements, { hash: source.hash, at: now, finished }],
    arms,
    cells: cells.map(({ hash, arm, replicate }) => ({ hash, arm, replicate })),
    worlds,
    ticks: Math.max(...cells.map(ticksOf)),
    batches,
    version: packageVersion(),
    commit: sourceCommit(),
    hardware: describeHardware(),
    threads,
    startedAt: known?.startedAt ?? now,
    finishedAt: null,
    seconds: known?.seconds ?? 0,
    status: 'running',
  };
}
