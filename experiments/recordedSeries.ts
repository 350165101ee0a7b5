/** Reads the recorded series that a config names, CSV or Parquet, into the config itself: a run never needs the file again. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { closest } from 'fastest-levenshtein';
import type { ResolvedRun } from '../configs/arms.ts';
import { isNear } from '../configs/suggestions.ts';
import { UsageError } from '../sim/core/errors.ts';
import { PACKAGE_ROOT } from './hardware.ts';
import { IdleDatabase } from './idleDatabase.ts';

const READERS: Readonly<Record<string, string>> = { '.csv': 'read_csv', '.parquet': 'read_parquet' };
const DATABASE = new IdleDatabase({ threads: '1', memory_limit: '1GB' });
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * The run with the rows of the files that its `demandSeries` and `priceSeries` name, which stand in the working directory
 * or come with the program.
 *
 * @throws UsageError for a file or column that is not there, or values that are no amounts
 */
export async function readSeries(run: ResolvedRun): Promise<ResolvedRun> {
  let { arms } = run;
  for (const key of ['demandSeries', 'priceSeries'] as const) {
    const series = run.arms[0]![key];
    if (series.file === '') continue;
    const rows = await readColumn(series.file, series.column);
    arms = arms.map((arm) => ({ ...arm, [key]: { ...series, ...rows } }));
  }
  return { ...run, arms };
}

function findFile(file: string): string {
  const shipped = join(PACKAGE_ROOT, file);
  const path = existsSync(file) ? file : shipped;
  if (!existsSync(path))
    throw new UsageError(
      `there is no series ${file}`,
      'the file of a series is relative to the working directory',
    );
  if (statSync(path).isDirectory())
    throw new UsageError(`${file} is a directory`, 'give a CSV or Parquet file');
  return path;
}

/**
 * A column of numbers from 0 on, in the order of the file.
 *
 * @throws UsageError where it cannot be read as that
 */
export async function readColumn(
  file: string,
  column: string,
): Promise<{ values: number[]; sha256: string }> {
  const reader = READERS[extname(file).toLowerCase()];
  if (reader === undefined) throw new UsageError(`${file} is no series`, 'give a .csv or .parquet file');
  const path = findFile(file);
  try {
    return await DATABASE.ask((connection) => columnOf(connection, file, path, reader, column));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const [line] = String((cause as Error).message).split('\n');
    throw new UsageError(`${file} cannot be read: ${line}`, 'give a CSV with a header, or Parquet', {
      cause,
    });
  }
}

async function columnOf(
  connection: DuckDBConnection,
  file: string,
  path: string,
  reader: string,
  column: string,
): Promise<{ values: number[]; sha256: string }> {
  const source = `${reader}(${quoted(path)})`;
  const names = (await connection.runAndReadAll(`describe select * from ${source}`))
    .getRowsJS()
    .map(([name]) => String(name));
  if (!names.includes(column)) {
    const nearest = closest(column, names);
    throw new UsageError(
      `${file} has no column ${column}`,
      isNear(column, nearest) ? `did you mean ${nearest}?` : `it has ${names.join(', ')}`,
    );
  }
  const name = `"${column.replaceAll('"', '""')}"`;
  const rows = await connection.runAndReadAll(`select try_cast(${name} as double) from ${source}`);
  const values = rows.getRowsJS().map(([value]) => value as number | null);
  const wrong = values.findIndex((value) => value === null || !Number.isFinite(value) || value < 0);
  if (wrong >= 0)
    throw new UsageError(
      `${file}: row ${wrong + 1} of ${column} is no amount from 0`,
      'every row needs a number',
    );
  if (values.length === 0) throw new UsageError(`${file} has no rows`, 'give at least one');
  return {
    values: values as number[],
    sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
  };
}
