/**
 * `darwin bench engines`: whole ticks with every mechanism on, engine beside engine, at sizes that grow. Engines take
 * turns at each size; one that is named and not here ends the benchmark, one that cannot hold a size leaves it out.
 */
import { type ResolvedRun, worldCount } from '../../configs/arms.ts';
import { ENGINE_NAMES, type EngineName } from '../../configs/schema.ts';
import { CapacityError, UsageError } from '../../sim/core/errors.ts';
import type { Engine, EnginePlan } from '../../sim/engine.ts';
import { createSimulation, type Simulation } from '../../sim/run.ts';
import { type ChosenEngine, openEngine } from '../engines/index.ts';
import { note } from '../terminal.ts';
import { economy } from './economy.ts';
import { type BenchOptions, type BenchRow, type Contender, ratioOf, spreadOf, takeTurns } from './measure.ts';

const REPEATS = 5;
/** Agents of the sizes where none are given. */
const AGENTS = [1024, 4096, 16_384] as const;
/** Agent-steps between two clock readings, about; half as many warm up what compiles itself while it runs. */
const STEPS = 100_000;
const CONFIG = 'everyMechanism.yaml';

/** Engines by their names, separated by commas. Throws UsageError for a name that is none. */
export function enginesNamed(text: string): EngineName[] {
  return text.split(',').map((name) => {
    const known = ENGINE_NAMES.find((engine) => engine === name);
    if (known !== undefined) return known;
    throw new UsageError(
      `--engine ${text}: there is no engine ${name}`,
      `it takes ${ENGINE_NAMES.join(', ')}`,
    );
  });
}

export interface EngineBenchOptions extends BenchOptions {
  /** Agent-steps between two clock readings, about. */
  readonly steps?: number;
}

interface Open {
  readonly engine: Engine;
  readonly plan: EnginePlan;
  readonly simulation: Simulation;
  readonly contender: Contender;
}

/**
 * Every mechanism on, at any size. What one agent may own, times 2^22 agents, stays below 2^31; the richest of so many
 * Pareto capacities would not.
 */
export const everyMechanism = (slots: number, worlds: number): ResolvedRun =>
  economy(slots, worlds, CONFIG, {
    'world.ownership.distribution': 'equal',
    'world.hardware.capacityMax': 256,
  });

/** An engine with worlds of a size, warm; null where it cannot hold them, which is said. */
async function open(engine: Engine, slots: number, worlds: number, steps: number): Promise<Open | null> {
  const run = everyMechanism(slots, worlds);
  const agents = slots * worldCount(run);
  const ticksOf = (count: number): number => Math.max(2, Math.ceil(count / agents));
  try {
    const plan = engine.plan(run, 0);
    const simulation = createSimulation(run, { shards: await engine.createShards(run, plan, {}) });
    await simulation.advance(ticksOf(steps / 2));
    const ticks = ticksOf(steps);
    const contender = {
      advance: async () => (await simulation.advance(simulation.tick + ticks)).agentSteps,
    };
    return { engine, plan, simulation, contender };
  } catch (error) {
    if (!(error instanceof CapacityError)) throw error;
    note(`${engine.name}, ${agents} agents left out: ${error.message}`);
    return null;
  }
}

/**
 * Agents from which on an engine is as fast as the one that it is compared with: between two sizes by a power law.
 *
 * @param measured agents and ratio of rates, at sizes that grow
 * @returns the smallest size where it is never slower, null where it is slower at the largest
 */
export function crossingOf(
  measured: readonly { readonly agents: number; readonly ratio: number }[],
): number | null {
  const behind = measured.findLastIndex(({ ratio }) => ratio < 1);
  const after = measured[behind + 1];
  if (after === undefined) return null;
  const before = measured[behind];
  if (before === undefined) return after.agents;
  const part = Math.log(1 / before.ratio) / Math.log(after.ratio / before.ratio);
  return Math.round(before.agents * (after.agents / before.agents) ** part);
}

/** Where each engine passes the last one, in words. */
export function crossingLines(rows: readonly BenchRow[]): string[] {
  const names = new Set(rows.filter(({ ratio }) => ratio !== undefined).map(({ engine }) => engine));
  return [...names].map((name) => {
    const own = rows.filter(({ engine, ratio }) => engine === name && ratio !== undefined);
    const sizes = own.map(({ agents, ratio }) => ({ agents, ratio: ratio! }));
    const crossing = crossingOf(sizes);
    const beside = `${name} beside ${own[0]!.ratioTo}`;
    if (crossing === null) return `${beside}: slower at ${sizes.at(-1)!.agents} agents, the most measured`;
    return `${beside}: as fast from ${crossing} agents on${crossing === sizes[0]!.agents ? ', the fewest measured' : ''}`;
  });
}

/** Whole ticks of each engine at each size; the ratio is to the last engine named, in the same repeats. */
export async function benchEngines(options: EngineBenchOptions = {}): Promise<BenchRow[]> {
  const { worlds = 1, repeats = REPEATS, engine: names = 'cpu', steps = STEPS } = options;
  const sizes = options.agentCounts ?? (options.agents === undefined ? AGENTS : [options.agents]);
  const chosen: ChosenEngine[] = [];
  const rows: BenchRow[] = [];
  try {
    for (const name of enginesNamed(names)) chosen.push(await openEngine(name, { agents: 0, slots: 0 }));
    for (const slots of sizes) {
      note(`${slots * worlds} agents`);
      rows.push(
        ...(await benchSize(
          chosen.map(({ engine }) => engine),
          slots,
          worlds,
          repeats,
          steps,
        )),
      );
    }
  } finally {
    for (const { engine } of chosen) await engine.close();
  }
  for (const line of crossingLines(rows)) note(line);
  return rows;
}

async function benchSize(
  engines: readonly Engine[],
  slots: number,
  worlds: number,
  repeats: number,
  steps: number,
): Promise<BenchRow[]> {
  const opened: Open[] = [];
  try {
    for (const engine of engines) {
      const one = await open(engine, slots, worlds, steps);
      if (one !== null) opened.push(one);
    }
    const rates = await takeTurns(
      opened.map(({ contender }) => contender),
      repeats,
    );
    return opened.map(({ engine, plan }, k): BenchRow => {
      const agentStepsPerSecond = spreadOf(rates[k]!);
      const last = opened.length - 1;
      return {
        name: 'engines',
        engine: engine.name,
        threads: plan.threads,
        agents: slots * worlds,
        worlds,
        agentStepsPerSecond,
        nsPerAgentStep: 1e9 / agentStepsPerSecond.median,
        bytesPerAgent: plan.bytes / (slots * worlds),
        ...(k === last
          ? {}
          : { ratio: ratioOf(rates[k]!, rates[last]!), ratioTo: opened[last]!.engine.name }),
        x: slots * worlds,
        note: `${engine.name} on ${engine.device}`,
      };
    });
  } finally {
    for (const { simulation } of opened) await simulation.close();
  }
}
