import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointTicks } from './checkpoints.ts';
import { assertCompiled, darwin, differingRows, endAfter } from './compiled.ts';

/** The economy of continuous integration with everything recorded. */
const CONFIG = ['ci', '--ticks', '400', '--set', 'output.journalWorlds=1', '--set', 'output.metricsEvery=30'];
const MOMENTS = 5;
const TIMEOUT_MS = 300_000;

let work: string;
let hash: string;
beforeAll(async () => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-killed-'));
  const { stdout, stderr } = await darwin(['run', ...CONFIG, '--out', 'straight', '--json'], work);
  hash = JSON.parse(stdout || JSON.stringify({ finalHash: stderr })).finalHash;
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
});
afterAll(() => rmSync(work, { recursive: true }));

/** Lets a run go on until it ends, killed at random moments on the way. */
async function resumeAmidKills(dir: string): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    // the seed of this moment is its place: what varies is the machine
    const delayMs = attempt < MOMENTS ? 50 + ((attempt * 7919) % 13) * 90 : Number.POSITIVE_INFINITY;
    let started = false;
    const outcome = await darwin(['run', '--resume', dir, '--json'], work, (_text, _interrupt, kill) => {
      if (started) return;
      started = true;
      if (Number.isFinite(delayMs)) setTimeout(() => kill('SIGKILL'), delayMs);
    });
    if (outcome.code !== 0) {
      expect(outcome.code, outcome.stderr).toBe(null);
      continue;
    }
    expect(JSON.parse(outcome.stdout).finalHash).toBe(hash);
    return attempt;
  }
}

describe('a run killed again and again', { timeout: TIMEOUT_MS }, () => {
  it('ends in the hash and the rows of one that was left alone', async () => {
    const args = ['run', ...CONFIG, '--out', 'killed', '--checkpoint-every', '11'];
    expect((await endAfter(args, work, 'killed', 1)).code).toBe(null);
    await resumeAmidKills('killed');
    expect(await differingRows(join(work, 'straight'), join(work, 'killed'))).toEqual({});
    const verified = await darwin(['verify', 'killed', '--json'], work);
    expect(JSON.parse(verified.stdout)).toMatchObject({ match: true, computed: hash });
  });

  it('goes on from the checkpoint before when the newest is damaged, and says which', async () => {
    const args = ['run', ...CONFIG, '--out', 'damaged', '--checkpoint-every', '27'];
    expect((await endAfter(args, work, 'damaged', 2)).code).toBe(null);
    const [older, newest] = checkpointTicks(join(work, 'damaged')).slice(-2);
    truncateSync(join(work, `damaged/checkpoints/${newest}/part-00000.bin`), 999);
    const outcome = await darwin(['run', '--resume', 'damaged', '--threads', '1', '--json'], work);
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).toContain(`checkpoints/${newest}/part-00000.bin: is truncated`);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ finalHash: hash, resumedAt: [older] });
    expect(await differingRows(join(work, 'straight'), join(work, 'damaged'))).toEqual({});
  });

  it('is extended past its end, to the hash of a run that was that long from the start', async () => {
    const longer = await darwin(['run', '--resume', 'damaged', '--ticks', '430', '--json'], work);
    expect(longer.code, longer.stderr).toBe(0);
    const straight = await darwin(['run', ...CONFIG, '--ticks', '430', '--out', 'longer', '--json'], work);
    expect(JSON.parse(longer.stdout).finalHash).toBe(JSON.parse(straight.stdout).finalHash);
    expect(await differingRows(join(work, 'longer'), join(work, 'damaged'))).toEqual({});
    expect(JSON.parse(readFileSync(join(work, 'damaged/manifest.json'), 'utf8')).ticks).toBe(430);
  });
});
