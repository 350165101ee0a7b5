/** A market world of its own for tests: the config's defaults with some values changed, founded. */
import { populationOfSlots } from '../configs/allotments.ts';
import { deriveWorld } from '../configs/derive.ts';
import { buildSchema } from '../configs/schema.ts';
import { Arena, columnBytes } from '../sim/core/columns.ts';
import { foundGenesis } from './circulation.ts';
import { Clearing, clearingColumnSpec } from './clearing.ts';
import {
  FREE_SLOT,
  ledgerColumnSpec,
  type MarketWorld,
  marketColumnSpec,
  optionalColumns,
} from './columns.ts';
import { InducedSchedule } from './inducedSchedule.ts';
import { Ledger } from './ledger.ts';
import { Settlement } from './settlement.ts';

const schema = buildSchema();

/** What worlds are where a test does not say; mutation testing tries each test on the specifications, too. */
export const WORLD_DEFAULTS = { passes: true };

export interface TestWorldOptions {
  slots?: number;
  seed?: number;
  /** Slots that are occupied; all by default. */
  living?: number;
  /** Number of the world, as errors name it. */
  number?: number;
  /** The config's `world` section, partly. */
  world?: object;
  /** The config's populations; their members take the slots in order. */
  populations?: object[];
  /** Whether the kernels do their part (default) or the specifications. */
  passes?: boolean;
  /** Whether the clearing kernel does its part; by default as `passes` says. */
  clears?: boolean;
}

/** A founded world. */
export function testWorld({
  slots = 8,
  seed = 1,
  living = slots,
  number = 0,
  world = {},
  populations,
  passes = WORLD_DEFAULTS.passes,
  clears = passes,
}: TestWorldOptions = {}): MarketWorld & { readonly memory: WebAssembly.Memory } {
  const config = schema.parse({ slots, world, ...(populations === undefined ? {} : { populations }) });
  const parameters = deriveWorld(config, { world: number, arm: 0, replicate: 0, seed });
  const specs = {
    balances: ledgerColumnSpec(slots),
    columns: marketColumnSpec(slots, optionalColumns(parameters)),
    clearing: clearingColumnSpec(slots),
  };
  const arena = new Arena(Object.values(specs).reduce((sum, spec) => sum + columnBytes(spec), 0));
  const balances = arena.columns(specs.balances);
  const columns = arena.columns(specs.columns);
  const lists = arena.columns(specs.clearing);
  columns.population.set(populationOfSlots(parameters.populations, slots));
  columns.population.fill(FREE_SLOT, living);
  const market = {
    parameters,
    columns,
    balances,
    ledger: new Ledger(number, balances),
    settlement: passes ? new Settlement(arena.memory, parameters, balances, columns) : null,
    clearing: clears ? new Clearing(arena.memory, parameters, balances, columns, lists) : null,
    inducedSchedule: passes ? new InducedSchedule(arena.memory, parameters, columns) : null,
    memory: arena.memory,
  };
  foundGenesis(market);
  return market;
}
