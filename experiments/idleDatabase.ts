/** A database for questions to files: opened by the first one, there for those that follow, closed when nobody asks. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** Nobody has asked for so long: its memory is given back. */
const IDLE_MS = 5000;
/** After these DuckDB answers nothing more, whatever it is asked. */
const FATAL = /^(?:INTERNAL|FATAL)|invalidated/;

export class IdleDatabase {
  private readonly options: Readonly<Record<string, string>>;
  private readonly setup: string;
  private opened: Promise<DuckDBInstance> | null = null;
  private asking = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param options settings of DuckDB
   * @param setup SQL before the first question
   */
  constructor(options: Readonly<Record<string, string>>, setup = '') {
    // files may be written anew under the same name, as parts are where a run goes on from an earlier tick
    this.options = { ...options, enable_external_file_cache: 'false' };
    this.setup = setup;
  }

  /** Gives a question a connection of its own. Rejects with whatever it rejects with. */
  async ask<T>(question: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    clearTimeout(this.timer);
    this.asking++;
    this.opened ??= this.open();
    const { opened } = this;
    try {
      const connection = await (await opened).connect();
      try {
        return await question(connection);
      } finally {
        connection.closeSync();
      }
    } catch (error) {
      if (this.opened === opened && FATAL.test(String((error as Error).message))) this.opened = null;
      throw error;
    } finally {
      this.asking--;
      if (this.asking === 0) {
        this.timer = setTimeout(() => this.close(), IDLE_MS);
        // a process may end meanwhile
        this.timer.unref();
      }
    }
  }

  private async open(): Promise<DuckDBInstance> {
    try {
      // Loading it takes longer than a run needs to its first frame.
      const { DuckDBInstance } = await import('@duckdb/node-api');
      const instance = await DuckDBInstance.create(':memory:', this.options);
      if (this.setup !== '') {
        const connection = await instance.connect();
        await connection.run(this.setup);
        connection.closeSync();
      }
      return instance;
    } catch (error) {
      this.opened = null;
      throw error;
    }
  }

  private close(): void {
    const { opened } = this;
    this.opened = null;
    void opened?.then((instance) => instance.closeSync());
  }
}
