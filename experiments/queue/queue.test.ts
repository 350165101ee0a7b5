import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError, LawViolation, UsageError } from '../../sim/core/errors.ts';
import { assertCompiled, darwin, darwinEach, type Outcome } from '../compiled.ts';
import { readSweep } from '../sweep/sweepDirectory.ts';
import { tinyExperiment } from '../sweep/tinyExperiment.ts';
import { loadQueueLibraries, shownAddress } from './connection.ts';
import { failureOf, failureText } from './names.ts';
import { HAS_REDIS, REDIS_WANTED, startRedis, type TestRedis } from './testRedis.ts';

const TICKS = 600;
let work: string;
beforeAll(() => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-queue-'));
  writeFileSync(join(work, 'tiny.yaml'), tinyExperiment(TICKS));
});
afterAll(() => rmSync(work, { recursive: true }));

/** Every result of a directory to the byte, but for how long it took. */
function resultsOf(dir: string): Map<string, string> {
  const cells = join(work, dir, 'cells');
  return new Map(
    readdirSync(cells)
      .sort()
      .map((name) => [
        name,
        gunzipSync(readFileSync(join(cells, name)))
          .toString('utf8')
          .replace(/"seconds":[\d.]+/, ''),
      ]),
  );
}
/** What the manifest of a sweep says, but for when and how long. */
const statedOf = (dir: string) => {
  const { startedAt, finishedAt, seconds, statements, ...rest } = readSweep(join(work, dir));
  return { ...rest, statements: statements.map(({ hash, finished }) => ({ hash, finished })) };
};
const begunIn = ({ stderr }: Outcome): string[] =>
  [...stderr.matchAll(/(.*): begun/g)].map(([, cell]) => cell!);

describe.skipIf(!HAS_REDIS)(`a sweep over Redis${REDIS_WANTED}`, () => {
  let redis: TestRedis;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(() => redis.kill());

  const sweep = (out: string, ...more: string[]): Promise<Outcome> =>
    darwin(['sweep', 'tiny.yaml', '--out', out, '--queue', redis.url, ...more], work);
  const worker = (more: readonly string[], onOutput?: Parameters<typeof darwin>[2]): Promise<Outcome> =>
    darwin(['worker', '--queue', redis.url, '--threads', '1', ...more], work, onOutput);
  /** Once, beside the first test. */
  let serial: Promise<void>;
  beforeAll(() => {
    serial = darwin(['sweep', 'tiny.yaml', '--out', 'serial', '--threads', '1'], work).then(
      ({ code, stderr }) => expect(code, stderr).toBe(0),
    );
    // told where it is waited for
    serial.catch(() => {});
  });

  it('whose one worker of two is killed in the middle of a cell ends as a serial one, to the byte', async () => {
    let killed = false;
    const victim = worker(['--silence', '3'], (text, _, kill) => {
      if (killed || !text.includes('begun')) return;
      killed = true;
      kill('SIGKILL');
    });
    const sweeping = sweep('killed', '--json');
    // the other one comes when the first is gone, so that it is certain who had the cell
    const dead = await victim;
    expect(dead.code).toBeNull();
    const [lost] = begunIn(dead);
    expect(dead.stderr).not.toMatch(new RegExp(`${lost}: [\\d.]+ s`));
    const stops: (() => void)[] = [];
    const working = [0, 1].map((k) =>
      worker(['--silence', '3', '--json'], (_, interrupt) => {
        stops[k] = interrupt;
      }),
    );
    const { code, stdout, stderr } = await sweeping;
    for (const stop of stops) stop();
    const heirs = await Promise.all(working);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'finished', cells: 6, finished: 6, ranNow: 6 });
    // every cell was run once, the lost one once more
    expect(heirs.flatMap(begunIn).sort()).toEqual(
      [0, 1, 2].flatMap((seed) => ['high', 'low'].map((arm) => `${arm}, seed ${seed}`)).sort(),
    );
    expect(heirs.flatMap(begunIn)).toContain(lost);
    expect(heirs.reduce((sum, heir) => sum + JSON.parse(heir.stdout).cells, 0)).toBe(6);
    await serial;
    expect(resultsOf('killed')).toEqual(resultsOf('serial'));
    expect(statedOf('killed')).toEqual(statedOf('serial'));
  }, 240_000);

  it('one of whose cells breaks a law ends as a serial one, with law, tick, world, account, arm and seed', async () => {
    const flooding =
      'world.policy.issuance: stakeWeighted, world.policy.staking: true, world.policy.issuancePerTick: 1000000';
    const experiment = tinyExperiment(TICKS, 1).replace('demand: 6', `demand: 6, ${flooding}`);
    writeFileSync(join(work, 'flooded.yaml'), experiment);
    const sweepInto = (out: string, ...more: string[]) =>
      darwin(['sweep', 'flooded.yaml', '--out', out, ...more], work);
    let asked = false;
    const [queued, served] = await Promise.all([
      sweepInto('flooded-queue', '--queue', redis.url),
      worker([], (text, interrupt) => {
        // it has nothing more to do when one cell is finished and the other has failed
        if (asked || !/low, seed 0: [\d.]+ s/.test(text) || !text.includes('broken at tick')) return;
        asked = true;
        interrupt();
      }),
    ]);
    const alone = await sweepInto('flooded-serial', '--threads', '1');
    const errorOf = ({ stderr }: Outcome) => stderr.split('\n').find((line) => line.startsWith('error:'));
    expect([queued.code, alone.code, served.code]).toEqual([1, 1, 130]);
    expect(errorOf(alone)).toMatch(
      /^error: law 'balances-in-range' broken at tick \d+, world 0, account 'agent \d+ token': .* \(in arm high, seed 0\)$/,
    );
    expect(errorOf(queued)).toBe(errorOf(alone));
    // what the model says of a cell it says everywhere: nobody tries it again
    expect(served.stderr.match(/high, seed 0: begun/g)).toHaveLength(1);
    expect(readSweep(join(work, 'flooded-queue')).status).toBe('failed');
  }, 240_000);

  it('that loses Redis says so and exits with 3, and --resume goes on with what there is', async () => {
    const working = worker(['--patience', '1']);
    let struck = false;
    const stopped = await darwin(
      ['sweep', 'tiny.yaml', '--out', 'lost', '--queue', redis.url, '--patience', '1'],
      work,
      (text) => {
        if (struck || !text.includes('1/6')) return;
        struck = true;
        void redis.kill();
      },
    );
    expect(stopped.code).toBe(3);
    expect(stopped.stderr).toContain('has been gone for 1 s');
    expect(stopped.stderr).toContain('--resume');
    expect((await working).code).toBe(3);
    const kept = readdirSync(join(work, 'lost', 'cells')).length;
    expect(kept).toBeGreaterThan(0);
    expect(readSweep(join(work, 'lost')).status).toBe('failed');

    await redis.start();
    // a worker that ends by itself could be gone before the sweep has brought its cells
    let stop = (): void => {};
    const again = worker([], (_, interrupt) => {
      stop = interrupt;
    });
    const resumed = await sweep('lost', '--resume', '--json');
    stop();
    expect(JSON.parse(resumed.stdout)).toMatchObject({ status: 'finished', finished: 6, ranNow: 6 - kept });
    expect((await again).code).toBe(130);
    await serial;
    expect(resultsOf('lost')).toEqual(resultsOf('serial'));
  }, 240_000);

  it('has what an interrupted worker was at done by the next one at once, and finds results that came meanwhile', async () => {
    let asked = false;
    const sweeping = darwin(
      ['sweep', 'tiny.yaml', '--out', 'left', '--queue', redis.url],
      work,
      (text, interrupt) => {
        // nobody sweeps any more while workers go on
        if (asked || !text.includes('1/6')) return;
        asked = true;
        interrupt();
      },
    );
    let stopped = false;
    const first = await worker(['--silence', '600'], (text, interrupt) => {
      if (stopped || (text.match(/begun/g) ?? []).length < 3) return;
      stopped = true;
      interrupt();
    });
    expect(first.code).toBe(130);
    expect((await sweeping).code).toBe(130);
    expect((await worker(['--silence', '600', '--idle', '3'])).code).toBe(0);
    const { stdout } = await sweep('left', '--resume', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'finished', finished: 6 });
  }, 240_000);
});

const REFUSED = [
  [['sweep', 'tiny.yaml', '--queue', 'redis://127.0.0.1:1'], 3, 'no Redis answers at redis://127.0.0.1:1'],
  [['worker', '--queue', 'redis://:secret@127.0.0.1:1'], 3, 'no Redis answers at redis://:***@127.0.0.1:1'],
  [['worker', '--queue', 'http://127.0.0.1'], 2, 'begins with redis://'],
  [['worker', '--queue', 'here'], 2, 'is no address'],
  [['worker'], 2, 'a worker needs either --queue URL or --slurm DIR'],
  [['worker', '--queue', 'redis://127.0.0.1:1', '--silence', '0'], 2, '--silence 0'],
] as const;

describe('a queue that is not there', () => {
  let outcomes: readonly Outcome[];
  beforeAll(async () => {
    outcomes = await darwinEach(
      REFUSED.map(([args]) => args),
      work,
    );
  }, 240_000);

  it.each(REFUSED.map((row, k) => [...row, k] as const))(
    '%j is refused in one line with exit code %i',
    (_, exit, message, k) => {
      const { code, stderr } = outcomes[k]!;
      expect(code).toBe(exit);
      expect(stderr).toContain(message);
      expect(stderr).not.toContain('secret');
      expect(stderr.trim().split('\n')).toHaveLength(1);
    },
  );

  it('for want of a library names it and what installs it', async () => {
    const absent = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    const without = (missing: string) =>
      loadQueueLibraries(async (name) => {
        if (name === missing) throw absent;
        return {};
      }).catch((error: unknown) => error as EnvironmentError);
    for (const name of ['bullmq', 'ioredis']) {
      const error = await without(name);
      expect(error).toBeInstanceOf(EnvironmentError);
      expect((error as EnvironmentError).line).toContain(`${name}, which is not installed (npm install`);
    }
  });

  it('never shows a password', () => {
    expect(shownAddress('rediss://user:pass@host:6380/2')).toBe('rediss://user:***@host:6380/2');
    expect(() => shownAddress('postgres://host')).toThrow(UsageError);
  });
});

describe('what a cell failed with', () => {
  it('arrives as the same error, and what the queue itself says as a plain one', () => {
    const law = new LawViolation('conservation', { world: 1, tick: 2, account: 'court' }, '3 too many');
    const arrived = failureOf(failureText(law));
    expect(arrived).toBeInstanceOf(LawViolation);
    expect(arrived).toMatchObject({ message: law.message, exitCode: 1, law: 'conservation', at: law.at });
    expect(failureOf('job stalled more than allowable limit').message).toMatch(/^job stalled/);
    expect(failureOf('{"no": "error"}').message).toBe('{"no": "error"}');
  });
});
