import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from './checkpoints.ts';
import { recordRun } from './replay/recordRun.ts';
import { filesWithSecrets } from './secretSearch.ts';

const WORDS = 'abandon ability able about above absent absorb abstract';
const KEY = '5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'darwin-secrets-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes rows to a Parquet file as runs do, so often that a compressed page does not show them. */
async function writeTable(file: string, value: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `copy (select k, ${value} as column_of_secrets from range(2000) t(k)) to '${file}' (format parquet, compression zstd)`,
  );
  connection.closeSync();
  instance.closeSync();
}

describe('the search for secrets', () => {
  it('finds words in compressed pages, which hide them from a look at the bytes', async () => {
    const file = join(folder, 'words.parquet');
    const [first, second] = [WORDS.slice(0, 27), WORDS.slice(27)];
    // neither first nor last in order, which the statistics of a column would tell
    const others = `if(k % 2 = 0, '${first}' || k, k || '${second}')`;
    await writeTable(file, `if(k = 1717, '${WORDS}', if(k = 3, '~', ${others}))`);
    expect(readFileSync(file).includes(WORDS)).toBe(false);
    expect(await filesWithSecrets(folder, [KEY, WORDS])).toEqual([{ file, secret: 1 }]);
    rmSync(file);
  });

  it('finds a key as digits and as bytes', async () => {
    const file = join(folder, 'key.bytes');
    for (const text of [KEY, KEY.toUpperCase(), Buffer.from(KEY, 'hex')]) {
      writeFileSync(file, text);
      expect(await filesWithSecrets(folder, [KEY])).toEqual([{ file, secret: 0 }]);
    }
    writeFileSync(file, KEY.slice(1));
    expect(await filesWithSecrets(folder, [KEY])).toEqual([]);
  });

  it('looks into the deflated states of checkpoints, and into every file of a run', async () => {
    const { directory } = await recordRun('ticks: 3\nslots: 4\noutput: { metricsEvery: 3 }\n');
    try {
      expect(await filesWithSecrets(directory, [KEY, WORDS])).toEqual([]);
      const saved = await openCheckpoint(directory, 3);
      // of a column whose values differ, so that no file shows it as it is
      const bytes = Buffer.from(await saved.read(0, 0)).subarray(100, 140);
      expect(await filesWithSecrets(directory, [bytes.toString('hex')])).toHaveLength(1);
    } finally {
      rmSync(dirname(directory), { recursive: true });
    }
  });
});
