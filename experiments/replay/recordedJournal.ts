/** Reads the journal of one world back from a run directory's Parquet parts, tick by tick. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Asset } from '../../market/accounts.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { IdleDatabase } from '../idleDatabase.ts';
import { unreadable } from '../runTables.ts';
import { sqlPath } from '../tablePart.ts';
import type { Entry } from './operations.ts';

/** Ticks that are read at a time. */
const TICKS_READ = 256;
const DATABASE = new IdleDatabase({ threads: '1', memory_limit: '1GB' });

export class RecordedJournal {
  private readonly directory: string;
  private readonly source: string;
  private readonly world: number;
  private readonly waiting = new Map<number, Entry[]>();
  private read = -1;

  private constructor(directory: string, source: string, world: number) {
    this.directory = directory;
    this.source = source;
    this.world = world;
  }

  /** @throws UsageError when the directory holds no journal of the world */
  static async open(directory: string, world: number): Promise<RecordedJournal> {
    const folder = join(directory, 'journal');
    if (!existsSync(folder) || !readdirSync(folder).some((name) => name.endsWith('.parquet')))
      throw new UsageError(
        `${directory} holds no journal`,
        'run its config with --set output.journalWorlds=1',
      );
    const source = `read_parquet(${sqlPath(directory, 'journal')}, filename = true, file_row_number = true)`;
    const journal = new RecordedJournal(directory, source, world);
    const found = await journal.ask(`select 1 from ${source} where world = ${world} limit 1`);
    if (found.length > 0 && found[0]!.length > 0) return journal;
    throw new UsageError(
      `${directory} holds no journal of world ${world}`,
      `run its config with --set output.journalWorlds=${world + 1}`,
    );
  }

  /** The entries of a tick, in the order in which they were made. Ticks are to be asked for in rising order. */
  async entriesOf(tick: number): Promise<readonly Entry[]> {
    if (tick > this.read) await this.readFrom(tick);
    const entries = this.waiting.get(tick) ?? [];
    this.waiting.delete(tick);
    return entries;
  }

  private async readFrom(tick: number): Promise<void> {
    this.waiting.clear();
    this.read = tick + TICKS_READ - 1;
    const rows = await this.ask(
      `select tick, from_account, to_account, asset, amount, reason from ${this.source}
       where world = ${this.world} and tick between ${tick} and ${this.read} order by filename, file_row_number`,
    );
    const [ticks, from, to, asset, amount, reason] = rows as unknown as [
      number[],
      number[],
      number[],
      Asset[],
      bigint[],
      string[],
    ];
    for (let k = 0; k < (ticks?.length ?? 0); k++) {
      const entry = {
        from: from[k]!,
        to: to[k]!,
        asset: asset[k]!,
        amount: Number(amount[k]),
        reason: reason[k]!,
      };
      const of = this.waiting.get(ticks[k]!);
      if (of === undefined) this.waiting.set(ticks[k]!, [entry]);
      else of.push(entry);
    }
  }

  /** The columns of a result; no row, no columns. */
  private async ask(sql: string): Promise<readonly unknown[][]> {
    try {
      return await DATABASE.ask(async (connection) => (await connection.runAndReadAll(sql)).getColumnsJS());
    } catch (cause) {
      throw unreadable(this.directory, cause);
    }
  }
}
