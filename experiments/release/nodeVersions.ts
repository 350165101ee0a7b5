/**
 * The same results under several versions of Node: each comes to the hashes of the release, and reproduces a run that
 * this version wrote.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { MismatchError, UsageError } from '../../sim/core/errors.ts';
import { PACKAGE_ROOT } from '../hardware.ts';

const PROGRAM = join(PACKAGE_ROOT, 'dist', 'experiments');
/** The run that each version reproduces: births, deaths, two threads, every table. */
const RUN = ['quickstart', '--ticks', '400', '--threads', '2', '--checkpoint-every', '100'];

/** What one version came to. */
export interface NodeFigures {
  /** As it says itself, `v22.21.0`. */
  readonly version: string;
  /** Hash of the run that it reproduced. */
  readonly hash: string;
  /** Presets whose hashes it came to. */
  readonly presets: number;
  readonly seconds: number;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(node: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (data: string) => {
        text[name] += data;
      });
    child.on('error', (cause) =>
      reject(new UsageError(`cannot start ${node}: ${cause.message}`, 'give the path of node', { cause })),
    );
    child.on('close', (code) => resolve({ code, ...text }));
  });
}

async function mustRun(node: string, version: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(node, args);
  if (code === 0) return stdout;
  throw new MismatchError(
    `Node ${version}: ${stderr
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^error: /, '')}`,
  );
}

async function versionOf(node: string): Promise<string> {
  const { stdout } = await run(node, ['--version']);
  const version = stdout.trim();
  if (/^v\d+\.\d+\.\d+/.test(version)) return version;
  throw new UsageError(`${node} is no Node: it has no version`, 'give the path of a node binary');
}

/**
 * Holds versions of Node against the recorded hashes and against a run of this one.
 *
 * @param nodes paths of their binaries
 * @throws MismatchError where one comes to another hash, UsageError where one is no Node
 */
export async function compareNodes(
  nodes: readonly string[],
  onFigures: (figures: NodeFigures) => void = () => {},
): Promise<NodeFigures[]> {
  const versions: string[] = [];
  for (const node of nodes) versions.push(await versionOf(node));
  const folder = mkdtempSync(join(tmpdir(), 'darwin-nodes-'));
  try {
    const directory = join(folder, 'run');
    const cli = join(PROGRAM, 'cli.js');
    const here = ['run', ...RUN, '--out', directory, '--json'];
    const written = JSON.parse(await mustRun(process.execPath, process.version, [cli, ...here]));
    const found: NodeFigures[] = [];
    for (const [k, node] of nodes.entries()) {
      const version = versions[k]!;
      const start = performance.now();
      const told = await mustRun(node, version, [join(PROGRAM, 'release', 'record.js'), '--check']);
      const verified = JSON.parse(await mustRun(node, version, [cli, 'verify', directory, '--json']));
      if (verified.computed !== written.finalHash)
        throw new MismatchError(
          `Node ${version}: hash ${verified.computed}, Node ${process.version} came to ${written.finalHash}`,
        );
      const seconds = (performance.now() - start) / 1000;
      const figures = { version, hash: verified.computed, presets: Number.parseInt(told, 10), seconds };
      found.push(figures);
      onFigures(figures);
    }
    return found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
