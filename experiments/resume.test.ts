/** Runs that are killed, interrupted, damaged and branched, by the compiled program. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointTicks } from './checkpoints.ts';
import { assertCompiled, darwin, differingRows, endAfter } from './compiled.ts';
import { readManifest } from './manifest.ts';

const TICKS = 300;
const CONFIG = `
name: resumed
seed: s
ticks: ${TICKS}
worlds: 2
slots: 12
threads: 2
output: { metricsEvery: 40, agentsEvery: 70, tradesEvery: 10, journalWorlds: 1 }
world: { serviceMarket: { demand: 6 }, demography: { meanLife: 300 } }
populations:
  - { name: learners, kind: learner, share: 3 }
  - { name: zi, kind: ziC, share: 1 }
`;

let work: string;
interface Answer {
  readonly [name: string]: unknown;
  readonly finalHash: string;
}
let straight: Answer;

async function json(args: readonly string[], code = 0): Promise<Answer> {
  const outcome = await darwin([...args, '--json'], work);
  expect(outcome.code, outcome.stderr).toBe(code);
  return JSON.parse(outcome.stdout);
}

/** What does not depend on when and how often a run was started. */
const lasting = ({ finalHash, metrics, invariants, arms, ticks }: Answer) => ({
  finalHash,
  metrics,
  invariants,
  arms,
  ticks,
});

beforeAll(async () => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-resume-'));
  writeFileSync(join(work, 'c.yaml'), CONFIG);
  straight = await json(['run', 'c.yaml', '--out', 'straight', '--set', 'output.checkpointAtEnd=true']);
});
afterAll(() => rmSync(work, { recursive: true }));

describe('a run that was killed', () => {
  it('goes on from its newest checkpoint to the same hash, figures and rows; verify agrees', async () => {
    const args = ['run', 'c.yaml', '--out', 'killed', '--checkpoint-every', '15'];
    const killed = await endAfter(args, work, 'killed', 2);
    expect(killed.code).toBe(null);
    expect(readManifest(join(work, 'killed')).status).toBe('running');
    const from = checkpointTicks(join(work, 'killed')).at(-1);

    const resumed = await json(['run', '--resume', 'killed']);
    expect(lasting(resumed)).toEqual(lasting(straight));
    expect(resumed.resumedAt).toEqual([from]);
    expect(await differingRows(join(work, 'straight'), join(work, 'killed'))).toEqual({});
    expect(checkpointTicks(join(work, 'killed'))).toEqual([285, 300]);
    expect(existsSync(join(work, 'killed/running.lock'))).toBe(false);
    expect(await json(['verify', 'killed'])).toMatchObject({ match: true });
    const again = await darwin(['run', '--resume', 'killed'], work);
    expect([again.code, again.stderr]).toEqual([
      2,
      'error: killed is finished: it ran to tick 300 (--ticks N lets it go on)\n',
    ]);
  });
});

describe('a run that was interrupted', () => {
  it('writes a checkpoint where it is, exits with 130 and says how to go on; then it does', async () => {
    let asked = false;
    const outcome = await darwin(['run', 'c.yaml', '--out', 'stopped', '--serve'], work, (text, _, kill) => {
      if (asked || !text.includes('dashboard: ')) return;
      asked = true;
      setTimeout(() => kill('SIGTERM'), 200);
    });
    expect(outcome.code, outcome.stderr).toBe(130);
    const { ticks, status } = readManifest(join(work, 'stopped'));
    expect(status).toBe('interrupted');
    expect(outcome.stderr).toContain(
      `interrupted at tick ${ticks}; go on with: darwin run --resume stopped\n`,
    );
    // it may have been stopped before its first tick: then it begins again
    expect(checkpointTicks(join(work, 'stopped'))).toEqual(ticks === 0 ? [] : [ticks]);
    expect(lasting(await json(['run', '--resume', 'stopped']))).toEqual(lasting(straight));
    expect(await differingRows(join(work, 'straight'), join(work, 'stopped'))).toEqual({});
  });
});

describe('a branch', () => {
  it('with nothing changed ends as its parent does; it is verified without its parent', async () => {
    const place = `killed@${checkpointTicks(join(work, 'killed'))[0]}`;
    const branch = await json(['run', '--from', place, '--out', 'branch']);
    expect(branch.finalHash).toBe(straight.finalHash);
    expect(branch.parent).toMatchObject({ dir: 'killed', tick: 285 });
    const arms = '--set=world.policy.wealthTaxPerTick=[1e-4, 0.01]';
    const two = await json(['run', '--from', place, arms, '--ticks', '310', '--out', 'two']);
    expect(two).toMatchObject({ ticks: 310, worlds: 4, parent: { tick: 285 } });
    cpSync(join(work, 'killed'), join(work, 'elsewhere'), { recursive: true });
    rmSync(join(work, 'killed'), { recursive: true });
    expect(await json(['verify', 'two'])).toMatchObject({ match: true, ticks: 310 });
    expect(readManifest(join(work, 'branch')).parent).toMatchObject({
      hash: branch.parent && (branch.parent as { parentHash: string }).parentHash,
    });
  });

  it('of a run of another shape is refused with exit code 2 and nothing is written', async () => {
    const outcome = await darwin(['run', '--from', 'straight', '--set', 'slots=20', '--out', 'no'], work);
    expect([outcome.code, outcome.stdout]).toEqual([2, '']);
    expect(outcome.stderr).toMatch(/^error: --from straight: `slots` was 12 and cannot become 20[^\n]+\n$/);
    expect(existsSync(join(work, 'no'))).toBe(false);
  });
});

describe('a population from a saved run', () => {
  it('is founded from it, and verified when that run is gone', async () => {
    const set = ['run', 'elsewhere', 'what', 'agents'];
    const garden = await json([
      'run',
      'c.yaml',
      '--seed',
      'garden',
      '--ticks',
      '40',
      '--out',
      'garden',
      ...[0, 2].flatMap((k) => ['--set', `populations.learners.from.${set[k]}=${set[k + 1]}`]),
      '--set',
      'populations.learners.evolves=false',
    ]);
    const { sources } = readManifest(join(work, 'garden'));
    expect(sources).toMatchObject([
      {
        arm: 0,
        population: 'learners',
        run: 'elsewhere',
        tick: 300,
        what: 'agents',
        hash: straight.finalHash,
      },
    ]);
    rmSync(join(work, 'elsewhere'), { recursive: true });
    expect(await json(['verify', 'garden'])).toMatchObject({ match: true, computed: garden.finalHash });
    const file = join(work, 'garden/founders', `${sources[0]!.foundersHash}.bin`);
    writeFileSync(file, readFileSync(file).subarray(0, 500));
    expect((await json(['verify', 'garden'], 2)).error).toMatchObject({ code: 'checkpoint' });
  });
});
