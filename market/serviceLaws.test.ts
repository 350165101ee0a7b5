import { describe, expect, it } from 'vitest';
import { SCORE_BUCKETS } from '../configs/worldParameters.ts';
import { type MarketWorld, WORLD } from './columns.ts';
import { feeOf } from './fee.ts';
import { checkTasks } from './serviceLaws.ts';
import { testWorld } from './testWorld.ts';

const ALL = 2 ** 32 - 1;
const HALF = 2 ** 31;
/** Value of a task of quality 1, milli-token: no multiple of a bucket's width. */
const VALUE = 10_000;
/** Scores that share a bucket where the best is VALUE. */
const WIDTH = 64;

interface Offer {
  readonly of?: number;
  readonly ask?: number;
  readonly quality?: number;
  readonly worth?: number;
  readonly tasks?: number;
  readonly sold?: number;
  readonly price?: number;
  readonly receipt?: number;
}

/** A world with the record of a service market, as the rule has it but for what the offers say. */
function recorded(offers: readonly Offer[], settings: object = {}, demand?: number[]): MarketWorld {
  const world = testWorld({ slots: offers.length, passes: false, world: settings });
  const { columns, parameters } = world;
  columns.scalar[WORLD.taskValue] = VALUE;
  columns.demand.fill(0);
  offers.forEach((offer, i) => {
    const { of: c = 0, ask = 1000, quality = HALF, tasks = 3, sold = tasks } = offer;
    const worth = offer.worth ?? Math.floor((VALUE * quality) / 2 ** 32);
    const price = offer.price ?? ask;
    columns.offerQuantity[i] = tasks;
    columns.tasksOffered[i] = tasks;
    columns.offerClass[i] = c;
    columns.offerAsk[i] = ask;
    columns.offerQuality[i] = quality;
    columns.offerWorth[i] = worth;
    columns.offerSold[i] = sold;
    columns.tasksSold[i] = sold;
    columns.offerPrice[i] = sold === 0 ? 0 : price;
    const gross = price * sold;
    columns.offerReceipt[i] = offer.receipt ?? gross - feeOf(gross, parameters.serviceMarket.feeBps);
    columns.served[c]! += sold;
    columns.demand[c]! += sold;
  });
  if (demand !== undefined) columns.demand.set(demand);
  return world;
}
const checkOf = (offers: readonly Offer[], settings?: object, demand?: number[]) => {
  const world = recorded(offers, settings, demand);
  return () => checkTasks(world);
};
const second = { serviceMarket: { pricing: 'secondScore' } };

describe('the law of tasks', () => {
  it('holds where the best offers served all demand, and where there was none', () => {
    expect(checkOf([{}, { sold: 0, ask: 4000 }, { of: 3, quality: ALL }])).not.toThrow();
    expect(checkOf([{ sold: 0 }, { tasks: 0 }])).not.toThrow();
    // all that is offered, where more is wanted
    expect(checkOf([{}, { of: 2 }], {}, [9, 9, 9, 9])).not.toThrow();
  });

  it('serves no class beyond its demand', () => {
    expect(checkOf([{}, { of: 3 }], {}, [3, 0, 0, 2])).toThrow("'class 3': 3 served, 2 wanted");
    expect(checkOf([{}, { of: 3 }], {}, [2, 0, 0, 3])).toThrow("'class 0': 3 served, 2 wanted");
  });

  it('lets nobody sell more than it offered, by either record', () => {
    expect(checkOf([{}, { tasks: 2, sold: 3 }])).toThrow("'agent 1 tasks': 3 sold of 2 offered");
    const world = recorded([{}, {}]);
    world.columns.offerQuantity[0] = 2;
    expect(() => checkTasks(world)).toThrow("'agent 0 tasks': 3 sold of 2 offered");
    const nothing = recorded([{}, {}]);
    nothing.columns.offerQuantity[1] = 0;
    expect(() => checkTasks(nothing)).toThrow("'agent 1 tasks': 3 sold of 0 offered");
  });

  it('sells no more than consumers took, and less where a seller has died since', () => {
    const world = recorded([{}, {}]);
    world.columns.tasksSold[1] = 0;
    expect(() => checkTasks(world)).not.toThrow();
    world.columns.tasksSold.fill(3);
    world.columns.served[0] = 5;
    expect(() => checkTasks(world)).toThrow("'all tasks': 6 sold, 5 served");
  });

  it('reads no record where there is no service market', () => {
    const wrong = (enabled: boolean) => {
      const world = recorded([{}], { serviceMarket: { enabled } });
      world.columns.offerReceipt[0]! -= 1;
      return () => checkTasks(world);
    };
    expect(wrong(true)).toThrow('received for 3 tasks');
    expect(wrong(false)).not.toThrow();
  });
});

describe('the law of offers', () => {
  it('lets an offer win at a score of zero, and none below', () => {
    expect(checkOf([{ ask: 5000 }])).not.toThrow();
    expect(checkOf([{ ask: 5001 }])).toThrow("'agent 0 tasks': 3 sold at a score of -1");
    expect(checkOf([{ ask: 5001, sold: 0 }], {}, [9, 9, 9, 9])).not.toThrow();
  });

  it('makes consumers take all that demand and offers allow', () => {
    expect(checkOf([{ ask: 5000, sold: 2 }], {}, [3, 0, 0, 0])).toThrow(
      "'class 0': 2 sold, 2 served, 3 could",
    );
    const world = recorded([{}]);
    world.columns.served[0] = 2;
    world.columns.tasksSold[0] = 2;
    expect(() => checkTasks(world)).toThrow('3 sold, 2 served, 3 could be');
    // an agent that the record of sales leaves out
    const hidden = recorded([{}, {}]);
    hidden.columns.offerSold[1] = 0;
    hidden.columns.offerReceipt[1] = 0;
    expect(() => checkTasks(hidden)).toThrow('3 sold, 6 served, 6 could be');
  });

  it('lets no offer wait while one in a worse bucket wins', () => {
    const waiting = (ask: number): Offer => ({ sold: 0, ask });
    // scores of 1280, the first of its bucket, and of one more or less
    const won: Offer = { ask: 5000 - 20 * WIDTH };
    const start = won.ask!;
    expect(checkOf([won, waiting(start)])).not.toThrow();
    expect(checkOf([won, waiting(start + 1)])).not.toThrow();
    expect(checkOf([won, waiting(start - WIDTH + 1)])).not.toThrow();
    expect(checkOf([won, waiting(start - WIDTH)])).toThrow(
      "'class 0': an offer of score 1280 won while one of 1344 waits",
    );
    // nor where it sold a part, but for another class
    expect(checkOf([won, { ask: start - WIDTH, sold: 2 }])).toThrow('waits');
    expect(checkOf([won, { ask: start - WIDTH, sold: 2, of: 1 }])).not.toThrow();
    // the worst that won counts, whoever came first
    expect(checkOf([{ ask: 100 }, won, waiting(start - WIDTH), { ask: 200 }])).toThrow('waits');
    expect(checkOf([waiting(start - WIDTH), waiting(start + 900), won])).toThrow('waits');
    expect(checkOf([won, { ask: start - WIDTH, tasks: 0 }])).not.toThrow();
  });

  it('has as many buckets as the best score needs, bonus and all', () => {
    const best = 64 * SCORE_BUCKETS;
    const scored = (value: number) => {
      // scores of 63 and 64: one bucket of 128, two of 64
      const offers: Offer[] = [
        { quality: 0, worth: 1063, ask: 1000 },
        { quality: 0, worth: 1064, ask: 1000, sold: 0 },
      ];
      const world = recorded(offers, { serviceMarket: { networkEffect: 0.5 } });
      world.columns.scalar[WORLD.taskValue] = value;
      return () => checkTasks(world);
    };
    // the bonus is half of the value, so that their sum is what has buckets
    expect(scored(Math.ceil((2 * (best - 2)) / 3))).toThrow('score 63 won while one of 64 waits');
    expect(scored(Math.ceil((2 * (best + 2)) / 3))).not.toThrow();
  });

  it('knows what quality alone is worth, to the unit', () => {
    expect(checkOf([{ worth: 4999 }])).toThrow("'agent 0 tasks': worth 4999 milli-token a task, its");
    expect(checkOf([{ worth: 5001 }])).toThrow('its quality says 5000');
    const trusted = (reputationWeight: number) => ({ trust: { regime: 'none', reputationWeight } });
    expect(checkOf([{ worth: 4999 }], trusted(0))).toThrow('its quality says 5000');
    // reputation takes from it, and adds nothing
    expect(checkOf([{ worth: 4999 }], trusted(0.5))).not.toThrow();
    expect(checkOf([{ worth: 5000 }], trusted(0.5))).not.toThrow();
    expect(checkOf([{ worth: 5001 }], trusted(0.5))).toThrow('its quality says 5000');
  });
});

describe('the law of network effects', () => {
  const network = { serviceMarket: { networkEffect: 0.25 } };

  it('bounds what a seller is worth by its quality and the whole bonus', () => {
    expect(checkOf([{ worth: 5000 }], network)).not.toThrow();
    expect(checkOf([{ worth: 7499 }], network)).not.toThrow();
    expect(checkOf([{ worth: 7501 }], network)).toThrow('worth 7501 milli-token');
  });
});

describe('the law of what tasks are paid', () => {
  it('is the ask, exactly', () => {
    expect(checkOf([{ price: 1001 }])).toThrow(
      'sold at 1001 milli-token, asked 1000, worth 5000, the rule says 1000',
    );
    expect(checkOf([{}, { price: 999 }])).toThrow("'agent 1 tasks': sold at 999");
    expect(checkOf([{ ask: 0 }])).not.toThrow();
  });

  it('is the worth less the second score, the best that waits', () => {
    const loser: Offer = { ask: 3000, sold: 0 };
    // 5000 - (5000 - 3000)
    expect(checkOf([{ price: 3000 }, loser], second)).not.toThrow();
    expect(checkOf([{ price: 2999 }, loser], second)).toThrow('the rule says 3000');
    expect(checkOf([{ price: 1000 }, loser], second)).toThrow('the rule says 3000');
    // everything where nobody lost
    expect(checkOf([{ price: 5000 }], second)).not.toThrow();
    expect(checkOf([{ price: 4999 }], second)).toThrow('the rule says 5000');
    // a class does not see another's losers
    expect(checkOf([{ price: 5000 }, { ...loser, of: 1 }], second)).not.toThrow();
  });

  it('leaves nobody of the last bucket with less than its ask', () => {
    // one of the same bucket waits at a better score
    const asks = [5000 - 20 * WIDTH, 5000 - 20 * WIDTH - 5] as const;
    expect(
      checkOf(
        [
          { ask: asks[0], price: asks[0] },
          { ask: asks[1], sold: 0 },
        ],
        second,
      ),
    ).not.toThrow();
    expect(
      checkOf(
        [
          { ask: asks[0], price: asks[1] },
          { ask: asks[1], sold: 0 },
        ],
        second,
      ),
    ).toThrow('sold at');
  });

  it('is received less the fee', () => {
    const fees = { serviceMarket: { feeBps: 1000 } };
    expect(checkOf([{ receipt: 2700 }], fees)).not.toThrow();
    expect(checkOf([{ receipt: 3000 }], fees)).toThrow('3000 milli-token received for 3 tasks, 2700 due');
    expect(checkOf([{ receipt: 0 }], fees)).toThrow('0 milli-token received');
    expect(checkOf([{ sold: 0, receipt: 1 }], fees)).toThrow();
  });

  it('may be nothing where an audit found for the consumers', () => {
    const audited = { trust: { regime: 'programmatic' } };
    expect(checkOf([{ receipt: 0 }], audited)).not.toThrow();
    expect(checkOf([{ receipt: 1 }], audited)).toThrow('1 milli-token received');
    expect(checkOf([{ receipt: 0 }], { trust: { regime: 'legal' } })).toThrow('0 milli-token received');
  });

  it('comes to none who sold nothing', () => {
    const world = recorded([{}, { sold: 0, tasks: 0 }]);
    world.columns.offerReceipt[1] = 1;
    expect(() => checkTasks(world)).toThrow("'agent 1 tasks': ");
  });
});
