import { describe, expect, it } from 'vitest';
import { ASSET, FINANCE, FREE_SLOT, type MarketWorld } from './columns.ts';
import { REASON } from './ledger.ts';
import { dropWithdrawal, freeStake, moveStakes } from './staking.ts';
import { testWorld } from './testWorld.ts';

/** Half a balance moves at each step. */
const stakingWorld = (unstakeDelay: number, staking = true): MarketWorld =>
  testWorld({
    slots: 3,
    living: 2,
    world: { genesis: { token: 100 }, policy: { financeStep: 0.5, staking, unstakeDelay } },
  });

const choose = (world: MarketWorld, finance: number, tick: number): void => {
  world.columns.finance.fill(finance);
  moveStakes(world, tick);
};

describe('staking', () => {
  it('moves a step of the free token, of the living only', () => {
    const world = stakingWorld(2);
    choose(world, FINANCE.stake, 0);
    expect([...world.balances.stake]).toEqual([50_000, 50_000, 0]);
    expect([...world.balances.token]).toEqual([50_000, 50_000, 0]);
    expect(world.columns.population[2]).toBe(FREE_SLOT);
  });

  it('is refused to an agent that could not pay its bill', () => {
    const world = stakingWorld(2);
    world.columns.insolvent[0] = 1;
    choose(world, FINANCE.stake, 0);
    expect(world.balances.stake[0]).toBe(0);
  });

  it('does not exist where no mechanism asks for it', () => {
    const world = stakingWorld(2, false);
    choose(world, FINANCE.stake, 0);
    expect(world.balances.stake[0]).toBe(0);
    expect(world.columns.unstakeAmount).toHaveLength(0);
  });
});

describe('a withdrawal', () => {
  it('is released after the delay, not a tick before, and backs no promise meanwhile', () => {
    const world = stakingWorld(3);
    choose(world, FINANCE.stake, 0);
    choose(world, FINANCE.unstake, 10);
    expect(freeStake(world, 0)).toBe(25_000);
    for (const tick of [11, 12]) {
      choose(world, FINANCE.hold, tick);
      expect(world.balances.stake[0]).toBe(50_000);
    }
    choose(world, FINANCE.hold, 13);
    expect(world.balances.stake[0]).toBe(25_000);
    expect(world.balances.token[0]).toBe(75_000);
    expect(freeStake(world, 0)).toBe(25_000);
  });

  it('is one at a time: asking again changes nothing', () => {
    const world = stakingWorld(3);
    choose(world, FINANCE.stake, 0);
    choose(world, FINANCE.unstake, 10);
    choose(world, FINANCE.unstake, 12);
    expect(world.columns.unstakeAmount[0]).toBe(25_000);
    expect(world.columns.unstakeDue[0]).toBe(13);
  });

  it('without a delay is released at once', () => {
    const world = stakingWorld(0);
    choose(world, FINANCE.stake, 0);
    choose(world, FINANCE.unstake, 1);
    expect(world.balances.stake[0]).toBe(25_000);
  });

  it('is cut to what slashing left of the stake', () => {
    const world = stakingWorld(3);
    choose(world, FINANCE.stake, 0);
    choose(world, FINANCE.unstake, 10);
    world.ledger.burn(ASSET.token, world.ledger.stakeOf(0), 40_000, REASON.slash);
    expect(freeStake(world, 0)).toBe(0);
    choose(world, FINANCE.hold, 13);
    expect(world.balances.stake[0]).toBe(0);
    expect(world.balances.token[0]).toBe(60_000);
  });

  it('dies with its owner', () => {
    const world = stakingWorld(3);
    choose(world, FINANCE.stake, 0);
    choose(world, FINANCE.unstake, 10);
    dropWithdrawal(world, 0);
    choose(world, FINANCE.hold, 13);
    expect(world.balances.stake[0]).toBe(50_000);
  });
});
