import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Hex, numberToHex, parseTransaction, toFunctionSelector } from 'viem';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WorldWallets } from '../../agents/wallet.ts';
import { openCheckpoint } from '../checkpoints.ts';
import type { Manifest } from '../manifest.ts';
import { type Anvil, startAnvil } from './anvil.ts';
import { ChainVenue } from './chainVenue.ts';
import { replayLedger } from './ledgerReplay.ts';
import { makePool } from './pool.ts';
import { type PublicNode, startPublicNode } from './publicNode.ts';
import { Purse } from './purse.ts';
import { RecordedJournal } from './recordedJournal.ts';
import { recordRun } from './recordRun.ts';
import { Rpc, RpcError } from './rpc.ts';
import { Sender, TRANSACTION_GAS_MOST } from './sender.ts';
import { CHAMPION, StrategyDesk } from './strategy.ts';
import { predict, type TradingPlan, tradeOn } from './strategyReplay.ts';
import type { ChainAccess } from './transaction.ts';

const MNEMONIC = 'test test test test test test test test test test test junk';
const GWEI = 10 ** 9;
const ETHER = 10n ** 18n;
const SEPOLIA = 11155111;
const SLOTS = 4;
const TICKS = 60;
const SETTLE = toFunctionSelector('settle(uint256,bytes)');

let anvil: Anvil;
let direct: Rpc;
let run: { directory: string; manifest: Manifest };
const wallets = new WorldWallets(MNEMONIC, 0);
beforeAll(async () => {
  anvil = await startAnvil({ chainId: SEPOLIA, baseFee: GWEI, history: true });
  direct = new Rpc(anvil.url);
  await direct.call('anvil_setBalance', [wallets.operator.address, numberToHex(100n * ETHER)]);
  run = await recordRun(`
seed: public
ticks: ${TICKS}
slots: ${SLOTS}
output: { metricsEvery: ${TICKS}, journalWorlds: 1 }
world: { policy: { financeStep: 0.1 } }
`);
});
afterAll(async () => {
  await anvil.stop(true);
  rmSync(dirname(run.directory), { recursive: true });
});

const through = (node: PublicNode, cap: bigint | null = null): ChainAccess => ({
  rpc: new Rpc(node.url),
  chainId: SEPOLIA,
  own: false,
  purse: new Purse(cap),
});

describe('a node that is as strict as public ones', () => {
  it('refuses what they refuse', async () => {
    const node = await startPublicNode(anvil.url, { blockMs: 3_600_000 });
    const rpc = new Rpc(node.url);
    const wallet = wallets.agent(900);
    await direct.call('anvil_setBalance', [wallet.address, numberToHex(ETHER)]);
    const offer = async (fee: number, tip: number): Promise<string> => {
      const raw = await wallet.signTransaction({
        type: 'eip1559',
        chainId: SEPOLIA,
        nonce: 0,
        gas: 21_000n,
        maxFeePerGas: BigInt(fee),
        maxPriorityFeePerGas: BigInt(tip),
        to: wallet.address,
      });
      return rpc.call<Hex>('eth_sendRawTransaction', [raw]).catch((error: RpcError) => error.message);
    };
    try {
      expect(await offer(10 * GWEI, 0)).toMatch(/underpriced: gas tip cap 0/);
      expect(await offer(10 * GWEI, 1000)).toMatch(/^0x/);
      expect(await offer(10 * GWEI, 1000)).toMatch(/already known/);
      expect(await offer(20 * GWEI, 1099)).toMatch(/replacement transaction underpriced/);
      expect(await offer(20 * GWEI, 1100)).toMatch(/^0x/);
      await expect(rpc.call('evm_mine')).rejects.toThrow(RpcError);
      await direct.call('evm_mine');
    } finally {
      await node.stop();
    }
  });

  it('carries a replay with signed ticks through limits of questions and answers that are lost', async () => {
    const node = await startPublicNode(anvil.url, { limitEvery: 23 });
    const journal = await RecordedJournal.open(run.directory, 0);
    const chain = through(node, ETHER);
    let taken = 0;
    node.onTaken = () => {
      if (++taken % 20 === 0) node.loseAnswers++;
    };
    try {
      const { directory, manifest } = run;
      const range = { world: 0, from: 20, to: 22, signedTicks: 1, journal };
      const report = await replayLedger({ directory, manifest, chain, wallets, ...range });
      expect(report.signed.transactions).toBeGreaterThan(5);
      expect(node.refused.limited).toBeGreaterThan(0);
      expect(node.refused.known).toBeGreaterThan(0);
      expect(node.refused).toMatchObject({ tipless: 0, replacement: 0 });
      expect(chain.purse.spent <= ETHER).toBe(true);
    } finally {
      await node.stop();
    }
  });

  it('is sent a tick in as many parts as its estimates ask for, none for more gas than a transaction may have', async () => {
    const node = await startPublicNode(anvil.url);
    const journal = await RecordedJournal.open(run.directory, 0);
    const { estimate } = Sender.prototype;
    const lengths: number[] = [];
    const gas: bigint[] = [];
    // data of more than eight operations of 16 bytes, behind a selector and three words
    const large = (data: Hex): boolean => data.length > 2 * (1 + 4 + 3 * 32 + 8 * 16);
    const dear = vi.spyOn(Sender.prototype, 'estimate').mockImplementation(async function (
      this: Sender,
      call,
    ) {
      const found = await estimate.call(this, call);
      return call.what.startsWith('the settlement') && large(call.data) ? 20_000_000n : found;
    });
    node.onTaken = (raw) => {
      const { data = '0x', gas: limit = 0n, to } = parseTransaction(raw);
      gas.push(limit);
      if (to != null && data.startsWith(SETTLE)) lengths.push(data.length);
    };
    try {
      const { directory, manifest } = run;
      const range = { world: 0, from: 20, to: 22, signedTicks: 0, journal };
      await replayLedger({ directory, manifest, chain: through(node), wallets, ...range });
      expect(dear.mock.calls.some(([call]) => large(call.data))).toBe(true);
      expect(lengths.length).toBeGreaterThan(4);
      for (const length of lengths) expect(large(`0x${'0'.repeat(length - 2)}`)).toBe(false);
      expect(gas.every((limit) => limit <= TRANSACTION_GAS_MOST)).toBe(true);
    } finally {
      dear.mockRestore();

      await node.stop();
    }
  });

  it('carries strategies through that and a rise of fees, to the unit as predicted', async () => {
    const plan: TradingPlan = { ticks: 16, slippageBps: 100, shocks: [] };
    const state = await openCheckpoint(run.directory, TICKS);
    const open = () => StrategyDesk.open(run.directory, run.manifest, 0, state, [CHAMPION]);
    const desk = await open();
    const trader = wallets.agent(desk.serial(0));
    const quick = await startPublicNode(anvil.url);
    const node = await startPublicNode(anvil.url, { limitEvery: 11, blockMs: 400 });
    try {
      const reserves = desk.savedReserves();
      const owners = [{ wallet: trader, holdings: desk.savedHoldings(0), wei: ETHER }];
      const pool = await makePool(through(quick), wallets.operator, { reserves, owners });
      const limits = { maxFeePerGas: BigInt(1000 * GWEI), patienceMs: 100_000, dryRun: false };
      const venue = await ChainVenue.open(through(node), pool, [trader], limits);
      const predicted = await predict(await open(), reserves, [desk.savedHoldings(0)], plan);
      let taken = 0;
      node.onTaken = async () => {
        taken++;
        // fees rise between an order and its block; later an answer is lost
        if (taken === 2) await direct.call('anvil_setNextBlockBaseFeePerGas', [numberToHex(30 * GWEI)]);
        if (taken === 4) node.loseAnswers++;
      };
      const live = await tradeOn(desk, venue, plan);
      expect(taken).toBeGreaterThan(4);
      expect(live.map(({ end, trades }) => ({ end, trades }))).toEqual(
        predicted.map(({ end, trades }) => ({ end, trades })),
      );
      expect(venue.troubles.resent).toBeGreaterThan(0);
      expect(venue.troubles.silent).toBeGreaterThan(0);
      expect(node.refused.limited).toBeGreaterThan(0);
      expect(node.refused.known).toBeGreaterThan(0);
      expect(node.refused).toMatchObject({ tipless: 0, replacement: 0 });
    } finally {
      await node.stop();
      await quick.stop();
    }
  });
});
