import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mulHigh } from '../sim/core/fixed.ts';
import { amountOutNumber, SwapRate } from './amm.ts';
import { FINANCE, type MarketWorld, SYSTEM } from './columns.ts';
import { cashReserve, tokenReserve } from './pool.ts';
import { offerToken } from './sale.ts';
import { testWorld } from './testWorld.ts';

interface Agent {
  readonly token: number;
  readonly cash: number;
  readonly bill: number;
  readonly sells: boolean;
}
interface Crowd {
  readonly agents: readonly Agent[];
  readonly token: number;
  readonly cash: number;
}

const STEP = 0.25;
const SLOTS = 24;
const world = testWorld({ slots: SLOTS, passes: false, world: { policy: { financeStep: STEP } } });

/** The shared world with a crowd in it and a pool of the given reserves. */
function crowded({ agents, token, cash }: Crowd): MarketWorld {
  const { balances, columns } = world;
  const parameters = { ...world.parameters, slots: agents.length };
  balances.systemToken[SYSTEM.amm] = token;
  balances.systemCash[SYSTEM.amm] = cash;
  columns.tokenOffered.fill(0);
  agents.forEach((agent, i) => {
    balances.token[i] = agent.token;
    balances.cash[i] = agent.cash;
    columns.bill[i] = agent.bill;
    columns.finance[i] = agent.sells ? FINANCE.sellToken : FINANCE.hold;
  });
  return { ...world, parameters };
}

const sumOf = (parts: Iterable<number>): number => [...parts].reduce((a, b) => a + b, 0);
const chosenBy = ({ token, sells }: Agent): number =>
  sells ? mulHigh(token, world.parameters.policy.financeStep) : 0;

const agents = (bills: number, most = 3_000_000): fc.Arbitrary<Agent[]> =>
  fc.array(
    fc.record({
      token: fc.oneof(fc.nat(2000), fc.nat(most)),
      cash: fc.nat(2000),
      bill: fc.oneof(fc.nat(2000), fc.nat(bills)),
      sells: fc.boolean(),
    }),
    { minLength: 1, maxLength: SLOTS },
  );
const reserve = fc.integer({ min: 1_000_000, max: 200_000_000 });
const crowds = fc.record({ agents: agents(500_000), token: reserve, cash: reserve });

describe('the sale of a tick', () => {
  it('is what agents choose where nobody is short, at the rate that the pool pays for all of it', () => {
    fc.assert(
      fc.property(fc.record({ agents: agents(0), token: reserve, cash: reserve }), (crowd) => {
        const solvent = crowd.agents.map((agent) => ({ ...agent, bill: agent.cash }));
        const of = crowded({ ...crowd, agents: solvent });
        const rate = new SwapRate();
        const sold = offerToken(of, rate);
        expect([...of.columns.tokenOffered].slice(0, solvent.length)).toEqual(solvent.map(chosenBy));
        expect(sold).toBe(sumOf(solvent.map(chosenBy)));
        if (sold === 0) return;
        const out = amountOutNumber(sold, crowd.token, crowd.cash);
        expect(rate.share(sold)).toBeLessThanOrEqual(out);
        expect(rate.share(sold)).toBeGreaterThan(out - 2);
      }),
    );
  });

  it('is never more than agents have, nor less than they chose, and adds up', () => {
    fc.assert(
      fc.property(crowds, (crowd) => {
        const of = crowded(crowd);
        const sold = offerToken(of, new SwapRate());
        const offered = [...of.columns.tokenOffered].slice(0, crowd.agents.length);
        expect(sumOf(offered)).toBe(sold);
        crowd.agents.forEach((agent, i) => {
          expect(offered[i]).toBeLessThanOrEqual(agent.token);
          expect(offered[i]).toBeGreaterThanOrEqual(chosenBy(agent));
        });
      }),
    );
  });

  it('pays every bill that all of an agent’s token would pay, and no share passes what the pool gives', () => {
    fc.assert(
      fc.property(crowds, (crowd) => {
        const of = crowded(crowd);
        const rate = new SwapRate();
        const sold = offerToken(of, rate);
        let shares = 0;
        crowd.agents.forEach(({ token, cash, bill }, i) => {
          const share = rate.share(of.columns.tokenOffered[i]!);
          shares += share;
          if (cash + rate.share(token) >= bill) expect(cash + share).toBeGreaterThanOrEqual(bill);
          else expect(of.columns.tokenOffered[i]).toBe(token);
        });
        if (sold === 0) return;
        const out = amountOutNumber(sold, crowd.token, crowd.cash);
        expect(shares).toBeLessThanOrEqual(out);
        // and all of it is shared out, but for rounding
        expect(rate.share(sold)).toBeGreaterThan(out - 2);
      }),
    );
  });

  it('takes from nobody more than its bill needs, but for rounding: a unit each, and what a milli-cash costs', () => {
    fc.assert(
      fc.property(crowds, (crowd) => {
        const of = crowded(crowd);
        const rate = new SwapRate();
        const sold = offerToken(of, rate);
        const short = crowd.agents.filter(({ token, cash, bill }) => token > 0 && cash < bill);
        const needed = sumOf(
          crowd.agents.map((agent) => {
            const lacking = Math.max(0, agent.bill - agent.cash);
            return Math.max(
              chosenBy(agent),
              lacking === 0 || sold === 0 ? 0 : rate.cost(lacking, agent.token),
            );
          }),
        );
        const unit = Math.ceil((tokenReserve(of) + sold) / cashReserve(of)) + 1;
        expect(sold - needed).toBeLessThanOrEqual(4 * (short.length + unit));
      }),
    );
  });

  it.each([
    ['near all cash of the pool', [0.3, 0.8, 0.9, 0.97], 2_000_000_000, 4_000_000_000, false],
    ['whatever some have', [0.3, 0.9, 0.97], 1, 4_000_000_000, false],
    ['whatever they sell anyway', [0.1, 0.3, 0.5], 1_000_000, 4_000_000_000, true],
  ])('is found however rich the short are: bills %s', (_, shares, poorest, richest, sells) => {
    const parts = fc.array(
      fc.record({
        weight: fc.integer({ min: 1, max: 9 }),
        token: fc.oneof(
          fc.integer({ min: poorest, max: 2 * poorest }),
          fc.integer({ min: poorest, max: richest }),
        ),
        sells: sells ? fc.boolean() : fc.constant(false),
      }),
      { minLength: 1, maxLength: SLOTS },
    );
    fc.assert(
      fc.property(parts, fc.constantFrom(...shares), reserve, reserve, (short, of, token, cash) => {
        const all = sumOf(short.map(({ weight }) => weight));
        const rich = short.map(({ weight, ...one }) => ({
          ...one,
          cash: 3,
          bill: 3 + Math.floor((of * cash * weight) / all),
        }));
        const there = crowded({ agents: rich, token, cash });
        const rate = new SwapRate();
        const sold = offerToken(there, rate);
        const needed = sumOf(rich.map((one) => Math.max(chosenBy(one), rate.cost(one.bill - 3, one.token))));
        // what a milli-cash costs at the end of the sale, and how much more that makes the others need
        const marginal = ((token + sold) / token) * ((token + sold) / cash);
        expect(sold - needed).toBeLessThanOrEqual((4 * (rich.length + marginal + 1)) / (1 - of));
      }),
    );
  });

  it('of one agent is the exact inverse of the swap', () => {
    // 1,000,000 and 1,000,000: x pays floor(997 x 10^6 / (10^9 + 997 x))
    for (const lacking of [1, 10, 1000, 30_000]) {
      const agent = { token: 500_000, cash: 7, bill: 7 + lacking, sells: false };
      const of = crowded({ agents: [agent], token: 1_000_000, cash: 1_000_000 });
      const sold = offerToken(of, new SwapRate());
      const paysFor = (x: number): number => Math.floor((997 * x * 1e6) / (1e9 + 997 * x));
      expect(paysFor(sold)).toBeGreaterThanOrEqual(lacking);
      expect(paysFor(sold - 4)).toBeLessThan(lacking);
    }
  });

  it('is all that they have where that is not enough', () => {
    const poor = { token: 90, cash: 0, bill: 5000, sells: false };
    const of = crowded({ agents: [poor, poor, { ...poor, token: 0 }], token: 1_000_000, cash: 1_000_000 });
    expect(offerToken(of, new SwapRate())).toBe(180);
    expect([...of.columns.tokenOffered].slice(0, 3)).toEqual([90, 90, 0]);
  });

  it('of nothing is nothing', () => {
    const of = crowded({
      agents: [{ token: 0, cash: 0, bill: 100, sells: true }],
      token: 1_000_000,
      cash: 1_000_000,
    });
    expect(offerToken(of, new SwapRate())).toBe(0);
  });
});
