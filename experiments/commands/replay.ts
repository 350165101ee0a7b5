/** `darwin replay DIR`: replays a world's journal on a chain and compares every balance after every tick. */
import process from 'node:process';
import type { Command } from 'commander';
import { WorldWallets } from '../../agents/wallet.ts';
import { EXIT, UsageError } from '../../sim/core/errors.ts';
import { wholeOf } from '../commandLine.ts';
import { readManifest } from '../manifest.ts';
import { Progress } from '../progress.ts';
import { openChain } from '../replay/access.ts';
import { type LedgerReplayReport, ReplayMismatchError, replayLedger } from '../replay/ledgerReplay.ts';
import { Translator } from '../replay/operations.ts';
import { RecordedJournal } from '../replay/recordedJournal.ts';
import { hostOf } from '../replay/rpc.ts';
import { type StrategyCommandOptions, strategyCommand } from '../replay/strategyCommand.ts';
import { answer, figure, note, table } from '../terminal.ts';

export interface ReplayOptions {
  readonly rpc?: string;
  readonly chain?: string;
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
    .action((directory: string, options: ReplayOptions & StrategyCommandOptions) =>
      options.strategy === undefined
        ? replayCommand(directory, options)
        : strategyCommand(directory, options),
    );
}

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
  const journal = await RecordedJournal.open(directory, world);
  if (options.dryRun) {
    await dryRun(journal, directory, world, [from, to], manifest.arms[0]!.slots, options.json);
    return;
  }
  const progress = new Progress(to, process.stderr, from);
  try {
    const chain = await openChain(options);
    const where = { id: chain.chainId, name: chain.name, host: hostOf(chain.rpc.url), own: chain.own };
    note(`${chain.name}, chain ${chain.chainId}, at ${where.host}`);
    try {
      const wallets = new WorldWallets(chain.mnemonic, world);
      const { operator } = chain;
      const slots = manifest.arms[0]!.slots;
      const report = await replayLedger({
        directory,
        manifest,
        world,
        from,
        to,
        signedTicks,
        chain,
        wallets,
        operator,
        journal,
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
      await chain.close();
    }
  } finally {
    progress.stop();
    journal.close();
  }
}

/** What a replay would send, told without a chain. */
async function dryRun(
  journal: RecordedJournal,
  directory: string,
  world: number,
  [from, to]: readonly [number, number],
  slots: number,
  json: boolean | undefined,
): Promise<void> {
  const translator = new Translator(slots);
  let entries = 0;
  let operations = 0;
  try {
    for (let tick = from; tick < to; tick++) {
      const recorded = await journal.entriesOf(tick);
      entries += recorded.length;
      operations += translator.operationsOf(recorded).length;
    }
  } finally {
    journal.close();
  }
  const plan = { dir: directory, world, dryRun: true, ticks: { from, to: to - 1 }, entries, operations };
  answer(
    json,
    plan,
    () => `nothing sent: ${figure(entries)} entries would be ${figure(operations)} operations`,
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
      `${signed.ticks} ticks signed one by one: ${figure(signed.transactions)} transactions in ${figure(signed.seconds)} s, ${figure(signed.transactions / signed.sendingSeconds)}/s once signed`,
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
