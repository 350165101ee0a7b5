import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { numberToHex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WorldWallets } from '../../agents/wallet.ts';
import { SYSTEM } from '../../market/accounts.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { openCheckpoint, type SavedState } from '../checkpoints.ts';
import type { Manifest } from '../manifest.ts';
import { type Anvil, startAnvil } from './anvil.ts';
import { ChainVenue } from './chainVenue.ts';
import type { TradingLimits } from './liveOrders.ts';
import { makePool } from './pool.ts';
import { Purse } from './purse.ts';
import { recordRun } from './recordRun.ts';
import { Rpc } from './rpc.ts';
import { CHAMPION, type Holdings, StrategyDesk } from './strategy.ts';
import { predict, type StrategyResult, shockFunds, type TradingPlan, tradeOn } from './strategyReplay.ts';
import type { ChainAccess } from './transaction.ts';
import { SimulatedVenue } from './venue.ts';

/** Known to everybody, worth nothing. */
const MNEMONIC = 'test test test test test test test test test test test junk';
const GWEI = 1_000_000_000;
const ETHER = 10n ** 18n;
const ECONOMY = `
seed: traders
ticks: 300
slots: 12
output: { metricsEvery: 300, agentsEvery: 0, checkpointAtEnd: true }
world: { policy: { financeStep: 0.1 } }
populations: [{ name: learners, kind: learner }, { name: rules, kind: rule, share: 0.2 }]
`;

let run: { directory: string; manifest: Manifest };
let state: SavedState;
let serials: string[];
beforeAll(async () => {
  run = await recordRun(ECONOMY);
  state = await openCheckpoint(run.directory, 300);
  const { world } = await open([CHAMPION]);
  const { population } = world.columns;
  serials = [...population.keys()]
    .filter((slot) => population[slot] === 0)
    .map((slot) => String(world.agents.serial[slot]));
});
afterAll(() => rmSync(dirname(run.directory), { recursive: true }));

const open = (names: readonly string[]): Promise<StrategyDesk> =>
  StrategyDesk.open(run.directory, run.manifest, 0, state, names);

interface Market {
  readonly anvil: { current: Anvil };
  readonly rpc: Rpc;
  readonly venue: ChainVenue;
  readonly predicted: StrategyResult[];
  readonly desk: StrategyDesk;
}

/** A pool on a fresh chain, with two strategies of the run and a wallet for shocks. */
async function market(
  plan: TradingPlan,
  { stateFile, ...changes }: Partial<TradingLimits> & { stateFile?: string } = {},
  work: (market: Market) => Promise<void>,
): Promise<void> {
  const names = serials.slice(0, 2);
  const desk = await open(names);
  const saves = stateFile === undefined ? {} : { state: stateFile, stateEvery: 1 };
  const options = { baseFee: GWEI, history: true, ...saves };
  const anvil = { current: await startAnvil(options) };
  try {
    const rpc = new Rpc(anvil.current.url);
    const chain: ChainAccess = {
      rpc,
      chainId: 31337,
      own: true,
      ownFee: BigInt(4 * GWEI),
      purse: new Purse(null),
    };
    const wallets = new WorldWallets(MNEMONIC, 0);
    const { operator } = wallets;
    await rpc.call('anvil_setBalance', [operator.address, numberToHex(1_000_000n * ETHER)]);
    const reserves = desk.savedReserves();
    const traders = names.map((_, k) => wallets.agent(desk.serial(k)));
    const shocker = wallets.system(SYSTEM.consumers);
    const holdings = [...traders.map((_, k) => desk.savedHoldings(k)), shockFunds(plan, reserves)];
    const owners = [...traders, shocker].map((wallet, k) => ({
      wallet,
      holdings: holdings[k]!,
      wei: 1000n * ETHER,
    }));
    const pool = await makePool(chain, operator, { reserves, owners });
    const limits = { maxFeePerGas: BigInt(1000 * GWEI), patienceMs: 100_000, dryRun: false, ...changes };
    const venue = await ChainVenue.open(chain, pool, [...traders, shocker], limits);
    const predicted = await predict(await open(names), reserves, holdings.slice(0, 2), plan);
    await work({ anvil, rpc, venue, predicted, desk });
  } finally {
    await anvil.current.stop(true);
  }
}

const plan = (ticks: number, changes: Partial<TradingPlan> = {}): TradingPlan => ({
  ticks,
  slippageBps: 100,
  shocks: [],
  ...changes,
});
const profits = (results: readonly StrategyResult[]): number[] => results.map(({ profit }) => profit);
const tradesOf = (results: readonly StrategyResult[]): number =>
  results.reduce((sum, { trades }) => sum + trades, 0);

/** Waits until a chain has saved its state again, and keeps that. */
async function savedAgain(file: string, copy: string): Promise<void> {
  const since = Date.now();
  while (!existsSync(file) || statSync(file).mtimeMs <= since || !isWhole(file))
    await new Promise((resolve) => setTimeout(resolve, 50));
  copyFileSync(file, copy);
}

function isWhole(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

describe('strategies on a pool', () => {
  it('earn on a chain what the simulator predicts, to the unit, against each other and through a shock', async () => {
    const course = plan(25, {
      shocks: [
        { tick: 8, share: 0.3 },
        { tick: 16, share: -0.2 },
      ],
    });
    await market(course, {}, async ({ venue, predicted, desk }) => {
      const live = await tradeOn(desk, venue, course);
      expect(tradesOf(live)).toBeGreaterThan(5);
      expect(live.map(({ end }) => end)).toEqual(predicted.map(({ end }) => end));
      expect(profits(live)).toEqual(profits(predicted));
      expect(live.map(({ drawdown }) => drawdown)).toEqual(predicted.map(({ drawdown }) => drawdown));
      for (const { gas, fees, trades } of live) if (trades > 0) expect(gas > 0 && fees > 0n).toBe(true);
      expect(venue.troubles).toEqual({
        silent: 0,
        resent: 0,
        renumbered: 0,
        revertedBlocks: 0,
        lostTrades: 0,
      });
    });
  });

  it('are refused by the router where another trade of the tick took them below their limit, as predicted', async () => {
    const course = plan(25, { slippageBps: 0, shocks: [{ tick: 3, share: 0.2 }] });
    await market(course, {}, async ({ venue, predicted, desk }) => {
      const live = await tradeOn(desk, venue, course);
      const refused = (results: readonly StrategyResult[]) => results.map(({ reverted }) => reverted);
      expect(refused(live).reduce((a, b) => a + b)).toBeGreaterThan(0);
      expect(refused(live)).toEqual(refused(predicted));
      expect(live.map(({ end }) => end)).toEqual(predicted.map(({ end }) => end));
    });
  });

  it('survive a block that is reverted: what was traded in it is gone, and the next orders are right', async () => {
    const course = plan(14);
    await market(course, {}, async ({ venue, rpc, desk }) => {
      let snapshot: unknown;
      let traded = 0;
      let reverted = 0;
      const live = await tradeOn(
        desk,
        venue,
        course,
        async (tick) => {
          if (tick >= 6 && reverted === 0 && traded > 0) {
            await rpc.call('evm_revert', [snapshot]);
            // another block takes the place of the one that is gone
            await rpc.call('evm_increaseTime', [5]);
            await rpc.call('evm_mine');
            reverted = tick;
          }
          snapshot = await rpc.call('evm_snapshot');
          traded = 0;
        },
        (_tick, orders) => {
          traded = orders.length;
        },
      );
      expect(reverted).toBeGreaterThan(0);
      expect(venue.troubles.revertedBlocks).toBe(1);
      expect(venue.troubles.lostTrades).toBeGreaterThan(0);
      for (const [k, { end, start, trades }] of live.entries()) {
        expect(await venue.holdings(k)).toEqual(end);
        if (trades > 1) expect(end).not.toEqual(start);
      }
    });
  });

  it('wait out a fee spike above their limit, and trade again when it is over', async () => {
    const course = plan(14);
    await market(course, { maxFeePerGas: BigInt(10 * GWEI) }, async ({ venue, rpc, desk }) => {
      const outcomes: string[][] = [];
      const live = await tradeOn(
        desk,
        venue,
        course,
        async (tick) => {
          const spike = tick >= 4 && tick < 9;
          await rpc.call('anvil_setNextBlockBaseFeePerGas', [numberToHex(spike ? 500 * GWEI : GWEI)]);
          await rpc.call('evm_mine');
        },
        (_tick, _orders, fills) => {
          outcomes.push(fills.map(({ outcome }) => outcome));
        },
      );
      const during = outcomes.slice(4, 9).flat();
      expect(during.length).toBeGreaterThan(0);
      expect(new Set(during)).toEqual(new Set(['skipped']));
      expect([...outcomes.slice(0, 4), ...outcomes.slice(9)].flat()).toContain('done');
      for (const { fees, gas } of live) expect(fees <= BigInt(gas) * BigInt(10 * GWEI)).toBe(true);
    });
  });

  it('raise the fee of an order that a spike left behind, and settle it once', async () => {
    const course = plan(8);
    await market(course, {}, async ({ venue, rpc, desk, predicted }) => {
      const call = rpc.call.bind(rpc);
      let spikes = 0;
      // the fee rises after an order was sent and before its block
      rpc.call = async (method, params) => {
        if (method === 'eth_sendRawTransaction' && spikes < 1) {
          spikes++;
          const hash = await call(method, params);
          await call('anvil_setNextBlockBaseFeePerGas', [numberToHex(20 * GWEI)]);
          return hash as never;
        }
        return call(method, params);
      };
      const live = await tradeOn(desk, venue, course);
      expect(spikes).toBe(1);
      expect(venue.troubles.resent).toBeGreaterThan(0);
      expect(live.map(({ end }) => end)).toEqual(predicted.map(({ end }) => end));
    });
  });

  it('go on after their node was killed and restarted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'darwin-chain-'));
    const stateFile = join(folder, 'state.json');
    const course = plan(10);
    await market(course, { stateFile }, async ({ anvil, venue, desk, predicted }) => {
      let restarted: Promise<void> | null = null;
      const live = await tradeOn(desk, venue, course, async (tick) => {
        if (tick !== 5) return;
        const { port } = anvil.current;
        await anvil.current.stop();
        // down while the next tick is read
        restarted = new Promise((resolve, reject) => {
          setTimeout(() => {
            startAnvil({ port, baseFee: GWEI, history: true, state: stateFile }).then((next) => {
              anvil.current = next;
              resolve();
            }, reject);
          }, 300);
        });
      });
      await restarted;
      expect(venue.troubles.silent).toBeGreaterThan(0);
      expect(live.map(({ end }) => end)).toEqual(predicted.map(({ end }) => end));
    });
    rmSync(folder, { recursive: true });
  });

  it('go on after their node was killed with orders on the way and came back with an older state', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'darwin-chain-'));
    const stateFile = join(folder, 'state.json');
    const kept = join(folder, 'kept.json');
    const course = plan(16);
    await market(course, { stateFile }, async ({ anvil, venue, rpc, desk }) => {
      const call = rpc.call.bind(rpc);
      const { port } = anvil.current;
      const outcomes: string[][] = [];
      let restarted: Promise<void> | null = null;
      let now = 0;
      // the node dies between the orders and their block
      rpc.call = async (method, params) => {
        if (method === 'evm_mine' && now >= 8 && restarted === null) {
          await anvil.current.stop(true);
          restarted = new Promise((resolve, reject) => {
            setTimeout(() => {
              startAnvil({ port, baseFee: GWEI, history: true, state: kept }).then((next) => {
                anvil.current = next;
                resolve();
              }, reject);
            }, 300);
          });
        }
        return call(method, params);
      };
      const total = async (): Promise<Holdings> => {
        const parts = [await venue.reserves()];
        for (let k = 0; k < 3; k++) parts.push(await venue.holdings(k));
        return parts.reduce((a, b) => ({ token: a.token + b.token, cash: a.cash + b.cash }));
      };
      const before = await total();
      const live = await tradeOn(
        desk,
        venue,
        course,
        async (tick) => {
          now = tick;
          // what the node itself saved of the first ticks
          if (tick === 3) await savedAgain(stateFile, kept);
        },
        (_tick, _orders, fills) => {
          outcomes.push(fills.map(({ outcome }) => outcome));
        },
      );
      await restarted;
      expect(outcomes.slice(3, 8).flat()).toContain('done');
      expect(outcomes.slice(8).flat()).toContain('lost');
      expect(outcomes.at(-1)!.concat(outcomes.at(-2)!, outcomes.at(-3)!)).toContain('done');
      expect(venue.troubles.silent).toBeGreaterThan(0);
      expect(venue.troubles.revertedBlocks).toBe(1);
      for (const [k, { end }] of live.entries()) expect(await venue.holdings(k)).toEqual(end);
      expect(await total()).toEqual(before);
    });
    rmSync(folder, { recursive: true });
  });

  it('survive a chain that exchanges its last blocks for others', async () => {
    const course = plan(12);
    await market(course, {}, async ({ venue, rpc, desk }) => {
      const outcomes: string[][] = [];
      let exchanged = 0;
      const live = await tradeOn(
        desk,
        venue,
        course,
        async (tick) => {
          if (tick < 6 || exchanged > 0 || outcomes.at(-1)!.length === 0) return;
          await rpc.call('anvil_reorg', [2, []]);
          exchanged++;
        },
        (_tick, _orders, fills) => {
          outcomes.push(fills.map(({ outcome }) => outcome));
        },
      );
      expect(exchanged).toBe(1);
      expect(venue.troubles.revertedBlocks).toBe(1);
      expect(outcomes.at(-1)!.concat(outcomes.at(-2)!, outcomes.at(-3)!)).toContain('done');
      for (const [k, { end }] of live.entries()) expect(await venue.holdings(k)).toEqual(end);
    });
  });

  it('find the right number again after somebody else signed with their key', async () => {
    const course = plan(10);
    await market(course, {}, async ({ venue, rpc, desk }) => {
      const { address } = new WorldWallets(MNEMONIC, 0).agent(desk.serial(0));
      const live = await tradeOn(desk, venue, course, async (tick) => {
        if (tick === 5) await rpc.call('anvil_setNonce', [address, numberToHex(40)]);
      });
      expect(tradesOf(live)).toBeGreaterThan(2);
      expect(await venue.holdings(0)).toEqual(live[0]!.end);
      expect(live[0]!.lost).toBe(0);
    });
  });

  it('send nothing in a dry run', async () => {
    await market(plan(5), { dryRun: true }, async ({ venue, desk }) => {
      const live = await tradeOn(desk, venue, plan(5));
      expect(tradesOf(live)).toBe(0);
      expect(live.map(({ end }) => end)).toEqual(live.map(({ start }) => start));
    });
  });
});

describe('the simulated venue', () => {
  const pool: Holdings = { token: 1_000_000, cash: 1_000_000 };
  it('refuses what would end below its limit, and takes what ends at it', async () => {
    const venue = new SimulatedVenue(pool, [{ token: 1000, cash: 0 }]);
    const [low] = await venue.trade([{ trader: 0, give: 0, amount: 1000, least: 997 }]);
    expect(low!.outcome).toBe('reverted');
    const [right] = await venue.trade([{ trader: 0, give: 0, amount: 1000, least: 996 }]);
    expect(right).toMatchObject({ outcome: 'done', out: 996 });
    expect(await venue.reserves()).toEqual({ token: 1_001_000, cash: 999_004 });
    expect(await venue.holdings(0)).toEqual({ token: 0, cash: 996 });
  });
});

describe('a strategy', () => {
  it('is a living learner of the checkpoint, or the richest one', async () => {
    expect((await open([CHAMPION])).slots).toHaveLength(1);
    await expect(open(['999999'])).rejects.toThrow(/no learner 999999 lives at tick 300/);
    await expect(open([serials[0]!, serials[0]!])).rejects.toThrow(UsageError);
  });

  it('decides the same at the same pool, and never learns', async () => {
    const course = plan(12);
    const [first, second] = [await open(serials), await open(serials)];
    const owned = serials.map((_, k) => first.savedHoldings(k));
    const one = await predict(first, first.savedReserves(), owned, course);
    expect(await predict(second, second.savedReserves(), owned, course)).toEqual(one);
    // the same desk again: nothing of the first course is left in it but the price seen last
    const before = new Float32Array(first.world.brain.readAgent(first.slots[0]!));
    await predict(first, first.savedReserves(), owned, course);
    expect(first.world.brain.readAgent(first.slots[0]!)).toEqual(before);
    const saved = (await open(serials)).world.brain.readAgent(first.slots[0]!);
    expect(before).toEqual(saved);
  });
});
