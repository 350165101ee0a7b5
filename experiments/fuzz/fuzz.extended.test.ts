import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { assertCompiled } from '../compiled.ts';
import { encodeInput, fuzz, readInput } from './fuzzer.ts';

/** Inputs of each target: a few seconds. */
const INPUTS = { configs: 600, runs: 500, messages: 6000, rpc: 1500, parquet: 150 };

let work: string;
beforeAll(() => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-fuzz-test-'));
});
afterAll(() => rmSync(work, { recursive: true }));

describe('wrong inputs', { timeout: 600_000 }, () => {
  it.each(Object.entries(INPUTS))(
    'of %s are answered or refused in one line, none with another error, none for ever',
    async (target, inputs) => {
      const { answered, refused, findings } = await fuzz({ target, inputs, seed: 1 });
      expect(findings.map(({ number, problem }) => `${number}: ${problem}`)).toEqual([]);
      // inputs that are all refused, or all answered, would prove little
      expect(answered).toBeGreaterThan(inputs / 100);
      expect(refused).toBeGreaterThan(inputs / 20);
      expect(answered + refused).toBe(inputs);
    },
  );
});

describe('an input that was kept', { timeout: 300_000 }, () => {
  it('is read again from its file', async () => {
    const file = join(work, 'kept.json');
    const input = { what: 'control', bytes: new TextEncoder().encode('{"type":"pause"}') };
    writeFileSync(file, encodeInput('messages', input));
    const kept = readInput(file);
    expect(kept).toEqual({ target: 'messages', input });
    expect(await fuzz({ target: 'messages', inputs: 1, seed: 0, kept: kept.input })).toMatchObject({
      answered: 1,
      findings: [],
    });
  });

  it('is refused where its file is none, or of a target that there is not', () => {
    writeFileSync(join(work, 'none.json'), '{}');
    writeFileSync(join(work, 'other.json'), encodeInput('yaml', { what: '', bytes: new Uint8Array(0) }));
    for (const [name, problem] of [
      ['none.json', 'holds no input'],
      ['absent.json', 'cannot read'],
      ['other.json', 'there is no target yaml'],
    ] as const) {
      const read = () => readInput(join(work, name));
      expect(read).toThrow(UsageError);
      expect(read).toThrow(problem);
    }
  });
});
