/** Reads the recorded series that a config names, CSV or Parquet, into the config itself: a run never needs the file again. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import type { ResolvedRun } from '../configs/arms.ts';
import { isNear } from '../configs/parse.ts';
import { UsageError } from '../sim/core/errors.ts';
import { PACKAGE_ROOT } from './hardware.ts';

const READERS: Readonly<Record<string, string>> = { '.csv': 'read_csv', '.parquet': 'read_parquet' };
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * The run with the rows of its `demandSeries.file`, which stands in the working directory or comes with the program.
 *
 * @throws UsageError for a file or column that is not there, or values that are no amounts
 */
export async function readSeries(run: ResolvedRun): Promise<ResolvedRun> {
  const { demandSeries } = run.arms[0]!;
  if (demandSeries.file === '') return run;
  const { values, sha256 } = await readColumn(demandSeries.file, demandSeries.column);
  return {
    ...run,
    arms: run.arms.map((arm) => ({ ...arm, demandSeries: { ...demandSeries, values, sha256 } })),
  };
}

function findFile(file: string): string {
  const shipped = join(PACKAGE_ROOT, file);
  const path = existsSync(file) ? file : shipped;
  if (!existsSync(path))
    throw new UsageError(
      `there is no series ${file}`,
      'demandSeries.file is relative to the working directory',
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
  // a library of many megabytes, for runs that read a series alone
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '1GB' });
  const connection = await instance.connect();
  try {
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
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const [line] = String((cause as Error).message).split('\n');
    throw new UsageError(`${file} cannot be read: ${line}`, 'give a CSV with a header, or Parquet', {
      cause,
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
