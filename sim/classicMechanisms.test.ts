/** Classic mechanisms go through the same tick as the economy, with every law checked. */
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { Shard } from './shard.ts';

const play = (world: object): Shard => {
  const config = {
    ticks: 120,
    worlds: 2,
    slots: 24,
    world,
    populations: [
      { name: 'learners', kind: 'learner', strategy: 'titForTat', betShare: 0.3 },
      { name: 'rule', kind: 'rule', strategy: 'second', betShare: 0.1, endowment: 2 },
    ],
  };
  const shard = new Shard(parseConfig(JSON.stringify(config), { file: 'test' }), [0, 1]);
  for (const law of shard.advance(120).laws) expect(law.violated).toBeNull();
  return shard;
};

describe('beside all markets, every law holds with', () => {
  it.each(['kinetic', 'saving', 'yardSale', 'bets', 'kelly'])('%s exchange', (kind) => {
    play({ randomExchange: { kind, stake: 1 }, demography: { meanLife: 40 } });
  });

  it('contests whose losses agents cannot always pay', () => {
    const contest = {
      enabled: true,
      firstFirst: -3,
      firstSecond: -5000,
      secondFirst: 4,
      secondSecond: 0.5,
      rounds: 7,
    };
    play({ contest, demography: { meanLife: 40 } });
  });
});

describe('a mechanism that is off', () => {
  it('changes no state, whatever its parameters', () => {
    const plain = play({}).hashes();
    expect(
      play({
        randomExchange: { kind: 'off', saving: 0.9, stakeShare: 0.7, roundsPerTick: 9 },
        contest: { enabled: false, rounds: 50, background: 3 },
      }).hashes(),
    ).toEqual(plain);
    expect(play({ randomExchange: { kind: 'saving' } }).hashes()).not.toEqual(plain);
  });
});
