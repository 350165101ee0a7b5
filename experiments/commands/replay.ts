/** `darwin replay DIR`: replays a world's journal on a chain and compares every balance after every tick. */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import { WorldWallets } from '../../agents/wallet.ts';
import { EXIT, UsageError } from '../../sim/core/errors.ts';
import { wholeOf } from '../commandLine.ts';
import { readManifest } from '../manifest.ts';
import { Progress } from '../progress.ts';
import { assertAffordable, type OpenChain, openChain } from '../replay/access.ts';
import { type ForecastRange, forecastReplay, type ReplayForecast } from '../replay/forecast.ts';
import { type LedgerReplayReport, replayLedger } from '../replay/ledgerReplay.ts';
import { RecordedJournal } from '../replay/recordedJournal.ts';
import { ReplayMismatchError } from '../replay/replayMismatch.ts';
import { hostOf } from '../replay/rpc.ts';
import { SigningPool } from '../replay/signingPool.ts';
import { type StrategyCommandOptions, strategyCommand } from '../replay/strategyCommand.ts';
import { answer, figure, note, table } from '../terminal.ts';
import { MNEMONIC_VARIABLE } from '../walletRoots.ts';

/** Threads that sign, beside the chain and this one. */
const SIGNING_THREADS = Math.max(1, Math.min(4, availableParallelism()));

export interface ReplayOptions {
  readonly rpc?: string;
  readonly chain?: string;
  readonly chainId?: string;
  readonly cap?: string;
  readonly world: string;
  readonly ticks?: string;
  readonly signed: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('replay')
    .summary('replay a recorded world on an EVM chain')
    .description(
      'Replays the journal of a recorded world on a chain, one settled batch a tick, and compares every balance, stake, ' +
        'escrow and reserve with the ledger after each. Exit code 1 where they differ.',
    )
    .argument('<dir>', 'run directory, recorded with output.journalWorlds above the world')
    .option('--rpc <url>', 'address of a chain; by default anvil is started')
    .option('--chain <name>', 'the test network that --rpc must be, such as sepolia')
    .option('--chain-id <id>', 'allow a chain that is no known test network, by its id')
    .option('--cap <ether>', 'most ether to spend on a chain of others (default 0.1)')
    .option('--world <w>', 'world of the run', '0')
    .option('--ticks <a..b>', 'first and last tick; by default all')
    .option('--signed <n>', 'in the first n ticks every agent signs its own transfers', '0')
    .option('--dry-run', 'translate and quote, send nothing')
    .option(
      '--strategy <ids>',
      'trade live with saved learners instead: serials, comma-separated, or champion',
    )
    .option('--trade-ticks <n>', 'with --strategy: ticks to trade', '200')
    .option('--slippage <bps>', 'with --strategy: how far below its quote a trade may end', '100')
    .option(
      '--shock <tick:share>',
      'with --strategy: cash (or, below zero, token) of a share of its reserve hits the pool',
      collect,
      [],
    )
    .option('--max-fee <gwei>', 'with --strategy: most gwei per gas to pay', '50')
    .option(
      '--pool <addresses>',
      'with --strategy: an existing pool as pair,router,token; by default a fresh one',
    )
    .option('--json', 'print one JSON object')
    .action((directory: string, options: ReplayOptions & StrategyCommandOptions, command: Command) => {
      const trades = options.strategy !== undefined;
      for (const name of trades ? LEDGER_ALONE : STRATEGY_ALONE)
        if (command.getOptionValueSource(name) === 'cli')
          throw new UsageError(
            `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is ${trades ? 'not for --strategy' : 'for --strategy alone'}`,
            trades ? 'leave one of them out' : 'add --strategy champion, or leave it out',
          );
      return trades ? strategyCommand(directory, options) : replayCommand(directory, options);
    });
}

/** Options that only one of the two replays reads. */
const LEDGER_ALONE = ['ticks', 'signed'];
const STRATEGY_ALONE = ['tradeTicks', 'slippage', 'shock', 'maxFee', 'pool'];

const collect = (text: string, before: readonly string[]): string[] => [...before, text];

/** First tick and the one after the last. */
function rangeOf(text: string | undefined, first: number, end: number): [number, number] {
  if (text === undefined) return [first, end];
  const match = /^(\d+)\.\.(\d+)$/.exec(text.trim());
  if (match === null || Number(match[2]) < Number(match[1]))
    throw new UsageError(`--ticks ${text} is no range`, `for example --ticks ${first}..${end - 1}`);
  return [Number(match[1]), Number(match[2]) + 1];
}

async function replayCommand(directory: string, options: ReplayOptions): Promise<void> {
  const manifest = readManifest(directory);
  const world = wholeOf('--world', options.world);
  const signedTicks = wholeOf('--signed', options.signed);
  const [from, to] = rangeOf(options.ticks, manifest.parent?.tick ?? 0, manifest.ticks);
  const { slots } = manifest.arms[0]!;
  const journal = await RecordedJournal.open(directory, world);
  if (options.dryRun) {
    await dryRun(journal, directory, world, { from, to, slots, signedTicks }, options.json);
    return;
  }
  const progress = new Progress(to, process.stderr, from);
  let pool: SigningPool | null = null;
  try {
    const chain = await openChain(options);
    const where = { id: chain.chainId, name: chain.name, host: hostOf(chain.rpc.url), own: chain.own };
    note(`${chain.name}, chain ${chain.chainId}, at ${where.host}`);
    try {
      const wallets = new WorldWallets(chain.mnemonic, world);
      const known = manifest.wallets?.[world];
      if (known !== undefined && known !== wallets.agentRoot)
        note(
          `other wallets than those of the run: set ${MNEMONIC_VARIABLE} to its mnemonic for the same ones`,
        );
      if (!chain.own) await assertRangeAffordable(chain, directory, world, { from, to, slots, signedTicks });
      // what one wallet signs is not worth a thread
      pool = signedTicks > 0 ? new SigningPool((address) => wallets.keyOf(address), SIGNING_THREADS) : null;
      const report = await replayLedger({
        directory,
        manifest,
        world,
        from,
        to,
        signedTicks,
        chain,
        wallets,
        journal,
        pool,
        onTick: (tick) => progress.update(tick + 1, slots),
      });
      progress.stop();
      answer(
        options.json,
        { dir: directory, world, match: true, mismatch: null, chain: where, ...report },
        () => describe(directory, world, report),
      );
    } catch (error) {
      progress.stop();
      if (!options.json || !(error instanceof ReplayMismatchError)) throw error;
      const { mismatch, message } = error;
      answer(
        true,
        { dir: directory, world, match: false, mismatch: { ...mismatch, message }, chain: where },
        () => '',
      );
      process.exitCode = EXIT.checkFailed;
    } finally {
      await pool?.close();
      await chain.close();
    }
  } finally {
    progress.stop();
  }
}

/** Refuses on a chain of others what cap or wallet do not reach. */
async function assertRangeAffordable(
  chain: OpenChain,
  directory: string,
  world: number,
  range: ForecastRange,
): Promise<void> {
  const journal = await RecordedJournal.open(directory, world);
  try {
    const { gas, transactions } = await forecastReplay(journal, range);
    note(
      `${figure(transactions)} transactions${range.signedTicks > 0 ? ', with gas money for who signs' : ''}`,
    );
    await assertAffordable(chain, gas, 0n, note);
  } finally {
  }
}

/** What a replay would send, told without a chain. */
async function dryRun(
  journal: RecordedJournal,
  directory: string,
  world: number,
  range: ForecastRange,
  json: boolean | undefined,
): Promise<void> {
  let forecast: ReplayForecast;
  try {
    forecast = await forecastReplay(journal, range);
  } finally {
  }
  const { entries, operations, transactions, gas } = forecast;
  const ticks = { from: range.from, to: range.to - 1 };
  answer(
    json,
    { dir: directory, world, dryRun: true, ticks, entries, operations, transactions, gas },
    () =>
      `nothing sent: ${figure(entries)} entries would be ${figure(operations)} operations; on a chain of others ` +
      `about ${figure(transactions)} transactions and ${figure(gas)} gas`,
  );
}

function describe(directory: string, world: number, report: LedgerReplayReport): string {
  const { ticks, entries, identities, gas, seconds, transactions, signed } = report;
  const count = ticks.to - ticks.from + 1;
  const lines = [
    `world ${world} of ${directory} is reproduced on the chain: ${count} ticks, ${figure(entries)} entries, no difference`,
    `${figure(report.comparisons)} balances compared; ${identities.arrivals} arrivals, ${identities.departures} deaths, ${identities.alive} alive`,
    `${figure(transactions)} transactions in ${figure(seconds)} s, ${figure(report.entriesPerSecond)} entries/s, signatures ${figure(report.signingSeconds)} s of it`,
  ];
  if (signed.ticks > 0)
    lines.push(
      `${signed.ticks} ticks signed one by one: ${figure(signed.transactions)} transactions in ${figure(signed.seconds)} s, ${figure(signed.transactions / signed.seconds)}/s with ${SIGNING_THREADS} threads that sign, ${figure(signed.transactions / signed.sendingSeconds)}/s once signed`,
    );
  const rows = Object.entries(gas.perMechanism).map(([name, of]) => [
    name,
    of.entries === 0 ? '-' : figure(of.entries),
    figure(of.gas),
    of.gasPerEntry === null ? '-' : figure(of.gasPerEntry),
  ]);
  lines.push(table(['mechanism', 'entries', 'gas', 'gas/entry'], rows));
  const agents = gas.perAgent.map(({ gas: used }) => used);
  if (agents.length > 0)
    lines.push(
      `gas per agent: median ${figure(agents[agents.length >> 1]!)}, most ${figure(agents[0]!)} (agent ${gas.perAgent[0]!.serial}), of ${figure(gas.total)} in all`,
    );
  return lines.join('\n');
}
