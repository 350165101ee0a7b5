import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { POOL_RECORD, SIDE } from '../market/columns.ts';
import type { AnyColumn } from './core/columns.ts';
import { LAWS } from './invariants.ts';
import { RARELY_SCREENED_LAWS, SCREEN_SLOTS_MAX, SCREENED_LAWS, screenBit, screenOf } from './screen.ts';
import { Shard } from './shard.ts';
import { crowd, hectic } from './testWorlds.ts';
import type { World } from './world.ts';

/** A world with these mechanisms after some ticks of births, deaths and trades. */
function ran(slots: number, ticks: number, world: object, populations: object[] = crowd): World {
  const run = parseConfig(
    JSON.stringify({ seed: 'screen', ticks: 1000, slots, populations, world: { ...hectic, ...world } }),
  );
  const shard = new Shard(run, [0]);
  shard.advance(ticks);
  return [...shard.inside()][0]!;
}

const legal = { regime: 'legal', legalCost: 0.01, registrationFee: 1, delay: 3, discountRate: 0 };
const WORLDS: readonly [what: string, world: World][] = [
  ['a plain market', ran(67, 150, {})],
  ['courts', ran(41, 90, { trust: legal })],
  [
    'staked contracts and audits',
    ran(50, 90, { trust: { regime: 'programmatic' }, policy: { staking: true } }),
  ],
  [
    'second scores, scarce demand and a network effect',
    ran(32, 120, { serviceMarket: { demand: 1, pricing: 'secondScore', networkEffect: 0.3 } }),
  ],
  ['second scores by quality', ran(35, 120, { serviceMarket: { demand: 2, pricing: 'secondScore' } })],
  ['a book', ran(26, 60, { doubleAuction: { enabled: true } })],
  ['trials of objectives', ran(23, 90, { objectives: { enabled: true } }, [{ name: 'l', kind: 'learner' }])],
  ['no learner', ran(29, 90, {}, [{ name: 'random', kind: 'random' }])],
  ['one slot', ran(1, 30, {})],
];

/** Bits of all laws that may be broken. */
const suspectsOf = ({ screen }: World): number => screen!.suspects() | screen!.rareSuspects();
const isBroken = (law: (typeof LAWS)[number], world: World): boolean => {
  try {
    law.check(world);
    return false;
  } catch {
    return true;
  }
};

/** Columns that laws read, by world. */
function columnsOf({ balances, columns: c, agents: a, brain }: World): AnyColumn[] {
  const { active, fresh, probability } = brain.shards[0]!.columns;
  const orders = [c.opened, c.computeUsed, c.orderSide, c.orderLevel, c.orderQuantity, c.orderFilled];
  const levels = [c.orderAmount, c.computeAmount, c.bidHistogram, c.askHistogram, c.scalar];
  const tasks = [c.tasksOffered, c.tasksSold, c.demand, c.served, c.spending, c.total];
  const offers = [c.offerQuantity, c.offerClass, c.offerAsk, c.offerQuality, c.offerWorth, c.offerSold];
  const paid = [c.offerPrice, c.offerReceipt, c.capacity, c.data, c.population, c.swapReserves, c.poolRecord];
  const trust = [c.undelivered, c.stakeOpened, c.stakeLocked, c.slashed, c.claims, c.liabilities];
  const courts = [c.consumerClaims, c.treasuryClaims, c.courtHeld, c.courtLost];
  const genomes = [a.serial, a.genes, a.shadowGenes, a.trialStage, a.trialGenes, active, fresh, probability];
  return [Object.values(balances), orders, levels, tasks, offers, paid, trust, courts, genomes]
    .flat()
    .filter((column) => column.length > 0);
}

/** One number of one column changed, or two that keep their sum or change places. */
const corruption = fc.record({
  column: fc.nat(),
  at: fc.nat(),
  other: fc.nat(),
  how: fc.constantFrom('set', 'add', 'move', 'swap'),
  by: fc.oneof(
    fc.constantFrom(-1, 1, 2, 3, 4, 255, 256, 0x8000_0000, 0xffff_ffff, 2 ** 53, 0.5, Number.NaN),
    fc.integer({ min: -1000, max: 1000 }),
    fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
  ),
});
type Corruption = typeof corruption extends fc.Arbitrary<infer T> ? T : never;

function corrupt(columns: readonly AnyColumn[], { column: pick, at, other, how, by }: Corruption): void {
  const column = columns[pick % columns.length]!;
  const i = at % column.length;
  const j = other % column.length;
  const [before, beside] = [column[i]!, column[j]!];
  if (how === 'set') column[i] = by;
  else if (how === 'add') column[i] = before + by;
  else if (how === 'move') {
    column[i] = before - by;
    column[j]! += by;
  } else {
    column[i] = beside;
    column[j] = before;
  }
}

describe('a screen', () => {
  it('knows every law but the Price equation', () => {
    const names = [...SCREENED_LAWS, ...RARELY_SCREENED_LAWS, 'price-equation'];
    expect(names.toSorted()).toEqual(LAWS.map(({ name }) => name).toSorted());
    expect(screenBit('price-equation')).toBe(0);
    for (const law of LAWS.filter(({ every }) => every === 1)) expect(SCREENED_LAWS).toContain(law.name);
  });

  it.each(WORLDS)('clears every law of %s that nobody disturbed', (what, world) => {
    for (const law of LAWS) expect(isBroken(law, world)).toBe(false);
    const redeems = world.columns.poolRecord[POOL_RECORD.redemption] !== 0;
    // where nobody has a brain, its law is asked instead
    const asked = what === 'no learner' ? screenBit('probabilities') : 0;
    expect(suspectsOf(world) & ~(redeems ? screenBit('amm-k') : 0)).toBe(asked);
  });

  it.each(WORLDS)('misses no breach of a law in %s, however its columns are corrupted', (_, world) => {
    const columns = columnsOf(world);
    const saved = columns.map((column) => column.slice());
    const broken = new Set<string>();
    const runs = { numRuns: 1500 };
    fc.assert(
      fc.property(fc.array(corruption, { minLength: 1, maxLength: 2 }), (corruptions) => {
        for (const one of corruptions) corrupt(columns, one);
        const suspects = suspectsOf(world);
        const missed = LAWS.filter((law) => isBroken(law, world) && broken.add(law.name)).filter(
          ({ name }) => screenBit(name) !== 0 && (suspects & screenBit(name)) === 0,
        );
        columns.forEach((column, k) => {
          column.set(saved[k]! as never);
        });
        expect(missed.map(({ name }) => name)).toEqual([]);
      }),
      runs,
    );
    expect(broken.size).toBeGreaterThan(8);
  });

  it('reads nothing beyond the last slot', () => {
    const world = ran(67, 120, { trust: legal });
    const columns = columnsOf(world).filter((column) => column.length === 67);
    const before = suspectsOf(world);
    for (const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } of columns) {
      new Uint8Array(buffer, byteOffset + byteLength, BYTES_PER_ELEMENT).fill(0xff);
    }
    expect(suspectsOf(world)).toBe(before);
  });

  it('asks the laws themselves where quantities might overflow its sums', () => {
    const world = ran(67, 60, {});
    const { columns } = world;
    const quantityLaws = ['compute-used', 'bought-equals-sold', 'clearing'].map(screenBit);
    const free = columns.orderSide.indexOf(SIDE.none);
    // 67 slots leave 25 bits for each
    for (const [quantity, asked] of [
      [2 ** 25 - 1, false],
      [2 ** 25, true],
    ] as const) {
      columns.orderQuantity[free] = quantity;
      for (const bit of quantityLaws) expect((suspectsOf(world) & bit) !== 0).toBe(asked);
    }
    for (const law of LAWS) expect(isBroken(law, world)).toBe(false);
  });

  it('of one world is not mistaken for that of its neighbour in the same memory', () => {
    const run = parseConfig(JSON.stringify({ ticks: 100, worlds: 2, slots: 24, populations: crowd }));
    const shard = new Shard(run, [0, 1]);
    shard.advance(20);
    const [first, second] = [...shard.inside()] as [World, World];
    second.columns.capacity[0]!++;
    expect(first.screen!.suspects()).toBe(0);
    expect(second.screen!.suspects()).toBe(screenBit('capacity-total'));
    expect(first.screen!.suspects()).toBe(0);
  });

  it('is refused to a world that is too large for exact sums, or has too many populations', () => {
    const world = WORLDS[0]![1];
    const { memory } = { memory: new WebAssembly.Memory({ initial: 4 }) };
    const { parameters } = world;
    const large = { ...world, parameters: { ...parameters, slots: SCREEN_SLOTS_MAX + 1 } };
    expect(screenOf(large, memory)).toBeNull();
    const populations = Array.from({ length: 1025 }, () => parameters.populations[0]!);
    expect(screenOf({ ...world, parameters: { ...parameters, populations } }, memory)).toBeNull();
  });

  it('needs all columns in its own memory', () => {
    const memory = new WebAssembly.Memory({ initial: 4 });
    expect(() => screenOf(WORLDS[0]![1], memory)).toThrow('one memory');
  });
});
