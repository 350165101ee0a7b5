/** A world with agents of its own for tests: the config's defaults with some values changed, founded. */
import { deriveWorld } from '../configs/derive.ts';
import { BUILT_IN, extendRegistry } from '../configs/registry.ts';
import { buildSchema } from '../configs/schema.ts';
import { foundGenesis, startTick } from '../market/circulation.ts';
import { billDebts } from '../market/claims.ts';
import { ledgerColumnSpec, marketColumnSpec, optionalColumns } from '../market/columns.ts';
import { Ledger } from '../market/ledger.ts';
import { settle } from '../market/settle.ts';
import { moveStakes } from '../market/staking.ts';
import { openContracts } from '../market/trust.ts';
import { Arena, columnBytes } from '../sim/core/columns.ts';
import { applyActions, headUse, logitMask } from './actions.ts';
import { foundPopulation } from './arrival.ts';
import { bindBrain, instantiateKernel } from './brain/brain.ts';
import { brainColumnSpec } from './brain/layout.ts';
import { type AgentWorld, agentColumnSpec, type LineageSink } from './columns.ts';
import { live } from './demography.ts';
import { observe } from './observation.ts';
import { decideScripted } from './populations.ts';
import { reward } from './rewardGenome.ts';
import { reviseObjectives } from './selfUpdate.ts';
import { bindSenses, sensesColumnSpec } from './senses.ts';

export interface TestWorldOptions {
  slots?: number;
  seed?: number;
  /** The config's `world` section, partly. */
  world?: object;
  populations?: object[];
  /** Kinds of population registered besides the built-in ones. */
  kinds?: string[];
  lineage?: LineageSink | null;
}

/** A founded world. */
export function testWorld({
  slots = 8,
  seed = 1,
  world = {},
  populations,
  kinds = [],
  lineage = null,
}: TestWorldOptions = {}): AgentWorld {
  const schema = buildSchema(extendRegistry(BUILT_IN, { populationKinds: kinds }));
  const config = schema.parse({ slots, world, ...(populations === undefined ? {} : { populations }) });
  const parameters = deriveWorld(config, { world: 0, arm: 0, replicate: 0, seed });
  const specs = {
    balances: ledgerColumnSpec(slots),
    columns: marketColumnSpec(slots, optionalColumns(parameters)),
    agents: agentColumnSpec(slots, parameters.objectives.enabled ? slots : 0),
    brain: brainColumnSpec(slots),
    senses: sensesColumnSpec(parameters.populations.length),
  };
  const arena = new Arena(Object.values(specs).reduce((sum, spec) => sum + columnBytes(spec), 0));
  const balances = arena.columns(specs.balances);
  const columns = arena.columns(specs.columns);
  const agents = arena.columns(specs.agents);
  const brain = bindBrain(instantiateKernel(arena.memory), arena.columns(specs.brain), {
    seed,
    logitMask: logitMask(parameters),
    headUse: headUse(parameters),
  });
  const made: AgentWorld = {
    parameters,
    columns,
    balances,
    ledger: new Ledger(0, balances),
    agents,
    brain,
    senses: bindSenses(
      arena.memory,
      arena.columns(specs.senses),
      { balances, columns, agents, brain: brain.columns },
      parameters,
    ),
    lineage,
  };
  foundPopulation(made);
  foundGenesis(made);
  return made;
}

/** Advances a world through all phases but the markets: bills are due, nothing is earned. */
export function tickWithoutMarkets(world: AgentWorld, tick: number): void {
  world.ledger.tick = tick;
  startTick(world, tick);
  openContracts(world, tick);
  observe(world, tick);
  world.brain.step(tick);
  decideScripted(world, tick);
  applyActions(world, tick);
  billDebts(world, tick);
  settle(world, tick);
  moveStakes(world, tick);
  reward(world, tick);
  reviseObjectives(world, tick);
  live(world, tick);
}
