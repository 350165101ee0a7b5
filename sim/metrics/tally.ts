/**
 * Sums over the current metric interval that single ticks contribute to. Watching only: nothing in the
 * model reads them, and they are no part of the state hash.
 */

import type { AgentWorld } from '../../agents/columns.ts';
import { FREE_SLOT, MODE, SWAP, SWAP_FIELDS, WORLD } from '../../market/columns.ts';
import { assert } from '../core/assert.ts';
import { kernelOn } from '../core/webAssembly.ts';
import { addPair, CORRELATION_SUMS } from './correlation.ts';
import { MATURITY_TICKS } from './table.ts';
import { KERNEL_BASE64 } from './tally.generated.ts';
import { taskEnergy } from './taskEnergy.ts';

const MODES = Object.keys(MODE).length;
const SWAPS = Object.values(SWAP);

/** Sums over the agents of a population, as tally.as.ts keeps them; then agent-ticks in each mode. */
const SUM = { agentTicks: 0, matureTicks: 1, profit: 2, matureProfit: 3, reward: 4, modes: 5 } as const;
const SUM_COUNT = SUM.modes + MODES;

/** Where the kernel adds, in bytes from the start of an Arena's memory: below ARENA_START. */
const SUMS_START_BYTES = 112 * 1024;
const SUMS_BYTES = 16 * 1024;

interface TallyExports {
  addTick: (
    sums: number,
    populations: number,
    slots: number,
    tick: number,
    maturity: number,
    population: number,
    bornAt: number,
    mode: number,
    profit: number,
    reward: number,
  ) => void;
  sumsPerPopulation: () => number;
}

/** The kernel of tallies on one memory, in which it adds up; worlds of one thread take turns. */
export interface TallyKernel {
  readonly addTick: TallyExports['addTick'];
  readonly buffer: ArrayBuffer;
}

/** The kernel for worlds whose columns lie in an Arena's memory. */
export const bindTally = (memory: WebAssembly.Memory): TallyKernel =>
  kernelOn(KERNEL_BASE64, memory, ({ addTick, sumsPerPopulation }: TallyExports) => {
    assert(sumsPerPopulation() === SUM_COUNT, 'the kernel and the tally disagree about the sums');
    return { addTick, buffer: memory.buffer as ArrayBuffer };
  });

const WORLD_SUMS = [
  'ticks',
  'births',
  'deaths',
  'immigrants',
  'agentSteps',
  'computeTicks',
  'serviceTicks',
  'swapTicks',
  'taskEnergy',
] as const;

/** What the agents of a population did over some ticks. */
export interface GatheredMembers extends Readonly<Record<Exclude<keyof typeof SUM, 'modes'>, number>> {
  /** Agent-ticks in each mode, [4]. */
  readonly modes: readonly number[];
}

/** What a world did over some ticks; births and deaths of populations are told one by one. */
export interface GatheredTicks {
  readonly world: Readonly<Record<(typeof WORLD_SUMS)[number], number>>;
  /** By population. */
  readonly populations: readonly GatheredMembers[];
}

/** What one population did over an interval. */
class PopulationTally {
  births = 0;
  deaths = 0;
  /** Agent-ticks in each mode, [4]. */
  readonly modes: Float64Array;
  /** Sums of correlation.ts over the dead: lifetime reward and wealth; reward and profit per tick, [2 x CORRELATION_SUMS]. */
  readonly lives = new Float64Array(2 * CORRELATION_SUMS);
  private readonly sums: Float64Array;

  /** @param sums of SUM, [SUM_COUNT] */
  constructor(sums: Float64Array) {
    this.sums = sums;
    this.modes = sums.subarray(SUM.modes);
  }

  get agentTicks(): number {
    return this.sums[SUM.agentTicks]!;
  }
  get matureTicks(): number {
    return this.sums[SUM.matureTicks]!;
  }
  get profit(): number {
    return this.sums[SUM.profit]!;
  }
  get matureProfit(): number {
    return this.sums[SUM.matureProfit]!;
  }
  get reward(): number {
    return this.sums[SUM.reward]!;
  }

  /** Adds an agent's tick. */
  add(profit: number, reward: number, mode: number, mature: boolean): void {
    const { sums, modes } = this;
    sums[SUM.agentTicks]!++;
    sums[SUM.profit]! += profit;
    sums[SUM.reward]! += reward;
    modes[mode]!++;
    if (!mature) return;
    sums[SUM.matureTicks]!++;
    sums[SUM.matureProfit]! += profit;
  }

  /** Adds the sums of agents over several ticks. */
  addSums({ modes, ...others }: GatheredMembers): void {
    for (const [name, sum] of Object.entries(others)) this.sums[SUM[name as keyof typeof SUM]]! += sum;
    modes.forEach((ticks, mode) => {
      this.modes[mode]! += ticks;
    });
  }

  /** Its numbers, for a checkpoint. */
  save(): number[] {
    const { sums, births, deaths, modes, lives } = this;
    return [...sums.subarray(0, SUM.modes), births, deaths, ...modes, ...lives];
  }

  /** Takes up saved numbers. */
  load(take: () => number): void {
    for (let k = 0; k < SUM.modes; k++) this.sums[k] = take();
    this.births = take();
    this.deaths = take();
    for (let mode = 0; mode < MODES; mode++) this.modes[mode] = take();
    for (let k = 0; k < this.lives.length; k++) this.lives[k] = take();
  }

  /** Starts a new interval. */
  clear(): void {
    this.sums.fill(0);
    this.lives.fill(0);
    this.births = 0;
    this.deaths = 0;
  }
}

export class Tally {
  readonly populations: readonly PopulationTally[];
  ticks = 0;
  births = 0;
  deaths = 0;
  immigrants = 0;
  /** Ticks in which compute was rented, tasks were sold, and token was swapped. */
  computeTicks = 0;
  serviceTicks = 0;
  swapTicks = 0;
  /** What the energy of the tasks sold cost, see taskEnergy.ts, milli-cash. */
  taskEnergy = 0;
  /** Agent-ticks since genesis: the unit of `agent-steps per second`. */
  agentSteps = 0;

  private readonly sums: Float64Array;
  private readonly kernel: TallyKernel | null;
  /** Where the kernel adds up this tally's sums. */
  private readonly working: Float64Array;

  /** @param kernel on the memory of the world's columns; null adds in TypeScript, to the same bits */
  constructor(populationCount: number, kernel: TallyKernel | null = null) {
    this.sums = new Float64Array(populationCount * SUM_COUNT);
    this.populations = Array.from(
      { length: populationCount },
      (_, p) => new PopulationTally(this.sums.subarray(p * SUM_COUNT, (p + 1) * SUM_COUNT)),
    );
    this.kernel = this.sums.byteLength <= SUMS_BYTES ? kernel : null;
    this.working =
      this.kernel === null
        ? this.sums
        : new Float64Array(this.kernel.buffer, SUMS_START_BYTES, this.sums.length);
  }

  /** Adds what agents did in a tick, before births and deaths: whoever dies in it acted, whoever is born in it did not. */
  addAgents(world: AgentWorld, tick: number): void {
    if (this.kernel === null) this.addEach(world, tick);
    else this.addEachBy(this.kernel, world, tick);
    this.taskEnergy += taskEnergy(world);
  }

  /** Adds what a world did in a tick that it has just completed. */
  addWorld({ columns: { served, scalar, swapReserves } }: AgentWorld): void {
    this.ticks++;
    this.births += scalar[WORLD.births]!;
    this.deaths += scalar[WORLD.deaths]!;
    this.immigrants += scalar[WORLD.immigrants]!;
    this.agentSteps += scalar[WORLD.alive]!;
    if (scalar[WORLD.computeVolume]! > 0) this.computeTicks++;
    let tasks = 0;
    for (let c = 0; c < served.length; c++) tasks += served[c]!;
    if (tasks > 0) this.serviceTicks++;
    let swapped = 0;
    for (const row of SWAPS) swapped += swapReserves[row * SWAP_FIELDS]!;
    if (swapped > 0) this.swapTicks++;
  }

  /** The specification of tally.as.ts. */
  private addEach(world: AgentWorld, tick: number): void {
    const { columns, agents, brain, parameters } = world;
    const { population, mode } = columns;
    const { reward } = brain.columns;
    for (let i = 0; i < parameters.slots; i++) {
      const p = population[i]!;
      if (p === FREE_SLOT) continue;
      const mature = tick - agents.bornAt[i]! >= MATURITY_TICKS;
      this.populations[p]!.add(agents.profit[i]!, reward[i]!, mode[i]!, mature);
    }
  }

  private addEachBy({ addTick }: TallyKernel, world: AgentWorld, tick: number): void {
    const { columns, agents, brain, parameters } = world;
    this.working.set(this.sums);
    addTick(
      SUMS_START_BYTES,
      this.populations.length,
      parameters.slots,
      tick,
      MATURITY_TICKS,
      columns.population.byteOffset,
      agents.bornAt.byteOffset,
      columns.mode.byteOffset,
      agents.profit.byteOffset,
      brain.columns.reward.byteOffset,
    );
    this.sums.set(this.working);
  }

  /** Counts a death, while the dead agent still has what it had. */
  addDeath({ columns, agents }: AgentWorld, tick: number, slot: number): void {
    const tally = this.populations[columns.population[slot]!]!;
    tally.deaths++;
    const reward = agents.lifeReward[slot]!;
    const age = Math.max(1, tick - agents.bornAt[slot]!);
    addPair(tally.lives, 0, reward, columns.wealth[slot]!);
    addPair(tally.lives, CORRELATION_SUMS, reward / age, agents.lifeProfit[slot]! / age);
  }

  /** Adds ticks that somebody else has added up, such as a device. */
  addGathered({ world, populations }: GatheredTicks): void {
    for (const name of WORLD_SUMS) this[name] += world[name];
    populations.forEach((sums, p) => {
      this.populations[p]!.addSums(sums);
    });
  }

  /** Starts a new interval. */
  clear(): void {
    for (const tally of this.populations) tally.clear();
    this.ticks = 0;
    this.births = 0;
    this.deaths = 0;
    this.immigrants = 0;
    this.computeTicks = 0;
    this.serviceTicks = 0;
    this.swapTicks = 0;
    this.taskEnergy = 0;
  }

  /** All sums, for a checkpoint. */
  save(): Float64Array<ArrayBuffer> {
    const sums = [
      this.ticks,
      this.births,
      this.deaths,
      this.immigrants,
      this.agentSteps,
      this.computeTicks,
      this.serviceTicks,
      this.swapTicks,
      this.taskEnergy,
    ];
    for (const tally of this.populations) sums.push(...tally.save());
    return Float64Array.from(sums);
  }

  /** Takes up saved sums. */
  load(saved: Float64Array): void {
    let next = 0;
    const take = (): number => saved[next++]!;
    this.ticks = take();
    this.births = take();
    this.deaths = take();
    this.immigrants = take();
    this.agentSteps = take();
    this.computeTicks = take();
    this.serviceTicks = take();
    this.swapTicks = take();
    this.taskEnergy = take();
    for (const tally of this.populations) tally.load(take);
  }
}
