import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCase } from './case.ts';
import { yuma } from './yuma.ts';

const folder = mkdtempSync(join(tmpdir(), 'yuma-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fileOf = (content: unknown): string => {
  const path = join(folder, 'epoch.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const run = (content: unknown) => runCase(yuma, { file: fileOf(content) });

const SCORES = [0, 0, 0, 0, 16383, 32767, 49149, 65535];
const EPOCH = {
  stakes: [1, 2, 3, 4, 0, 0, 0, 0],
  weights: [SCORES, SCORES, SCORES, SCORES],
  kappa: 32767 / 65535,
  bondsPenalty: 1,
  alpha: 0.1,
  emission: 1e9,
};

describe('the case of Yuma consensus', () => {
  it('gives the published figures without a file, and from a file that holds the same epoch', async () => {
    const published = await runCase(yuma);
    expect(published.pass).toBe(true);
    expect(published.measured.emission).toBe(
      '49999998,99999999,150000000,200000001,49998779,100000610,149996337,200004272',
    );
    const fromFile = await run(EPOCH);
    expect(fromFile.pass).toBe(true);
    expect(fromFile.measured).toEqual(published.measured);
  });

  it('reads rows as values or as pairs of member and value, and large stakes as text', async () => {
    const pairs = SCORES.flatMap((value, j) => (value > 0 ? [[j, value]] : []));
    const stakes = EPOCH.stakes.map((s) => String(BigInt(s) * 10n ** 17n));
    const same = await run({ ...EPOCH, stakes, weights: [pairs, pairs, SCORES, SCORES] });
    expect(same.measured).toEqual((await run(EPOCH)).measured);
  });

  it('agrees with the equations in real numbers away from the published epoch', async () => {
    const { measured, pass } = await run({
      stakes: [50, 31, 20, 7, 0, 0],
      weights: [
        [0, 0, 0, 0, 60, 40],
        [0, 0, 0, 0, 1, 65535],
        [0, 0, 0, 9, 1000, 655],
        [1, 2, 3, 4, 5, 6],
      ],
      bonds: [
        [0, 0, 0, 0, 65535, 1],
        [0, 0, 0, 0, 6553, 1],
      ],
      kappa: 0.6,
      bondsPenalty: 0.3,
      alpha: 0.25,
      emission: 123_456_789,
    });
    expect(pass).toBe(true);
    expect(measured.emissionGap).toBeGreaterThan(0);
  });

  it('refuses a file that is missing, no JSON, of another shape, or about members that have no stake', async () => {
    await expect(runCase(yuma, { file: join(folder, 'none.json') })).rejects.toThrow('cannot read');
    await expect(run('{')).rejects.toThrow('is not JSON');
    await expect(run({ ...EPOCH, alpha: 2 })).rejects.toThrow('alpha');
    await expect(run({ ...EPOCH, stakes: [1, 2] })).rejects.toThrow('entry for member');
  });
});
