import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { genesisCapacities } from '../configs/allotments.ts';
import { buildSchema } from '../configs/schema.ts';
import { TWO_32, U32_MAX } from '../sim/core/units.ts';
import { circulate, startTick } from './circulation.ts';
import { ASSET, FINANCE, FREE_SLOT, type MarketWorld, SIDE, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { MARKET_LAWS } from './laws.ts';
import { REASON } from './ledger.ts';
import {
  capitalDue,
  energyShare,
  hardwarePrice,
  ownEnergy,
  payOperators,
  profitOf,
  wearHardware,
} from './ownership.ts';
import { settle } from './settle.ts';
import { TestMarket } from './testTick.ts';
import { testWorld } from './testWorld.ts';
import { openingWealth, recordWealth, wealthOf } from './wealth.ts';

const world = (hardware: object = {}, slots = 1) =>
  testWorld({
    slots,
    world: { hardware: { runwayTicks: 1000, ...hardware }, policy: { wealthTaxPerTick: 0 } },
  });

describe('buying hardware', () => {
  it('adds one cu to agent and total, at the opening price, paid to the supplier', () => {
    const w = world();
    startTick(w, 0);
    w.columns.finance[0] = FINANCE.buyHardware;
    settle(w, 0);
    expect(w.columns.capacity[0]).toBe(9);
    expect(w.columns.total[TOTAL.capacity]).toBe(9);
    expect(w.columns.invested[0]).toBe(100_000);
    expect(w.balances.systemCash[SYSTEM.supplier]).toBe(100_000 + 50);
    expect(w.balances.cash[0]).toBe(500_000 - 100_000 - 50);
  });

  it('costs all buyers of a tick the same', () => {
    const w = world({}, 2);
    startTick(w, 0);
    w.columns.finance.fill(FINANCE.buyHardware);
    settle(w, 0);
    expect([...w.columns.invested]).toEqual([100_000, 100_000]);
    startTick(w, 1);
    expect(w.columns.scalar[WORLD.hardwarePrice]).toBe(50_000 + Math.floor((50_000 * 18 ** 2) / 16 ** 2));
  });

  it.each([
    [0, 9],
    [1, 8],
  ])('leaves the runway: %i milli-cash too little gives capacity %i', (missing, capacity) => {
    const w = world();
    const { ledger } = w;
    startTick(w, 0);
    // after the bill of 50 and the price of 100,000 exactly 1000 ticks of 50 must remain
    const keep = 50 + 100_000 + 50_000 - missing;
    ledger.transfer(ASSET.token, 0, ledger.system(SYSTEM.consumers), 2e6, REASON.task);
    ledger.transfer(ASSET.cash, 0, ledger.system(SYSTEM.consumers), 5e5 - keep, REASON.task);
    w.columns.finance[0] = FINANCE.buyHardware;
    settle(w, 0);
    expect(w.columns.capacity[0]).toBe(capacity);
  });

  it.each([
    [0, 9],
    [1, 8],
  ])(
    'takes the last milli-cash where no runway is asked for: %i too little gives capacity %i',
    (missing, capacity) => {
      const w = testWorld({
        slots: 1,
        world: {
          hardware: { runwayTicks: 0 },
          energy: { subsistence: 0 },
          policy: { wealthTaxPerTick: 0 },
        },
      });
      const { ledger } = w;
      startTick(w, 0);
      const price = w.columns.scalar[WORLD.hardwarePrice]!;
      ledger.transfer(ASSET.cash, 0, ledger.system(SYSTEM.consumers), 5e5 - price + missing, REASON.task);
      w.columns.finance[0] = FINANCE.buyHardware;
      settle(w, 0);
      expect(w.columns.capacity[0]).toBe(capacity);
      expect(w.balances.cash[0]).toBe(missing === 0 ? 0 : price - 1);
    },
  );

  it.each([
    ['at capacityMax', { capacityMax: 8 }],
    ['where hardware is not for sale', { enabled: false }],
    ['without the cash', { priceBase: 1000 }],
  ])('is refused %s', (_, hardware) => {
    const w = world(hardware);
    startTick(w, 0);
    w.columns.finance[0] = FINANCE.buyHardware;
    settle(w, 0);
    expect(w.columns.capacity[0]).toBe(8);
    expect(w.columns.invested[0]).toBe(0);
  });
});

describe('the price of hardware', () => {
  it('is base + floor(scale x (total / genesis)^2), also where the products pass 2^53', () => {
    const w = world();
    const { parameters, columns } = w;
    const stocks = fc.integer({ min: 1, max: 2 ** 31 - 1 });
    const prices = fc.oneof(fc.nat(1000), fc.nat(2 ** 31 - 1));
    fc.assert(
      fc.property(stocks, fc.integer({ min: 1, max: 64 }), prices, prices, (stock, of, base, scale) => {
        const genesis = Math.max(1, Math.floor((stock / of) * 8));
        columns.total[TOTAL.capacity] = stock;
        const hardware = {
          ...parameters.hardware,
          genesisStock: genesis,
          priceBase: base,
          priceScale: scale,
        };
        const exact = BigInt(base) + (BigInt(scale) * BigInt(stock) ** 2n) / BigInt(genesis) ** 2n;
        const price = hardwarePrice({
          ...w,
          parameters: { ...parameters, hardware },
        } as unknown as MarketWorld);
        expect(price).toBe(Number(exact > BigInt(U32_MAX) ? BigInt(U32_MAX) : exact));
      }),
    );
  });

  it('is exact where doubles are not', () => {
    const w = world();
    // twice the stock of genesis costs four times the scale; products in doubles would say one less
    w.columns.total[TOTAL.capacity] = 950_571_506;
    const hardware = {
      ...w.parameters.hardware,
      genesisStock: 475_285_753,
      priceBase: 0,
      priceScale: 173_655_136,
    };
    const dear = { ...w, parameters: { ...w.parameters, hardware } } as unknown as MarketWorld;
    expect(hardwarePrice(dear)).toBe(4 * 173_655_136);
  });
});

describe('wear', () => {
  const w = testWorld({ slots: 2, living: 1 });
  const worn = (capacity: number, wear: number, seed: number): [lost: number, total: number] => {
    const { parameters, columns } = w;
    columns.capacity.set([capacity, capacity]);
    columns.total[TOTAL.capacity] = 2 * capacity;
    const hardware = { ...parameters.hardware, wear };
    wearHardware({ ...w, parameters: { ...parameters, seed, hardware } } as unknown as MarketWorld, 3);
    // nobody owns the other slot, and nothing there wears
    expect(columns.capacity[1]).toBe(capacity);
    return [capacity - columns.capacity[0]!, 2 * capacity - columns.total[TOTAL.capacity]!];
  };
  const capacities = fc.oneof(fc.nat(20), fc.nat(2 ** 31 - 1));
  const shares = fc.oneof(fc.nat(2 ** 20), fc.nat(U32_MAX));

  it('takes the whole part for sure and one more at most, whatever the capacity, and never more than there is', () => {
    fc.assert(
      fc.property(capacities, shares, fc.nat(), (capacity, wear, seed) => {
        const [lost, ofTotal] = worn(capacity, wear, seed);
        const product = BigInt(capacity) * BigInt(wear);
        const whole = Number(product >> 32n);
        expect(ofTotal).toBe(lost);
        expect(lost).toBeLessThanOrEqual(capacity);
        if (product % 2n ** 32n === 0n) expect(lost).toBe(whole);
        else expect([whole, whole + 1]).toContain(lost);
      }),
    );
  });

  it.each([
    [2 ** 31 - 1, 0xc000_0001],
    [3, 2 ** 31],
    [2 ** 30 + 1, 2 ** 30],
  ])('of %i cu at a share of %i of 2^32 is right on average', (capacity, wear) => {
    const product = BigInt(capacity) * BigInt(wear);
    const [whole, fraction] = [Number(product >> 32n), Number(product % 2n ** 32n) / TWO_32];
    let more = 0;
    for (let seed = 0; seed < 400; seed++) more += worn(capacity, wear, seed)[0] - whole;
    expect(Math.abs(more / 400 - fraction)).toBeLessThan(4 * Math.sqrt((fraction * (1 - fraction)) / 400));
  });
});

/** Capacities at genesis of `slots` agents with a device of `capacity` cu, or of them all where they are equal. */
function capacities(ownership: object, slots: number, capacity = 8, seed = 1): number[] {
  const { world: w } = buildSchema().parse({ slots, world: { ownership, genesis: { capacity } } });
  return [...(genesisCapacities(w, slots, seed) ?? new Uint32Array(slots).fill(capacity))];
}
const total = (parts: readonly number[]): number => parts.reduce((a, b) => a + b, 0);

describe('capacity at genesis', () => {
  it('is the same device for all by default', () => {
    expect(capacities({}, 5)).toEqual([8, 8, 8, 8, 8]);
  });

  it('is in equal parts with k firms, drawn at random, and in equal parts with all others', () => {
    const firms = { distribution: 'firms', firms: 4, firmShare: 0.75 };
    const dealt = capacities(firms, 20);
    expect([...dealt].sort((a, b) => b - a)).toEqual([
      30,
      30,
      30,
      30,
      ...new Array(8).fill(3),
      ...new Array(8).fill(2),
    ]);
    expect(capacities(firms, 20, 8, 2)).not.toEqual(dealt);
    expect(capacities(firms, 20)).toEqual(dealt);
  });

  it('follows a Pareto law: with index 1.16 a fifth of the agents own four fifths of it, nearly', () => {
    const dealt = capacities({ distribution: 'pareto' }, 2000, 64).sort((a, b) => b - a);
    const fifth = total(dealt.slice(0, 400)) / total(dealt);
    // the largest of finitely many quantiles misses some of a heavy tail
    expect(fifth).toBeGreaterThan(0.68);
    expect(fifth).toBeLessThan(0.8);
    // P(x >= 4 m) / P(x >= 2 m) = 2^-alpha
    const median = dealt[1000]!;
    const above = (x: number): number => dealt.filter((part) => part >= x).length;
    expect(above(4 * median) / above(2 * median)).toBeCloseTo(2 ** -1.16, 1);
  });

  it('adds up to slots x device whatever the distribution', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('firms', 'pareto'),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 0, max: 100 }),
        (distribution, slots, device, firms, percent) => {
          const dealt = capacities({ distribution, firms, firmShare: percent / 100 }, slots, device);
          expect(dealt).toHaveLength(slots);
          expect(total(dealt)).toBe(slots * device);
        },
      ),
    );
  });

  it('that passes capacityMax is refused by name, for nobody could have bought it', () => {
    const ownership = { distribution: 'firms', firms: 1, firmShare: 1 };
    expect(() => testWorld({ slots: 5, world: { ownership } })).toThrow(
      /world.ownership.distribution.*capacity 40 must not exceed/,
    );
    expect(() => testWorld({ slots: 4, world: { ownership } })).not.toThrow();
  });

  it('is founded slot by slot, and totals are taken from it', () => {
    const ownership = { distribution: 'firms', firms: 1, firmShare: 0.5 };
    const w = testWorld({ slots: 4, world: { ownership } });
    expect([...w.columns.capacity].sort((a, b) => b - a)).toEqual([16, 6, 5, 5]);
    expect(w.columns.total[TOTAL.capacity]).toBe(32);
    expect(w.columns.scalar[WORLD.hardwarePrice]).toBe(100_000);
  });
});

describe('a scale economy', () => {
  const scaled = testWorld({ slots: 1, world: { ownership: { scaleEconomy: 0.2 } } }).parameters.ownership;

  it('saves its share of the energy price per doubling above the device, and nothing up to it', () => {
    for (const capacity of [0, 1, 7, 8]) expect(energyShare(scaled, capacity)).toBe(U32_MAX);
    for (const doublings of [1, 2, 3])
      expect(energyShare(scaled, 8 * 2 ** doublings) / TWO_32).toBeCloseTo(0.8 ** doublings, 4);
    expect(energyShare(scaled, 12) / TWO_32).toBeCloseTo(0.8 ** Math.log2(1.5), 4);
  });

  it('falls with every cu above the device', () => {
    for (let capacity = 8; capacity < 400; capacity++)
      expect(energyShare(scaled, capacity + 1)).toBeLessThan(energyShare(scaled, capacity));
  });

  it('makes the bill of a data centre smaller, and that of a device not', () => {
    const bills = [0, 0.5].map((scaleEconomy) => {
      const w = testWorld({
        slots: 2,
        world: {
          ownership: { scaleEconomy },
          hardware: { capacityMax: 64 },
          policy: { wealthTaxPerTick: 0 },
        },
      });
      w.columns.capacity[1] = 32;
      w.columns.total[TOTAL.capacity]! += 24;
      startTick(w, 0);
      w.columns.computeUsed.set([8, 8]);
      settle(w, 0);
      expect(w.columns.total[TOTAL.energy]).toBe(w.columns.bill[0]! + w.columns.bill[1]! - 100);
      return [...w.columns.bill];
    });
    expect(bills[0]).toEqual([1250, 1250]);
    expect(bills[1]![0]).toBe(1250);
    expect(bills[1]![1]).toBeCloseTo(50 + 1200 / 4, -1);
  });

  it('lowers what a data centre counts as its cost', () => {
    const w = testWorld({ slots: 1, world: { ownership: { scaleEconomy: 0.5 } } });
    startTick(w, 0);
    expect(ownEnergy(w, 0, 1000)).toBe(1000);
    w.columns.opened[0] = 16;
    expect(ownEnergy(w, 0, 1000)).toBeCloseTo(500, -1);
  });
});

describe('capital', () => {
  it('costs nothing for the device that people own, and its price for each cu above, paid to the supplier', () => {
    const w = testWorld({
      slots: 3,
      world: {
        ownership: { capitalCost: 0.1 },
        policy: { wealthTaxPerTick: 0 },
        hardware: { capacityMax: 64 },
      },
    });
    w.columns.capacity.set([8, 9, 20]);
    startTick(w, 0);
    expect([0, 1, 2].map((i) => capitalDue(w, i))).toEqual([0, 100, 1200]);
    const before = w.balances.systemCash[SYSTEM.supplier]!;
    settle(w, 0);
    expect([...w.columns.bill]).toEqual([50, 150, 1250]);
    expect(w.balances.systemCash[SYSTEM.supplier]! - before).toBe(1450);
  });
});

describe('an operator', () => {
  /** A world at a token price of one whose agent 0 sold for `sales` and owed `bill`, after its operator was paid. */
  function paid(operatorShare: number, months: readonly [sales: number, bill: number][]): MarketWorld {
    const w = testWorld({ slots: 2, world: { ownership: { operatorShare }, amm: { enabled: false } } });
    for (const [sales, bill] of months) {
      w.columns.serviceAmount[0] = sales;
      w.columns.bill[0] = bill;
      payOperators(w, 65_536);
      w.ledger.checkConservation();
    }
    return w;
  }
  const taken = (w: MarketWorld): number => w.balances.systemToken[SYSTEM.operators]!;

  it.each([
    [0, 0],
    [0.25, 200],
    [1, 800],
  ])('with a share of %d of a profit of 800 takes %i', (share, amount) => {
    const w = paid(share, [[1000, 200]]);
    expect(taken(w)).toBe(amount);
    expect(w.balances.token[0]).toBe(2_000_000 - amount);
    expect(w.columns.total[TOTAL.operatorTaken]).toBe(amount);
  });

  it('takes nothing of a loss, and nothing of later profits until they have made up for it', () => {
    expect(taken(paid(1, [[100, 400]]))).toBe(0);
    expect(
      taken(
        paid(1, [
          [100, 400],
          [350, 50],
        ]),
      ),
    ).toBe(0);
    expect(
      taken(
        paid(1, [
          [100, 400],
          [350, 50],
          [90, 80],
        ]),
      ),
    ).toBe(10);
  });

  it('is paid in cash what is missing in token, and no more than there is', () => {
    const w = testWorld({ slots: 1, world: { ownership: { operatorShare: 1 } } });
    w.ledger.transfer(ASSET.token, 0, w.ledger.system(SYSTEM.consumers), 1_999_900, REASON.task);
    w.columns.serviceAmount[0] = 250;
    payOperators(w, 65_536);
    expect([w.balances.token[0], w.balances.cash[0]]).toEqual([0, 500_000 - 150]);
    expect(w.columns.total[TOTAL.operatorTaken]).toBe(250);
    w.columns.serviceAmount[0] = 2_000_000_000;
    payOperators(w, 65_536);
    expect([w.balances.token[0], w.balances.cash[0]]).toEqual([0, 0]);
  });

  it.each([
    ['sold compute', SIDE.sell, 1000, 1200, 0],
    ['bought compute', SIDE.buy, 1000, 600, 0],
    ['bought compute for more than its sales', SIDE.buy, 100, 0, 300],
  ])('of one that %s counts it', (_, side, sales, profit, loss) => {
    const w = testWorld({ slots: 1, world: { ownership: { operatorShare: 1 }, amm: { enabled: false } } });
    w.columns.scalar[WORLD.tokenPrice] = 65_536;
    w.columns.serviceAmount[0] = sales;
    w.columns.computeAmount[0] = 300;
    w.columns.orderSide[0] = side;
    w.columns.bill[0] = 100;
    payOperators(w, 65_536);
    expect([taken(w), w.columns.lossCarried[0]]).toEqual([profit, loss]);
  });

  it('counts contracts: what they brought, what they cost, and debts that are due', () => {
    const world = { ownership: { operatorShare: 1 }, trust: { regime: 'legal' } };
    const w = testWorld({ slots: 1, world });
    const { columns } = w;
    columns.contractCash[0] = 1000;
    columns.contractBill[0] = 100;
    columns.courtBill[0] = 20;
    columns.debtDue[0] = 3;
    payOperators(w, 65_536);
    expect(columns.total[TOTAL.operatorTaken]).toBe(877);
  });

  it('counts stake: what was slashed of its own, and its part of others’, at the opening price', () => {
    const world = { ownership: { operatorShare: 1 }, trust: { regime: 'programmatic' } };
    const w = testWorld({ slots: 3, world });
    const { columns } = w;
    columns.scalar[WORLD.tokenPrice] = 2 * 65_536;
    columns.serviceAmount.set([1000, 1000, 1000]);
    columns.slashed.set([400, 0, 1500]);
    columns.compensated.set([0, 250, 0]);
    payOperators(w, 65_536);
    expect([0, 1, 2].map((i) => profitOf(w, i))).toEqual([1200, 2500, -1000]);
    expect(columns.total[TOTAL.operatorTaken]).toBe(1200 + 2500);
    expect([...columns.lossCarried]).toEqual([0, 0, 1000]);
  });

  it('takes of what was realised, exact whatever the amounts', () => {
    const w = testWorld({ slots: 1, world: { ownership: { operatorShare: 1 }, trust: { regime: 'legal' } } });
    const amount = fc.oneof(fc.nat(5000), fc.integer({ min: 0, max: U32_MAX }));
    const amounts = fc.tuple(amount, amount, amount, amount, amount, amount, amount, amount, amount, amount);
    fc.assert(
      fc.property(amounts, fc.constantFrom(SIDE.buy, SIDE.sell), (given, side) => {
        const [served, rent, compensated, slashed, received, owed, court, debt, bill, price] = given;
        const { columns: c } = w;
        c.orderSide[0] = side;
        c.serviceAmount[0] = served;
        c.computeAmount[0] = rent;
        c.compensated[0] = compensated;
        c.slashed[0] = slashed;
        c.contractCash[0] = received;
        c.contractBill[0] = owed;
        c.courtBill[0] = court;
        c.debtDue[0] = debt;
        c.bill[0] = bill;
        c.scalar[WORLD.tokenPrice] = price;
        const token = served + (side === SIDE.buy ? -rent : rent) + compensated - slashed;
        const sales = (BigInt(token) * BigInt(price)) / 65_536n; // towards zero
        expect(profitOf(w, 0)).toBe(Number(sales) + received - owed - court - debt - bill);
      }),
    );
  });

  it('spends what it took: token and cash go back to the consumers in the next tick', () => {
    const w = testWorld({ slots: 1, world: { ownership: { operatorShare: 1 } } });
    const operators = w.ledger.system(SYSTEM.operators);
    w.ledger.transfer(ASSET.token, 0, operators, 300, REASON.operator);
    w.ledger.transfer(ASSET.cash, 0, operators, 200, REASON.operator);
    const consumers = w.balances.systemCash[SYSTEM.consumers]!;
    startTick(w, 1);
    circulate(w, 1);
    expect(w.balances.systemToken[SYSTEM.operators]! + w.balances.systemCash[SYSTEM.operators]!).toBe(0);
    expect(w.balances.systemCash[SYSTEM.consumers]).toBe(consumers + 200);
    w.ledger.checkConservation();
  });
});

describe('every law', () => {
  it('holds for firms with scale economies, capital costs, wear and operators', () => {
    const ownership = {
      distribution: 'firms',
      firmShare: 0.6,
      scaleEconomy: 0.2,
      capitalCost: 0.05,
      operatorShare: 0.4,
    };
    const hardware = { capacityMax: 64, wearPerTick: 0.01, runwayTicks: 100 };
    const w = testWorld({ slots: 24, living: 22, seed: 2, world: { ownership, hardware } });
    const market = new TestMarket(w);
    for (let t = 0; t < 80; t++) {
      market.run();
      for (const law of MARKET_LAWS) law.check(w);
      expect(w.columns.population[23]).toBe(FREE_SLOT);
    }
    expect(w.columns.total[TOTAL.operatorTaken]).toBeGreaterThan(0);
  });
});

describe('wealth', () => {
  const staked = (amm: object): MarketWorld => {
    const w = testWorld({ slots: 2, living: 1, world: { amm, policy: { staking: true } } });
    w.ledger.transfer(ASSET.token, 0, w.ledger.stakeOf(0), 500_000, REASON.stake);
    return w;
  };

  it('counts cash alone where no token can become cash', () => {
    const w = testWorld({ slots: 1, world: { amm: { enabled: false } } });
    expect(wealthOf(w, 0, 65_536)).toBe(500_000);
    expect(wealthOf(testWorld({ slots: 1 }), 0, 65_536)).toBe(2_500_000);
  });

  it('counts cash, free token and stake, at the price of the tick’s opening too', () => {
    const w = staked({});
    expect(wealthOf(w, 0, 32_768)).toBe(500_000 + 1_000_000);
    w.columns.scalar[WORLD.tokenPrice] = 2 * 65_536;
    expect(openingWealth(w, 0)).toBe(500_000 + 4_000_000);
    const off = testWorld({ slots: 1, world: { amm: { enabled: false } } });
    off.columns.scalar[WORLD.tokenPrice] = 65_536;
    expect(openingWealth(off, 0)).toBe(500_000);
  });

  it('is recorded up to 2^32 - 1, beside that of the tick before', () => {
    const w = staked({});
    w.columns.wealth.set([7, 9]);
    recordWealth(w, 32_768);
    expect([...w.columns.wealth, ...w.columns.wealthBefore]).toEqual([1_500_000, 0, 7, 9]);
    recordWealth(w, U32_MAX);
    expect([...w.columns.wealth, ...w.columns.wealthBefore]).toEqual([U32_MAX, 0, 1_500_000, 0]);
    const cashAlone = staked({ enabled: false });
    recordWealth(cashAlone, 65_536);
    expect([...cashAlone.columns.wealth]).toEqual([500_000, 0]);
  });
});
