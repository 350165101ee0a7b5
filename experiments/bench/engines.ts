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
import { type BenchOptions, type BenchRow, type Contender, ratioOf, spreadOf, takeTurns } from './measure.ts';
import { economy } from './scaling.ts';

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

/** Whole ticks of each engine at each size; the ratio is to the last engine named, in the same repeats. */
export async function benchEngines(options: EngineBenchOptions = {}): Promise<BenchRow[]> {
  const { worlds = 1, repeats = REPEATS, engine: names = 'cpu', steps = STEPS } = options;
  const sizes = options.agentCounts ?? (options.agents === undefined ? AGENTS : [options.agents]);
  const chosen: ChosenEngine[] = [];
  const rows: BenchRow[] = [];
  try {
    for (const name of enginesNamed(names)) chosen.push(await openEngine(name, 0));
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
