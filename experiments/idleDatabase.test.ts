import type { DuckDBConnection } from '@duckdb/node-api';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IdleDatabase } from './idleDatabase.ts';

/** Whether the table that `remember` makes is still there. */
const remembers = (database: IdleDatabase): Promise<boolean> =>
  database.ask(async (connection) => {
    const tables = await connection.runAndReadAll("select 1 from duckdb_tables() where table_name = 'kept'");
    return tables.currentRowCount === 1;
  });
const remember = (connection: DuckDBConnection): Promise<unknown> =>
  connection.run('create table kept (x integer)');

describe('a database for questions', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  it('is the same for questions that follow each other within five seconds, and gone after them', async () => {
    const database = new IdleDatabase({ threads: '1' });
    await database.ask(remember);
    vi.advanceTimersByTime(4999);
    expect(await remembers(database)).toBe(true);
    vi.advanceTimersByTime(4999);
    expect(await remembers(database)).toBe(true);
    vi.advanceTimersByTime(5000);
    expect(await remembers(database)).toBe(false);
    vi.advanceTimersByTime(5000);
  });

  it('is not closed under a question that takes long', async () => {
    const database = new IdleDatabase({ threads: '1' });
    await database.ask(async (connection) => {
      await database.ask(remember);
      vi.advanceTimersByTime(60_000);
      expect((await connection.runAndReadAll('select 7')).getRowsJS()).toEqual([[7]]);
    });
    expect(await remembers(database)).toBe(true);
    vi.advanceTimersByTime(5000);
  });

  it('outlives a wrong question, but not an error after which it answers no more', async () => {
    const database = new IdleDatabase({ threads: '1' });
    await database.ask(remember);
    await expect(database.ask((connection) => connection.run('select nothing'))).rejects.toThrow('Binder');
    expect(await remembers(database)).toBe(true);
    const fatal = database.ask(() => Promise.reject(new Error('INTERNAL Error: it is lost')));
    await expect(fatal).rejects.toThrow('it is lost');
    expect(await remembers(database)).toBe(false);
    vi.advanceTimersByTime(5000);
  });

  it('that cannot be opened says so to each question', async () => {
    const database = new IdleDatabase({ threads: '1' }, 'select nothing');
    for (let k = 0; k < 2; k++) await expect(database.ask(async () => 1)).rejects.toThrow('nothing');
  });
});
