/** For tests that need the compiled program: worker threads and the command line run from `dist`. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { EnvironmentError } from '../sim/core/errors.ts';
import { PACKAGE_ROOT } from './hardware.ts';

const CLI = join(PACKAGE_ROOT, 'dist', 'experiments', 'cli.js');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Throws EnvironmentError unless the program was compiled. */
export function assertCompiled(): void {
  if (!existsSync(CLI)) throw new EnvironmentError(`${CLI} is missing`, 'npm run build');
}

/**
 * Runs `darwin ARGS` to its end.
 *
 * @param onOutput called with all that was written so far; may send signals to the process
 */
export function darwin(
  args: readonly string[],
  cwd: string,
  onOutput?: (text: string, interrupt: () => void) => void,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: '1', DEBUG: '' };
    const child = spawn(process.execPath, [CLI, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (data: string) => {
        text[name] += data;
        onOutput?.(text.stdout + text.stderr, () => child.kill('SIGINT'));
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...text }));
  });
}
