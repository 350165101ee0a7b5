/**
 * Sums over the current metric interval that single ticks contribute to. Watching only: nothing in the
 * model reads them, and they are no part of the state hash.
 */

import type { AgentWorld } from '../../agents/columns.ts';
import { FREE_SLOT, MODE, SWAP, SWAP_FIELDS, WORLD } from '../../market/columns.ts';
import { addPair, CORRELATION_SUMS } from './correlation.ts';
import { MATURITY_TICKS } from './table.ts';

const MODES = Object.keys(MODE).length;

/** What one population did over an interval. */
export interface PopulationTally {
  agentTicks: number;
  matureTicks: number;
  profit: number;
  matureProfit: number;
  reward: number;
  births: number;
  deaths: number;
  /** Agent-ticks in each mode, [4]. */
  readonly modes: Float64Array;
  /** Sums of correlation.ts over the dead: lifetime reward and wealth; reward and profit per tick, [2 x CORRELATION_SUMS]. */
  readonly lives: Float64Array;
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
  /** Agent-ticks since genesis: the unit of `agent-steps per second`. */
  agentSteps = 0;

  constructor(populationCount: number) {
    this.populations = Array.from({ length: populationCount }, () => ({
      agentTicks: 0,
      matureTicks: 0,
      profit: 0,
      matureProfit: 0,
      reward: 0,
      births: 0,
      deaths: 0,
      modes: new Float64Array(MODES),
      lives: new Float64Array(2 * CORRELATION_SUMS),
    }));
  }

  /** Adds the tick that a world has just completed. */
  add(world: AgentWorld, tick: number): void {
    const { columns, agents, brain, parameters } = world;
    const { population, mode, scalar } = columns;
    const { reward } = brain.columns;
    for (let i = 0; i < parameters.slots; i++) {
      const p = population[i]!;
      // A newborn has done nothing yet: its first tick is the next one.
      if (p === FREE_SLOT || agents.bornAt[i]! > tick) continue;
      const tally = this.populations[p]!;
      const profit = agents.profit[i]!;
      tally.agentTicks++;
      tally.profit += profit;
      tally.reward += reward[i]!;
      tally.modes[mode[i]!]!++;
      if (tick - agents.bornAt[i]! >= MATURITY_TICKS) {
        tally.matureTicks++;
        tally.matureProfit += profit;
      }
    }
    this.ticks++;
    this.births += scalar[WORLD.births]!;
    this.deaths += scalar[WORLD.deaths]!;
    this.immigrants += scalar[WORLD.immigrants]!;
    this.agentSteps += scalar[WORLD.alive]!;
    if (scalar[WORLD.computeVolume]! > 0) this.computeTicks++;
    if (columns.served.some((tasks) => tasks > 0)) this.serviceTicks++;
    const { swapReserves } = columns;
    if (Object.values(SWAP).some((row) => swapReserves[row * SWAP_FIELDS]! > 0)) this.swapTicks++;
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

  /** Starts a new interval. */
  clear(): void {
    for (const tally of this.populations) {
      tally.agentTicks = 0;
      tally.matureTicks = 0;
      tally.profit = 0;
      tally.matureProfit = 0;
      tally.reward = 0;
      tally.births = 0;
      tally.deaths = 0;
      tally.modes.fill(0);
      tally.lives.fill(0);
    }
    this.ticks = 0;
    this.births = 0;
    this.deaths = 0;
    this.immigrants = 0;
    this.computeTicks = 0;
    this.serviceTicks = 0;
    this.swapTicks = 0;
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
    ];
    for (const p of this.populations) {
      sums.push(
        p.agentTicks,
        p.matureTicks,
        p.profit,
        p.matureProfit,
        p.reward,
        p.births,
        p.deaths,
        ...p.modes,
        ...p.lives,
      );
    }
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
    for (const p of this.populations) {
      p.agentTicks = take();
      p.matureTicks = take();
      p.profit = take();
      p.matureProfit = take();
      p.reward = take();
      p.births = take();
      p.deaths = take();
      for (let mode = 0; mode < p.modes.length; mode++) p.modes[mode] = take();
      for (let k = 0; k < p.lives.length; k++) p.lives[k] = take();
    }
  }
}
