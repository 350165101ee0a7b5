import { BRAIN_ROWS, type BrainColumnName } from '../agents/brain/layout.ts';
import { type AnyColumn, ColumnHash } from './core/columns.ts';
import type { World } from './world.ts';

/**
 * Columns that belong to watching (the census of the Price equation, records that only laws read), not to the state.
 */
const NOT_STATE = new Set([
  'censusAncestor',
  'censusAlive',
  'censusTrait',
  'orderAmount',
  'offerQuantity',
  'offerClass',
  'offerAsk',
  'offerQuality',
  'offerWorth',
  'offerSold',
  'offerPrice',
  'offerReceipt',
  'poolRecord',
]);

const BRAIN_COLUMNS = Object.keys(BRAIN_ROWS) as BrainColumnName[];

const addAll = (hash: ColumnHash, columns: Readonly<Record<string, AnyColumn>>): void => {
  // a mechanism that is off has columns of no length, and leaves no mark
  for (const [name, column] of Object.entries(columns))
    if (!NOT_STATE.has(name) && column.length > 0) hash.add(column);
};

/** Hash of everything a world is: money, markets, agents and brains, bit for bit. Sixteen hexadecimal digits. */
export function stateHash(world: World): string {
  const hash = new ColumnHash().addWord(world.tick);
  addAll(hash, world.balances);
  addAll(hash, world.columns);
  addAll(hash, world.agents);
  for (const name of BRAIN_COLUMNS) {
    const pieces = world.brain.piecesOf(name);
    if (pieces[0]!.length > 0) hash.add(...pieces);
  }
  if (world.environment !== null) {
    addAll(hash, world.tabular.columns);
    hash.add(world.environment.save?.() ?? new Float64Array(0));
  }
  return hash.digest();
}

/** Hash of the integer side alone, which every engine must reproduce exactly: balances and markets. */
export function ledgerHash(world: World): string {
  const hash = new ColumnHash().addWord(world.tick);
  addAll(hash, world.balances);
  addAll(hash, world.columns);
  return hash.digest();
}

const integersOf = (columns: Readonly<Record<string, AnyColumn>>): Record<string, AnyColumn> =>
  Object.fromEntries(Object.entries(columns).filter(([, column]) => !(column instanceof Float32Array)));

/**
 * Hash of all integers of a world: balances, markets, and of agents their lines of descent, integer genes and trials.
 * Without the scratch of the cpu's passes, which other engines have no use for.
 */
export function integerHash({ tick, balances, columns, agents }: World): string {
  const hash = new ColumnHash().addWord(tick);
  addAll(hash, balances);
  const { order: _, ...lasting } = columns;
  addAll(hash, lasting);
  // doubles are integers but for the census, which is no state
  addAll(hash, integersOf(agents));
  return hash.digest();
}

/** One hash of many, in order. */
export function combineHashes(hashes: readonly string[]): string {
  const combined = new ColumnHash();
  for (const hash of hashes) {
    combined.addWord(Number.parseInt(hash.slice(0, 8), 16));
    combined.addWord(Number.parseInt(hash.slice(8), 16));
  }
  return combined.digest();
}
