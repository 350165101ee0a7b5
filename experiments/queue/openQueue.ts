/** A queue for a command line: its libraries and a connection that has answered once. */
import { wholeOf } from '../commandLine.ts';
import { loadQueueLibraries, type QueueLibraries, QueueServer, shownAddress } from './connection.ts';

/** Seconds for which a lost Redis is waited for unless an option says otherwise. */
export const DEFAULT_PATIENCE = '60';

export interface OpenQueue {
  readonly server: QueueServer;
  readonly libraries: QueueLibraries;
}

/**
 * Opens the queue of `--queue` and `--patience`.
 *
 * @throws UsageError for options that are none, EnvironmentError where a library or Redis is missing
 */
export async function openQueue(url: string, patience: string): Promise<OpenQueue> {
  shownAddress(url);
  const seconds = wholeOf('--patience', patience);
  const libraries = await loadQueueLibraries();
  return { libraries, server: await QueueServer.open(url, seconds * 1000, libraries) };
}
