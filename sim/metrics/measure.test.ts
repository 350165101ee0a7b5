import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../configs/parse.ts';
import { Shard } from '../shard.ts';
import { METRIC_INDEX } from './table.ts';

describe("agents' share of all money", () => {
  /** At the end of the first tick of a world in which nobody has reason to move money. */
  const shareIn = (amm: object): number => {
    const run = parseConfig(
      JSON.stringify({
        seed: 'share',
        ticks: 1,
        slots: 4,
        output: { metricsEvery: 1 },
        world: {
          genesis: { token: 50, cash: 100 },
          consumers: { token: 1000, cash: 400 },
          treasury: { reserveEndowments: 0 },
          amm,
          computeMarket: { enabled: false },
          serviceMarket: { enabled: false },
          training: { enabled: false },
          hardware: { enabled: false },
          energy: { price: 0, subsistence: 0 },
          policy: { wealthTaxPerTick: 0 },
          demography: { enabled: false },
        },
        populations: [{ name: 'idle', kind: 'passive' }],
      }),
    );
    return new Shard(run, [0]).advance(1).frames.at(-1)!.metrics[METRIC_INDEX.agentsMoneyShare]!;
  };

  it('counts token at the mid price', () => {
    // agents 4 x (100 + 2 x 50); consumers 400 + 2 x 1000; pool 300 + 2 x 150
    expect(shareIn({ token: 150, cash: 300 })).toBeCloseTo(800 / 3800, 12);
  });

  it('is of cash alone where the AMM is off, as wealth is: agents who own all cash own all money', () => {
    expect(shareIn({ enabled: false, token: 150, cash: 300 })).toBeCloseTo(400 / 800, 12);
  });
});
