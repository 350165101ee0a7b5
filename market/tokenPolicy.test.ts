import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { startTick } from './circulation.ts';
import { ASSET, FREE_SLOT, type MarketWorld, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { takeFee } from './fee.ts';
import { checkMinted, MARKET_LAWS } from './laws.ts';
import { REASON } from './ledger.ts';
import { TestMarket } from './testTick.ts';
import { testWorld } from './testWorld.ts';
import { applyTokenPolicy, dividendEach, leaveEpoch } from './tokenPolicy.ts';
import { fixedOfAlpha, fixedOfShare, yumaEpoch } from './yuma.ts';

const world = (policy: object, slots = 4, living = slots): MarketWorld =>
  testWorld({ slots, living, world: { policy: { wealthTaxPerTick: 0, staking: true, ...policy } } });

function stake({ ledger }: MarketWorld, stakes: readonly number[]): void {
  stakes.forEach((amount, i) => {
    ledger.transfer(ASSET.token, i, ledger.stakeOf(i), amount, REASON.stake);
  });
}

/** Lets agent i serve `tasks[i]` tasks of skill `skill[i]` in 2^-32. */
function work({ columns }: MarketWorld, tasks: readonly number[], skill: readonly number[]): void {
  tasks.forEach((n, i) => {
    columns.tasksSold[i] = n;
    columns.taskClass[i] = 1;
    columns.skill[i * CLASS_COUNT + 1] = skill[i]!;
  });
}

const freeToken = ({ balances }: MarketWorld): number[] => [...balances.token];

/** Token that each agent gains by the policy of a tick. */
function gains(of: MarketWorld, tick = 0): number[] {
  const before = freeToken(of);
  applyTokenPolicy(of, tick);
  checkMinted(of);
  of.ledger.checkConservation();
  return freeToken(of).map((token, i) => token - before[i]!);
}

describe('issuance', () => {
  it('without a rule mints nothing, however much a rule could', () => {
    const none = world({ issuance: 'none', issuancePerTick: 5 });
    stake(none, [1, 2, 3, 4]);
    work(none, [1, 1, 1, 1], [2 ** 31, 2 ** 31, 2 ** 31, 2 ** 31]);
    expect(gains(none)).toEqual([0, 0, 0, 0]);
  });

  it('by stake is in proportion to stakes, each part rounded down and the rest not issued', () => {
    const staked = world({ issuance: 'stakeWeighted', issuancePerTick: 1 });
    stake(staked, [100, 200, 0, 400]);
    expect(gains(staked)).toEqual([142, 285, 0, 571]); // 1000 x 1/7, 2/7, 4/7
    expect(staked.columns.total[TOTAL.issued]).toBe(998);
    expect(staked.ledger.minted(ASSET.token)).toBe(998);
  });

  it('by stake goes to nobody where nobody stakes, and never to an empty slot', () => {
    expect(gains(world({ issuance: 'stakeWeighted' }))).toEqual([0, 0, 0, 0]);
    const halfEmpty = world({ issuance: 'stakeWeighted' }, 4, 2);
    stake(halfEmpty, [1, 1]);
    expect(gains(halfEmpty)).toEqual([5000, 5000, 0, 0]);
  });

  it('by work is in proportion to the quality of the tasks delivered in the tick', () => {
    const working = world({ issuance: 'workWeighted', issuancePerTick: 1 });
    startTick(working, 0);
    work(working, [1, 2, 0, 4], [2 ** 31, 2 ** 31, 2 ** 31, 2 ** 30]);
    expect(gains(working)).toEqual([200, 400, 0, 400]); // 0.5, 1, 0, 1
  });

  it('by work pays nothing for what was not delivered', () => {
    const trusting = testWorld({
      slots: 2,
      world: { policy: { wealthTaxPerTick: 0, issuance: 'workWeighted' }, trust: { regime: 'none' } },
    });
    startTick(trusting, 0);
    work(trusting, [3, 3], [2 ** 31, 2 ** 31]);
    trusting.columns.breached[0] = 12;
    expect(gains(trusting)).toEqual([0, 9_999]); // the rate of issuance is rounded down too
  });

  it('by work counts the quality of an agent up to 2^32 - 1', () => {
    const working = world({ issuance: 'workWeighted', issuancePerTick: 1 }, 2);
    startTick(working, 0);
    work(working, [2 ** 20, 2 ** 21], [2 ** 31, 2 ** 31]);
    const [some, twice] = gains(working);
    expect(some).toBe(twice);
    expect(some).toBeGreaterThan(490);
  });

  it('never exceeds its rule, whoever stakes or works how much', () => {
    const amounts = fc.array(fc.nat(1_900_000), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(
        amounts,
        amounts,
        fc.constantFrom('stakeWeighted', 'workWeighted'),
        (stakes, skills, issuance) => {
          const any = world({ issuance, issuancePerTick: 0.777 }, 6);
          startTick(any, 0);
          stake(any, stakes);
          work(any, [1, 2, 3, 4, 5, 6], skills);
          const sum = gains(any).reduce((a, b) => a + b, 0);
          expect(sum).toBeLessThanOrEqual(777);
          const weights = issuance === 'stakeWeighted' ? stakes : skills.map((skill) => skill >>> 16);
          if (weights.some((weight) => weight > 0)) expect(sum).toBeGreaterThan(777 - 7);
        },
      ),
    );
  });
});

describe('Yuma consensus', () => {
  const policy = { issuance: 'yuma', issuancePerTick: 2, epoch: 3, validators: 2, bondsAlpha: 0.25 };
  const qualities = [0, 2 ** 31, 2 ** 30, 2 ** 30];
  const tasks = [0, 2, 2, 1];

  it('issues at the end of each epoch what one epoch of consensus gives, weights being delivered quality', () => {
    const yuma = world(policy);
    stake(yuma, [3000, 1000, 500, 0]);
    const perTick = tasks.map((n, i) => n * (qualities[i]! >>> 16));
    let bonds = new Uint16Array(16);
    let stakes = [3000n, 1000n, 500n, 0n];
    for (let epoch = 0; epoch < 3; epoch++) {
      const expected = yumaEpoch({
        stakes,
        weights: Uint16Array.from({ length: 16 }, (_, k) =>
          Math.floor((3 * perTick[k % 4]! * 65535) / (3 * Math.max(...perTick))),
        ),
        bonds,
        kappa: fixedOfShare(0.5),
        bondsPenalty: fixedOfShare(1),
        alpha: fixedOfAlpha(0.25),
        emission: 6000n,
        validators: 2,
      });
      for (let t = 0; t < 3; t++) {
        const tick = 3 * epoch + t;
        startTick(yuma, tick);
        yuma.ledger.tick = tick;
        work(yuma, tasks, qualities);
        const paid = gains(yuma, tick);
        expect(paid).toEqual(t < 2 ? [0, 0, 0, 0] : expected.emission.map(Number));
      }
      bonds = Uint16Array.from(expected.bonds);
      // the stakes grow by what the next epoch should notice
      stake(yuma, [0, 0, 700, 0]);
      stakes = stakes.map((s, i) => (i === 2 ? s + 700n : s));
    }
    expect(yuma.columns.total[TOTAL.issued]).toBeGreaterThan(3 * 6000 - 3 * 8);
    expect(yuma.columns.total[TOTAL.issued]).toBeLessThanOrEqual(3 * 6000);
  });

  it('pays validators for weighing and miners for their work, and who does neither nothing', () => {
    const yuma = world({ ...policy, epoch: 1 }, 5);
    stake(yuma, [3000, 1000, 0, 0, 0]);
    startTick(yuma, 0);
    work(yuma, [0, 0, 2, 1, 0], [0, 0, 2 ** 31, 2 ** 31, 0]);
    const [first, second, good, fair, idle] = gains(yuma) as [number, number, number, number, number];
    expect(first).toBeGreaterThan(second);
    expect(second).toBeGreaterThan(0);
    expect(good / fair).toBeCloseTo(2, 1);
    expect(idle).toBe(0);
  });

  it('forgets the bonds of an agent that has left its slot', () => {
    const paidAfter = (leaves: boolean): number[] => {
      const yuma = world({ ...policy, epoch: 1, bondsAlpha: 0.1 });
      stake(yuma, [2000, 2000, 0, 0]);
      for (let tick = 0; tick < 2; tick++) {
        yuma.ledger.tick = tick;
        startTick(yuma, tick);
        work(yuma, [0, 0, 1, 0], [0, 0, 2 ** 31, 0]);
        if (tick === 1 && leaves) leaveEpoch(yuma.columns, 0);
        const paid = gains(yuma, tick);
        if (tick === 1) return paid;
      }
      return [];
    };
    const stayed = paidAfter(false);
    const left = paidAfter(true);
    expect(stayed[0]).toBe(stayed[1]);
    expect(left[0]).toBeLessThan(left[1]! / 2);
  });

  it('seats the largest stakers and then the best workers where there are more than 256', () => {
    const crowd = world({ ...policy, epoch: 1, validators: 16 }, 300);
    stake(
      crowd,
      Array.from({ length: 300 }, (_, i) => (i >= 280 ? 1000 + i : 0)),
    );
    startTick(crowd, 0);
    work(
      crowd,
      Array.from({ length: 300 }, () => 1),
      Array.from({ length: 300 }, (_, i) => 2 ** 30 + i * 2 ** 20),
    );
    const paid = gains(crowd);
    expect(crowd.columns.yumaMember.length).toBe(256);
    const members = [...crowd.columns.yumaMember];
    // 16 validators and the 240 best workers of the others: 299..284 and 283..44
    expect(members).toEqual(Array.from({ length: 256 }, (_, k) => 44 + k));
    expect(paid[43]).toBe(0);
    expect(paid[299]).toBeGreaterThan(paid[100]!);
  });

  it('gives no seat to a staker who is neither among the largest nor among the best workers', () => {
    const crowd = world({ ...policy, epoch: 1, validators: 16 }, 300);
    stake(
      crowd,
      Array.from({ length: 300 }, (_, i) => (i < 20 ? 1000 + i : 0)),
    );
    startTick(crowd, 0);
    work(
      crowd,
      Array.from({ length: 300 }, () => 1),
      Array.from({ length: 300 }, (_, i) => 2 ** 30 + i * 2 ** 20),
    );
    gains(crowd);
    // validators 4..19, and the 240 who worked best
    const workers = Array.from({ length: 240 }, (_, k) => 60 + k);
    expect([...crowd.columns.yumaMember]).toEqual([
      ...Array.from({ length: 16 }, (_, k) => 4 + k),
      ...workers,
    ]);
  });

  it('seats nobody as a validator without a stake, and of equal workers the lower slots', () => {
    const crowd = world({ ...policy, epoch: 1, validators: 16 }, 300);
    crowd.ledger.transfer(ASSET.token, 270, crowd.ledger.stakeOf(270), 1000, REASON.stake);
    crowd.ledger.transfer(ASSET.token, 290, crowd.ledger.stakeOf(290), 1, REASON.stake);
    crowd.columns.population[3] = FREE_SLOT;
    startTick(crowd, 0);
    const all = Array.from({ length: 300 }, (_, i) => i);
    work(
      crowd,
      all.map((i) => Number(i < 270)),
      all.map(() => 2 ** 31),
    );
    gains(crowd);
    const others = all.filter((i) => i !== 3).slice(0, 254);
    expect([...crowd.columns.yumaMember]).toEqual([...others, 270, 290]);
  });

  it('keeps the bonds of who stays when others leave, come, and stay away', () => {
    const yuma = world({ ...policy, epoch: 1, validators: 4 }, 5);
    stake(yuma, [3000, 1000, 500, 800, 20]);
    const stakes = [3000n, 1000n, 500n, 800n, 20n];
    const quality = [2 ** 31, 2 ** 30, 2 ** 29, 2 ** 30, 2 ** 31];
    const dies = (slot: number): void => {
      yuma.columns.population[slot] = FREE_SLOT;
      leaveEpoch(yuma.columns, slot);
    };
    /** Bonds of pairs of slots, as the last epoch left them. */
    let known = new Map<number, number>();
    const changes = [
      () => {},
      () => dies(1),
      () => dies(3),
      () => yuma.columns.population.fill(yuma.columns.population[0]!, 1, 2),
      () => leaveEpoch(yuma.columns, 0),
      () => {},
    ];
    changes.forEach((change, tick) => {
      change();
      if (tick === 4) known = new Map([...known].filter(([pair]) => pair % 5 > 0 && pair >= 5));
      yuma.ledger.tick = tick;
      startTick(yuma, tick);
      work(yuma, [1, 2, 3, 1, tick], quality);
      const lives = [0, 1, 2, 3, 4].filter((i) => yuma.columns.population[i] !== FREE_SLOT);
      const delivered = lives.map((i) => [1, 2, 3, 1, tick][i]! * (quality[i]! >>> 16));
      const best = Math.max(...delivered);
      const pairs = lives.flatMap((i) => lives.map((j) => 5 * i + j));
      const expected = yumaEpoch({
        stakes: lives.map((i) => stakes[i]!),
        weights: Uint16Array.from(pairs, (_, k) =>
          Math.floor((delivered[k % lives.length]! * 65_535) / best),
        ),
        bonds: Uint16Array.from(pairs, (pair) => known.get(pair) ?? 0),
        kappa: fixedOfShare(0.5),
        bondsPenalty: fixedOfShare(1),
        alpha: fixedOfAlpha(0.25),
        emission: 2000n,
        validators: 4,
      });
      const paid = gains(yuma, tick);
      expect(lives.map((i) => paid[i])).toEqual(expected.emission.map(Number));
      known = new Map(pairs.map((pair, k) => [pair, Number(expected.bonds[k])]));
    });
  });

  it('counts what an agent delivered in its epoch up to 2^32 - 1, and forgets it with the epoch', () => {
    const yuma = world({ ...policy, epoch: 2 }, 3, 2);
    startTick(yuma, 0);
    work(yuma, [2 ** 20, 1, 5], [2 ** 31, 2 ** 31, 2 ** 31]);
    gains(yuma, 0);
    expect([...yuma.columns.epochQuality]).toEqual([0xffff_ffff, 2 ** 15, 0]);
    leaveEpoch(yuma.columns, 0);
    expect([...yuma.columns.epochQuality]).toEqual([0, 2 ** 15, 0]);
    work(yuma, [0, 2, 5], [2 ** 31, 2 ** 31, 2 ** 31]);
    gains(yuma, 1);
    expect([...yuma.columns.epochQuality]).toEqual([0, 0, 0]);
    expect([...yuma.columns.yumaTenure]).toEqual([1, 1, 0]);
  });

  it('issues nothing to an empty world', () => {
    const empty = world({ ...policy, epoch: 1 }, 3);
    empty.columns.population.fill(FREE_SLOT);
    expect(gains(empty)).toEqual([0, 0, 0]);
  });
});

describe('a fee', () => {
  const taken = (feeBurn: number, fee: number): [burned: number, treasury: number] => {
    const of = world({ feeBurn });
    const treasury = of.balances.systemToken[SYSTEM.treasury]!;
    takeFee(of, 0, fee, REASON.taskFee);
    of.ledger.checkConservation();
    expect(of.columns.total[TOTAL.taskFees]).toBe(fee);
    return [of.ledger.burned(ASSET.token), of.balances.systemToken[SYSTEM.treasury]! - treasury];
  };

  it('is burned in its share, rounded down; the treasury keeps the remainder', () => {
    expect(taken(0, 101)).toEqual([0, 101]);
    expect(taken(0.5, 101)).toEqual([50, 51]);
    expect(taken(1, 101)).toEqual([101, 0]);
  });

  it('that is burned lowers the supply by exactly the fees of both markets', () => {
    const supplies = [0, 1].map((feeBurn) => {
      const market = new TestMarket(testWorld({ slots: 24, seed: 3, world: { policy: { feeBurn } } }));
      const before = market.world.ledger.supply(ASSET.token);
      for (let t = 0; t < 40; t++) market.run();
      const { total } = market.world.columns;
      const fees = total[TOTAL.taskFees]! + total[TOTAL.computeFees]!;
      expect(fees).toBeGreaterThan(0);
      expect(before - market.world.ledger.supply(ASSET.token)).toBe(feeBurn * fees);
      expect(total[TOTAL.burned]).toBe(feeBurn * fees);
      return market.world.ledger.supply(ASSET.token);
    });
    expect(supplies[1]).toBeLessThan(supplies[0]!);
  });
});

describe('the wealth tax', () => {
  it('takes its share of free token and of cash, each rounded down, and no stake', () => {
    const taxed = world({ wealthTaxPerTick: 1 / 16 }, 3, 2);
    const { balances, ledger } = taxed;
    stake(taxed, [3]);
    const [token, cash] = [[...balances.token], [...balances.cash]];
    const treasury = [balances.systemToken[SYSTEM.treasury]!, balances.systemCash[SYSTEM.treasury]!];
    applyTokenPolicy(taxed, 0);
    const due = (owned: number[]): number[] => owned.map((amount) => Math.floor(amount / 16));
    const sum = (amounts: number[]): number => amounts.reduce((a, b) => a + b, 0);
    expect([...balances.token]).toEqual(token.map((amount, i) => amount - due(token)[i]!));
    expect([...balances.cash]).toEqual(cash.map((amount, i) => amount - due(cash)[i]!));
    expect([...balances.stake]).toEqual([3, 0, 0]);
    expect(balances.systemToken[SYSTEM.treasury]).toBe(treasury[0]! + sum(due(token)));
    expect(balances.systemCash[SYSTEM.treasury]).toBe(treasury[1]! + sum(due(cash)));
    expect(sum(due(cash))).toBeGreaterThan(0);
    ledger.checkConservation();
  });
});

describe('the dividend', () => {
  it('is paid in cash, too, out of what the treasury has above its reserve of cash', () => {
    const paying = world({ dividend: 1 }, 3, 2);
    const { ledger, balances, columns } = paying;
    const cash = [...balances.cash];
    ledger.transfer(
      ASSET.cash,
      ledger.system(SYSTEM.consumers),
      ledger.system(SYSTEM.treasury),
      101,
      REASON.tax,
    );
    expect(gains(paying)).toEqual([0, 0, 0]);
    expect([...balances.cash]).toEqual([cash[0]! + 50, cash[1]! + 50, cash[2]!]);
    expect([columns.total[TOTAL.dividendToken], columns.total[TOTAL.dividendCash]]).toEqual([0, 100]);
  });

  it('pays nothing where nobody lives, nor below the reserve', () => {
    const empty = world({ dividend: 1 }, 2);
    const { ledger } = empty;
    const [treasury, consumers] = [ledger.system(SYSTEM.treasury), ledger.system(SYSTEM.consumers)];
    ledger.transfer(ASSET.token, consumers, treasury, 1000, REASON.tax);
    expect(dividendEach(empty, ASSET.token)).toBe(500);
    empty.columns.scalar[WORLD.alive] = 0;
    expect(dividendEach(empty, ASSET.token)).toBe(0);
    empty.columns.scalar[WORLD.alive] = 2;
    ledger.transfer(ASSET.token, treasury, consumers, 1001, REASON.dividend);
    expect(dividendEach(empty, ASSET.token)).toBe(0);
  });

  it('shares the surplus above the reserve equally among the living, rounded down', () => {
    const paying = world({ dividend: 0.5 }, 4, 3);
    const { ledger } = paying;
    const consumers = ledger.system(SYSTEM.consumers);
    const treasury = ledger.system(SYSTEM.treasury);
    const held = ledger.balance(ASSET.token, treasury);
    ledger.transfer(ASSET.token, consumers, treasury, 1003, REASON.tax);
    expect(gains(paying)).toEqual([167, 167, 167, 0]);
    expect(ledger.balance(ASSET.token, treasury)).toBe(held + 1003 - 501);
    expect(paying.columns.total[TOTAL.dividendToken]).toBe(501);
  });

  it('pays nothing out of the reserve, nor where it is off', () => {
    expect(gains(world({ dividend: 1 }))).toEqual([0, 0, 0, 0]);
    const off = world({});
    const consumers = off.ledger.system(SYSTEM.consumers);
    off.ledger.transfer(ASSET.token, consumers, off.ledger.system(SYSTEM.treasury), 1000, REASON.tax);
    expect(gains(off)).toEqual([0, 0, 0, 0]);
  });
});

describe('every law', () => {
  it.each(['stakeWeighted', 'workWeighted', 'yuma'])(
    'holds under %s issuance, burning and dividends',
    (issuance) => {
      const policy = { issuance, epoch: 5, feeBurn: 0.3, dividend: 0.1, staking: true };
      const of = testWorld({ slots: 16, living: 14, seed: 4, world: { policy } });
      stake(of, [500_000, 400_000, 1000]);
      const market = new TestMarket(of);
      for (let t = 0; t < 60; t++) {
        market.run();
        for (const law of MARKET_LAWS) law.check(of);
      }
      expect(of.columns.total[TOTAL.issued]).toBeGreaterThan(0.9 * 60 * 10_000 - 60 * 16);
    },
  );
});
