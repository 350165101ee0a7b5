/**
 * One world: all of its columns, its ledger, its brains and the scratch space of its phases. Worlds share
 * nothing, so a thread can advance one through many ticks while its state stays in the cache.
 */
import { headUse, logitMask } from '../agents/actions.ts';
import { foundPopulation } from '../agents/arrival.ts';
import {
  type BindBrain,
  type Brain,
  type BrainKernel,
  type BrainOptions,
  type BrainShard,
  bindBrain,
  bindShards,
} from '../agents/brain/brain.ts';
import {
  ALL_HEADS,
  blockCountOf,
  brainColumnSpec,
  exchangedColumnSpec,
  LANES,
} from '../agents/brain/layout.ts';
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
import { bindSenses, type Senses, sensesColumnSpec } from '../agents/senses.ts';
import { TabularLearner } from '../agents/tabularLearner.ts';
import type { WorldParameters } from '../configs/worldParameters.ts';
import { BatchAuction } from '../market/batchAuction.ts';
import { foundGenesis } from '../market/circulation.ts';
import { DoubleAuction } from '../market/classic/doubleAuction.ts';
import { Clearing, clearingColumnSpec } from '../market/clearing.ts';
import {
  type LedgerColumns,
  ledgerColumnSpec,
  type MarketColumns,
  type MarketWorld,
  type MechanismChoice,
  marketColumnSpec,
  optionalColumns,
} from '../market/columns.ts';
import { InducedSchedule } from '../market/inducedSchedule.ts';
import { type Journal, Ledger } from '../market/ledger.ts';
import { ServiceAuction } from '../market/serviceMarket.ts';
import { Settlement } from '../market/settlement.ts';
import type { TradeSink } from '../market/trades.ts';
import { ColumnFetch } from './columnFetch.ts';
import { ARENA_ROOM_BYTES, type Arena, columnBytes } from './core/columns.ts';
import { bindTally, Tally } from './metrics/tally.ts';
import { type LawScreen, screenOf } from './screen.ts';
import type { Team } from './team.ts';

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
  /** The threads that share its work; null where one does it all. */
  readonly team: Team | null;
  readonly computeAuction: BatchAuction;
  readonly serviceAuction: ServiceAuction;
  readonly doubleAuction: DoubleAuction;
  readonly settlement: Settlement;
  readonly clearing: Clearing;
  readonly inducedSchedule: InducedSchedule;
  /** Told of every fill where a run records trades. */
  trades: TradeSink | null;
  /** Sums over the current metric interval; never read by the model. */
  readonly tally: Tally;
  /** Brings back what its brains push out of the cache. */
  readonly columnFetch: ColumnFetch;
  /** Clears most laws at once; null where every law is to be asked. */
  screen: LawScreen | null;
  /** Ticks that are complete: the number of the next one. */
  tick: number;
}

/** Brain columns that scripted agents and metrics also use; the others exist only where learners can live. */
const SHARED_BRAIN_COLUMNS = new Set(['active', 'action', 'reward', 'tdError', 'descriptor']);

/** What decides how much memory a world takes. */
export type WorldSize = Pick<WorldParameters, 'slots' | 'populations'> & {
  readonly objectives?: { readonly enabled: boolean };
  /** Mechanisms of the markets that can be off; absent = off. */
  readonly market?: MechanismChoice;
};

/** The columns that a world of this size has, by the part of a world that they belong to. */
export function columnSpecs({ slots, populations, objectives, market }: WorldSize) {
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
    clearing: clearingColumnSpec(slots),
  };
}

/** Most bytes of the brains in one memory of a world that needs several. */
const SHARD_BYTES_MAX = 2 ** 30;

/** How a world lies in memories. */
export interface WorldLayout {
  /** Bytes of the columns in the memory that worlds may share: all, or all but the brains. */
  readonly bytes: number;
  /** Agents and bytes of each memory that holds nothing but brains; none where they fit the first one. */
  readonly shards: readonly { readonly slots: number; readonly bytes: number }[];
}

const sumOfBytes = (specs: readonly Parameters<typeof columnBytes>[0][]): number =>
  specs.reduce((sum, spec) => sum + columnBytes(spec), 0);

/**
 * How a world lies in memories.
 *
 * @param shards memories for its brains; by default as few as hold them, none where they fit the world's own
 */
export function layOut(size: WorldSize, shards = 0): WorldLayout {
  const { balances, columns, agents, brain, senses, clearing } = columnSpecs(size);
  const whole = sumOfBytes([balances, columns, agents, brain, senses, clearing]);
  const learners = brain.weights.length > 0;
  if (!learners || (shards === 0 && whole <= ARENA_ROOM_BYTES)) return { bytes: whole, shards: [] };
  const count = shards > 0 ? shards : Math.ceil(columnBytes(brain) / SHARD_BYTES_MAX);
  const blocks = blockCountOf(size.slots);
  const each = Math.ceil(blocks / count);
  return {
    bytes: sumOfBytes([balances, columns, agents, exchangedColumnSpec(size.slots), senses, clearing]),
    shards: Array.from({ length: Math.ceil(blocks / each) }, (_, k) => {
      const slots = LANES * Math.min(each, blocks - k * each);
      return { slots, bytes: columnBytes(brainColumnSpec(slots)) };
    }),
  };
}

/** Bytes of column memory that one world takes. */
export function worldBytes(size: WorldSize, shards = 0): number {
  const layout = layOut(size, shards);
  return layout.shards.reduce((sum, { bytes }) => sum + bytes, layout.bytes);
}

/** A memory, and the kernel of this thread on it. */
export interface KernelMemory {
  readonly arena: Arena;
  readonly kernel: BrainKernel;
}

/** The memories of one world, empty, laid out as `layOut` says. */
export interface WorldMemory extends KernelMemory {
  readonly shards: readonly KernelMemory[];
}

/** The columns of a world, in this thread's view. */
export interface WorldColumns {
  readonly balances: LedgerColumns;
  readonly columns: MarketColumns;
  readonly agents: AgentColumns;
  readonly brain: Brain;
  readonly senses: Senses;
  readonly clearing: Clearing;
}

/** Finds a world's columns in its memories: the same place for the same parameters, in any thread. */
export function bindColumns(
  parameters: WorldParameters,
  memory: WorldMemory,
  environment: Environment | null,
  bind: BindBrain = bindBrain,
): WorldColumns {
  const specs = columnSpecs({ ...parameters, market: parameters });
  const { arena, kernel, shards } = memory;
  const balances = arena.columns(specs.balances);
  const columns = arena.columns(specs.columns);
  const agents = arena.columns(specs.agents);
  const options: BrainOptions = {
    seed: parameters.seed,
    logitMask: environment?.logitMask ?? logitMask(parameters),
    headUse: environment === null ? headUse(parameters) : [ALL_HEADS, ALL_HEADS, ALL_HEADS, ALL_HEADS],
    centreReward: parameters.learner.centreReward,
    sparsity: parameters.learner.sparsity,
  };
  const brain =
    shards.length === 0
      ? bind(kernel, arena.columns(specs.brain), options)
      : bindShards(
          arena.columns(exchangedColumnSpec(parameters.slots)),
          shardsOf(parameters, shards),
          options,
        );
  const sensed = { balances, columns, agents, brain: brain.columns };
  const senses = bindSenses(arena.memory, arena.columns(specs.senses), sensed, parameters);
  const lists = arena.columns(specs.clearing);
  const clearing = new Clearing(arena.memory, parameters, balances, columns, lists);
  return { balances, columns, agents, brain, senses, clearing };
}

/** The columns of the brains of a world that lie in memories of their own. */
function shardsOf(parameters: WorldParameters, shards: readonly KernelMemory[]): BrainShard[] {
  const layout = layOut({ ...parameters, market: parameters }, shards.length);
  return shards.map(({ kernel, arena }, k) => ({
    kernel,
    columns: arena.columns(brainColumnSpec(layout.shards[k]!.slots)),
  }));
}

/** Fetches what phases read; a team's world is too large for it, and without learners nothing is pushed out. */
function columnFetchOf(
  memory: WebAssembly.Memory,
  { slots }: WorldParameters,
  { balances, columns, agents, brain }: WorldColumns,
  team: Team | null,
): ColumnFetch {
  const { active, action, reward, tdError } = brain.columns;
  const read = [balances, columns, agents, { active, action, reward, tdError }].flatMap((group) =>
    Object.values(group),
  );
  return new ColumnFetch(memory, team === null && brain.lengthOf('weights') > 0 ? read : [], slots);
}

/**
 * Founds a world in its memories: genesis agents, their brains and all money.
 *
 * @param memory laid out for these parameters
 * @param bind who makes its brains, where they lie in the world's own memory
 */
export function createWorld(
  parameters: WorldParameters,
  memory: WorldMemory,
  lineage: LineageSink | null = null,
  journal: Journal | null = null,
  founders: readonly (Founders | null)[] | null = null,
  team: Team | null = null,
  bind: BindBrain = bindBrain,
): World {
  assertFounders(parameters, founders);
  const environment = createEnvironment(parameters);
  const bound = bindColumns(parameters, memory, environment, bind);
  const ledger = new Ledger(parameters.world, bound.balances);
  ledger.journal = journal;
  const world: World = {
    parameters,
    ...bound,
    ledger,
    lineage,
    founders,
    logitMask: environment?.logitMask ?? logitMask(parameters),
    environment,
    tabular: new TabularLearner(parameters, environment),
    team,
    computeAuction: new BatchAuction(parameters.slots),
    serviceAuction: new ServiceAuction(parameters.slots),
    doubleAuction: new DoubleAuction(parameters.doubleAuction.enabled ? parameters.slots : 0),
    settlement: new Settlement(memory.arena.memory, parameters, bound.balances, bound.columns),
    inducedSchedule: new InducedSchedule(memory.arena.memory, parameters, bound.columns),
    trades: null,
    tally: new Tally(parameters.populations.length, bindTally(memory.arena.memory)),
    columnFetch: columnFetchOf(memory.arena.memory, parameters, bound, team),
    screen: null,
    tick: 0,
  };
  world.screen = screenOf(world, memory.arena.memory);
  foundPopulation(world);
  foundGenesis(world);
  foundSkills(world);
  return world;
}

/** What of a world follows from its parameters, in one thread's view of it. */
type Steered = Pick<World, 'parameters' | 'senses' | 'clearing'> &
  Partial<Pick<World, 'settlement' | 'screen'>>;

/**
 * Gives a world other parameters between two ticks; nothing of its state moves.
 *
 * @param next of the same place and layout (configs/interventions.ts)
 */
export function changeParameters(world: Steered, next: WorldParameters): void {
  // in place: what was looked up by these parameters, such as masks, does not depend on what may change
  Object.assign(world.parameters, next);
  world.senses.describe(next);
  world.clearing.describe(next);
  world.settlement?.describe(next);
  world.screen?.describe();
}
