/** Runs that are killed, interrupted, damaged and branched, by the compiled program. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointTicks } from './checkpoints.ts';
import { assertCompiled, darwin, differingRows, endAfter } from './compiled.ts';
import { readManifest } from './manifest.ts';

const TICKS = 300;
const TIMEOUT_MS = 300_000;
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

/** A run that several tests look at, made by the first of them. */
function shared<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** `killed`: ended without warning once it had two checkpoints, then resumed to its end. */
const killedRun = shared(async () => {
  const args = ['run', 'c.yaml', '--out', 'killed', '--checkpoint-every', '15'];
  const killed = await endAfter(args, work, 'killed', 2);
  expect(killed.code).toBe(null);
  expect(readManifest(join(work, 'killed')).status).toBe('running');
  const from = checkpointTicks(join(work, 'killed')).at(-1);
  return { from, resumed: await json(['run', '--resume', 'killed']) };
});

/** The killed run under another name, for a test that removes it. */
async function copyOfKilled(name: string): Promise<void> {
  await killedRun();
  cpSync(join(work, 'killed'), join(work, name), { recursive: true });
}

const FIRST = '120:world.energy.price=0.4';
const SECOND = '250:world.serviceMarket.demand=3';

/** `added`: stopped at tick 200 and resumed to the end with another intervention. */
const addedRun = shared(async () => {
  const short = ['--ticks', '200', '--set', 'output.checkpointAtEnd=true'];
  await json(['run', 'c.yaml', '--out', 'added', '--intervene', FIRST, ...short]);
  return json(['run', '--resume', 'added', '--ticks', String(TICKS), '--intervene', SECOND]);
});

// many starts of the program, on machines that may be busy
describe('a run that was killed', { timeout: TIMEOUT_MS }, () => {
  it('goes on from its newest checkpoint to the same hash, figures and rows; verify agrees', async () => {
    const { from, resumed } = await killedRun();
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

describe('a run that was interrupted', { timeout: TIMEOUT_MS }, () => {
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

describe('a branch', { timeout: TIMEOUT_MS }, () => {
  it('with nothing changed ends as its parent does; it is verified without its parent', async () => {
    await copyOfKilled('parent');
    const place = `parent@${checkpointTicks(join(work, 'parent'))[0]}`;
    const branch = await json(['run', '--from', place, '--out', 'branch']);
    expect(branch.finalHash).toBe(straight.finalHash);
    expect(branch.parent).toMatchObject({ dir: 'parent', tick: 285 });
    const arms = '--set=world.policy.wealthTaxPerTick=[1e-4, 0.01]';
    const two = await json(['run', '--from', place, arms, '--ticks', '310', '--out', 'two']);
    expect(two).toMatchObject({ ticks: 310, worlds: 4, parent: { tick: 285 } });
    rmSync(join(work, 'parent'), { recursive: true });
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

describe('a population from a saved run', { timeout: TIMEOUT_MS }, () => {
  it('is founded from it, and verified when that run is gone', async () => {
    await copyOfKilled('elsewhere');
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

describe('interventions', { timeout: TIMEOUT_MS }, () => {
  it('are part of a run: what resumes past them, and what adds one, ends as the run that planned both', async () => {
    const both = await json([
      'run',
      'c.yaml',
      '--out',
      'planned',
      '--intervene',
      FIRST,
      '--intervene',
      SECOND,
    ]);
    expect(both.finalHash).not.toBe(straight.finalHash);
    const added = await addedRun();
    expect(added.finalHash).toBe(both.finalHash);
    const { arms } = readManifest(join(work, 'added'));
    expect(arms[0]!.interventions).toEqual([
      { tick: 120, path: 'world.energy.price', value: 0.4 },
      { tick: 250, path: 'world.serviceMarket.demand', value: 3 },
    ]);
    expect(await json(['verify', 'added', '--threads', '1'])).toMatchObject({ match: true });
  });

  it('may differ between arms, which are named after them', async () => {
    const answer = await json([
      'run',
      'c.yaml',
      '--intervene',
      '20:world.energy.price=[0.15,0.6]',
      '--ticks',
      '40',
    ]);
    expect((answer.arms as { label: string }[]).map(({ label }) => label)).toEqual([
      'energy.price@20=0.15',
      'energy.price@20=0.6',
    ]);
  });

  it.each([
    ['20', 'is not of the form tick:path=value (for example --intervene 5000:world.energy.price=0.3)'],
    [
      '20:world.energy.price=[1,',
      'the value is not YAML: Flow sequence must end with a ] (quote text that holds : or #)',
    ],
    [
      '20:world.energy.price=x',
      '`interventions[0].value` is `x`, must be a number (its new value, by the rule of its path; or a list with one value per arm)',
    ],
    [
      '20:world.energy.prise=1',
      '`interventions[0].path` is `world.energy.prise`, must be one of 80 names such as world.consumers.swapShare, world.treasury.reserveEndowments, world.treasury.releaseShift (did you mean `world.energy.price`?)',
    ],
    [
      '20:world.policy.wealthTaxPerTick=0.2',
      '`interventions[0].value` is `0.2`, `world.policy.wealthTaxPerTick` must be a number from 0 to 0.1 (share of free token and cash taken per tick, to the treasury)',
    ],
  ])('that are wrong are refused in one line: %s', async (text, problem) => {
    const { code, stderr } = await darwin(['run', 'c.yaml', '--intervene', text], work);
    expect([code, stderr]).toEqual([2, `error: --intervene ${text}: ${problem}\n`]);
  });

  it('cannot lie behind the state that a run goes on from, nor be overridden by a branch', async () => {
    const early = await darwin(['run', '--from', 'straight', '--ticks', '400', '--intervene', FIRST], work);
    expect(early.stderr).toContain('the branch begins at tick 300, which is later (give a tick from 300 on)');
    await addedRun();
    const hidden = ['run', '--from', 'added@200', '--set', 'world.energy.price=1', '--out', 'hidden'];
    expect((await darwin(hidden, work)).stderr).toContain(
      'an intervention changed it at tick 120, before the branch begins at 200 (--intervene 200:world.energy.price=VALUE',
    );
  });
});
