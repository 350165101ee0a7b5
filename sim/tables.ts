/**
 * The tables of a run directory: names, types, units and meaning of every column. Versioned; a reader
 * needs nothing else. `u64` columns travel as exact integers in doubles and are stored as 64-bit integers.
 */
import { REWARD_FEATURES } from '../agents/columns.ts';
import type { RunConfig } from '../configs/schema.ts';
import type { TableName } from './frame.ts';
import { ownMetric } from './metrics/ownMetrics.ts';
import { METRICS, POPULATION_METRICS } from './metrics/table.ts';

/** Raised when columns of a table change; a further table leaves readers of the others as they are. */
export const TABLES_VERSION = 1;

export interface TableColumn {
  readonly name: string;
  readonly type: 'u32' | 'u64' | 'f32' | 'f64' | 'string';
  readonly unit: string;
  readonly about: string;
}

const column = (name: string, type: TableColumn['type'], unit: string, about: string): TableColumn => ({
  name,
  type,
  unit,
  about,
});
const place = [
  column('tick', 'u32', 'tick', 'tick of the row'),
  column('world', 'u32', 'index', 'world, arm x worlds + replicate'),
];
const design = [
  column('arm', 'u32', 'index', 'arm of the world'),
  column('replicate', 'u32', 'index', 'seed index of the world'),
];
const genes = (prefix: string, about: string) =>
  REWARD_FEATURES.map((feature) => column(`${prefix}_${feature}`, 'f32', '1', `${about} ${feature}`));

/** Tables that a snapshot of all agents fills; `contracts` only where sellers may default (world.trust). */
export const SNAPSHOT_TABLES = ['agents', 'contracts'] as const satisfies readonly TableName[];

/** Columns of every table. */
export type Tables = Readonly<Record<TableName, readonly TableColumn[]>>;

/** Every table of a run directory: its columns in order, each with type and unit. */
export const TABLES: Tables = {
  metrics: [
    ...place,
    ...design,
    ...METRICS.map((m) => column(m.name, 'f64', m.unit, m.about)),
    ...REWARD_FEATURES.map((f) =>
      column(`gene_${f}`, 'f64', '1', `mean reward gene of living learners on ${f}`),
    ),
    ...REWARD_FEATURES.map((f) => column(`shadow_${f}`, 'f64', '1', `mean neutral-shadow gene on ${f}`)),
  ],
  populations: [
    ...place,
    ...design,
    column('population', 'string', 'name', 'population'),
    ...POPULATION_METRICS.map((m) => column(m.name, 'f64', m.unit, m.about)),
  ],
  agents: [
    ...place,
    column('slot', 'u32', 'index', 'slot of the agent'),
    column('serial', 'u64', 'id', 'identity within the world'),
    column('parent', 'u64', 'id', 'serial of the parent, 0 = none'),
    column('population', 'u32', 'index', "index into the config's populations"),
    column('born', 'u32', 'tick', 'tick of birth'),
    column('generation', 'u32', '1', 'generations since genesis or immigration'),
    column('token', 'u32', 'milli-token', 'free token'),
    column('cash', 'u32', 'milli-cash', 'cash'),
    column('stake', 'u32', 'milli-token', 'staked token'),
    column('wealth', 'u32', 'milli-cash', 'cash + token at the mid price'),
    column('capacity', 'u32', 'cu', 'compute per tick'),
    column('data', 'u32', 'data unit', 'data owned'),
    ...[0, 1, 2, 3].map((c) => column(`skill_${c}`, 'f32', '1', `skill in class ${c}`)),
    column('mode', 'u32', 'index', 'rent out, serve, train, idle'),
    column('profit', 'f32', 'cash', 'realised profit of the tick'),
    column('life_profit', 'f32', 'cash', 'realised profit since birth'),
    column('life_reward', 'f32', '1', 'reward since birth'),
    ...genes('gene', 'reward gene on'),
  ],
  contracts: [
    ...place,
    column('slot', 'u32', 'index', 'slot of the agent'),
    column('serial', 'u64', 'id', 'identity within the world'),
    column('registered', 'u32', '1', '1 where it may contract before the court'),
    column('reputation', 'f32', '1', 'share of what it sold that buyers remember as delivered'),
    column('contracted', 'u32', 'cu', 'sold under contract in the tick, a task counting cuPerTask'),
    column('breached', 'u32', 'cu', 'of it, what it did not deliver'),
    column('undelivered', 'u32', 'cu', 'bought in the tick and not delivered to it'),
    column('escrowed', 'u64', 'milli-token', 'payment for what it sold that waited in escrow in the tick'),
    column('stake_locked', 'u32', 'milli-token', 'stake that was locked for what it sold'),
    column('slashed', 'u32', 'milli-token', 'of it, what audits took'),
    column('compensated', 'u32', 'milli-token', "received of others' slashed stakes"),
    column('claims', 'u64', 'milli-cash', 'awarded to it by a court and not yet due'),
    column('liabilities', 'u64', 'milli-cash', 'awarded to others against it and not yet due'),
    column('due', 'u32', 'tick', 'first tick in which a claim or liability of it falls due; 0 = none'),
  ],
  trades: [
    ...place,
    column('market', 'string', 'name', 'compute or service'),
    column('buyer', 'u32', 'slot', 'buying agent; 4294967295 = consumers'),
    column('seller', 'u32', 'slot', 'selling agent'),
    column('class', 'u32', 'index', 'task class; 0 for compute'),
    column('quantity', 'u32', 'cu or task', 'units traded'),
    column('price', 'u32', 'milli-token', 'price per unit'),
  ],
  orders: [
    ...place,
    column('level', 'u32', 'index', "level of the compute market's price table, 0 = lowest"),
    column('price', 'u32', 'milli-token', 'price of the level per cu'),
    column('bid', 'u32', 'cu', 'asked for at this price in the last compute auction before the tick'),
    column('offered', 'u32', 'cu', 'offered at this price in it'),
  ],
  lineage: [
    ...place,
    column('event', 'string', 'name', 'genesis, birth, immigration, insolvency, age, random or truncation'),
    column('slot', 'u32', 'index', 'slot'),
    column('serial', 'u64', 'id', 'identity within the world'),
    column('parent', 'u64', 'id', 'serial of the parent, 0 = none'),
    column('second_parent', 'u64', 'id', 'serial of the second parent, 0 = none'),
    column('population', 'u32', 'index', "index into the config's populations"),
    column('generation', 'u32', '1', 'generations since genesis or immigration'),
    column('age', 'u32', 'tick', 'age at the event'),
    column('wealth', 'u32', 'milli-cash', 'wealth at the event'),
    column('life_profit', 'f32', 'cash', 'realised profit since birth'),
    column('life_reward', 'f32', '1', 'reward since birth'),
    ...genes('gene', 'reward gene on'),
  ],
  journal: [
    ...place,
    column(
      'from_account',
      'u32',
      'account',
      'agent slot, stake = slots + slot, system = 2 slots + account, 4294967295 = minted',
    ),
    column('to_account', 'u32', 'account', 'likewise; 4294967295 = burned'),
    column('asset', 'u32', 'index', '0 = token, 1 = cash'),
    column('amount', 'u64', 'milli-unit', 'amount moved'),
    column('reason', 'string', 'name', 'why the money moved'),
  ],
};

/**
 * The tables of a run: metrics of one's own come last, and genes of replaced features say whose they are. Throws RangeError
 * for a metric that is not registered.
 */
export function tablesOf({ extensions }: Pick<RunConfig, 'extensions'>): Tables {
  if (extensions === undefined) return TABLES;
  const { metrics = [], rewardFeatures = [] } = extensions;
  const renamed = (table: readonly TableColumn[]): readonly TableColumn[] =>
    table.map((each) => {
      const feature = rewardFeatures.find(
        ({ replaces }) => each.name.replace(/^(gene|shadow)_/, '') === replaces,
      );
      if (feature === undefined || !/^(gene|shadow)_/.test(each.name)) return each;
      return { ...each, about: `${each.about}, whose place ${feature.name} takes` };
    });
  const own = metrics.map((name) => {
    const { unit, about } = ownMetric(name);
    return column(name, 'f64', unit, about);
  });
  const tables = Object.entries(TABLES).map(([name, columns]) => [name, renamed(columns)]);
  const all = Object.fromEntries(tables) as Record<TableName, readonly TableColumn[]>;
  return { ...all, metrics: [...all.metrics, ...own] };
}
