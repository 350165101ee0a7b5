/** What machines do to a run, caused for real: a full disk, a closed directory, files that may not grow, threads that end, clocks that jump. */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointTicks } from './checkpoints.ts';
import { assertCompiled, darwin, differingRows, type Outcome } from './compiled.ts';
import { PACKAGE_ROOT } from './hardware.ts';
import { readManifest } from './manifest.ts';

const TIMEOUT_MS = 300_000;
const RUN = ['run', 'c.yaml', '--checkpoint-every', '20', '--json'];
const CONFIG = `
name: disturbed
seed: s
ticks: 120
worlds: 2
slots: 24
threads: 2
output: { metricsEvery: 20, agentsEvery: 20, tradesEvery: 10, journalWorlds: 1 }
world: { serviceMarket: { demand: 6 }, demography: { meanLife: 100 } }
populations:
  - { name: learners, kind: learner, share: 3 }
  - { name: zi, kind: ziC, share: 1 }
`;

let work: string;
let hash: string;
beforeAll(async () => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-machine-'));
  writeFileSync(join(work, 'c.yaml'), CONFIG);
  hash = hashOf(await darwin([...RUN, '--out', 'straight'], work));
}, TIMEOUT_MS);
afterAll(() => rmSync(work, { recursive: true, force: true }));

function hashOf({ code, stdout, stderr }: Outcome): string {
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { finalHash: string }).finalHash;
}

/** Goes on with a run and proves that nothing was lost. */
async function expectWhole(directory: string): Promise<void> {
  expect(hashOf(await darwin(['run', '--resume', directory, '--json'], work))).toBe(hash);
  expect(await differingRows(join(work, 'straight'), join(work, directory))).toEqual({});
}

/** The error line of a run that failed in an expected way. */
function errorOf({ code, stdout }: Outcome, expected: number): string {
  expect(code, stdout).toBe(expected);
  return (JSON.parse(stdout) as { error: { message: string } }).error.message;
}

const shell = (command: string) => spawnSync('sh', ['-c', command], { cwd: work, encoding: 'utf8' });
/** The same beside other tests, which begin and end together: most of what each takes is starts of programs. */
const run = (command: string): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = execFile('sh', ['-c', command], { cwd: work }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
const isRoot = process.getuid?.() === 0;
/** Whether a file system of one's own can be mounted here, which containers may refuse to root too. */
const canMount = ((): boolean => {
  if (!isRoot) return false;
  const place = mkdtempSync(join(tmpdir(), 'darwin-mount-'));
  const done = shell(`mount -t tmpfs -o size=64k darwin ${place} && umount ${place}`).status === 0;
  rmSync(place, { recursive: true });
  return done;
})();
const MOUNT_WANTED = canMount ? '' : ' (left out: no file system can be mounted here)';

/** Mounts a file system of a size while `act` is at work. */
async function withDisk(name: string, size: string, act: (place: string) => Promise<void>): Promise<void> {
  const place = join(work, name);
  mkdirSync(place);
  expect(shell(`mount -t tmpfs -o size=${size} darwin ${place}`).status).toBe(0);
  try {
    await act(place);
  } finally {
    shell(`umount -l ${place}`);
  }
}

describe.concurrent('a disk', { timeout: TIMEOUT_MS }, () => {
  it.skipIf(!canMount)(
    `that is full ends a run with exit code 3 and one line; with room it goes on, and nothing is lost${MOUNT_WANTED}`,
    async () => {
      await withDisk('small', '1200k', async (place) => {
        const full = await darwin([...RUN, '--out', 'small/run'], work);
        expect(errorOf(full, 3)).toBe('no space left to write small/run');
        const kept = checkpointTicks(join(place, 'run'));
        expect(kept.length).toBeGreaterThan(0);
        expect(shell(`mount -o remount,size=200m ${place}`).status).toBe(0);
        await expectWhole('small/run');
        expect(readManifest(join(place, 'run')).resumedAt).toEqual([kept.at(-1)]);
      });
    },
  );

  it('on which files may not grow ends a run in the same way, whoever writes the file', async () => {
    // the least that holds manifest and columns, and no checkpoint
    const command = `trap '' XFSZ; ulimit -f 100; exec ${process.execPath} ${join(PACKAGE_ROOT, 'dist/experiments/cli.js')} ${RUN.join(' ')} --out short`;
    expect(errorOf(await run(command), 3)).toBe('no space left to write short');
    expect(readdirSync(join(work, 'short')).filter((name) => name.endsWith('.lock'))).toEqual([]);
    await expectWhole('short');
  });
});

/** Closes a directory to whoever runs the tests, while `act` is at work. */
async function closed(name: string, act: (open: () => void) => Promise<void>): Promise<void> {
  const place = join(work, name);
  if (!isRoot) {
    mkdirSync(place);
    hashOf(await darwin([...RUN, '--ticks', '60', '--out', `${name}/run`], work));
    chmodSync(join(place, 'run'), 0o500);
    chmodSync(place, 0o500);
    await act(() => {
      chmodSync(place, 0o700);
      chmodSync(join(place, 'run'), 0o700);
    });
    return;
  }
  await withDisk(name, '200m', async () => {
    hashOf(await darwin([...RUN, '--ticks', '60', '--out', `${name}/run`], work));
    expect(shell(`mount -o remount,ro ${place}`).status).toBe(0);
    await act(() => expect(shell(`mount -o remount,rw ${place}`).status).toBe(0));
  });
}

describe.concurrent('a directory that may not be written', { timeout: TIMEOUT_MS }, () => {
  it.skipIf(isRoot && !canMount)(
    `is refused with exit code 2 before anything is run, still reproduced, and gone on with when it is open${MOUNT_WANTED}`,
    async () => {
      await closed('closed', async (open) => {
        const fresh = await darwin([...RUN, '--out', 'closed/other'], work);
        expect(errorOf(fresh, 2)).toBe('cannot write to closed/other: permission denied');
        const resumed = await darwin(['run', '--resume', 'closed/run', '--ticks', '120', '--json'], work);
        expect(errorOf(resumed, 2)).toBe('cannot write to closed/run: permission denied');
        const verified = await darwin(['verify', 'closed/run', '--json'], work);
        expect(JSON.parse(verified.stdout)).toMatchObject({ match: true, ticks: 60 });
        open();
        const longer = await darwin(['run', '--resume', 'closed/run', '--ticks', '120', '--json'], work);
        expect(hashOf(longer)).toBe(hash);
      });
    },
  );
});

/** A metric of one's own by which the thread that measures it at a tick ends, or fills its memory. */
const ENDING = `
import { isMainThread } from 'node:worker_threads';
import { registerMetric } from '${join(PACKAGE_ROOT, 'dist/sim/index.js')}';
registerMetric({ name: 'ownTick', unit: 'tick', about: 'tick of the sample' }, ({ tick }) => {
  if (process.env.ENDS_AT !== String(tick) || isMainThread) return tick;
  if (process.env.ENDS_BY === 'exit') process.exit(7);
  for (const all = []; ; ) all.push(new Array(1e5).fill(tick));
});`;

describe.concurrent('a thread', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['ends', 'exit', /^the thread of worlds .* stopped with code 7/],
    ['runs out of memory', 'memory', /^the thread of worlds .* ran out of memory/],
  ])(
    'that %s in the middle of a run ends it with exit code 3 and one line; the run goes on from its checkpoint',
    async (_, by, problem) => {
      const file = `${by}.mjs`;
      writeFileSync(join(work, file), ENDING);
      writeFileSync(join(work, 'e.yaml'), `${CONFIG}extensions: { metrics: [ownTick] }\n`);
      const args = ['--extend', file, '--checkpoint-every', '20', '--json'];
      const ending = { ENDS_AT: '80', ENDS_BY: by, NODE_OPTIONS: '--max-old-space-size=200' };
      const ended = await darwin(['run', 'e.yaml', ...args, '--out', by], work, undefined, ending);
      expect(errorOf(ended, 3)).toMatch(problem);
      expect(readManifest(join(work, by)).status).toBe('failed');
      expect(checkpointTicks(join(work, by)).at(-1)).toBeGreaterThanOrEqual(40);
      const resumed = await darwin(['run', '--resume', by, '--extend', file, '--json'], work);
      // a metric that only looks changes nothing
      expect(hashOf(resumed)).toBe(hash);
    },
  );
});

describe.concurrent('a clock', { timeout: TIMEOUT_MS }, () => {
  it('that jumps back and forth by years changes no result, and a run goes on in a year before its start', async () => {
    // every thread loads it: with each look the clock is somewhere else, on the whole ever earlier
    writeFileSync(
      join(work, 'jumps.mjs'),
      `const Real = Date; let looks = 0;
       const jump = () => Real.now() + (++looks % 2 === 0 ? 3 : -5) * looks * 31_536_000_000 / 100;
       globalThis.Date = class extends Real { constructor(...given) { super(...(given.length === 0 ? [jump()] : given)); } static now() { return jump(); } };`,
    );
    const jumping = { NODE_OPTIONS: `--import=${join(work, 'jumps.mjs')}` };
    const begun = await darwin([...RUN, '--ticks', '60', '--out', 'jumped'], work, undefined, jumping);
    expect(begun.code, begun.stderr).toBe(0);
    const args = ['run', '--resume', 'jumped', '--ticks', '120', '--json'];
    expect(hashOf(await darwin(args, work, undefined, jumping))).toBe(hash);
    expect(await differingRows(join(work, 'straight'), join(work, 'jumped'))).toEqual({});
    const { elapsedSeconds, ticksPerSecond } = readManifest(join(work, 'jumped'));
    expect(elapsedSeconds).toBeGreaterThan(0);
    expect(elapsedSeconds).toBeLessThan(TIMEOUT_MS / 1000);
    expect(ticksPerSecond).toBeGreaterThan(0);
  });

  it('that goes on while the program does not, as on a machine that sleeps, changes none either', async () => {
    let slept = false;
    const outcome = await darwin([...RUN, '--out', 'slept'], work, (text, _interrupt, kill) => {
      if (slept || !text.includes('engine cpu')) return;
      slept = true;
      kill('SIGSTOP');
      setTimeout(() => kill('SIGCONT'), 1500);
    });
    expect(slept).toBe(true);
    expect(hashOf(outcome)).toBe(hash);
  });
});
