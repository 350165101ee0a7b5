/**
 * The kernel of what agents sense and do beside their brains, bound to one world's columns. The specifications are
 * `observeAgents` (observation.ts), `orderAgents` and `orderInduced` (actions.ts), `decideZiC` (scripted/ziC.ts),
 * `rewardAgents` (rewardGenome.ts) and the conditions of selfUpdate.ts; `senses.as.ts` does the same for whole blocks
 * of LANES agents, bit for bit.
 */
import { PRICE_LEVELS, type WorldParameters } from '../configs/worldParameters.ts';
import { trustIsOn } from '../market/trust.ts';
import { assert } from '../sim/core/assert.ts';
import { type AnyColumn, type Columns, i32, u32 } from '../sim/core/columns.ts';
import { EXP2_TABLE, LOG2_TABLE, log2Fixed } from '../sim/core/fixed.ts';
import { U32_MAX } from '../sim/core/units.ts';
import { kernelOn } from '../sim/core/webAssembly.ts';
import { LANES, OBSERVATION_COUNT } from './brain/layout.ts';
import { KERNEL_BASE64 } from './senses.generated.ts';

interface KernelExports {
  observe(descriptor: number, tick: number, blockFrom: number, blockTo: number): void;
  decide(descriptor: number, blockFrom: number, blockTo: number): void;
  quoteAtRandom(descriptor: number, tick: number, population: number, blockTo: number): void;
  decideInduced(descriptor: number, blockFrom: number, blockTo: number): void;
  medianBin(descriptor: number, bins: number, shift: number): number;
  reward(descriptor: number, tick: number, blockFrom: number, blockTo: number): void;
  nextReviser(descriptor: number, tick: number, from: number, blockTo: number): number;
  nextGiver(descriptor: number, from: number, blockTo: number): number;
  nextMortal(
    descriptor: number,
    tick: number,
    insolvent: number,
    subsistence: number,
    hazard: number,
    from: number,
    blockTo: number,
  ): number;
  nextRich(descriptor: number, threshold: number, kit: number, from: number, blockTo: number): number;
}

// Columns to which the descriptor points, in its order.
const POINTERS = [
  ['balances', ['token', 'cash', 'stake']],
  [
    'columns',
    [
      'population',
      'mode',
      'taskClass',
      'taskAsk',
      'computeSide',
      'computeLevel',
      'computeQuantity',
      'method',
      'finance',
      'deliver',
      'opened',
      'compute',
      'computeFilled',
      'computeAmount',
      'computeUsed',
      'tasksOffered',
      'tasksSold',
      'serviceAmount',
      'skillGain',
      'bill',
      'wealth',
      'wealthBefore',
      'capacity',
      'data',
      'skill',
      'reputation',
      'soldEma',
      'contracted',
      'breached',
      'slashed',
      'compensated',
      'contractCash',
      'contractBill',
      'courtBill',
      'debtDue',
      'reputationBefore',
      'claims',
    ],
  ],
  [
    'agents',
    [
      'bornAt',
      'genes',
      'features',
      'profit',
      'modeShare',
      'lifeReward',
      'lifeProfit',
      'computeFill',
      'serviceFill',
      'unusedCompute',
      'scriptedLevel',
      'scriptedAsk',
      'transferGiven',
      'trialStage',
      'trialFrom',
      'blockBase',
    ],
  ],
  ['brain', ['observation', 'action', 'reward', 'tdError', 'active']],
  ['columns', ['inducedLevel', 'inducedSide', 'inducedUnits']],
] as const;

/** Words of the descriptor after its pointers; the kernel repeats the order. */
const WORD = {
  logTable: 64,
  powerTable: 65,
  prices: 66,
  quoteLogs: 67,
  populationKinds: 68,
  histogram: 69,
  slots: 70,
  seed: 71,
  cohorts: 72,
  flags: 73,
  maxTasks: 74,
  cuPerTask: 75,
  maxCompute: 76,
  soldEmaMax: 77,
  bidShare: 78,
  reputationWeight: 79,
  device: 80,
  deviceLog: 81,
  scaleLog2: 82,
  medianLog: 83,
  averageLog: 84,
  taskValue: 85,
  taskCost: 86,
  tokenPrice: 87,
  askLevels: 88,
  bidLevels: 92,
  shared: 96,
} as const;
const DESCRIPTOR_WORDS = WORD.shared + OBSERVATION_COUNT;
const OPTION_BYTES = 16;

const FLAG = {
  rents: 1,
  serves: 2,
  trains: 4,
  contracts: 8,
  revises: 16,
  scales: 32,
  kinds: 64,
  allDay: 128,
} as const;
const KIND = { hidden: 1, random: 2 } as const;

/** Bins of the histogram of wealth: 0 for nothing, then 16 an octave. */
export const WEALTH_BINS = 32 * 16 + 1;
/** Prices are observed in 2^-8. */
const PRICE_ONE = 256;

/** The kernel's place below the columns (experiments/buildKernels.mjs): tables and working memory of this thread's worlds. */
const STATIC_START_BYTES = 65_536;
const POWER_TABLE_BYTES = STATIC_START_BYTES + 4 * LOG2_TABLE.length;
const HISTOGRAM_BYTES = POWER_TABLE_BYTES + 4 * EXP2_TABLE.length;

/** Puts the tables of a memory in their place. */
function writeTables(memory: WebAssembly.Memory): void {
  const words = new Uint32Array(memory.buffer);
  const logs = words.subarray(STATIC_START_BYTES / 4);
  // the step to the next entry is below 2^7
  for (let k = 0; k + 1 < LOG2_TABLE.length; k++)
    logs[k] = (LOG2_TABLE[k]! << 8) | (LOG2_TABLE[k + 1]! - LOG2_TABLE[k]!);
  words.set(EXP2_TABLE, POWER_TABLE_BYTES / 4);
}

/**
 * Columns of one world's senses: what the kernel knows of it.
 *
 * @param populations how many kinds of agents the world has
 */
export const sensesColumnSpec = (populations: number) => ({
  descriptor: u32(DESCRIPTOR_WORDS),
  /** Prices of compute by level, milli-token, and log2 of them x 2^8, in 2^-16, [PRICE_LEVELS]. */
  prices: u32(PRICE_LEVELS),
  quoteLogs: i32(PRICE_LEVELS),
  /** KIND bits of each population's reward. */
  populationKinds: u32(populations),
});
export type SensesColumns = Columns<ReturnType<typeof sensesColumnSpec>>;

type AnyColumns = Readonly<Record<string, AnyColumn>>;
/** Columns of one memory that the kernel reads and writes. */
export interface SensedColumns {
  readonly balances: AnyColumns;
  readonly columns: AnyColumns;
  readonly agents: AnyColumns;
  readonly brain: AnyColumns;
}

const flagsOf = (p: WorldParameters): number =>
  (p.computeMarket.enabled ? FLAG.rents : 0) |
  (p.serviceMarket.enabled ? FLAG.serves : 0) |
  (p.training.enabled ? FLAG.trains : 0) |
  (trustIsOn(p) ? FLAG.contracts : 0) |
  (p.objectives.enabled ? FLAG.revises : 0) |
  (p.ownership.scaleLog2 !== 0 ? FLAG.scales : 0) |
  (p.doubleAuction.enabled ? FLAG.allDay : 0) |
  (p.populations.some((population) => kindOf(population) !== 0) ? FLAG.kinds : 0);

const kindOf = ({ reward, rewardHidden }: WorldParameters['populations'][number]): number =>
  (rewardHidden ? KIND.hidden : 0) | (reward === 'randomReward' ? KIND.random : 0);

/** The kernel bound to one world. Agent ranges start at a multiple of LANES and end at one or at the last slot. */
export class Senses {
  /** Features of an observation that are the same for all agents; set before `observe`, [OBSERVATION_COUNT]. */
  readonly shared: Float32Array<ArrayBuffer>;
  /** Level of each option of a compute quote; set before `decide`. */
  readonly askLevels: Uint8Array<ArrayBuffer>;
  readonly bidLevels: Uint8Array<ArrayBuffer>;
  private readonly kernel: KernelExports;
  private readonly descriptor: number;
  private readonly words: Uint32Array<ArrayBuffer>;
  private readonly tokenPrice: Float32Array<ArrayBuffer>;
  private readonly slots: number;
  /** Where those columns begin, bytes, beside what else decides who dies. */
  private readonly mortality: { readonly insolvent: number; subsistence: number; hazard: number };
  private readonly own: SensesColumns;
  private readonly thresholdGene: number;

  /** @param memory an Arena's, which holds all the columns */
  constructor(
    memory: WebAssembly.Memory,
    own: SensesColumns,
    sensed: SensedColumns,
    parameters: WorldParameters,
  ) {
    this.kernel = kernelOn(KERNEL_BASE64, memory, (kernel: KernelExports) => {
      writeTables(memory);
      return kernel;
    });
    this.slots = parameters.slots;
    const { insolvent } = sensed.columns;
    const { thresholdGene } = sensed.agents;
    const here = [insolvent, thresholdGene].every((column) => column?.buffer === memory.buffer);
    assert(here, 'insolvent or thresholdGene lies in another memory');
    this.mortality = { insolvent: insolvent!.byteOffset, subsistence: 0, hazard: 0 };
    this.own = own;
    this.thresholdGene = thresholdGene!.byteOffset;
    const words = own.descriptor;
    this.words = words;
    this.descriptor = words.byteOffset;
    const wordsAt = words.byteOffset;
    this.shared = new Float32Array(words.buffer, wordsAt + 4 * WORD.shared, OBSERVATION_COUNT);
    this.askLevels = new Uint8Array(words.buffer, wordsAt + 4 * WORD.askLevels, OPTION_BYTES);
    this.bidLevels = new Uint8Array(words.buffer, wordsAt + 4 * WORD.bidLevels, OPTION_BYTES);
    this.tokenPrice = new Float32Array(words.buffer, wordsAt + 4 * WORD.tokenPrice, 1);

    let next = 0;
    for (const [group, names] of POINTERS) {
      for (const name of names) {
        const column = sensed[group][name];
        assert(column !== undefined && column.buffer === memory.buffer, `${name} lies in another memory`);
        words[next++] = column.byteOffset;
      }
    }
    assert(next === WORD.logTable, `the descriptor has ${next} pointers, the kernel ${WORD.logTable}`);
    words[WORD.logTable] = STATIC_START_BYTES;
    words[WORD.powerTable] = POWER_TABLE_BYTES;
    words[WORD.histogram] = HISTOGRAM_BYTES;
    words[WORD.prices] = own.prices.byteOffset;
    words[WORD.quoteLogs] = own.quoteLogs.byteOffset;
    words[WORD.populationKinds] = own.populationKinds.byteOffset;
    this.describe(parameters);
  }

  /** Writes what the kernel needs of its world's parameters; again when they have changed. */
  describe(p: WorldParameters): void {
    const { words, mortality } = this;
    const { prices, quoteLogs, populationKinds } = this.own;
    mortality.subsistence = p.energy.subsistence;
    mortality.hazard = p.demography.hazard;
    prices.set(p.computeMarket.priceTable);
    p.computeMarket.priceTable.forEach((price, level) => {
      quoteLogs[level] = log2Fixed(Math.min(U32_MAX, price * PRICE_ONE));
    });
    p.populations.forEach((population, k) => {
      populationKinds[k] = kindOf(population);
    });
    words[WORD.slots] = p.slots;
    words[WORD.seed] = p.seed;
    words[WORD.cohorts] = p.trust.cohorts;
    words[WORD.flags] = flagsOf(p);
    words[WORD.maxTasks] = p.serviceMarket.maxTasks;
    words[WORD.cuPerTask] = p.serviceMarket.cuPerTask;
    words[WORD.maxCompute] = p.training.maxCompute;
    // sales from which on expectedTasks passes maxTasks: the kernel's product stays in 32 bits
    words[WORD.soldEmaMax] = Math.ceil((p.serviceMarket.maxTasks * 2560) / 13);
    words[WORD.bidShare] = p.computeMarket.bidShare;
    words[WORD.reputationWeight] = trustIsOn(p) ? p.trust.reputationWeight : 0;
    words[WORD.device] = p.ownership.device;
    words[WORD.deviceLog] = p.ownership.device === 0 ? 0 : log2Fixed(p.ownership.device);
    words[WORD.scaleLog2] = p.ownership.scaleLog2;
  }

  /** What every observation of a tick depends on: log2 of median wealth and average price, 2^-16; milli-token of a task. */
  openObservation(medianLog: number, averageLog: number, taskValue: number, taskCost: number): void {
    this.words[WORD.medianLog] = medianLog;
    this.words[WORD.averageLog] = averageLog;
    this.openOrders(taskValue, taskCost);
  }

  /** What every order of a tick depends on: value and cost of a task, milli-token. */
  openOrders(taskValue: number, taskCost: number): void {
    this.words[WORD.taskValue] = taskValue;
    this.words[WORD.taskCost] = taskCost;
  }

  /** What every reward of a tick depends on: log2 of median wealth, 2^-16, and cash per token. */
  openRewards(medianLog: number, tokenPrice: number): void {
    this.words[WORD.medianLog] = medianLog;
    this.tokenPrice[0] = tokenPrice;
  }

  /** Observations of whole blocks from agent `from`; returns the first agent that is left to the specification. */
  observe(tick: number, from: number, to: number): number {
    const end = this.wholeBlocks(from, to);
    this.kernel.observe(this.descriptor, tick, from / LANES, end / LANES);
    return end;
  }

  /** Orders of whole blocks from agent `from`; returns the first agent that is left to the specification. */
  decide(from: number, to: number): number {
    const end = this.wholeBlocks(from, to);
    this.kernel.decide(this.descriptor, from / LANES, end / LANES);
    return end;
  }

  /** Orders at induced values of whole blocks from agent `from`; returns the first agent that is left to the specification. */
  decideInduced(from: number, to: number): number {
    const end = this.wholeBlocks(from, to);
    this.kernel.decideInduced(this.descriptor, from / LANES, end / LANES);
    return end;
  }

  /**
   * Quotes of a population's zero-intelligence traders at induced values, of whole blocks; returns the first agent that
   * is left to the specification.
   */
  quoteAtRandom(tick: number, population: number): number {
    const end = this.wholeBlocks(0, this.slots);
    this.kernel.quoteAtRandom(this.descriptor, tick, population, end / LANES);
    return end;
  }

  /** Profits and rewards of whole blocks from agent `from`; returns the first agent that is left to the specification. */
  reward(tick: number, from: number, to: number): number {
    const end = this.wholeBlocks(from, to);
    this.kernel.reward(this.descriptor, tick, from / LANES, end / LANES);
    return end;
  }

  /** The bin of the histogram of log2 wealth, in 2^(shift - 16), that holds the lower median of all the living. */
  medianBin(shift: number): number {
    return this.kernel.medianBin(this.descriptor, WEALTH_BINS, shift);
  }

  /** The first agent of a whole block from `from` on that starts a trial; the first one left to the specification if none. */
  nextReviser(tick: number, from: number): number {
    const end = this.slots - (this.slots % LANES);
    return from >= end ? from : this.kernel.nextReviser(this.descriptor, tick, from, end / LANES);
  }

  /** The first agent of a whole block from `from` on whose gift counts; the first one left to the specification if none. */
  nextGiver(from: number): number {
    const end = this.slots - (this.slots % LANES);
    return from >= end ? from : this.kernel.nextGiver(this.descriptor, from, end / LANES);
  }

  /** The first agent of a whole block from `from` on that dies of need or age; the first one left to the specification if none. */
  nextMortal(tick: number, from: number): number {
    const end = this.slots - (this.slots % LANES);
    if (from >= end) return from;
    const { insolvent, subsistence, hazard } = this.mortality;
    return this.kernel.nextMortal(this.descriptor, tick, insolvent, subsistence, hazard, from, end / LANES);
  }

  /**
   * The first agent of a whole block from `from` on whose wealth is its threshold and a kit; the first one left to the
   * specification if none.
   *
   * @param kit milli-cash, a u32
   */
  nextRich(kit: number, from: number): number {
    const end = this.slots - (this.slots % LANES);
    if (from >= end) return from;
    return this.kernel.nextRich(this.descriptor, this.thresholdGene, kit, from, end / LANES);
  }

  private wholeBlocks(from: number, to: number): number {
    assert(
      from % LANES === 0 && from <= to && (to % LANES === 0 || to === this.slots) && to <= this.slots,
      `agents ${from}..${to} are not blocks of ${LANES} among ${this.slots}`,
    );
    return to - (to % LANES);
  }
}

/** Binds the kernel to one world's columns and writes the world's parameters for it. */
export const bindSenses = (
  memory: WebAssembly.Memory,
  own: SensesColumns,
  sensed: SensedColumns,
  parameters: WorldParameters,
): Senses => new Senses(memory, own, sensed, parameters);
