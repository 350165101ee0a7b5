/** `darwin verify DIR`: re-runs what a manifest describes and compares the hash of the final state. */
import process from 'node:process';
import type { Command } from 'commander';
import type { ResolvedRun } from '../../configs/arms.ts';
import type { Override } from '../../configs/overrides.ts';
import { EXIT, MismatchError, UsageError } from '../../sim/core/errors.ts';
import type { Engine } from '../../sim/engine.ts';
import type { Simulation } from '../../sim/run.ts';
import { openCheckpoint } from '../checkpoints.ts';
import { addExtendOption, loadExtensions } from '../extensions.ts';
import { keptFounders } from '../founders.ts';
import { packageVersion } from '../hardware.ts';
import { LedgerFollower } from '../ledgerFollower.ts';
import { openEngineOf } from '../loadConfig.ts';
import { type Manifest, readManifest } from '../manifest.ts';
import { Progress } from '../progress.ts';
import { drive, engineLine, interruptSignal, openRun } from '../simulate.ts';
import { armsOf } from '../starts.ts';
import { answer, note } from '../terminal.ts';

interface VerifyOptions {
  readonly extend?: readonly string[];
  readonly engine?: string;
  readonly threads?: string;
  readonly ledger?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  addExtendOption(program.command('verify'))
    .summary('re-run a run directory and compare hashes')
    .description(
      'Re-runs what a run directory holds and compares the final hash. Exit code 1 when they differ.',
    )
    .argument('<dir>', 'run directory')
    .option('--engine <name>', 'another engine than the one that wrote it')
    .option('--threads <n>', 'worker threads; the hash does not depend on them')
    .option(
      '--ledger',
      'of a run on another engine: also give its actions to the cpu engine, which must have the same integers after every tick',
    )
    .option('--json', 'print one JSON object')
    .action(verifyCommand);
}

/** The run of a manifest, up to the tick that it reached. Throws ConfigError when it is not valid today. */
function runOf(manifest: Manifest, directory: string, { engine, threads }: VerifyOptions): ResolvedRun {
  const given: Override[] = [{ origin: directory, path: 'ticks', value: manifest.ticks }];
  if (threads !== undefined)
    given.push({ origin: `--threads ${threads}`, path: 'threads', value: Number(threads) });
  if (engine !== undefined) given.push({ origin: `--engine ${engine}`, path: 'engine', value: engine });
  return armsOf(manifest, directory, given);
}

/** Puts a branch where it began, if its own first checkpoint still is that. Throws MismatchError otherwise. */
async function takeUpOrigin(simulation: Simulation, { parent }: Manifest, directory: string): Promise<void> {
  if (parent === null) return;
  const state = await openCheckpoint(directory, parent.tick);
  await simulation.restore((world, piece) => state.read(world, piece), { place: state.folder });
  const hash = await simulation.finalHash();
  if (hash !== parent.hash)
    throw new MismatchError(
      `${state.folder}: its state has hash ${hash}, the branch began with ${parent.hash}`,
      'the directory was changed since',
    );
}

/**
 * Who follows a run on the cpu engine, where that is asked for.
 *
 * @throws UsageError where there is nothing to follow
 */
function followerOf(
  run: ResolvedRun,
  manifest: Manifest,
  engine: Engine,
  founders: ConstructorParameters<typeof LedgerFollower>[1],
  { ledger }: VerifyOptions,
): LedgerFollower | null {
  if (!ledger) return null;
  if (engine.name === 'cpu')
    throw new UsageError('--ledger follows another engine on cpu, this run is of cpu', 'leave it out');
  if (manifest.parent !== null)
    throw new UsageError('--ledger follows runs from their genesis, this one is a branch', 'leave it out');
  return new LedgerFollower(run, founders);
}

async function verifyCommand(directory: string, options: VerifyOptions): Promise<void> {
  await loadExtensions(options.extend);
  const manifest = readManifest(directory);
  if (manifest.finalHash === null || manifest.ticks < 1)
    throw new UsageError(
      `${directory} holds no final hash: its run is ${manifest.status}`,
      'verify a run that finished or was interrupted',
    );
  const run = runOf(manifest, directory, options);
  const { founders } = keptFounders(directory, manifest);
  const { engine, why } = await openEngineOf(run);
  const follower = followerOf(run, manifest, engine, founders, options);
  const { simulation, ...plan } = await openRun(run, engine, { laws: false, founders, ...follower?.watch });
  // a directory of cpu says so itself, and any machine has that
  if (engine.name !== 'cpu') note(engineLine(run, engine, why, plan));
  const interrupt = interruptSignal();
  const progress = new Progress(simulation.ticks, process.stderr, manifest.parent?.tick ?? 0);
  try {
    await takeUpOrigin(simulation, manifest, directory);
    const status = await drive(simulation, run, {
      signal: interrupt.signal,
      onAdvance: (advance) => {
        follower?.follow(simulation.tick);
        progress.update(simulation.tick, advance.agentSteps);
      },
    });
    progress.stop();
    if (status === 'interrupted') {
      process.exitCode = EXIT.interrupted;
      return;
    }
    const finalHash = await simulation.finalHash();
    const match = finalHash === manifest.finalHash;
    if (!match && !options.json) throw mismatch(manifest, finalHash, engine);
    answer(
      options.json,
      {
        dir: directory,
        match,
        recorded: manifest.finalHash,
        computed: finalHash,
        ticks: manifest.ticks,
        ...(follower === null ? {} : { ledgersCompared: follower.compared }),
      },
      () =>
        [
          `${directory} is reproduced: hash ${finalHash} after ${manifest.ticks} ticks`,
          ...(follower === null
            ? []
            : [
                `the cpu engine, given its actions, has the same integers after ${follower.compared} world-ticks`,
              ]),
        ].join('\n'),
    );
    if (!match) process.exitCode = EXIT.checkFailed;
  } finally {
    progress.stop();
    interrupt.release();
    await simulation.close();
    await engine.close();
  }
}

function mismatch(manifest: Manifest, computed: string, { name, device }: Engine): MismatchError {
  const version = packageVersion();
  const elsewhere = name !== manifest.engine || (name !== 'cpu' && device !== manifest.device);
  return new MismatchError(
    `recorded hash ${manifest.finalHash}, computed ${computed} after ${manifest.ticks} ticks`,
    elsewhere
      ? `recorded by engine ${manifest.engine} on ${manifest.device}, computed by ${name} on ${device}: their floats differ`
      : manifest.version === version
        ? 'the directory or the code was changed since'
        : `it was written by version ${manifest.version}, this is ${version}`,
  );
}
