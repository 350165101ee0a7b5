import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { WorldWallets } from '../../agents/wallet.ts';
import { openChain } from './access.ts';
import { replayLedger } from './ledgerReplay.ts';
import { RecordedJournal } from './recordedJournal.ts';
import { recordRun } from './recordRun.ts';

it('a thousand ticks of 64 agents with AMM, escrow, stakes, births and deaths replay without a difference', {
  timeout: 1_200_000,
}, async () => {
  const { directory, manifest } = await recordRun(readFileSync('configs/on-chain.yaml', 'utf8'));
  const chain = await openChain({});
  const journal = await RecordedJournal.open(directory, 0);
  try {
    const report = await replayLedger({
      directory,
      manifest,
      world: 0,
      from: 0,
      to: manifest.ticks,
      signedTicks: 1,
      chain,
      wallets: new WorldWallets(chain.mnemonic, 0),
      journal,
    });
    expect(manifest.ticks).toBe(1000);
    expect(report.entries).toBeGreaterThan(200_000);
    expect(report.identities.departures).toBeGreaterThan(30);
    expect(report.comparisons).toBe(1000 * 215);
  } finally {
    await chain.close();
    rmSync(dirname(directory), { recursive: true });
  }
});
