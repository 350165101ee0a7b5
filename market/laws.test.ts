import { describe, expect, it } from 'vitest';
import { LawViolation } from '../sim/core/errors.ts';
import type { BatchAuction } from './batchAuction.ts';
import {
  ASSET,
  FREE_SLOT,
  type MarketWorld,
  SIDE,
  SPENDING,
  SWAP,
  SWAP_FIELDS,
  SYSTEM,
  TOTAL,
  WORLD,
} from './columns.ts';
import { checkBalances, issuable, issuedRate, MARKET_LAWS } from './laws.ts';
import { REASON } from './ledger.ts';
import { TestMarket } from './testTick.ts';
import { testWorld } from './testWorld.ts';

const WORLD_NUMBER = 6;
const TICKS = 9;

/** A market with courts that has run some ticks; the last one had trades on both markets and debts paid. */
function ran(clears = true): TestMarket {
  const trust = { regime: 'legal', legalCost: 0.01, registrationFee: 1, delay: 3, discountRate: 0 };
  const options = { slots: 30, number: WORLD_NUMBER, seed: 11, clears };
  const market = new TestMarket(testWorld({ ...options, world: { trust } }));
  for (let t = 0; t < TICKS; t++) market.run();
  return market;
}

const firstBroken = (world: MarketWorld): LawViolation | null => {
  for (const law of MARKET_LAWS) {
    try {
      law.check(world);
    } catch (error) {
      expect(error).toBeInstanceOf(LawViolation);
      return error as LawViolation;
    }
  }
  return null;
};

const trader = ({ columns }: MarketWorld, side: number): number =>
  columns.orderSide.findIndex((s, i) => s === side && columns.orderFilled[i]! > 0);

describe('the laws', () => {
  it('hold in a market that nobody disturbed, with trades to check', () => {
    const { world } = ran();
    expect(firstBroken(world)).toBeNull();
    expect(world.columns.scalar[WORLD.computeVolume]).toBeGreaterThan(0);
    expect(trader(world, SIDE.buy)).toBeGreaterThanOrEqual(0);
    expect(world.columns.swapReserves[SWAP.sale * SWAP_FIELDS]).toBeGreaterThan(0);
    expect(world.columns.tasksSold.some((n) => n > 0)).toBe(true);
  });

  it('have names of their own', () => {
    expect(new Set(MARKET_LAWS.map((law) => law.name)).size).toBe(MARKET_LAWS.length);
  });

  const faults: [fault: string, law: string, account: RegExp, (world: MarketWorld) => void][] = [
    [
      'a minted token',
      'conservation',
      /all token/,
      ({ balances }) => {
        balances.token[3]! += 1;
      },
    ],
    [
      'a lost milli-cash',
      'conservation',
      /all cash/,
      ({ balances }) => {
        balances.systemCash[SYSTEM.treasury]! -= 1;
      },
    ],
    [
      'a balance that wrapped below zero',
      'balances-in-range',
      /^agent 0 cash$/,
      ({ balances }) => {
        balances.cash[0] = balances.cash[0]! - balances.cash[0]! - 1;
      },
    ],
    [
      'free token that wrapped below zero',
      'balances-in-range',
      /^agent 2 token$/,
      ({ balances }) => {
        balances.token[2] = -1;
      },
    ],
    [
      'a stake that wrapped below zero',
      'balances-in-range',
      /^agent 29 stake$/,
      ({ balances }) => {
        balances.stake[29] = -1;
      },
    ],
    [
      'a system account in debt, hidden by another',
      'balances-in-range',
      /^court token$/,
      ({ balances }) => {
        balances.systemToken[SYSTEM.court]! -= 5;
        balances.systemToken[SYSTEM.treasury]! += 5;
      },
    ],
    [
      'half a unit',
      'balances-in-range',
      /^consumers cash$/,
      ({ balances }) => {
        balances.systemCash[SYSTEM.consumers]! -= 0.5;
        balances.systemCash[SYSTEM.treasury]! += 0.5;
      },
    ],
    [
      'pay left in escrow',
      'escrow-empty',
      /^escrow token$/,
      ({ balances }) => {
        balances.systemToken[SYSTEM.consumers]! -= 7;
        balances.systemToken[SYSTEM.escrow]! += 7;
      },
    ],
    [
      'cash left in escrow',
      'escrow-empty',
      /^escrow cash$/,
      ({ balances }) => {
        balances.systemCash[SYSTEM.consumers]! -= 7;
        balances.systemCash[SYSTEM.escrow]! += 7;
      },
    ],
    [
      'compute used twice',
      'compute-used',
      /^agent 4 compute$/,
      ({ columns }) => {
        columns.computeUsed[4] = columns.opened[4]! + columns.orderFilled[4]! + 1;
      },
    ],
    [
      'compute sold that was never owned',
      'compute-used',
      /^agent \d+ compute$/,
      (world) => {
        world.columns.opened[trader(world, SIDE.sell)] = 0;
      },
    ],
    [
      'a unit bought from nobody',
      'bought-equals-sold',
      /^compute$/,
      (world) => {
        world.columns.orderFilled[trader(world, SIDE.buy)]! += 1;
      },
    ],
    [
      'a fill beyond its limit',
      'clearing',
      /^agent \d+ compute$/,
      (world) => {
        const { columns } = world;
        columns.orderLevel[trader(world, SIDE.buy)] = columns.scalar[WORLD.computeLevel]! - 1;
      },
    ],
    [
      'a fill larger than its order',
      'clearing',
      /^agent \d+ compute$/,
      (world) => {
        const { columns } = world;
        const i = trader(world, SIDE.buy);
        columns.orderQuantity[i] = columns.orderFilled[i]! - 1;
      },
    ],
    [
      'an order that the auction never counted',
      'clearing',
      /^compute$/,
      ({ columns }) => {
        const waiting = columns.orderSide.findIndex((s, i) => s === SIDE.buy && columns.orderFilled[i] === 0);
        columns.bidHistogram[columns.orderLevel[waiting]!]! -= columns.orderQuantity[waiting]!;
      },
    ],
    [
      'a level that another one has beaten',
      'clearing',
      /compute$/,
      ({ columns }) => {
        columns.scalar[WORLD.computeLevel]! += 1;
      },
    ],
    [
      'a buyer that paid a milli-token too much',
      'uniform-price',
      /^agent \d+ token$/,
      (world) => {
        world.columns.orderAmount[trader(world, SIDE.buy)]! += 1;
      },
    ],
    [
      'a seller that was told of another amount than it got',
      'uniform-price',
      /^agent \d+ token$/,
      (world) => {
        world.columns.computeAmount[trader(world, SIDE.sell)]! += 1;
      },
    ],
    [
      'a task paid a milli-token short',
      'tasks',
      /^agent \d+ tasks$/,
      ({ columns }) => {
        columns.offerReceipt[columns.offerSold.findIndex((n) => n > 0)]! -= 1;
      },
    ],
    [
      'a task sold below zero score',
      'tasks',
      /^agent \d+ tasks$/,
      ({ columns }) => {
        const winner = columns.offerSold.findIndex((n) => n > 0);
        columns.offerAsk[winner] = columns.offerWorth[winner]! + 1;
      },
    ],
    [
      'a pool that gave cash away',
      'amm-k',
      /^amm$/,
      ({ ledger }) => {
        ledger.transfer(ASSET.cash, ledger.system(SYSTEM.amm), 3, 1, REASON.redemption);
      },
    ],
    [
      'more tasks served than wanted',
      'tasks',
      /^class 2$/,
      ({ columns }) => {
        columns.served[2] = columns.demand[2]! + 1;
      },
    ],
    [
      'more tasks sold than offered',
      'tasks',
      /^agent 5 tasks$/,
      ({ columns }) => {
        columns.tasksSold[5] = columns.tasksOffered[5]! + 1;
      },
    ],
    [
      'tasks sold to nobody',
      'tasks',
      /^all tasks$/,
      ({ columns }) => {
        columns.served.fill(0);
      },
    ],
    [
      'a swap that takes one unit too much from the pool',
      'amm-k',
      /^amm, swap 'sale'$/,
      ({ columns }) => {
        const at = SWAP.sale * SWAP_FIELDS;
        columns.swapReserves[at + 3] = Math.floor(
          (columns.swapReserves[at]! * columns.swapReserves[at + 1]!) / columns.swapReserves[at + 2]!,
        );
        columns.swapReserves[at + 3]! -= 1;
      },
    ],
    [
      'a slash beyond what was locked',
      'slashing-within-stake',
      /^stake of agent 3$/,
      ({ columns }) => {
        columns.slashed[3] = columns.stakeLocked[3]! + 1;
      },
    ],
    [
      'stake locked twice',
      'slashing-within-stake',
      /^stake of agent 4$/,
      ({ columns }) => {
        columns.stakeLocked[4] = columns.stakeOpened[4]! + 1;
      },
    ],
    [
      'a debt forgiven in silence',
      'claims-equal-liabilities',
      /^cohort \d+$/,
      ({ columns }) => {
        columns.liabilities[columns.liabilities.findIndex((owed) => owed > 0)]! -= 1;
      },
    ],
    [
      'a claim out of nothing',
      'claims-equal-liabilities',
      /^cohort 0$/,
      ({ columns }) => {
        columns.claims[0]! += 1;
      },
    ],
    [
      'a debt of an empty slot to itself',
      'claims-equal-liabilities',
      /^agent 29 claims$/,
      ({ columns, parameters }) => {
        columns.population[29] = FREE_SLOT;
        columns.claims[29 * parameters.trust.cohorts] = 5;
        columns.liabilities[29 * parameters.trust.cohorts] = 5;
      },
    ],
    [
      'a court that keeps less than it holds for creditors',
      'claims-equal-liabilities',
      /^court cash$/,
      ({ columns, balances }) => {
        const held = columns.courtHeld.reduce((sum, cash) => sum + cash, 0);
        expect(held).toBeGreaterThan(0);
        const spent = balances.systemCash[SYSTEM.court]! - held + 1;
        balances.systemCash[SYSTEM.court]! -= spent;
        balances.systemCash[SYSTEM.consumers]! += spent;
      },
    ],
    [
      'a payment that no seller received',
      'welfare-accounting',
      /^consumers token$/,
      ({ columns }) => {
        columns.spending[SPENDING.receipts]! -= 1;
      },
    ],
    [
      'a fee that nobody paid',
      'welfare-accounting',
      /^consumers token$/,
      ({ columns }) => {
        columns.total[TOTAL.taskFees]! += 1;
      },
    ],
    [
      'spending that was not counted',
      'welfare-accounting',
      /^consumers token$/,
      ({ columns }) => {
        columns.total[TOTAL.spentToken]! -= 1;
      },
    ],
    [
      'consumers who paid more than sellers and fees took',
      'welfare-accounting',
      /^consumers token$/,
      ({ columns }) => {
        columns.spending[SPENDING.closed]! -= 1;
      },
    ],
    [
      'data out of nothing',
      'data-conserved',
      /^all data$/,
      ({ columns }) => {
        columns.data[4]! += 1;
      },
    ],
    [
      "a users' pool that gave away more than it had",
      'data-conserved',
      /^users' pool$/,
      ({ columns }) => {
        columns.total[TOTAL.dataPool] = -1;
      },
    ],
    [
      'a token minted for a birth',
      'minted-equals-issued',
      /^all token$/,
      ({ ledger }) => {
        ledger.mint(ASSET.token, 3, 1, REASON.endowment);
      },
    ],
    [
      'cash issued by a token policy',
      'minted-equals-issued',
      /^all cash$/,
      ({ ledger }) => {
        ledger.mint(ASSET.cash, 3, 1, REASON.issuance);
      },
    ],
    [
      'issuance without a rule',
      'minted-equals-issued',
      /^all token$/,
      ({ ledger, columns }) => {
        ledger.mint(ASSET.token, 3, 1, REASON.issuance);
        columns.total[TOTAL.issued]! += 1;
      },
    ],
    [
      'capacity out of nothing',
      'capacity-total',
      /^all capacity$/,
      ({ columns }) => {
        columns.capacity[7]! += 1;
      },
    ],
    [
      'a total that lost a unit',
      'capacity-total',
      /^all capacity$/,
      ({ columns }) => {
        columns.total[TOTAL.capacity]! -= 1;
      },
    ],
  ];

  it.each(faults)('see %s: %s names tick, world and account', (_, law, account, disturb) => {
    const { world } = ran();
    disturb(world);
    const error = firstBroken(world);
    expect(error?.law).toBe(law);
    expect(error?.at.tick).toBe(TICKS - 1);
    expect(error?.at.world).toBe(WORLD_NUMBER);
    expect(error?.at.account).toMatch(account);
    expect(error?.message).toContain(`law '${law}' broken at tick ${TICKS - 1}, world ${WORLD_NUMBER}`);
  });

  it('let one agent own all that there is, to the unit', () => {
    const world = testWorld({ slots: 3, world: { amm: { enabled: false } } });
    const { balances, ledger } = world;
    const supplies = [ledger.supply(ASSET.token), ledger.supply(ASSET.cash)];
    for (const column of Object.values(balances)) if (column !== balances.supply) column.fill(0);
    balances.token[1] = supplies[0]!;
    balances.cash[2] = supplies[1]!;
    expect(() => checkBalances(world)).not.toThrow();
    balances.stake[1] = balances.token[1];
    balances.token[1] = 0;
    expect(() => checkBalances(world)).not.toThrow();
    balances.stake[1]! += 1;
    expect(() => checkBalances(world)).toThrow("'agent 1 stake'");
  });

  it('leave no fault of the others unseen: each is provoked above', () => {
    expect(new Set(faults.map(([, law]) => law))).toEqual(new Set(MARKET_LAWS.map((law) => law.name)));
  });
});

describe('what may be issued', () => {
  const issuing = (policy: object) =>
    testWorld({ slots: 2, world: { policy: { staking: true, ...policy } } });

  it('is the rate for every tick so far, the highest that there was', () => {
    const world = issuing({ issuance: 'stakeWeighted', issuancePerTick: 0.007 });
    expect([issuable(world.parameters, 0), issuable(world.parameters, 9)]).toEqual([7, 70]);
    const { policy } = world.parameters;
    const more = { ...world.parameters, policy: { ...policy, issuanceMost: 11 } } as typeof world.parameters;
    expect(issuable(more, 9)).toBe(110);
  });

  it('shows in what was issued, rounded up; of a consensus in whole epochs', () => {
    const issued = (policy: object, amount: number, ticks: number): number => {
      const world = issuing(policy);
      world.columns.total[TOTAL.issued] = amount;
      return issuedRate(world, ticks);
    };
    expect(issued({ issuance: 'stakeWeighted' }, 70, 10)).toBe(7);
    expect(issued({ issuance: 'stakeWeighted' }, 71, 10)).toBe(8);
    expect(issued({ issuance: 'stakeWeighted' }, 0, 0)).toBe(0);
    expect(issued({ issuance: 'yuma', epoch: 4 }, 56, 10)).toBe(7);
    expect(issued({ issuance: 'yuma', epoch: 4 }, 0, 3)).toBe(0);
  });
});

describe('a mutated clearing', () => {
  /** Runs one tick with a clearing that does something else after the real one. */
  function tamper(change: (auction: BatchAuction, world: MarketWorld) => void): LawViolation | null {
    // without a kernel, which would clear in its place
    const market = ran(false);
    const clear = market.compute.clear.bind(market.compute);
    market.compute.clear = (side, limit, word) => {
      clear(side, limit, word);
      change(market.compute, market.world);
    };
    market.run();
    expect(market.compute.bidTotal).toBeGreaterThan(1);
    return firstBroken(market.world);
  }

  it('that trades one unit less than it could is seen', () => {
    const error = tamper((auction, { columns }) => {
      const buyer = auction.fill.findIndex((f, i) => f > 0 && columns.orderSide[i] === SIDE.buy);
      const seller = auction.fill.findIndex((f, i) => f > 0 && columns.orderSide[i] === SIDE.sell);
      auction.fill[buyer]! -= 1;
      auction.fill[seller]! -= 1;
      (auction as { volume: number }).volume -= 1;
    });
    expect(error?.law).toBe('clearing');
    expect(error?.message).toContain('could trade');
  });

  it('that clears one side only is seen by what stays in escrow', () => {
    const error = tamper((auction, { columns }) => {
      const seller = auction.fill.findIndex((f, i) => f > 0 && columns.orderSide[i] === SIDE.sell);
      auction.fill[seller]! -= 1;
    });
    expect(error?.law).toBe('escrow-empty');
  });

  it('that serves a worse limit before a better one is seen', () => {
    const error = tamper((auction, { columns }) => {
      const { orderSide, orderLevel } = columns;
      const buys = [...auction.fill.keys()].filter((i) => orderSide[i] === SIDE.buy && auction.fill[i]! > 0);
      buys.sort((a, b) => orderLevel[b]! - orderLevel[a]!);
      const best = buys[0]!;
      // a waiting order at the clearing level or above takes a unit from the best one
      const waiting = [...auction.fill.keys()].find(
        (i) =>
          orderSide[i] === SIDE.buy &&
          orderLevel[i]! < orderLevel[best]! &&
          orderLevel[i]! >= auction.level &&
          auction.fill[i]! < auction.quantity[i]!,
      );
      const other =
        waiting ?? auction.quantity.findIndex((q, i) => q > 0 && orderSide[i] === SIDE.buy && i !== best);
      auction.fill[best]! -= 1;
      auction.fill[other]! += 1;
    });
    expect(error?.law).toBe('clearing');
  });
});
