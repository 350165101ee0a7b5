import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startTick } from '../../market/circulation.ts';
import { DoubleAuction, tradeContinuously } from '../../market/classic/doubleAuction.ts';
import { SIDE } from '../../market/columns.ts';
import { allocativeEfficiency, drawInducedValues, smithAlpha } from '../../market/inducedValues.ts';
import { applyActions } from '../actions.ts';
import type { AgentWorld } from '../columns.ts';
import { bookTradersOf, decideScripted } from '../populations.ts';
import { testWorld } from '../testWorld.ts';
import { compareWithOwn, hearZip, quoteZip } from './zip.ts';

const MARGIN = 0;
const RATE = 2;
const MOMENTUM = 3;

/** A world of induced values at a book with linear prices: level k costs k + 1 milli-token. */
const bookWorld = (kind: string, { slots = 20, seed = 1, rounds = 20, enabled = true } = {}): AgentWorld =>
  testWorld({
    slots,
    seed,
    populations: [{ name: 'traders', kind }],
    world: {
      genesis: { token: 10, cash: 0, capacity: 1 },
      amm: { enabled: false },
      serviceMarket: { enabled: false },
      training: { enabled: false },
      hardware: { enabled: false },
      demography: { enabled: false },
      computeMarket: { priceMin: 0.001, priceMax: 0.256, feeBps: 0 },
      induced: { enabled: true, schedule: 'even', renewEvery: 1 },
      doubleAuction: { enabled, rounds },
    },
  });

function openDay(world: AgentWorld, day: number): void {
  startTick(world, day);
  drawInducedValues(world, day);
  decideScripted(world, day);
  applyActions(world, day);
}

function playDays(world: AgentWorld, days: number): void {
  const auction = new DoubleAuction(world.parameters.slots);
  for (let day = 0; day < days; day++) {
    openDay(world, day);
    tradeContinuously(world, auction, bookTradersOf, day);
  }
}

/** Runs one day and collects every quote against its trader's limit. */
function quotesOf(kind: string): { limit: number; level: number; buys: boolean }[] {
  const world = bookWorld(kind);
  const seen: { limit: number; level: number; buys: boolean }[] = [];
  openDay(world, 0);
  const { inducedLevel, inducedSide } = world.columns;
  tradeContinuously(
    world,
    new DoubleAuction(20),
    (w) => ({
      ...bookTradersOf(w),
      quote: (_world, tick, round, agent) => {
        const level = bookTradersOf(w).quote(w, tick, round, agent);
        seen.push({ limit: inducedLevel[agent]!, level, buys: inducedSide[agent] === SIDE.buy });
        return level;
      },
    }),
    0,
  );
  return seen;
}
const beyondLimit = ({ limit, level, buys }: { limit: number; level: number; buys: boolean }): boolean =>
  buys ? level > limit : level < limit;

describe('traders at the book', () => {
  it.each(['ziC', 'zip', 'gvwy', 'truthful', 'random'])('%s never quotes beyond its limit', (kind) => {
    const quotes = quotesOf(kind);
    expect(quotes.length).toBeGreaterThan(20);
    expect(quotes.filter(beyondLimit)).toEqual([]);
  });

  it('ziU quotes beyond its limit as often as not, and trades every unit at no gain', () => {
    expect(quotesOf('ziU').filter(beyondLimit).length).toBeGreaterThan(0);
    const world = bookWorld('ziU', { rounds: 500 });
    playDays(world, 3);
    expect([...world.columns.inducedUnits]).toEqual(new Array(20).fill(0));
    expect(allocativeEfficiency(world)).toBe(0);
  });

  it('ziC draws a new quote on each visit, from its own stream', () => {
    const world = bookWorld('ziC');
    openDay(world, 0);
    const quotes = Array.from({ length: 12 }, (_, round) => bookTradersOf(world).quote(world, 0, round, 0));
    expect(new Set(quotes).size).toBeGreaterThan(3);
    expect(bookTradersOf(world).quote(world, 0, 3, 0)).toBe(quotes[3]);
  });

  it('gvwy quotes exactly its limit', () => {
    expect(quotesOf('gvwy').every(({ limit, level }) => limit === level)).toBe(true);
  });
});

describe('ZIP', () => {
  it('is born with a rate in .1 to .5, momentum in 0 to .1 and a margin in .05 to .35 on its own side', () => {
    const world = bookWorld('zip', { slots: 400 });
    openDay(world, 0);
    for (let agent = 0; agent < 400; agent++) {
      const memory = (k: number): number => world.agents.memory[k * 400 + agent]!;
      expect(memory(RATE)).toBeGreaterThanOrEqual(0.1 - 1e-7);
      expect(memory(RATE)).toBeLessThanOrEqual(0.5);
      expect(memory(MOMENTUM)).toBeGreaterThanOrEqual(0);
      expect(memory(MOMENTUM)).toBeLessThanOrEqual(0.1);
      const margin = world.columns.inducedSide[agent] === SIDE.buy ? -memory(MARGIN) : memory(MARGIN);
      expect(margin).toBeGreaterThanOrEqual(0.05 - 1e-7);
      expect(margin).toBeLessThanOrEqual(0.35);
    }
  });

  /** A trader of a side with limit 128 and a margin of a quarter, after it hears one quote; the change of its price. */
  const change = (side: number, shoutSide: number, level: number, traded: boolean, active = true): number => {
    const world = bookWorld('zip', { slots: 2 });
    openDay(world, 0);
    const agent = side === SIDE.buy ? 0 : 1;
    world.columns.inducedLevel[agent] = 127;
    world.columns.orderQuantity[agent] = 1;
    world.columns.orderFilled[agent] = active ? 0 : 1;
    const price = (): number => 128 * (1 + world.agents.memory[MARGIN * 2 + agent]!);
    world.agents.memory[MARGIN * 2 + agent] = side === SIDE.buy ? -0.25 : 0.25;
    const before = price();
    hearZip(world, 0, 0, agent, shoutSide, level, traded);
    return price() - before;
  };
  const { buy, sell } = SIDE;
  // price 160 for the seller, level 159; price 96 for the buyer, level 95
  it.each([
    ['a seller asks more after a trade above its price', sell, buy, 200, true, 1],
    ['a seller asks more after a trade at its price', sell, sell, 159, true, 1],
    ['a seller gives way when a bid traded below its price', sell, buy, 120, true, -1],
    ['a seller stays when an ask traded below its price', sell, sell, 120, true, 0],
    ['a seller gives way when a lower ask found nobody', sell, sell, 120, false, -1],
    ['a seller stays when a higher ask found nobody', sell, sell, 200, false, 0],
    ['a seller stays when a bid found nobody', sell, buy, 120, false, 0],
    ['a buyer bids less after a trade below its price', buy, sell, 60, true, -1],
    ['a buyer gives way when an ask traded above its price', buy, sell, 120, true, 1],
    ['a buyer stays when a bid traded above its price', buy, buy, 120, true, 0],
    ['a buyer gives way when a higher bid found nobody', buy, buy, 120, false, 1],
    ['a buyer stays when an ask found nobody', buy, sell, 120, false, 0],
  ] as const)('%s', (_claim, side, shoutSide, level, traded, sign) => {
    expect(Math.sign(change(side, shoutSide, level, traded))).toBe(sign);
  });

  it('compares what it hears with the level that it would quote, at any limit and margin', () => {
    const world = bookWorld('zip', { slots: 2 });
    openDay(world, 0);
    const level = fc.nat(world.parameters.computeMarket.priceTable.length - 1);
    // margins that put prices on a level exactly, among others
    const share = fc.oneof(fc.double({ min: 0, max: 1.5, noNaN: true }), fc.constantFrom(0, 0.25, 0.5, 1));
    fc.assert(
      fc.property(fc.constantFrom(buy, sell), level, level, share, (side, limit, heard, margin) => {
        const agent = side === buy ? 0 : 1;
        world.columns.inducedLevel[agent] = limit;
        world.agents.memory[MARGIN * 2 + agent] = side === buy ? -Math.min(1, margin) : margin;
        const own = quoteZip(world, 0, 0, agent);
        for (const other of [heard, own, own - 1, own + 1]) {
          if (other < 0 || other > 255) continue;
          expect(compareWithOwn(world, agent, side, other)).toBe(Math.sign(own - other));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('without units left it may ask for more but never gives way', () => {
    expect(change(sell, buy, 200, true, false)).toBeGreaterThan(0);
    expect(change(sell, buy, 120, true, false)).toBe(0);
    expect(change(sell, sell, 120, false, false)).toBe(0);
  });

  it('hears its own quote: one that finds nobody makes it give way', () => {
    const world = bookWorld('zip', { slots: 2 });
    openDay(world, 0);
    world.columns.inducedLevel[1] = 127;
    world.columns.orderQuantity[1] = 1;
    const first = quoteZip(world, 0, 0, 1);
    for (let shout = 0; shout < 40; shout++)
      hearZip(world, 0, shout, 1, sell, quoteZip(world, 0, 0, 1), false);
    expect(quoteZip(world, 0, 0, 1)).toBeLessThan(first);
    expect(quoteZip(world, 0, 0, 1)).toBeGreaterThanOrEqual(127);
  });

  it('brings prices to the equilibrium: alpha falls over days, far below that of ziC, and gains are made', () => {
    const alphaAfter = (kind: string, days: number): number => {
      const world = bookWorld(kind, { slots: 60, rounds: 15 });
      playDays(world, days);
      return smithAlpha(world);
    };
    const [one, six] = [alphaAfter('zip', 1), alphaAfter('zip', 6)];
    expect(six).toBeLessThan(0.7 * one);
    expect(six).toBeLessThan(0.7 * alphaAfter('ziC', 6));
    const world = bookWorld('zip', { slots: 60, rounds: 15 });
    playDays(world, 6);
    expect(allocativeEfficiency(world)).toBeGreaterThan(0.95);
  });
});
