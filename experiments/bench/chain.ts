/**
 * `darwin bench chain`: a recorded world on anvil: entries a second in batches of a tick, transactions a second that every
 * agent signs for itself, signatures a second, and the gas of each mechanism.
 */
import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { WorldWallets } from '../../agents/wallet.ts';
import { parseConfig } from '../../configs/parse.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { openChain } from '../replay/access.ts';
import { type LedgerReplayReport, replayLedger } from '../replay/ledgerReplay.ts';
import { RecordedJournal } from '../replay/recordedJournal.ts';
import { recordRun } from '../replay/recordRun.ts';
import { SigningPool } from '../replay/signingPool.ts';
import { median } from '../statistics/estimates.ts';
import { type BenchOptions, type BenchRow, spreadOf, type TimedWork, takeTurns } from './measure.ts';

const CONFIG = 'on-chain.yaml';
const REPEATS = 3;
/** Ticks in batches; then, from the middle on, ticks in which everybody signs. */
const TICKS = 100;
const SIGNED_TICKS = 5;
const SIGNATURES = 500;
const THREADS_MOST = 4;

/** Rates of a replay of configs/on-chain.yaml; rows differ in who signs. */
export async function benchChain(
  options: BenchOptions & { readonly ticks?: number; readonly signedTicks?: number } = {},
): Promise<BenchRow[]> {
  const { ticks = TICKS, signedTicks = SIGNED_TICKS, repeats = REPEATS } = options;
  const threads = options.threads ?? Math.min(THREADS_MOST, availableParallelism());
  const { run, slots } = configOf(ticks, options.agents);
  const recorded = await recordRun(run);
  const chain = await openChain({});
  const wallets = new WorldWallets(chain.mnemonic, 0);
  const pool = new SigningPool((address) => wallets.keyOf(address), threads);
  const { directory, manifest } = recorded;
  try {
    const replay = async (
      from: number,
      to: number,
      signing: number,
      where: SigningPool | null,
    ): Promise<LedgerReplayReport> => {
      const journal = await RecordedJournal.open(directory, 0);
      try {
        const range = { from, to, signedTicks: signing, world: 0, journal, pool: where };
        return await replayLedger({
          directory,
          manifest,
          chain,
          wallets,
          ...range,
        });
      } finally {
      }
    };
    let gas: LedgerReplayReport['gas'] | null = null;
    const batches = async (): Promise<TimedWork> => {
      const report = await replay(0, ticks, 0, null);
      gas = report.gas;
      return { units: report.entries, ms: 1000 * report.seconds };
    };
    const middle = Math.floor((ticks - signedTicks) / 2);
    const singly = async (where: SigningPool | null): Promise<TimedWork> => {
      const { signed } = await replay(middle, middle + signedTicks, signedTicks, where);
      return { units: signed.transactions, ms: 1000 * signed.seconds };
    };
    const cpu: number[] = [];
    const [entries, here, pooled, signatures] = (await takeTurns(
      [
        { advance: batches },
        { advance: () => singly(null) },
        { advance: () => singly(pool) },
        { advance: () => signMany(wallets, cpu) },
      ],
      repeats,
    )) as [number[], number[], number[], number[]];
    const row = { engine: 'anvil', agents: slots, worlds: 1 };
    return [
      {
        ...row,
        name: 'chain, a batch a tick',
        threads: 1,
        entriesPerSecond: spreadOf(entries),
        gasPerEntry: gasOf(gas!),
        note: 'contracts and arrivals included, every balance compared after every tick',
      },
      { ...row, name: 'chain, signed singly', threads: 1, transactionsPerSecond: spreadOf(here) },
      {
        ...row,
        name: 'chain, signed singly',
        threads,
        transactionsPerSecond: spreadOf(pooled),
        ratio: median(pooled.map((rate, k) => rate / here[k]!)),
        ratioTo: 'in one thread',
      },
      {
        ...row,
        name: 'signatures',
        threads: 1,
        signaturesPerSecond: spreadOf(signatures),
        note: `${Math.round(median(cpu))} us of CPU time a signature (median)`,
      },
    ];
  } finally {
    await pool.close();
    await chain.close();
    rmSync(dirname(directory), { recursive: true, force: true });
  }
}

/** The config as text with its ticks and slots changed. */
function configOf(ticks: number, agents: number | undefined): { run: string; slots: number } {
  const text = readFileSync(join(PACKAGE_ROOT, 'configs', CONFIG), 'utf8').replace(
    /^ticks: \d+$/m,
    `ticks: ${ticks}`,
  );
  const run = agents === undefined ? text : text.replace(/^slots: \d+$/m, `slots: ${agents}`);
  return { run, slots: parseConfig(run).arms[0]!.slots };
}

/** Transfers that one wallet signs in this thread; notes the CPU microseconds of each. */
async function signMany(wallets: WorldWallets, cpu: number[]): Promise<TimedWork> {
  const wallet = wallets.agent(1);
  const before = process.cpuUsage();
  const start = performance.now();
  for (let nonce = 0; nonce < SIGNATURES; nonce++)
    await wallet.signTransaction({
      type: 'eip1559',
      chainId: 31337,
      nonce,
      gas: 100_000n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      to: wallet.address,
      data: `0xa9059cbb${'0'.repeat(128)}`,
      value: 0n,
    });
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  cpu.push((user + system) / SIGNATURES);
  return { units: SIGNATURES, ms };
}

/** Gas of an entry by mechanism, the dearest first. */
const gasOf = ({ perMechanism }: LedgerReplayReport['gas']): Record<string, number> =>
  Object.fromEntries(
    Object.entries(perMechanism)
      .flatMap(([name, { gasPerEntry }]): [string, number][] =>
        gasPerEntry === null ? [] : [[name, gasPerEntry]],
      )
      .sort(([, a], [, b]) => b - a),
  );
