/**
 * What an agent can choose, and how a choice becomes an order. Heads hold indices; orders hold integers
 * that the agent can afford. Quotes are relative to what the agent can see (cost, value, moving-average
 * price), so that no quote drifts out of range.
 */
import { PRICE_LEVELS, type WorldParameters } from '../configs/worldParameters.ts';
import { cashToToken, FINANCE, FREE_SLOT, type MarketWorld, MODE, SIDE, WORLD } from '../market/columns.ts';
import { ownEnergy } from '../market/ownership.ts';
import { trustIsOn, worthToConsumers } from '../market/trust.ts';
import { UsageError } from '../sim/core/errors.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { HEAD, HEAD_COUNT, HEADS, LANES } from './brain/layout.ts';
import type { AgentWorld } from './columns.ts';

/** Service ask = cost + this share, in percent, of (value of the agent's quality - cost). */
export const ASK_SHARE_PERCENT = [5, 25, 50, 75, 95] as const;
/** Compute ask and bid, in percent of the fast moving-average price. */
export const COMPUTE_ASK_PERCENT = [70, 90, 100, 110, 140] as const;
export const COMPUTE_BID_PERCENT = [50, 80, 95, 105, 120] as const;
/** Where values are induced: levels given up, in sixteenths of the way from the limit to the end of the table. */
export const INDUCED_SHADE_SIXTEENTHS = [0, 1, 2, 4, 8] as const;
const PERCENT = 100;
const SIXTEENTH_BITS = 4;

export interface ActionHead {
  readonly name: (typeof HEADS)[number]['name'];
  readonly options: readonly string[];
  readonly about: string;
}

const percents = (shares: readonly number[]): readonly string[] => shares.map((share) => `${share} %`);

/** The heads of an action in the order of the brain's `HEADS`, and what their options mean. */
export const ACTION_HEADS: readonly ActionHead[] = [
  {
    name: 'mode',
    options: ['rent out', 'serve', 'train', 'idle'],
    about: 'what the machine does with its compute this tick',
  },
  {
    name: 'class',
    options: ['class 0', 'class 1', 'class 2', 'class 3'],
    about: 'class of task that it serves or trains for',
  },
  {
    name: 'ask',
    options: percents(ASK_SHARE_PERCENT),
    about: 'service ask: energy cost plus this share of what its quality is worth above cost',
  },
  {
    name: 'quote',
    options: ['lowest', 'low', 'middle', 'high', 'highest'],
    about: `compute ask (${percents(COMPUTE_ASK_PERCENT).join(', ')}) or bid (${percents(COMPUTE_BID_PERCENT).join(', ')}) of the moving-average price`,
  },
  { name: 'deliver', options: ['honest', 'default'], about: 'whether a sold task is delivered' },
  {
    name: 'finance',
    options: ['hold', 'sell token', 'buy token', 'stake', 'unstake', 'buy hardware'],
    about: 'one step of its finances',
  },
  {
    name: 'method',
    options: ['supervised', 'unsupervised', 'semi-supervised', 'reinforcement'],
    about: 'how it trains',
  },
  { name: 'objective', options: ['keep', 'revise'], about: 'whether it tries a mutated reward function' },
];

const logit = (head: keyof typeof HEAD, option: number): number =>
  (1 << (HEADS[HEAD[head]].offset + option)) >>> 0;
const allOf = (head: keyof typeof HEAD): number =>
  (((1 << HEADS[HEAD[head]].size) - 1) << HEADS[HEAD[head]].offset) >>> 0;

/**
 * Bit k is 1 where logit k may be chosen. Heads and options of mechanisms that are off are masked; staking
 * and default on delivery among them.
 */
export function logitMask(parameters: WorldParameters): number {
  if (parameters.induced.enabled) return (logit('mode', MODE.rentOut) | allOf('quote')) >>> 0;
  let mask = logit('mode', MODE.idle) | logit('finance', FINANCE.hold);
  if (parameters.computeMarket.enabled) mask |= logit('mode', MODE.rentOut) | allOf('quote');
  if (parameters.serviceMarket.enabled) mask |= logit('mode', MODE.serve) | allOf('class') | allOf('ask');
  if (parameters.training.enabled) mask |= logit('mode', MODE.train) | allOf('class') | allOf('method');
  if (parameters.amm.enabled)
    mask |= logit('finance', FINANCE.sellToken) | logit('finance', FINANCE.buyToken);
  if (parameters.hardware.enabled) mask |= logit('finance', FINANCE.buyHardware);
  if (parameters.staking.enabled) mask |= logit('finance', FINANCE.stake) | logit('finance', FINANCE.unstake);
  if (trustIsOn(parameters)) mask |= allOf('deliver');
  if (parameters.objectives.enabled) mask |= allOf('objective');
  return mask >>> 0;
}

const bit = (head: keyof typeof HEAD): number => 1 << HEAD[head];

/** Per mode, bit h is 1 where head h decided something, so that it counts in log pi. */
export function headUse(parameters: WorldParameters): [number, number, number, number] {
  const quote = parameters.computeMarket.enabled || parameters.induced.enabled ? bit('quote') : 0;
  if (parameters.induced.enabled) return [quote | 1, quote | 1, quote | 1, quote | 1];
  const always = bit('mode') | bit('finance') | (parameters.objectives.enabled ? bit('objective') : 0);
  const deliver = trustIsOn(parameters) ? bit('deliver') : 0;
  return [
    always | quote | deliver,
    always | bit('class') | bit('ask') | quote | deliver,
    always | bit('class') | bit('method') | quote,
    always,
  ];
}

/** Index of an agent's first head in `brain.columns.action`; further heads follow every LANES. */
export const actionIndex = (agent: number): number =>
  Math.floor(agent / LANES) * HEAD_COUNT * LANES + (agent % LANES);

function noOption(head: number, option: number): UsageError {
  const known = ACTION_HEADS[head];
  if (known === undefined)
    return new UsageError(`an action has no head ${head}`, `heads are those of HEAD, 0 to ${HEAD_COUNT - 1}`);
  const options = known.options.map((name, k) => `${k} = ${name}`).join(', ');
  return new UsageError(`the head ${known.name} of an action has no option ${option}`, options);
}

/**
 * Sets one head of an agent's action.
 *
 * @param head one of `HEAD`
 * @param option below the size of that head in `HEADS`; a mode whose mechanism is off means to idle
 * @throws UsageError for a head or an option that there is none of
 */
export function chooseOption(world: AgentWorld, agent: number, head: number, option: number): void {
  // another class or method would be looked up among the skills of other agents
  if (!(option >= 0 && option < (HEADS[head]?.size ?? 0) && Number.isInteger(option)))
    throw noOption(head, option);
  world.brain.columns.action[actionIndex(agent) + head * LANES] = option;
}

/**
 * What a task costs its seller, milli-token at the tick's opening price: the energy of its compute, and the effort of
 * delivering it where sellers may default, rounded up
 * so that an ask at cost is never a loss. The rent that the compute could earn instead is not a cost: it
 * would tie asks to a quote that the same agents make, and idle compute has none.
 */
export const taskCost = (world: MarketWorld): number =>
  costOfTask(world, world.parameters.energy.price + effortOfUnit(world));

/**
 * What a task made of rented compute costs its seller beside the rent, milli-token, rounded up: the effort of delivering
 * it where sellers may default, and else nothing.
 */
export function effortOfTask(world: MarketWorld): number {
  const effort = effortOfUnit(world);
  return effort === 0 ? 0 : costOfTask(world, effort);
}

/** Effort that a default saves, milli-cash a cu; 0 where nobody may default. */
const effortOfUnit = ({ parameters }: MarketWorld): number =>
  trustIsOn(parameters) ? parameters.trust.effort : 0;

/** Milli-token of a task whose cu cost so much milli-cash each, rounded up. */
function costOfTask({ parameters, columns }: MarketWorld, cashPerUnit: number): number {
  const cash = parameters.serviceMarket.cuPerTask * cashPerUnit;
  const tokenPrice = columns.scalar[WORLD.tokenPrice]!;
  return tokenPrice === 0 ? 0 : Math.min(U32_MAX, cashToToken(cash + 1, tokenPrice) + 1);
}

/** Service ask at a share of the margin, milli-token, rounded down; `cost` where the quality is worth less. */
export const askOf = (cost: number, worth: number, sharePercent: number): number =>
  worth <= cost ? cost : cost + Math.floor(((worth - cost) * sharePercent) / PERCENT);

/**
 * The level whose price is nearest to `price` milli-token (ties to the lower).
 *
 * @param guess the level from which to walk there, such as that of the tick before
 */
export function nearestLevel(table: Uint32Array, price: number, guess: number): number {
  let above = guess;
  while (above < table.length && table[above]! < price) above++;
  while (above > 0 && table[above - 1]! >= price) above--;
  if (above === 0) return 0;
  if (above === table.length) return table.length - 1;
  return table[above]! - price < price - table[above - 1]! ? above : above - 1;
}

/** The lowest level whose price is at least `price`; `table.length` when there is none. */
export function levelAtLeast(table: Uint32Array, price: number): number {
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table[middle]! >= price) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The fast moving-average price of compute, milli-token x 2^8; the config's start before any trade. */
export const fastPrice = ({ parameters, columns }: MarketWorld): number =>
  columns.scalar[WORLD.priceFast]! || parameters.computeMarket.priceStart;

const SOLD_EMA_ONE = 256;
/** Tasks that an agent may serve: ceil(1.3 x its moving average of sales + 0.5), from 1/256 task, in integers. */
export const expectedTasks = (soldEma: number): number =>
  Math.ceil((13 * soldEma + 5 * SOLD_EMA_ONE) / (10 * SOLD_EMA_ONE));

const PRICE_ONE = 256;

/**
 * Phase 4, second half: decodes every living agent's action into the intent columns of the markets, within
 * what it can afford. Agents are independent: any split into ranges gives the same orders.
 *
 * @param from first agent, a multiple of LANES
 * @param to the agent behind the last, a multiple of LANES or all
 */
export function applyActions(world: AgentWorld, tick: number, from = 0, to = world.parameters.slots): void {
  openOrders(world);
  orderRange(world, tick, from, to);
}

/** All of `applyActions` but what `openOrders` does. */
export function orderRange(world: AgentWorld, _tick: number, from: number, to: number): void {
  if (world.parameters.induced.enabled) orderInduced(world, world.senses.decideInduced(from, to), to);
  else orderAgents(world, world.senses.decide(from, to), to);
}

/** Computes what the orders of all agents of a tick have in common. */
export function openOrders(world: AgentWorld): void {
  const { parameters, columns, senses } = world;
  const { priceTable } = parameters.computeMarket;
  const average = fastPrice(world);
  for (let k = 0; k < COMPUTE_ASK_PERCENT.length; k++) {
    const ask = (average * COMPUTE_ASK_PERCENT[k]!) / (PERCENT * PRICE_ONE);
    const bid = (average * COMPUTE_BID_PERCENT[k]!) / (PERCENT * PRICE_ONE);
    senses.askLevels[k] = nearestLevel(priceTable, ask, senses.askLevels[k]!);
    senses.bidLevels[k] = nearestLevel(priceTable, bid, senses.bidLevels[k]!);
  }
  senses.openOrders(columns.scalar[WORLD.taskValue]!, taskCost(world));
}

/** The specification of orders, which the kernel repeats, for agents from..to-1; the levels of quotes have been written. */
export function orderAgents(world: AgentWorld, from: number, to: number): void {
  if (from >= to) return;
  const { parameters: p, columns: c, balances, agents, brain } = world;
  const { action } = brain.columns;
  const { askLevels, bidLevels } = world.senses;
  const { priceTable, bidShare } = p.computeMarket;
  const rents = p.computeMarket.enabled;
  const cost = taskCost(world);
  const taskValue = c.scalar[WORLD.taskValue]!;
  for (let i = from; i < to; i++) {
    if (c.population[i] === FREE_SLOT) continue;
    const at = actionIndex(i);
    const mode = allowedMode(p, action[at + HEAD.mode * LANES]!);
    const taskClass = action[at + HEAD.class * LANES]!;
    c.mode[i] = mode;
    c.taskClass[i] = taskClass;
    c.method[i] = action[at + HEAD.method * LANES]!;
    c.finance[i] = action[at + HEAD.finance * LANES]!;
    c.deliver[i] = action[at + HEAD.deliver * LANES]!;

    let ask = 0;
    if (mode === MODE.serve) {
      const worth = worthToConsumers(world, i, taskValue, c.skill[i * 4 + taskClass]!);
      ask = askOf(ownEnergy(world, i, cost), worth, ASK_SHARE_PERCENT[action[at + HEAD.ask * LANES]!]!);
      if (agents.scriptedAsk[i] !== 0) ask = agents.scriptedAsk[i]! - 1;
    }
    c.taskAsk[i] = ask;

    let side: number = SIDE.none;
    let level = 0;
    let quantity = 0;
    if (rents && mode === MODE.rentOut) {
      level = askLevels[action[at + HEAD.quote * LANES]!]!;
      if (agents.scriptedLevel[i] !== 0) level = agents.scriptedLevel[i]! - 1;
      quantity = c.compute[i]!;
      side = SIDE.sell;
    } else if (rents && mode !== MODE.idle) {
      level = bidLevels[action[at + HEAD.quote * LANES]!]!;
      if (agents.scriptedLevel[i] !== 0) level = agents.scriptedLevel[i]! - 1;
      const use =
        mode === MODE.serve
          ? Math.min(p.serviceMarket.maxTasks, expectedTasks(c.soldEma[i]!)) * p.serviceMarket.cuPerTask
          : p.training.maxCompute;
      const affordable = Math.floor(mulHigh(balances.token[i]!, bidShare) / priceTable[level]!);
      quantity = Math.max(0, Math.min(use - c.compute[i]!, affordable));
      side = SIDE.buy;
    }
    c.computeSide[i] = quantity === 0 ? SIDE.none : side;
    c.computeLevel[i] = level;
    c.computeQuantity[i] = quantity;
    agents.scriptedAsk[i] = 0;
    agents.scriptedLevel[i] = 0;
  }
}

/** A recorded or custom action may name a mode whose mechanism is off: the agent idles. */
function allowedMode(p: WorldParameters, mode: number): number {
  const on =
    (mode === MODE.rentOut && p.computeMarket.enabled) ||
    (mode === MODE.serve && p.serviceMarket.enabled) ||
    (mode === MODE.train && p.training.enabled);
  return on ? mode : MODE.idle;
}

/**
 * The specification of orders at induced values, which the kernel repeats, for agents from..to-1: everybody with units
 * left quotes one unit on its side, never beyond its limit.
 */
export function orderInduced(
  { parameters: p, columns: c, balances, agents, brain }: AgentWorld,
  from: number,
  to: number,
): void {
  const { population, mode, computeSide, computeLevel, computeQuantity, taskAsk, finance } = c;
  const { inducedUnits, inducedSide, inducedLevel } = c;
  const { scriptedLevel, scriptedAsk } = agents;
  const { action } = brain.columns;
  const { priceTable } = p.computeMarket;
  const { token } = balances;
  const allDay = p.doubleAuction.enabled;
  for (let i = from; i < to; i++) {
    if (population[i] === FREE_SLOT) continue;
    const left = inducedUnits[i]!;
    const side = left === 0 ? SIDE.none : inducedSide[i]!;
    const quoted = scriptedLevel[i]!;
    const level =
      quoted === 0
        ? shadedLevel(action[actionIndex(i) + HEAD.quote * LANES]!, side, inducedLevel[i]!)
        : quoted - 1;
    const affordable = side !== SIDE.buy || token[i]! >= priceTable[level]!;
    mode[i] = side === SIDE.sell ? MODE.rentOut : MODE.idle;
    computeSide[i] = affordable ? side : SIDE.none;
    computeLevel[i] = level;
    // a call trades one unit a tick, a trading day all of them
    computeQuantity[i] = side === SIDE.none || !affordable ? 0 : allDay ? left : 1;
    taskAsk[i] = 0;
    finance[i] = FINANCE.hold;
    scriptedLevel[i] = 0;
    scriptedAsk[i] = 0;
  }
}

/** The level that a quote head names: its shade of the way from the induced limit to the end of the table. */
function shadedLevel(quote: number, side: number, limit: number): number {
  const room = side === SIDE.buy ? limit : PRICE_LEVELS - 1 - limit;
  const step = (room * INDUCED_SHADE_SIXTEENTHS[quote]!) >> SIXTEENTH_BITS;
  return side === SIDE.buy ? limit - step : limit + step;
}
