/** File of a table's part with a number from 0, in the table's folder of a run directory. */
import { join } from 'node:path';
import type { TableName } from '../sim/frame.ts';
import type { SNAPSHOT_TABLES } from '../sim/tables.ts';

/** Name of a table of the agents as they are at the moment. */
export const nowOf = (table: SnapshotTable): string => `${table}_now`;
/** Of SNAPSHOT_TABLES. */
export type SnapshotTable = (typeof SNAPSHOT_TABLES)[number];

export const partName = (part: number): string => `part-${String(part).padStart(5, '0')}.parquet`;

/** A path as it is written in SQL on a terminal: relative, with forward slashes. */
export const sqlPath = (directory: string, table: TableName): string =>
  `'${join(directory, table, '*.parquet').replaceAll('\\', '/').replaceAll("'", "''")}'`;
