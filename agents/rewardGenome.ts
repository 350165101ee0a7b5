/**
 * What an agent wants: r = w . phi + v . tanh(U phi) over features that only the engine can write. Reward
 * steers learning within a life; selection never sees it.
 */
import type { PopulationConfig, WorldConfig } from '../configs/schema.ts';
import { FREE_SLOT, MODE, SIDE, WORLD } from '../market/columns.ts';
import { trustIsOn } from '../market/trust.ts';
import { LOG2_ONE, log2Fixed } from '../sim/core/fixed.ts';
import { single, tanhF32 } from '../sim/core/floatMath.ts';
import { type DrawSequence, draw, STREAM, unitInterval } from '../sim/core/rng.ts';
import { MILLI, TWO_32 } from '../sim/core/units.ts';
import {
  type AgentWorld,
  FEATURE_COUNT,
  GENE,
  REWARD_FEATURES,
  REWARD_HIDDEN,
  UNIT_NORM_GENES,
} from './columns.ts';
import { measureWealth } from './observation.ts';
import { ownFeaturesOf, ownFeatureValue } from './ownFeatures.ts';

/** wealthGain reaches 1 at a change of 1/1000 in log wealth within a tick. */
const WEALTH_GAIN_SCALE = 1000;
/** skillGain reaches 1 at a gain of 1/1000 of skill within a tick. */
const SKILL_GAIN_SCALE = 1000;
/** profit is 1/2 at this many cash within a tick. */
const PROFIT_SCALE_CASH = 4;
/** transferGiven is 1/2 at this many cash given to children. */
const TRANSFER_SCALE_CASH = 500;
/** slashed is 1/2 at this much stake, in cash. */
const SLASHED_SCALE_CASH = 4;
/** reputationGain reaches 1 at a change of 1/16 within a tick. */
const REPUTATION_GAIN_SCALE = 16;
/** relativeWealth reaches 1 at 2^4 times the median wealth. */
const RELATIVE_WEALTH_OCTAVES = 4;
/** computeSpent reaches 1 at this many cu used within a tick. */
const COMPUTE_SCALE_CU = 32;
/** Rate of the moving share of ticks spent in each mode. */
const MODE_SHARE_RATE = 1 / 64;
/** Least share of a mode: below lie the subnormal numbers, a hundred times slower. */
const MODE_SHARE_MIN = 2 ** -64;
const MODE_COUNT = 4;

export interface RewardFeature {
  readonly name: (typeof REWARD_FEATURES)[number];
  readonly formula: string;
  readonly range: readonly [number, number];
}

/** phi in words, in the order of REWARD_FEATURES. */
export const REWARD_FEATURE_TABLE: readonly RewardFeature[] = [
  {
    name: 'wealthGain',
    formula: 'clip(1000 x change in ln wealth, 1), before gifts to children',
    range: [-1, 1],
  },
  {
    name: 'skillGain',
    formula: 'clip(1000 x skill gained by training, summed over classes, 1)',
    range: [0, 1],
  },
  { name: 'profit', formula: 'p / (4 + |p|), p = realised profit in cash', range: [-1, 1] },
  { name: 'fill', formula: 'share of what it offered or bid for that traded', range: [0, 1] },
  { name: 'contractKept', formula: '1 if it sold and delivered, where sellers may default', range: [0, 1] },
  { name: 'contractBreached', formula: '1 if it sold and did not deliver', range: [0, 1] },
  { name: 'slashed', formula: 's / (4 + s), s = stake slashed in cash', range: [0, 1] },
  { name: 'reputationGain', formula: 'clip(16 x change in reputation, 1)', range: [-1, 1] },
  { name: 'transferGiven', formula: 'g / (500 + g), g = cash-equivalent given to children', range: [0, 1] },
  { name: 'relativeWealth', formula: 'clip(log2(wealth / median) / 4, 1)', range: [-1, 1] },
  { name: 'novelty', formula: '1 - moving share of ticks in the mode chosen', range: [0, 1] },
  { name: 'forecastError', formula: '|d| / (1 + |d|), d = last temporal-difference error', range: [0, 1] },
  { name: 'computeSpent', formula: 'clip(compute used / 32 cu, 1)', range: [0, 1] },
  { name: 'idle', formula: '1 in idle mode', range: [0, 1] },
  { name: 'survival', formula: '1', range: [1, 1] },
];

const indexOf = (name: (typeof REWARD_FEATURES)[number]): number => REWARD_FEATURES.indexOf(name);
const PHI_WEALTH_GAIN = indexOf('wealthGain');
const PHI_SKILL_GAIN = indexOf('skillGain');
const PHI_PROFIT = indexOf('profit');
const PHI_FILL = indexOf('fill');
const PHI_CONTRACT_KEPT = indexOf('contractKept');
const PHI_CONTRACT_BREACHED = indexOf('contractBreached');
const PHI_SLASHED = indexOf('slashed');
const PHI_REPUTATION_GAIN = indexOf('reputationGain');
const PHI_TRANSFER_GIVEN = indexOf('transferGiven');
const PHI_RELATIVE_WEALTH = indexOf('relativeWealth');
const PHI_NOVELTY = indexOf('novelty');
const PHI_FORECAST_ERROR = indexOf('forecastError');
const PHI_COMPUTE_SPENT = indexOf('computeSpent');
const PHI_IDLE = indexOf('idle');
const PHI_SURVIVAL = indexOf('survival');

/** Cash per milli-cash. */
const CASH = single(1 / MILLI);
const SHARE = 1 / TWO_32;
const clip = (x: number): number => Math.min(1, Math.max(-1, x));
/** x / (scale + |x|). */
const squash = (x: number, scale: number): number => single(x / single(scale + Math.abs(x)));
const log2 = (x: number): number => (x > 0 ? log2Fixed(x) : 0);
/** ln 2 per 2^-16, to turn a difference of integer logs into a change of natural log. */
const LN_UNIT = single(Math.LN2 / LOG2_ONE);
/** Below this ratio of change the logarithm's table is coarser than the change: use the relative change. */
const SMALL_CHANGE = single(0.05);
const THIRD = single(1 / 3);

/** Change of ln wealth from `before` to `after` milli-cash, 0 counted as 1; f32, relative error below 1e-3. */
export function logChange(before: number, after: number): number {
  const from = before > 0 ? before : 1;
  const to = after > 0 ? after : 1;
  const x = single(single(to - from) / single(from));
  // ln(1 + x) to third order
  if (x < SMALL_CHANGE && x > -SMALL_CHANGE)
    return single(x * single(1 - single(x * single(0.5 - single(x * THIRD)))));
  return single((log2Fixed(to) - log2Fixed(from)) * LN_UNIT);
}

const phi = new Float32Array(FEATURE_COUNT);

/**
 * Phase 9: the median wealth after settlement; profit, fills and unused compute of all living agents; features and
 * reward (`brain.columns.reward`) of learners; the sums over each life.
 */
export function reward(world: AgentWorld, tick: number): void {
  measureWealth(world);
  rewardRange(world, tick, 0, world.parameters.slots);
}

/**
 * All of `reward` but the median, for agents from..to-1. Agents are independent: any split into ranges gives the same
 * bits.
 *
 * @param from first agent, a multiple of LANES
 * @param to the agent behind the last, a multiple of LANES or the number of slots
 */
export function rewardRange(world: AgentWorld, tick: number, from: number, to: number): void {
  // the kernel knows the built-in features alone
  if (ownFeaturesOf(world) !== null) {
    rewardAgents(world, tick, from, to);
    return;
  }
  world.senses.openRewards(log2(world.columns.scalar[WORLD.medianWealth]!), tokenPrice(world));
  rewardAgents(world, tick, world.senses.reward(tick, from, to), to);
}

/**
 * The specification of rewards, which the kernel repeats, for agents from..to-1. Everything that is not an integer is
 * f32, each operation rounded, in one order.
 */
export function rewardAgents(world: AgentWorld, tick: number, from: number, to: number): void {
  if (from >= to) return;
  const { parameters: p, columns: c, agents, brain } = world;
  const { tdError, active } = brain.columns;
  const price = tokenPrice(world);
  const median = log2(c.scalar[WORLD.medianWealth]!);
  const contracts = trustIsOn(p);
  const own = ownFeaturesOf(world);
  const { slots } = p;
  for (let i = from; i < to; i++) {
    const population = c.population[i]!;
    if (population === FREE_SLOT) continue;
    const mode = c.mode[i]!;
    const side = c.computeSide[i]!;
    const filled = c.computeFilled[i]!;
    const used = c.computeUsed[i]!;
    const profit = single(profitOf(world, i, price, contracts) * CASH);
    const computeFill = shareOf(filled, c.computeQuantity[i]!);
    const serviceFill = shareOf(c.tasksSold[i]!, c.tasksOffered[i]!);
    const atHand = single(single(c.compute[i]!) + (side === SIDE.sell ? single(filled) : 0));
    agents.profit[i] = profit;
    agents.computeFill[i] = computeFill;
    agents.serviceFill[i] = serviceFill;
    agents.unusedCompute[i] = shareOf(Math.max(0, c.compute[i]! - used), atHand);
    agents.lifeProfit[i]! += profit;
    // scripted agents have no reward to be told
    if (active[i] === 0) continue;

    phi[PHI_WEALTH_GAIN] = clip(WEALTH_GAIN_SCALE * logChange(c.wealthBefore[i]!, c.wealth[i]!));
    phi[PHI_SKILL_GAIN] = clip(single(c.skillGain[i]!) * (SKILL_GAIN_SCALE * SHARE));
    phi[PHI_PROFIT] = squash(profit, PROFIT_SCALE_CASH);
    phi[PHI_FILL] = mode === MODE.serve ? serviceFill : computeFill;
    if (contracts) {
      const breached = c.breached[i]! > 0;
      const moved = c.reputation[i]! - c.reputationBefore[i]!;
      phi[PHI_CONTRACT_KEPT] = c.contracted[i]! > 0 && !breached ? 1 : 0;
      phi[PHI_CONTRACT_BREACHED] = breached ? 1 : 0;
      phi[PHI_SLASHED] = squash(single(single(c.slashed[i]!) * price), SLASHED_SCALE_CASH * MILLI);
      phi[PHI_REPUTATION_GAIN] = clip(moved * (REPUTATION_GAIN_SCALE * SHARE));
    } else {
      phi.fill(0, PHI_CONTRACT_KEPT, PHI_REPUTATION_GAIN + 1);
    }
    phi[PHI_TRANSFER_GIVEN] = squash(single(agents.transferGiven[i]!), TRANSFER_SCALE_CASH * MILLI);
    phi[PHI_RELATIVE_WEALTH] = clip((log2(c.wealth[i]!) - median) / (RELATIVE_WEALTH_OCTAVES * LOG2_ONE));
    phi[PHI_NOVELTY] = 1 - agents.modeShare[mode * slots + i]!;
    phi[PHI_FORECAST_ERROR] = squash(Math.abs(tdError[i]!), 1);
    phi[PHI_COMPUTE_SPENT] = clip(used / COMPUTE_SCALE_CU);
    phi[PHI_IDLE] = mode === MODE.idle ? 1 : 0;
    phi[PHI_SURVIVAL] = 1;
    if (own !== null) for (const feature of own) phi[feature.at] = ownFeatureValue(feature, world, tick, i);

    for (let k = 0; k < FEATURE_COUNT; k++) agents.features[k * slots + i] = phi[k]!;
    for (let m = 0; m < MODE_COUNT; m++) {
      const at = m * slots + i;
      const share = agents.modeShare[at]!;
      const moved = share + MODE_SHARE_RATE * single((m === mode ? 1 : 0) - share);
      agents.modeShare[at] = Math.max(MODE_SHARE_MIN, moved);
    }
    const { reward: kind, rewardHidden } = p.populations[population]!;
    const r =
      kind === 'randomReward'
        ? 2 * unitInterval(draw(p.seed, tick, i, STREAM.randomReward)) - 1
        : rewardOf(agents.genes, i, slots, rewardHidden);
    brain.columns.reward[i] = r;
    agents.lifeReward[i]! += r;
  }
}

/** Opening price of token: cash per token. */
const tokenPrice = ({ columns }: AgentWorld): number => single(columns.scalar[WORLD.tokenPrice]! / 0x1_0000);

/** part / whole of quantities; 0 of nothing. */
const shareOf = (part: number, whole: number): number =>
  whole === 0 ? 0 : single(single(part) / single(whole));

/**
 * Realised profit of an agent's tick, milli-cash: sales less purchases at the opening price, less the bill; and where
 * sellers may default what contracts added beside their pay: its part of slashed stakes, side gains and recoveries,
 * less its own slashed stake, effort, audits, court fees and debts. In integers: ownership.ts.
 */
function profitOf({ columns: c }: AgentWorld, i: number, price: number, contracts: boolean): number {
  const rent = single(c.computeSide[i] === SIDE.buy ? -c.computeAmount[i]! : c.computeAmount[i]!);
  const income = single(single(c.serviceAmount[i]!) + rent);
  const profit = single(single(income * price) - single(c.bill[i]!));
  if (!contracts) return profit;
  const stakes = single(single(c.compensated[i]! - c.slashed[i]!) * price);
  const received = single(single(c.contractCash[i]!) - single(c.contractBill[i]!));
  const paid = single(single(c.courtBill[i]!) + single(c.debtDue[i]!));
  return single(profit + single(stakes + single(received - paid)));
}

/** w . phi + v . tanh(U phi) of the features in `phi`. */
function rewardOf(genes: Float32Array, agent: number, slots: number, hidden: boolean): number {
  let r = weighFeatures(genes, GENE.linear, agent, slots);
  if (!hidden) return r;
  for (let j = 0; j < REWARD_HIDDEN; j++) {
    const unit = tanhF32(weighFeatures(genes, GENE.hidden + j * FEATURE_COUNT, agent, slots));
    r = single(r + single(genes[(GENE.output + j) * slots + agent]! * unit));
  }
  return r;
}

/** The product of the features in `phi` with FEATURE_COUNT genes from `gene`. */
function weighFeatures(genes: Float32Array, gene: number, agent: number, slots: number): number {
  let sum = 0;
  for (let k = 0; k < FEATURE_COUNT; k++)
    sum = single(sum + single(genes[(gene + k) * slots + agent]! * phi[k]!));
  return sum;
}

/**
 * Scales w and v of a genome to ||(w, v)||_2 = 1; a genome of zeros stays zero.
 *
 * @param genes any array; gene k stands at start + k x stride
 */
export function normalise(genes: Float32Array, start: number, stride: number): void {
  let squares = 0;
  for (let k = 0; k < UNIT_NORM_GENES; k++) squares += genes[start + k * stride]! ** 2;
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (let k = 0; k < UNIT_NORM_GENES; k++) genes[start + k * stride]! *= scale;
}

/** The single feature that a fixed choice of reward pays for. */
const FIXED_REWARD: Partial<Record<PopulationConfig['reward'], (typeof REWARD_FEATURES)[number]>> = {
  logWealth: 'wealthGain',
  constant: 'survival',
  profit: 'profit',
  skill: 'skillGain',
  computeSpent: 'computeSpent',
};

/** Whether a population's reward genes are zero by definition, and stay so. */
export const isUnrewarded = ({ reward: kind }: Pick<PopulationConfig, 'reward'>): boolean =>
  kind === 'zero' || kind === 'randomReward';

/**
 * Writes a genome of generation 0 to genes[start + k x stride]: reward genes as the population's config says
 * (a uniformly random unit vector by default), learner genes from the config.
 */
export function initialGenome(
  genes: Float32Array,
  start: number,
  stride: number,
  population: Pick<PopulationConfig, 'reward' | 'rewardHidden'>,
  learner: WorldConfig['learner'],
  logKappa: number,
  sigma: number,
  draws: DrawSequence,
): void {
  const set = (gene: number, value: number): void => {
    genes[start + gene * stride] = value;
  };
  for (let k = 0; k < GENE.gamma; k++) set(k, 0);
  if (population.reward === 'random') {
    for (let k = 0; k < FEATURE_COUNT; k++) set(GENE.linear + k, draws.normal());
    if (population.rewardHidden) for (let k = 0; k < REWARD_HIDDEN; k++) set(GENE.output + k, draws.normal());
    normalise(genes, start, stride);
  } else {
    const fixed = FIXED_REWARD[population.reward];
    if (fixed !== undefined) set(GENE.linear + indexOf(fixed), 1);
  }
  if (population.rewardHidden && !isUnrewarded(population))
    for (let k = GENE.hidden; k < GENE.gamma; k++) set(k, draws.normal());
  set(GENE.gamma, learner.gamma);
  set(GENE.lambda, learner.lambda);
  set(GENE.tau, learner.tau);
  set(GENE.logKappa, logKappa);
  set(GENE.sigma, sigma);
}
