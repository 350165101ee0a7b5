/**
 * Mutants of the markets' code: a copy of a source file with one passage changed runs in place of the original, and
 * a law must notice before long.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { LawViolation } from '../sim/core/errors.ts';
import { LawScreen, screenBit } from '../sim/screen.ts';
import type { BatchAuction } from './batchAuction.ts';
import type { MarketWorld } from './columns.ts';
import { MARKET_LAWS } from './laws.ts';
import type { Settlement } from './settlement.ts';
import { type MARKET_PHASES, TestMarket } from './testTick.ts';
import { testWorld } from './testWorld.ts';

const directory = mkdtempSync(join(tmpdir(), 'market-mutants-'));
afterAll(() => rmSync(directory, { recursive: true }));

type Change = readonly [from: string, to: string];
type MutantModule = Partial<typeof MARKET_PHASES> & {
  BatchAuction?: new (slots: number) => BatchAuction;
  settleInPasses?: (world: MarketWorld, settlement: Settlement, tick: number) => void;
};
let copies = 0;

/** A module of this folder with passages changed; each must be there exactly once. */
async function mutated(file: string, changes: readonly Change[]): Promise<MutantModule> {
  let source = readFileSync(new URL(file, import.meta.url), 'utf8');
  for (const [from, to] of changes) {
    expect(source.split(from).length - 1, `'${from}' in ${file}`).toBe(1);
    source = source.replace(from, () => to);
  }
  source = source.replace(
    /from '(\.[^']+)'/g,
    (_, path: string) => `from '${fileURLToPath(new URL(path, import.meta.url))}'`,
  );
  const copy = join(directory, `mutant${copies++}.ts`);
  writeFileSync(copy, source);
  return import(/* @vite-ignore */ copy) as Promise<MutantModule>;
}

/**
 * The first law that breaks within 60 ticks of a market with these modules in place of the originals; until then the
 * screen must clear all of them, but for the AMM's in a redemption, and then suspect that one.
 */
async function firstBroken(file: string, changes: readonly Change[], settings: object = {}) {
  const module = await mutated(file, changes);
  // what is mutated is the specification, which a clearing kernel would stand in for
  const options = { slots: 24, seed: 5, clears: false };
  const world = testWorld({ ...options, world: { amm: { redeemEvery: 8 }, ...settings } });
  const { circulate, tradeCompute, serveTasks, settleInPasses } = module;
  const settle =
    settleInPasses === undefined
      ? module.settle
      : (of: MarketWorld, tick: number) => settleInPasses(of, of.settlement!, tick);
  const replaced = Object.fromEntries(
    Object.entries({ circulate, tradeCompute, serveTasks, settle }).filter(
      ([, phase]) => phase !== undefined,
    ),
  );
  const market =
    module.BatchAuction === undefined
      ? new TestMarket(world, replaced)
      : new TestMarket(world, {}, new module.BatchAuction(24));
  const screen = new LawScreen(world, world.memory);
  for (let t = 0; t < 60; t++) {
    market.run();
    const suspects = screen.suspects();
    for (const law of MARKET_LAWS) {
      try {
        law.check(world);
      } catch (error) {
        expect(error).toBeInstanceOf(LawViolation);
        expect(suspects & screenBit(law.name)).not.toBe(0);
        return (error as LawViolation).law;
      }
    }
    expect(suspects & ~screenBit('amm-k') & ~screenBit('population-balance')).toBe(0);
  }
  return null;
}

const PRICE = 'const price = priceTable[auction.level]!;\n  for';
const SCORE = 'const score = offerWorth[i]! - ask;';
/** So little demand that offers compete. */
const scarce = { serviceMarket: { demand: 1 } };
const secondScore = { serviceMarket: { pricing: 'secondScore' } };

type Mutant = [what: string, law: string, file: string, changes: readonly Change[], settings?: object];

const MUTANTS: Mutant[] = [
  [
    'an auction that drops an order from histogram and fills',
    'clearing',
    './batchAuction.ts',
    [
      ['const q = quantity[i]!;', 'const q = i === 3 ? 0 : quantity[i]!;'],
      ['Math.min(quantity[i]!, rest[k]!)', 'Math.min(i === 3 ? 0 : quantity[i]!, rest[k]!)'],
    ],
  ],
  [
    'an auction that takes the first of tied levels',
    'clearing',
    './batchAuction.ts',
    [['first + ((count - 1) >> 1)', 'first']],
  ],
  [
    'fills paid at half of the price',
    'uniform-price',
    './computeMarket.ts',
    [[PRICE, PRICE.replace('priceTable[auction.level]!', 'priceTable[auction.level]! >>> 1')]],
  ],
  [
    'fills paid at the price + 1',
    'uniform-price',
    './computeMarket.ts',
    [[PRICE, PRICE.replace('priceTable[auction.level]!', 'priceTable[auction.level]! + 1')]],
  ],
  [
    'tasks paid half',
    'tasks',
    './serviceMarket.ts',
    [['const due = price * offerSold[i]!;', 'const due = (price * offerSold[i]!) >>> 1;']],
  ],
  [
    'tasks paid half as second scores',
    'tasks',
    './serviceMarket.ts',
    [
      [
        'offerWorth[i]! - marginalScore[taskClass[i]!]!;',
        '(offerWorth[i]! - marginalScore[taskClass[i]!]!) >>> 1;',
      ],
    ],
    secondScore,
  ],
  [
    'tasks of which the dearest sell first',
    'tasks',
    './serviceMarket.ts',
    [
      ['scores[k] = score;', 'scores[k] = offerWorth[i]! - score;'],
      ['(score >>> shift)', '((offerWorth[i]! - score) >>> shift)'],
    ],
    scarce,
  ],
  [
    'tasks that sell at a negative score',
    'tasks',
    './serviceMarket.ts',
    [[SCORE, 'const score = Math.max(0, offerWorth[i]! - ask);']],
  ],
  [
    'a pool that pays out outside its swaps in circulation',
    'amm-k',
    './circulation.ts',
    [
      [
        '  cutDemandToBudget(world);\n  openSpending',
        '  world.ledger.transfer(ASSET.token, world.ledger.system(SYSTEM.amm), 0, 5, REASON.circulation);\n  cutDemandToBudget(world);\n  openSpending',
      ],
    ],
  ],
  [
    'a pool that pays out outside its swaps at the end',
    'amm-k',
    './settlePasses.ts',
    [
      [
        '  recordWealth(world, settlement, closingPrice);',
        '  world.ledger.transfer(ASSET.cash, world.ledger.system(SYSTEM.amm), 0, 5, REASON.energy);\n  recordWealth(world, settlement, closingPrice);',
      ],
    ],
  ],
  [
    'a pool that pays out outside its swaps at the end of settling step by step',
    'amm-k',
    './settle.ts',
    [
      ['settlement != null && world.ledger.journal === null', 'false'],
      [
        '  recordWealth(world, closingPrice);',
        '  world.ledger.transfer(ASSET.cash, world.ledger.system(SYSTEM.amm), 0, 5, REASON.energy);\n  recordWealth(world, closingPrice);',
      ],
    ],
  ],
  [
    'a redemption that takes more than fees added',
    'amm-k',
    './circulation.ts',
    [['Math.max(0, token - tokenAfter)', 'Math.max(0, token - tokenAfter) + 1000']],
  ],
];

describe('the laws see mutated code', () => {
  it.each(MUTANTS)('%s: %s', async (...[, law, file, changes, settings]) => {
    expect(await firstBroken(file, changes, settings)).toBe(law);
  });

  it.each([
    './batchAuction.ts',
    './computeMarket.ts',
    './serviceMarket.ts',
    './circulation.ts',
    './settle.ts',
    './settlePasses.ts',
  ])('and nothing in a faithful copy of %s', async (file) => {
    expect(await firstBroken(file, [])).toBeNull();
    expect(await firstBroken(file, [], secondScore)).toBeNull();
  });
});
