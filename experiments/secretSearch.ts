/** Looks for secrets in all files of a run directory: as text, as bytes, and inside compressed tables and checkpoints. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { openCheckpoint } from './checkpoints.ts';

/**
 * Files of a directory and its folders that hold one of the secrets, each with the place of the secret in the list.
 *
 * @param secrets texts; those of hexadecimal digits are looked for as bytes, too
 */
export async function filesWithSecrets(
  directory: string,
  secrets: readonly string[],
): Promise<{ file: string; secret: number }[]> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const found: { file: string; secret: number }[] = [];
  try {
    for (const { parentPath, name } of files) {
      const file = join(parentPath, name);
      const contents: Buffer[] = [readFileSync(file)];
      if (basename(dirname(parentPath)) === 'checkpoints' && name === 'index.json')
        contents.push(...(await statesOf(parentPath)));
      if (extname(file) === '.parquet') {
        const table = `read_parquet('${file.replaceAll("'", "''")}')`;
        const rows = await connection.runAndReadAll(`select t::varchar from ${table} t`);
        const facts = await connection.runAndReadAll(
          `select key::varchar, value::varchar from parquet_kv_metadata('${file.replaceAll("'", "''")}')`,
        );
        for (const row of [...rows.getRows(), ...facts.getRows()]) contents.push(Buffer.from(row.join('\n')));
      }
      secrets.forEach((secret, k) => {
        if (patternsOf(secret).some((pattern) => contents.some((part) => part.includes(pattern))))
          found.push({ file, secret: k });
      });
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return found;
}

/** The states of all worlds in the folder of a checkpoint, inflated. */
async function statesOf(folder: string): Promise<Buffer[]> {
  const saved = await openCheckpoint(dirname(dirname(folder)), Number(basename(folder)));
  const states: Buffer[] = [];
  for (const { world, piece } of saved.index.worlds) states.push(Buffer.from(await saved.read(world, piece)));
  return states;
}

const patternsOf = (secret: string): Buffer[] =>
  /^([0-9a-f]{2}){8,}$/i.test(secret)
    ? [Buffer.from(secret), Buffer.from(secret.toUpperCase()), Buffer.from(secret, 'hex')]
    : [Buffer.from(secret)];
