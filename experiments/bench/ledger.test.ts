import { describe, expect, test } from 'vitest';
import { benchLedger } from './ledger.ts';

describe('benchLedger', () => {
  test('gives a row of entries a second for single transfers and for each pass', async () => {
    const rows = await benchLedger({ agents: 16, repeats: 3 });
    expect(rows.map(({ name }) => name)).toEqual([
      'ledger transfer, from agent to agent',
      'ledger transfer, to a system account',
      'ledger collect and distribute',
      'ledger levy of a share, and distribute',
      'ledger swapEach, there and back',
    ]);
    for (const { agents, entriesPerSecond } of rows) {
      expect(agents).toBe(16);
      expect(entriesPerSecond!.min).toBeGreaterThan(0);
      expect(entriesPerSecond!.min).toBeLessThanOrEqual(entriesPerSecond!.median);
      expect(entriesPerSecond!.median).toBeLessThanOrEqual(entriesPerSecond!.max);
    }
  });
});
