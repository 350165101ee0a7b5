import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assertCompiled, darwin } from '../compiled.ts';
import { PACKAGE_ROOT } from '../hardware.ts';

const MODULE = join(PACKAGE_ROOT, 'experiments', 'examples', 'extension.mjs');
const CONFIG = join(PACKAGE_ROOT, 'experiments', 'examples', 'extension.yaml');
let work: string;
beforeAll(() => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-own-'));
});
afterAll(() => rmSync(work, { recursive: true }));

it('the example runs on threads, is verified with its module and asked for without', async () => {
  const run = await darwin(
    ['run', CONFIG, '--extend', MODULE, '--threads', '2', '--out', 'own', '--json'],
    work,
  );
  expect(run.code, run.stderr).toBe(0);
  const manifest = JSON.parse(readFileSync(join(work, 'own', 'manifest.json'), 'utf8'));
  expect(manifest.extensions).toEqual([
    'population kind roundRobin',
    'metric ownSpecialists',
    'reward feature thrift',
  ]);
  const { tables } = JSON.parse(readFileSync(join(work, 'own', 'columns.json'), 'utf8'));
  expect(tables.metrics.at(-1)).toMatchObject({ name: 'ownSpecialists', unit: '1' });
  expect(tables.agents.at(-9).about).toBe('reward gene on slashed, whose place thrift takes');

  // as many threads as one world of the two leaves: a team
  const verified = await darwin(['verify', 'own', '--extend', MODULE, '--threads', '4'], work);
  expect(verified.code, verified.stderr).toBe(0);
  expect(verified.stdout).toContain(`hash ${manifest.finalHash}`);

  for (const args of [
    ['verify', 'own'],
    ['run', '--from', 'own@400'],
    ['run', CONFIG],
  ]) {
    const { code, stderr } = await darwin(args, work);
    expect(code, args.join(' ')).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  }
  const refused = await darwin(['verify', 'own'], work);
  expect(refused.stderr).toContain('which this program does not have (--extend FILE');
}, 300_000);

const EXPERIMENT = `
name: own
question: Do more tasks make more specialists?
hypothesis: They do.
config: own.yaml
arms:
  - { name: few, set: { world.serviceMarket.demand: 4 } }
  - { name: many, set: { world.serviceMarket.demand: 30 } }
seeds: { search: own }
outcomes: [{ name: specialists, metric: ownSpecialists, unit: '1' }]
contrasts: [{ name: many against few, of: { arm: many }, against: { arm: few }, expect: higher }]
scales:
  smoke: { worlds: 2, ticks: 40, slots: 16 }
  modest: { worlds: 2, ticks: 40, slots: 16 }
  full: { worlds: 2, ticks: 40, slots: 16 }
`;

it('a sweep with its module measures its metric on any number of threads, and its report needs the module no more', async () => {
  copyFileSync(CONFIG, join(work, 'own.yaml'));
  writeFileSync(join(work, 'experiment.yaml'), EXPERIMENT);
  const sweep = (...args: string[]) => darwin(['sweep', 'experiment.yaml', '--json', ...args], work);
  const [alone, together] = await Promise.all(
    ['1', '2'].map((threads) => sweep('--extend', MODULE, '--threads', threads, '--out', `sweep-${threads}`)),
  );
  expect(alone!.code, alone!.stderr).toBe(0);
  expect(together!.code, together!.stderr).toBe(0);
  const outcomes = await Promise.all(
    ['1', '2'].map(async (threads) => {
      const { code, stdout, stderr } = await darwin(['report', `sweep-${threads}`, '--json'], work);
      expect(code, stderr).toBe(0);
      return JSON.parse(stdout)[0];
    }),
  );
  expect(outcomes[0].contrasts).toEqual(outcomes[1].contrasts);
  expect(outcomes[0].contrasts[0].pairs).toBe(2);

  // other code behind the same names is another experiment
  writeFileSync(join(work, 'other.mjs'), `${readFileSync(MODULE, 'utf8')}\n// changed\n`);
  const changed = await sweep('--extend', join(work, 'other.mjs'), '--out', 'sweep-1', '--resume');
  expect(changed.stderr).not.toContain('finished before');
  const refused = await sweep('--out', 'without');
  expect(refused.code).toBe(2);
  expect(refused.stderr.trim().split('\n')).toHaveLength(1);
}, 300_000);
