import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../configs/parse.ts';
import { MismatchError } from '../sim/core/errors.ts';
import { Shard } from '../sim/shard.ts';
import { LedgerFollower } from './ledgerFollower.ts';

const run = resolveConfig({
  name: 'followed',
  ticks: 40,
  worlds: 2,
  slots: 12,
  output: { metricsEvery: 5, agentsEvery: 0 },
});

/** Another engine, whose agents do as they like: the cpu's, with another choice in every tick. */
const other = (follower: LedgerFollower): Shard => {
  const own: { shard?: Shard } = {};
  own.shard = new Shard(run, [0, 1], {
    ...follower.watch,
    actions: (world, tick) => Uint32Array.from({ length: 12 * 8 }, (_, k) => (k * 7 + world + tick) % 2),
  });
  return own.shard;
};

describe('a ledger that is followed', () => {
  it('is the same after every tick of every world, whatever agents do', () => {
    const follower = new LedgerFollower(run, []);
    const shard = other(follower);
    for (const tick of [7, 8, 40]) {
      shard.advance(tick);
      follower.follow(tick);
    }
    expect(follower.compared).toBe(2 * 40);
  });

  it('that goes another way is named by its world and tick', () => {
    const follower = new LedgerFollower(run, []);
    const shard = other(follower);
    shard.advance(20);
    follower.follow(20);
    const [, world] = [...shard.inside()];
    world!.balances.systemCash[0]!++;
    world!.balances.systemCash[1]!--;
    shard.advance(25);
    expect(() => follower.follow(25)).toThrow(MismatchError);
  });

  it('is compared with the integers of its agents: descent, genes of whole numbers', () => {
    const follower = new LedgerFollower(run, []);
    const shard = other(follower);
    shard.advance(10);
    follower.follow(10);
    const [, world] = [...shard.inside()];
    world!.agents.generation[3]! += 1;
    shard.advance(12);
    expect(() => follower.follow(12)).toThrow('world 1 has other integers after tick 10');
  });

  it('says after which tick', () => {
    const follower = new LedgerFollower(run, []);
    const shard = other(follower);
    shard.advance(3);
    const [first] = [...shard.inside()];
    first!.columns.skill[0]! += 1;
    shard.advance(6);
    expect(() => follower.follow(6)).toThrow(
      'world 0 has other integers after tick 3 than on the cpu engine',
    );
  });
});
