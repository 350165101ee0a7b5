/**
 * Rows for the run directory, collected while a shard's worlds advance and drained with each report.
 * Recording reads the state and never writes it.
 */
import type { AgentWorld, LineageSink } from '../agents/columns.ts';
import { FEATURE_COUNT } from '../agents/columns.ts';
import { LineageRecorder } from '../agents/lineage.ts';
import type { RunConfig } from '../configs/schema.ts';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import type { Asset } from '../market/columns.ts';
import { FREE_SLOT } from '../market/columns.ts';
import { type Journal, REASON_NAMES, type Reason } from '../market/ledger.ts';
import { contractsOf } from '../market/standing.ts';
import type { TradeSink } from '../market/trades.ts';
import { trustIsOn } from '../market/trust.ts';
import type { AnyColumn } from './core/columns.ts';
import { fromFraction32 } from './core/units.ts';
import type { RecordBatch, TableName, WorldFrame } from './frame.ts';
import { TABLES, type TableColumn, type Tables } from './tables.ts';
import type { World } from './world.ts';

type Cell = number | string;

/** Most rows of a batch: a snapshot of a million agents goes to the run directory in pieces. */
export const BATCH_ROWS = 65_536;
const FIRST_ROWS = 64;

type Cells = Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> | string[];

const cellsOf = (type: TableColumn['type'], rows: number): Cells => {
  if (type === 'string') return [];
  if (type === 'u32') return new Uint32Array(rows);
  return type === 'f32' ? new Float32Array(rows) : new Float64Array(rows);
};

/** Rows of one table, kept column by column in the types of the table until they are drained. */
class TableBuilder {
  private readonly table: TableName;
  private readonly specs: readonly TableColumn[];
  private full: RecordBatch[] = [];
  private cells: Cells[];
  private room = FIRST_ROWS;
  private rows = 0;

  constructor(table: TableName, specs: readonly TableColumn[]) {
    this.table = table;
    this.specs = specs;
    this.cells = this.specs.map(({ type }) => cellsOf(type, this.room));
  }

  /** Adds one row, cells in the order of TABLES. */
  add(row: readonly Cell[]): void {
    if (this.rows === this.room) this.grow();
    const { cells, rows } = this;
    for (let k = 0; k < cells.length; k++) (cells[k] as Cell[])[rows] = row[k]!;
    this.rows++;
    if (this.rows === BATCH_ROWS) this.close();
  }

  /** The rows so far as batches; starts again empty. */
  drain(): RecordBatch[] {
    if (this.rows > 0) this.close();
    const drained = this.full;
    this.full = [];
    return drained;
  }

  private grow(): void {
    this.room = Math.min(BATCH_ROWS, 2 * this.room);
    this.cells = this.cells.map((cells, k) => {
      if (Array.isArray(cells)) return cells;
      const grown = cellsOf(this.specs[k]!.type, this.room) as Float64Array<ArrayBuffer>;
      grown.set(cells);
      return grown;
    });
  }

  /** Makes a batch of the rows that wait. */
  private close(): void {
    const columns: Record<string, AnyColumn | readonly string[]> = {};
    this.specs.forEach(({ name }, k) => {
      const cells = this.cells[k]!;
      // each array of a batch owns its memory, so that it can move to another thread
      columns[name] = this.rows === this.room ? cells : cells.slice(0, this.rows);
    });
    this.full.push({ table: this.table, rows: this.rows, columns });
    this.room = Math.min(this.room, this.rows + FIRST_ROWS);
    this.cells = this.specs.map(({ type }) => cellsOf(type, this.room));
    this.rows = 0;
  }
}

/** Collects what the config's `output` section asks for, from any number of worlds. */
export class Recorder {
  private readonly output: RunConfig['output'];
  private readonly lives = new LineageRecorder();
  private readonly tables: Readonly<Record<TableName, TableBuilder>>;

  /** @param tables columns of each table */
  constructor(output: RunConfig['output'], tables: Tables = TABLES) {
    this.output = output;
    const names = Object.keys(tables) as TableName[];
    this.tables = Object.fromEntries(
      names.map((name) => [name, new TableBuilder(name, tables[name])]),
    ) as Record<TableName, TableBuilder>;
  }

  /** All rows since the last drain. */
  drain(): RecordBatch[] {
    const batches = Object.values(this.tables).flatMap((table) => table.drain());
    const lives = this.lives.drain();
    return lives.rows === 0 ? batches : [...batches, { table: 'lineage', ...lives }];
  }

  /**
   * One metrics row, one row per population, and one per price level with orders where a world's trades are recorded.
   *
   * @param prices of the levels of the compute market, milli-token
   */
  frame(frame: WorldFrame, populationNames: readonly string[], prices: Uint32Array): void {
    this.orders(frame, prices);
    const place = [frame.tick, frame.world, frame.arm, frame.replicate];
    const own = frame.ownMetrics ?? [];
    this.tables.metrics.add([...place, ...frame.metrics, ...frame.geneMean, ...frame.shadowMean, ...own]);
    frame.populations.forEach((row, k) => {
      this.tables.populations.add([...place, populationNames[k]!, ...row]);
    });
  }

  private orders({ tick, world, bidHistogram, askHistogram }: WorldFrame, prices: Uint32Array): void {
    if (world >= this.output.tradesWorlds) return;
    for (let level = 0; level < bidHistogram.length; level++) {
      const [bid, offered] = [bidHistogram[level]!, askHistogram[level]!];
      if (bid > 0 || offered > 0) this.tables.orders.add([tick, world, level, prices[level]!, bid, offered]);
    }
  }

  /** One row per living agent, and one of its contracts where sellers may default. */
  agents(world: World): void {
    const { columns, balances, agents, parameters } = world;
    for (let i = 0; i < parameters.slots; i++) {
      if (columns.population[i] === FREE_SLOT) continue;
      const skills = Array.from({ length: CLASS_COUNT }, (_, c) =>
        fromFraction32(columns.skill[i * CLASS_COUNT + c]!),
      );
      this.tables.agents.add([
        world.tick,
        parameters.world,
        i,
        agents.serial[i]!,
        agents.parent[i]!,
        columns.population[i]!,
        agents.bornAt[i]!,
        agents.generation[i]!,
        balances.token[i]!,
        balances.cash[i]!,
        balances.stake[i]!,
        columns.wealth[i]!,
        columns.capacity[i]!,
        columns.data[i]!,
        ...skills,
        columns.mode[i]!,
        agents.profit[i]!,
        agents.lifeProfit[i]!,
        agents.lifeReward[i]!,
        ...linearGenes(world, i),
      ]);
    }
    if (trustIsOn(parameters)) this.contracts(world);
  }

  /** One row per living agent: what it has contracted, and who owes it or is owed. */
  private contracts(world: World): void {
    const { columns, agents, parameters, tick } = world;
    for (let i = 0; i < parameters.slots; i++) {
      if (columns.population[i] === FREE_SLOT) continue;
      const { due, escrowed, claims, liabilities } = contractsOf(world, i, tick);
      this.tables.contracts.add([
        tick,
        parameters.world,
        i,
        agents.serial[i]!,
        columns.registered[i]!,
        fromFraction32(columns.reputation[i]!),
        columns.contracted[i]!,
        columns.breached[i]!,
        columns.undelivered[i]!,
        escrowed,
        columns.stakeLocked[i]!,
        columns.slashed[i]!,
        columns.compensated[i]!,
        claims,
        liabilities,
        due,
      ]);
    }
  }

  /** A lineage sink that counts for the tally and, where asked for, records. */
  lineageSink(): LineageSink {
    const { lineage } = this.output;
    const tallyOf = (world: AgentWorld, slot: number) =>
      (world as World).tally.populations[world.columns.population[slot]!]!;
    return {
      birth: (world, tick, slot, cause) => {
        if (cause === 'birth') tallyOf(world, slot).births++;
        if (lineage) this.lives.birth(world, tick, slot, cause);
      },
      death: (world, tick, slot, cause) => {
        (world as World).tally.addDeath(world, tick, slot);
        if (lineage) this.lives.death(world, tick, slot, cause);
      },
    };
  }

  /** A journal for a world, or null where none is asked for. */
  journalOf(world: number): Journal | null {
    if (world >= this.output.journalWorlds) return null;
    const table = this.tables.journal;
    return {
      record(tick: number, from: number, to: number, asset: Asset, amount: number, reason: Reason): void {
        table.add([tick, world, from, to, asset, amount, REASON_NAMES[reason]!]);
      },
    };
  }

  /** A sink of fills for a world, or null where none is asked for. */
  tradesOf(world: number): TradeSink | null {
    if (world >= this.output.tradesWorlds) return null;
    const { tradesEvery } = this.output;
    const table = this.tables.trades;
    return {
      wants: (tick: number) => tick % tradesEvery === 0,
      fill(
        tick: number,
        market: 'compute' | 'service',
        buyer: number,
        seller: number,
        taskClass: number,
        quantity: number,
        price: number,
      ): void {
        table.add([tick, world, market, buyer, seller, taskClass, quantity, price]);
      },
    };
  }
}

const linearGenes = (world: World, slot: number): number[] =>
  Array.from({ length: FEATURE_COUNT }, (_, f) => world.agents.genes[f * world.parameters.slots + slot]!);
