/** The relations between constants of a world that must hold before anything is allocated. */
import { MILLI, milli, PRODUCT_MAX, TWO_32, U32_MAX } from '../sim/core/units.ts';
import type { WorldConfig } from './schema.ts';
import { PRICE_LEVELS, type WorldParameters } from './worldParameters.ts';

/** A relation, and what to say where it does not hold. */
export interface Relation {
  readonly holds: boolean;
  /** Config path that is best changed. */
  readonly path: string;
  readonly found: string;
  readonly hint: string;
}

/** The relations between constants of one world, one a line, each with its reason. */
export function relations(p: WorldParameters, w: WorldConfig): Relation[] {
  const topPrice = p.computeMarket.priceTable[PRICE_LEVELS - 1]!;
  const largestGenesis = (p.ownership.capacities ?? new Uint32Array(0)).reduce(
    (most, part) => Math.max(most, part),
    p.genesis.capacity,
  );
  const largestCapacity = Math.max(p.hardware.capacityMax, largestGenesis);
  const largestTaskPrice = (p.serviceMarket.value * p.amm.token) / Math.max(1, p.amm.cash);
  const largestEndowment = p.populations.reduce((most, { endowment }) => Math.max(most, endowment), 1);
  const tokenTotal =
    p.slots * p.genesis.token * largestEndowment + p.consumers.token + p.amm.token + p.treasury.tokenReserve;
  const cashTotal =
    p.slots * p.genesis.cash * largestEndowment + p.consumers.cash + p.amm.cash + p.treasury.cashReserve;
  const is = (holds: boolean, path: string, found: string, hint: string): Relation => ({
    holds,
    path,
    found,
    hint,
  });
  return [
    // a payment must fit the GPU's i32 product
    is(
      topPrice * largestCapacity <= PRODUCT_MAX,
      'world.computeMarket.priceMax',
      `highest price x largest capacity = ${topPrice * largestCapacity} milli-token must be at most ${PRODUCT_MAX}`,
      'lower priceMax or hardware.capacityMax',
    ),
    is(
      largestTaskPrice * (1 + w.serviceMarket.networkEffect) * p.serviceMarket.maxTasks * 64 <= PRODUCT_MAX,
      'world.serviceMarket.value',
      `a task at 64 x the opening token price x maxTasks must be at most ${PRODUCT_MAX} milli-token`,
      'lower value or maxTasks',
    ),
    // prefix sums of quantities stay in 31 bits
    is(
      p.slots * largestCapacity < 2 ** 31,
      'world.hardware.capacityMax',
      `slots x largest capacity = ${p.slots * largestCapacity} must be below 2^31`,
      'lower slots or capacityMax',
    ),
    // exact sums in double precision and two 32-bit limbs
    is(
      tokenTotal < 2 ** 53,
      'world.genesis.token',
      `total token supply ${tokenTotal} must be below 2^53 milli-token`,
      'lower the genesis balances',
    ),
    is(
      cashTotal < 2 ** 53,
      'world.genesis.cash',
      `total cash supply ${cashTotal} must be below 2^53 milli-cash`,
      'lower the genesis balances',
    ),
    // reserves are u32 operands of the 128-bit swap product
    is(
      p.amm.token <= U32_MAX / 4 && p.amm.cash <= U32_MAX / 4,
      'world.amm',
      `reserves must be at most ${Math.floor(U32_MAX / 4000)}`,
      'lower amm.token or amm.cash',
    ),
    is(
      !p.amm.enabled || (p.amm.token > 0 && p.amm.cash > 0),
      'world.amm',
      'an enabled AMM needs both reserves above 0',
      'set amm.enabled: false or give reserves',
    ),
    // an agent's balances are u32
    is(
      Math.max(p.genesis.token, p.genesis.cash) * largestEndowment <= U32_MAX / 16,
      'world.genesis',
      `a balance at genesis must be at most ${Math.floor(U32_MAX / 16_000)}`,
      'lower genesis.token, genesis.cash or an endowment',
    ),
    // what a meeting pays is one entry of the ledger, and one agent's balance must hold many
    is(
      (Math.max(...p.contest.payoffs.map(Math.abs)) * p.contest.rounds + p.contest.background) *
        p.contest.meetings <=
        U32_MAX / 16,
      'world.contest',
      `payoff x rounds x meetings of a tick must be at most ${Math.floor(U32_MAX / 16_000)} cash`,
      'lower the payoffs, rounds or meetings',
    ),
    is(
      largestGenesis <= p.hardware.capacityMax || !p.hardware.enabled,
      p.ownership.capacities === null ? 'world.genesis.capacity' : 'world.ownership.distribution',
      `capacity ${largestGenesis} must not exceed hardware.capacityMax ${p.hardware.capacityMax}`,
      'raise hardware.capacityMax',
    ),
    is(
      milli(w.computeMarket.priceMax) - milli(w.computeMarket.priceMin) >= PRICE_LEVELS - 1,
      'world.computeMarket.priceMax',
      'the price table needs 256 distinct prices in milli-token between priceMin and priceMax',
      'raise priceMax above priceMin + 0.255',
    ),
    // a book trades at the levels of the compute market's table
    is(
      !p.doubleAuction.enabled || p.computeMarket.enabled,
      'world.doubleAuction.enabled',
      'a continuous double auction is a way to trade compute and needs computeMarket.enabled',
      'set world.computeMarket.enabled: true',
    ),
    is(
      p.environment.kind !== 'none' || p.populations.every(({ kind }) => kind !== 'tabular'),
      'populations',
      'tabular learners need an environment with numbered states',
      'set world.environment.kind: gridWorld',
    ),
    is(
      p.environment.kind !== 'gridWorld' || p.populations.every(({ kind }) => kind === 'tabular'),
      'populations',
      'a grid world is for populations of kind tabular',
      'set kind: tabular',
    ),
    // a trial is judged by the wealth that a choice of mode brings
    is(
      !p.objectives.enabled || (!p.induced.enabled && p.environment.kind === 'none'),
      'world.objectives.enabled',
      'objectives are revised in economies, not in worlds of induced values or environments',
      'set world.objectives.enabled: false',
    ),
    // defaults are settled by the batch auction of an economy
    is(
      p.trust.regime === 'off' ||
        (!p.doubleAuction.enabled && !p.induced.enabled && p.environment.kind === 'none'),
      'world.trust.regime',
      'sellers can default in batch and scoring auctions only',
      'set world.trust.regime: off',
    ),
    // money of all units of one contract must fit the GPU's i32 product
    is(
      Math.max(p.trust.effort, p.trust.sideGain, p.trust.stakePerUnit, p.trust.auditFee) *
        Math.max(largestCapacity, p.serviceMarket.maxTasks * p.serviceMarket.cuPerTask) <=
        PRODUCT_MAX,
      'world.trust',
      `effort, sideGain, stakePerUnit and auditCost times the largest contract must be at most ${PRODUCT_MAX} milli-units`,
      'lower them, hardware.capacityMax or serviceMarket.maxTasks',
    ),
    is(
      Math.max(p.trust.legalCost, p.trust.registrationFee) <= PRODUCT_MAX,
      'world.trust.legalCost',
      `legalCost and registrationFee must be at most ${Math.floor(PRODUCT_MAX / MILLI)} cash`,
      'lower them',
    ),
    // bills need something to be paid from: without cash and without an AMM nobody can pay energy
    is(
      p.hardware.runway < TWO_32,
      'world.hardware.runwayTicks',
      'runway x subsistence must be below 2^32 milli-cash',
      'lower runwayTicks',
    ),
    is(
      p.populations.some((population) => population.share > 0),
      'populations',
      'at least one population needs a share above 0',
      'set share',
    ),
  ];
}
