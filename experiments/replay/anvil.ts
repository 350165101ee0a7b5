/** A local chain for replays and tests: anvil from its npm package, on a free port of the loopback interface. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import process from 'node:process';
import { EnvironmentError } from '../../sim/core/errors.ts';

export interface AnvilOptions {
  /** 0 = a free one. */
  readonly port?: number;
  /** wei per gas of the first block; later ones follow EIP-1559. Default 0: nobody needs funds. */
  readonly baseFee?: number;
  /** Whether each transaction makes a block at once. Default false: blocks are mined on demand. */
  readonly automine?: boolean;
  /** Whether transactions need no signature. For tests of contracts. */
  readonly impersonate?: boolean;
  /** Its id; default 31337. */
  readonly chainId?: number;
  /** File that the state is loaded from where it exists, and saved to at the end. */
  readonly state?: string;
  /** Seconds between further saves of the state, so that a killed chain begins again not far back. */
  readonly stateEvery?: number;
  /** Whether old states may be asked for and returned to. Default false, which is faster. */
  readonly history?: boolean;
}

export interface Anvil {
  readonly url: string;
  readonly port: number;
  /** Ends the process; `hard` without letting it save anything. */
  stop(hard?: boolean): Promise<void>;
}

const READY_MS = 60_000;
/** Above all that a tick's batch can take. */
const BLOCK_GAS = 100_000_000_000;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * The program of this platform.
 *
 * @throws EnvironmentError when the optional package is not installed
 */
function anvilProgram(): string {
  const name = `@foundry-rs/anvil-${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`;
  try {
    const suffix = process.platform === 'win32' ? '.exe' : '';
    return createRequire(import.meta.url).resolve(`${name}/bin/anvil${suffix}`);
  } catch (cause) {
    throw new EnvironmentError(
      `the local chain anvil is not installed: ${name} is missing`,
      'npm install @foundry-rs/anvil, or give --rpc URL',
      { cause },
    );
  }
}

/**
 * Starts anvil.
 *
 * @throws EnvironmentError when it is missing or does not answer
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const {
    port = 0,
    baseFee = 0,
    automine = false,
    impersonate = false,
    state,
    stateEvery,
    history = false,
  } = options;
  const args = ['--port', String(port), '--accounts', '0', '--order', 'fifo', '--hardfork', 'cancun'];
  args.push('--gas-limit', String(BLOCK_GAS), '--base-fee', String(baseFee), '--gas-price', String(baseFee));
  args.push('--no-cors', '--no-request-size-limit', '--disable-min-priority-fee', '--threads', '2');
  if (!automine) args.push('--no-mining');
  if (impersonate) args.push('--auto-impersonate');
  if (!history && state === undefined) args.push('--prune-history', '--transaction-block-keeper', '4');
  if (state !== undefined) args.push('--state', state, '--preserve-historical-states');
  if (options.chainId !== undefined) args.push('--chain-id', String(options.chainId));
  if (stateEvery !== undefined) args.push('--state-interval', String(stateEvery));
  const child = spawn(anvilProgram(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  try {
    const bound = await portOf(child);
    return {
      url: `http://127.0.0.1:${bound}`,
      port: bound,
      stop: async (hard = false) => {
        process.removeListener('exit', kill);
        if (child.exitCode === null && child.signalCode === null) {
          child.kill(hard ? 'SIGKILL' : 'SIGTERM');
          await ended;
        }
      },
    };
  } catch (error) {
    process.removeListener('exit', kill);
    kill();
    throw error;
  }
}

/** Reads the port from what anvil prints first; the rest, such as the keys of test accounts, is dropped. */
function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    let problem = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new EnvironmentError(`the local chain anvil did not start: ${why}`, 'give --rpc URL'));
    };
    const timer = setTimeout(() => fail(`no answer within ${READY_MS / 1000} s`), READY_MS);
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code) => fail(problem.trim().split('\n').at(-1) || `exit code ${code}`));
    child.stderr!.on('data', (data: Buffer) => {
      problem = (problem + data.toString()).slice(-2000);
    });
    const read = (data: Buffer): void => {
      text += data.toString();
      const found = /Listening on 127\.0\.0\.1:(\d+)/.exec(text);
      if (found === null) return;
      clearTimeout(timer);
      child.stdout!.off('data', read);
      child.stdout!.resume();
      resolve(Number(found[1]));
    };
    child.stdout!.on('data', read);
  });
}
