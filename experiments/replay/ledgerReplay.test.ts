import { readdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WorldWallets } from '../../agents/wallet.ts';
import { SYSTEM } from '../../market/accounts.ts';
import { UsageError } from '../../sim/core/errors.ts';
import type { Manifest } from '../manifest.ts';
import { filesWithSecrets } from '../secretSearch.ts';
import { type OpenChain, openChain } from './access.ts';
import { type LedgerReplayOptions, replayLedger } from './ledgerReplay.ts';
import { LedgerTwin } from './ledgerTwin.ts';
import type { Entry } from './operations.ts';
import { RecordedJournal } from './recordedJournal.ts';
import { recordRun } from './recordRun.ts';
import { ReplayMismatchError } from './replayMismatch.ts';

const TICKS = 40;
const SLOTS = 12;
const POOL = 2 * SLOTS + SYSTEM.amm;
/** Lives of forty ticks, escrow, burned slashes, a redemption, fees that burn. */
const ECONOMY = `
seed: replayed
ticks: ${TICKS}
slots: ${SLOTS}
output: { metricsEvery: 20, journalWorlds: 1 }
world:
  genesis: { skill: 0.5 }
  serviceMarket: { demand: 10 }
  consumers: { token: 100 }
  amm: { redeemEvery: 15 }
  policy: { unstakeDelay: 5, feeBurn: 0.1 }
  trust: { regime: programmatic, audit: 0.5, falseAlarm: 0.05, slashRest: burned }
  demography: { meanLife: 40, threshold: 100, endowmentFloor: 50, kitCompute: 1 }
populations: [{ name: learners, kind: learner }]
`;

let run: { directory: string; manifest: Manifest };
let chain: OpenChain;
const directories: string[] = [];
beforeAll(async () => {
  chain = await openChain({});
  run = await recordRun(ECONOMY);
  directories.push(run.directory);
});
afterAll(async () => {
  await chain.close();
  for (const directory of directories) rmSync(dirname(directory), { recursive: true });
});

type Changes = Partial<Pick<LedgerReplayOptions, 'from' | 'to' | 'signedTicks'>> & {
  /** Changes the entries of a tick on their way from the recording. */
  readonly edit?: (tick: number, entries: readonly Entry[]) => readonly Entry[];
};

async function replay({ directory, manifest }: typeof run, { edit, ...changes }: Changes = {}) {
  const recorded = await RecordedJournal.open(directory, 0);
  try {
    return await replayLedger({
      directory,
      manifest,
      world: 0,
      from: 0,
      to: manifest.ticks,
      signedTicks: 0,
      chain,
      wallets: new WorldWallets(chain.mnemonic, 0),
      journal: {
        entriesOf: async (tick) => {
          const entries = await recorded.entriesOf(tick);
          return edit === undefined ? entries : edit(tick, entries);
        },
      },
      ...changes,
    });
  } finally {
  }
}

const mismatchOf = async (changes: Changes): Promise<ReplayMismatchError> => {
  try {
    await replay(run, changes);
  } catch (error) {
    if (error instanceof ReplayMismatchError) return error;
    throw error;
  }
  throw new Error('no difference was found');
};

/** Adds to the amount of the first entry with a reason from a tick on. */
const bent =
  (reason: string, by: number, at: number) =>
  (tick: number, entries: readonly Entry[]): readonly Entry[] => {
    const k = tick === at ? entries.findIndex((entry) => entry.reason === reason && entry.amount > 1) : -1;
    return k < 0 ? entries : entries.with(k, { ...entries[k]!, amount: entries[k]!.amount + by });
  };

describe('the replay of a ledger', () => {
  it('reproduces every balance of a world with AMM, escrow, stakes, births and deaths', async () => {
    const report = await replay(run);
    expect(report.ticks).toEqual({ from: 0, to: TICKS - 1 });
    const { arrivals, departures, alive } = report.identities;
    expect(arrivals).toBeGreaterThan(SLOTS);
    expect(departures).toBe(arrivals - alive);
    const { perMechanism } = report.gas;
    for (const mechanism of ['amm', 'trust', 'staking', 'service market', 'births and deaths', 'identities'])
      expect(perMechanism[mechanism]?.gas, mechanism).toBeGreaterThan(0);
    const shared = Object.values(perMechanism).reduce((sum, { gas }) => sum + gas, 0);
    expect(Math.abs(shared - report.gas.total)).toBeLessThan(20);
    expect(report.gas.perAgent.length).toBeGreaterThan(0);
  });

  it('reproduces it where agents sign their own transfers, and from a tick in the middle', async () => {
    const report = await replay(run, { from: 20, to: 23, signedTicks: 1 });
    expect(report.signed.transactions).toBeGreaterThan(20);
    expect(report.ticks).toEqual({ from: 20, to: 22 });
  });

  it.each([
    ['legal', 'trust: { regime: legal, legalCost: 0.1, delay: 5 }'],
    ['no AMM', 'amm: { enabled: false }'],
    ['issuance', 'policy: { issuance: workWeighted, issuancePerTick: 1, staking: true, dividend: 0.01 }'],
    ['double auction', 'doubleAuction: { enabled: true, rounds: 3 }'],
    ['bets', 'randomExchange: { kind: bets, stake: 1 }'],
    ['a price outside', 'amm: { outsidePrice: true }'],
  ])('reproduces a world with %s', async (_, part) => {
    const other = await recordRun(`
seed: other
ticks: 6
slots: 6
output: { metricsEvery: 6, journalWorlds: 1 }
priceSeries: { values: [1, 1.2, 0.7], ticksPerRow: 2 }
world: { genesis: { skill: 0.5 }, ${part} }
`);
    directories.push(other.directory);
    const report = await replay(other);
    expect(report.entries).toBeGreaterThan(20);
  });

  it('names tick, account and entry of an amount that was rounded otherwise', async () => {
    const { mismatch, message } = await mismatchOf({ edit: bent('energy', 1, 21) });
    expect(mismatch.tick).toBe(21);
    expect(mismatch.entry?.recorded?.reason).toBe('energy');
    expect(mismatch.entry?.recorded?.amount).toBe((mismatch.entry?.made?.amount ?? 0) + 1);
    const payer = mismatch.entry!.recorded!.from;
    expect(mismatch.accounts.map(({ account }) => account)).toContain(`agent ${payer}`);
    expect(mismatch.accounts.map(({ account }) => account)).toContain('supplier');
    for (const { ledger, chain: found } of mismatch.accounts) expect(Math.abs(ledger - found)).toBe(1);
    expect(message).toMatch(/^tick 21: agent \d+ holds/);
  });

  it.each([
    ['a share of the sale', 'ammSell'],
    ['what consumers get for their cash', 'consumerSwap'],
  ])('lets the pool itself refuse %s that is a unit too high', async (_, reason) => {
    // the second of the entries is what the pool pays
    const { mismatch } = await mismatchOf({
      edit: (_tick, entries) => {
        const k = entries.findIndex((entry) => entry.reason === reason && entry.from === POOL);
        return k < 0 ? entries : entries.with(k, { ...entries[k]!, amount: entries[k]!.amount + 1 });
      },
    });
    expect(mismatch.reverted).toMatch(/SwapDiffers/);
    expect(mismatch.entry?.recorded?.reason).toBe(reason);
  });

  it('names an entry that is missing, and one that is there twice', async () => {
    const lost = await mismatchOf({
      edit: (tick, entries) => (tick === 7 ? entries.toSpliced(20, 1) : entries),
    });
    expect(lost.mismatch).toMatchObject({ tick: 7, entry: { entry: 20 } });
    const doubled = await mismatchOf({
      edit: (tick, entries) => (tick === 7 ? [...entries, entries.at(-1)!] : entries),
    });
    expect(doubled.mismatch.tick).toBe(7);
    expect(doubled.mismatch.entry?.made).toBe(null);
  });

  it('refuses ticks that were not recorded', async () => {
    await expect(replay(run, { to: TICKS + 1 })).rejects.toThrow(UsageError);
    await expect(replay(run, { from: 5, to: 5 })).rejects.toThrow(UsageError);
    await expect(RecordedJournal.open(run.directory, 1)).rejects.toThrow(/holds no journal of world 1/);
    await expect(LedgerTwin.open(run.directory, run.manifest, 1)).rejects.toThrow(/has no world 1/);
  });

  it('finds an identity that nobody buries, which leaves no money behind', async () => {
    const advance = LedgerTwin.prototype.advance;
    // the lineage of a tick that was lost: the replay believes that everybody lives
    const forgetful = vi.spyOn(LedgerTwin.prototype, 'advance').mockImplementation(function (
      this: LedgerTwin,
    ) {
      return { ...advance.call(this), departures: [] };
    });
    try {
      const { mismatch, message } = await mismatchOf({});
      expect(mismatch.accounts).toMatchObject([{ account: 'registry', asset: 'agents' }]);
      const [registry] = mismatch.accounts;
      expect(registry!.chain).toBeGreaterThan(registry!.ledger);
      expect(message).toMatch(/registry holds \d+ agents on the chain and \d+ in the ledger/);
    } finally {
      forgetful.mockRestore();
    }
  });

  it('leaves neither the mnemonic nor a key in the run directory', async () => {
    const wallets = new WorldWallets(chain.mnemonic, 0);
    const keys = [wallets.agent(1), wallets.operator, wallets.system(0)].map(({ address }) =>
      wallets.keyOf(address)!.slice(2),
    );
    const secrets = [chain.mnemonic, chain.mnemonic.split(' ').slice(0, 4).join(' '), 'xprv', ...keys];
    expect(readdirSync(run.directory)).toContain('journal');
    expect(await filesWithSecrets(run.directory, secrets)).toEqual([]);
  });
});
