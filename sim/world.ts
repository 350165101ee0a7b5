/**
 * One world: all of its columns, its ledger, its brains and the scratch space of its phases. Worlds share
 * nothing, so a thread can advance one through many ticks while its state stays in the cache.
 */
import { headUse, logitMask } from '../agents/actions.ts';
import { foundPopulation } from '../agents/arrival.ts';
import { type Brain, type BrainKernel, bindBrain } from '../agents/brain/brain.ts';
import { ALL_HEADS, brainColumnSpec } from '../agents/brain/layout.ts';
import {
  type AgentColumns,
  type AgentWorld,
  agentColumnSpec,
  type Founders,
  type LineageSink,
} from '../agents/columns.ts';
import type { Environment } from '../agents/environments/environment.ts';
import { createEnvironment } from '../agents/environments/registry.ts';
import { assertFounders, foundSkills } from '../agents/founders.ts';
import { bindSenses, sensesColumnSpec } from '../agents/senses.ts';
import { TabularLearner } from '../agents/tabularLearner.ts';
import type { WorldParameters } from '../configs/derive.ts';
import { BatchAuction } from '../market/batchAuction.ts';
import { foundGenesis } from '../market/circulation.ts';
import { DoubleAuction } from '../market/classic/doubleAuction.ts';
import {
  type LedgerColumns,
  ledgerColumnSpec,
  type MarketColumns,
  type MarketWorld,
  type MechanismChoice,
  marketColumnSpec,
  optionalColumns,
} from '../market/columns.ts';
import { type Journal, Ledger } from '../market/ledger.ts';
import { ServiceAuction } from '../market/serviceMarket.ts';
import { Settlement } from '../market/settlement.ts';
import type { TradeSink } from '../market/trades.ts';
import { type Arena, columnBytes } from './core/columns.ts';
import { bindTally, Tally } from './metrics/tally.ts';
import { type LawScreen, screenOf } from './screen.ts';

export interface World extends MarketWorld, AgentWorld {
  readonly parameters: WorldParameters;
  readonly columns: MarketColumns;
  readonly balances: LedgerColumns;
  readonly ledger: Ledger;
  readonly agents: AgentColumns;
  readonly brain: Brain;
  lineage: LineageSink | null;
  /** Bit k = 1: logit k may be sampled in this world. */
  readonly logitMask: number;
  /** Where a plugged-in environment stands in for the markets. */
  readonly environment: Environment | null;
  /** Learners that keep tables, in an environment of numbered states. */
  readonly tabular: TabularLearner;
  readonly computeAuction: BatchAuction;
  readonly serviceAuction: ServiceAuction;
  readonly doubleAuction: DoubleAuction;
  readonly settlement: Settlement;
  /** Told of every fill where a run records trades. */
  trades: TradeSink | null;
  /** Sums over the current metric interval; never read by the model. */
  readonly tally: Tally;
  /** Clears most laws at once; null where every law is to be asked. */
  screen: LawScreen | null;
  /** Ticks that are complete: the number of the next one. */
  tick: number;
}

/** Brain columns that scripted agents and metrics also use; the others exist only where learners can live. */
const SHARED_BRAIN_COLUMNS = new Set(['active', 'action', 'reward', 'tdError', 'descriptor']);

/** What decides how much memory a world takes. */
type Size = Pick<WorldParameters, 'slots' | 'populations'> & {
  readonly objectives?: { readonly enabled: boolean };
  /** Mechanisms of the markets that can be off; absent = off. */
  readonly market?: MechanismChoice;
};

function columnSpecs({ slots, populations, objectives, market }: Size) {
  const brain = brainColumnSpec(slots);
  const learners = populations.some((population) => population.kind === 'learner');
  const withoutWeights = Object.fromEntries(
    Object.entries(brain).map(([name, spec]) => [
      name,
      SHARED_BRAIN_COLUMNS.has(name) ? spec : { ...spec, length: 0 },
    ]),
  ) as unknown as typeof brain;
  return {
    balances: ledgerColumnSpec(slots),
    columns: marketColumnSpec(slots, market && optionalColumns({ slots, ...market })),
    agents: agentColumnSpec(slots, objectives?.enabled ? slots : 0),
    brain: learners ? brain : withoutWeights,
    senses: sensesColumnSpec(populations.length),
  };
}

/** Bytes of column memory that one world takes. */
export function worldBytes(parameters: Size): number {
  return Object.values(columnSpecs(parameters)).reduce((sum, spec) => sum + columnBytes(spec), 0);
}

/**
 * Allocates a world and founds it: genesis agents, their brains and all money.
 *
 * @param kernel instantiated on the arena's memory
 */
export function createWorld(
  parameters: WorldParameters,
  arena: Arena,
  kernel: BrainKernel,
  lineage: LineageSink | null = null,
  journal: Journal | null = null,
  founders: readonly (Founders | null)[] | null = null,
): World {
  assertFounders(parameters, founders);
  const specs = columnSpecs({ ...parameters, market: parameters });
  const balances = arena.columns(specs.balances);
  const environment = createEnvironment(parameters);
  const mask = environment?.logitMask ?? logitMask(parameters);
  const ledger = new Ledger(parameters.world, balances);
  ledger.journal = journal;
  const columns = arena.columns(specs.columns);
  const agents = arena.columns(specs.agents);
  const brain = bindBrain(kernel, arena.columns(specs.brain), {
    seed: parameters.seed,
    logitMask: mask,
    headUse: environment === null ? headUse(parameters) : [ALL_HEADS, ALL_HEADS, ALL_HEADS, ALL_HEADS],
    centreReward: parameters.learner.centreReward,
    sparsity: parameters.learner.sparsity,
  });
  const sensed = { balances, columns, agents, brain: brain.columns };
  const world: World = {
    parameters,
    balances,
    columns,
    agents,
    ledger,
    brain,
    senses: bindSenses(arena.memory, arena.columns(specs.senses), sensed, parameters),
    lineage,
    founders,
    logitMask: mask,
    environment,
    tabular: new TabularLearner(parameters, environment),
    computeAuction: new BatchAuction(parameters.slots),
    serviceAuction: new ServiceAuction(parameters.slots),
    doubleAuction: new DoubleAuction(parameters.doubleAuction.enabled ? parameters.slots : 0),
    settlement: new Settlement(arena.memory, parameters, balances, columns),
    trades: null,
    tally: new Tally(parameters.populations.length, bindTally(arena.memory)),
    screen: null,
    tick: 0,
  };
  world.screen = screenOf(world, arena.memory);
  foundPopulation(world);
  foundGenesis(world);
  foundSkills(world);
  return world;
}
