import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { METRIC_INDEX, POPULATION_METRIC_INDEX } from '../sim/metrics/table.ts';
import type { Control } from '../viz/protocol.ts';
import { assertCompiled, darwin, darwinEach, type TriedOutcome } from './compiled.ts';
import { recordedFrames } from './recordedRun.ts';

const CONFIG = `
name: tiny
seed: s
ticks: 60
worlds: 2
slots: 16
threads: 2
output: { metricsEvery: 20, agentsEvery: 25, tradesEvery: 10, journalWorlds: 1 }
world: { serviceMarket: { demand: 6 }, demography: { meanLife: 100 } }
populations:
  - { name: learners, kind: learner, share: 3 }
  - { name: zi, kind: ziC, share: 1 }
`;

let work: string;
beforeAll(() => {
  assertCompiled();
  work = mkdtempSync(join(tmpdir(), 'darwin-cli-'));
  writeFileSync(join(work, 'tiny.yaml'), CONFIG);
});
afterAll(() => rmSync(work, { recursive: true }));

/** Runs a command whose answer is one JSON value. */
async function json(args: readonly string[], code = 0) {
  const outcome = await darwin([...args, '--json'], work);
  expect(outcome.code, outcome.stderr).toBe(code);
  return JSON.parse(outcome.stdout); // throws unless standard output is one JSON value
}

/** The JSON values of several commands that end well, run in one process. */
async function jsonEach(...commands: readonly (readonly string[])[]) {
  const outcomes = await darwinEach(
    commands.map((args) => [...args, '--json']),
    work,
  );
  for (const { code, stderr } of outcomes) expect(code, stderr).toBe(0);
  return outcomes.map(({ stdout }) => JSON.parse(stdout));
}

/** Runs `tiny.yaml` into a directory once, whoever needs it first. */
const runs = new Map<string, ReturnType<typeof json>>();
function tiny(out: string, ...options: string[]): ReturnType<typeof json> {
  const known = runs.get(out) ?? json(['run', 'tiny.yaml', '--out', out, ...options]);
  runs.set(out, known);
  return known;
}
const first = () => tiny('first');
const single = () => tiny('single', '--threads', '1');
const other = () => tiny('other', '--seed', 'other');

describe('darwin run', () => {
  it('writes a run directory and answers with one JSON object in the documented shape', async () => {
    const result = await first();
    expect(result).toMatchObject({
      dir: 'first',
      status: 'finished',
      ticks: 60,
      worlds: 2,
      agents: 32,
      engine: 'cpu',
    });
    expect(result.finalHash).toMatch(/^[0-9a-f]{16}$/);
    expect(result.agentStepsPerSecond).toBeGreaterThan(0);
    expect(result.metrics.alive).toBeGreaterThan(0);
    expect(result.invariants.violated).toBe(0);
    expect(result.invariants.checked).toBeGreaterThan(60);
    const manifest = JSON.parse(readFileSync(join(work, 'first/manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      status: 'finished',
      finalHash: result.finalHash,
      ticks: 60,
      error: null,
    });
    expect(manifest.seeds).toHaveLength(2);
    expect(manifest.arms[0].world.serviceMarket.demand).toBe(6);
  });

  it('leaves tables that any SQL engine reads: a metrics row per world and interval, fills, lives, entries', async () => {
    await first();
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS();
    const from = (table: string) => `from '${join(work, 'first', table, '*.parquet')}'`;
    expect(
      await rows(`select world, list(tick order by tick) ${from('metrics')} group by world order by world`),
    ).toEqual([
      [0, [0, 20, 40, 60]],
      [1, [0, 20, 40, 60]],
    ]);
    expect(await rows(`select distinct population ${from('populations')} order by 1`)).toEqual([
      ['learners'],
      ['zi'],
    ]);
    expect(await rows(`select count(*) ${from('lineage')} where event = 'genesis'`)).toEqual([[32n]]);
    expect(await rows(`select distinct tick ${from('agents')} order by 1`)).toEqual([[25], [50], [60]]);
    expect(await rows(`select distinct world ${from('journal')}`)).toEqual([[0]]);
    // each market clears at one price per tick and nobody sells to itself
    expect(
      await rows(`select count(*) ${from('trades')} where market = 'compute' and buyer = seller`),
    ).toEqual([[0n]]);
    connection.closeSync();
    instance.closeSync();
  });

  it('gives the same hash on any number of threads, another with another seed', async () => {
    const { finalHash } = await first();
    expect((await single()).finalHash).toBe(finalHash);
    expect((await other()).finalHash).not.toBe(finalHash);
  });

  it('makes a fresh numbered directory by default and prints tables, the hash and where to look', async () => {
    const outcome = await darwin(['run', 'tiny.yaml', '--ticks', '20'], work);
    expect(outcome.code, outcome.stderr).toBe(0);
    for (const part of [
      'tokenPrice',
      'learners',
      'profit per tick',
      '0 violated',
      'hash: ',
      'runs/tiny-s-1',
      'duckdb',
    ])
      expect(outcome.stdout).toContain(part);
    expect((await json(['run', 'tiny.yaml', '--ticks', '20'])).dir).toBe('runs/tiny-s-2');
  });

  it('reports each arm', async () => {
    const set = '--set=world.amm.token=[100000, 200000]';
    const { arms, worlds } = await json(['run', 'tiny.yaml', set, '--ticks', '20', '--out', 'arms']);
    expect(worlds).toBe(4);
    expect(arms.map((arm: { label: string }) => arm.label)).toEqual(['amm.token=100000', 'amm.token=200000']);
    expect(arms[0].metrics.tokenPrice).toBeGreaterThan(1.5 * arms[1].metrics.tokenPrice);
  });

  it('stops at Ctrl-C with exit code 130 and keeps what was written, which verify reproduces', async () => {
    let interrupted = false;
    const args = ['run', 'tiny.yaml', '--ticks', '4000000', '--out', 'interrupted', '--serve'];
    const outcome = await darwin(args, work, (text, interrupt) => {
      if (!text.includes('dashboard: ') || interrupted) return;
      interrupted = true;
      setTimeout(interrupt, 1500); // a second interrupt would end the program at once
    });
    expect(outcome.code, outcome.stderr).toBe(130);
    const manifest = JSON.parse(readFileSync(join(work, 'interrupted/manifest.json'), 'utf8'));
    expect(manifest.status).toBe('interrupted');
    expect(manifest.ticks).toBeGreaterThan(0);
    expect(existsSync(join(work, 'interrupted/metrics/part-00000.parquet'))).toBe(true);
    expect(await json(['verify', 'interrupted'])).toMatchObject({ match: true, ticks: manifest.ticks });
  });

  it('ends with exit code 1 when a law breaks, and the manifest says why', async () => {
    const { error } = await json(['run', 'tiny.yaml', '--out', 'broken', '--fault', 'minted-token'], 1);
    expect(error).toMatchObject({
      code: 'law',
      message: expect.stringContaining("law 'conservation' broken"),
    });
    const manifest = JSON.parse(readFileSync(join(work, 'broken/manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ status: 'failed', error: error.message, finalHash: null });
    expect((await json(['verify', 'broken'], 2)).error.message).toContain('its run is failed');
  });

  it('is paused, stepped and slowed down from the page', async () => {
    const steps: number[] = [];
    const watch = async (url: string): Promise<void> => {
      const health = async () =>
        (await fetch(`${url}api/health`)).json() as Promise<{ state: string; tick: number }>;
      const pausedAfter = async (last: number): Promise<number> => {
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          const { state, tick } = await health();
          if (state === 'paused' && tick > last) return tick;
        }
      };
      const socket = new WebSocket(`${url.replace('http', 'ws')}api/live`);
      await new Promise((resolve) => socket.once('open', resolve));
      const ask = (control: Control): void => socket.send(JSON.stringify(control));
      ask({ type: 'pause' });
      const from = await pausedAfter(-1);
      ask({ type: 'step', ticks: 7 });
      steps.push((await pausedAfter(from)) - from);
      ask({ type: 'speed', ticksPerSecond: 100 });
      ask({ type: 'step', ticks: 3 });
      steps.push((await pausedAfter(from + 7)) - from);
      socket.close();
    };
    let watching: Promise<void> | null = null;
    const args = ['run', 'tiny.yaml', '--ticks', '4000000', '--out', 'watched', '--serve'];
    const outcome = await darwin(args, work, (text, interrupt) => {
      const url = /dashboard: (http:\S+)/.exec(text)?.[1];
      if (!url || watching) return;
      watching = watch(url).finally(interrupt);
    });
    await watching;
    expect(steps).toEqual([7, 10]);
    expect(outcome.code, outcome.stderr).toBe(130);
  });

  it('serves the page while it runs, says where first, and ends by itself where nobody looks at a terminal', async () => {
    const pages: Promise<Response>[] = [];
    const args = ['run', 'tiny.yaml', '--ticks', '400', '--out', 'served', '--serve'];
    const outcome = await darwin(args, work, (text) => {
      const url = /dashboard: (http:\S+)/.exec(text)?.[1];
      if (url && pages.length === 0) pages.push(fetch(`${url}api/run`));
    });
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout.startsWith('dashboard: http://127.0.0.1:')).toBe(true);
    expect((await (await pages[0]!).json()).run).toMatchObject({
      name: 'tiny',
      ticks: 400,
      worlds: 2,
      slots: 16,
    });
  });
});

describe('a wrong command is refused with one line, exit code 2, and nothing is written', () => {
  let blocker: Server;
  let port = 0;
  /** By title; all in one process, since each is refused before anything is begun. */
  const refused = new Map<string, TriedOutcome>();
  beforeAll(async () => {
    writeFileSync(join(work, 'syntax.yaml'), 'ticks: [1\n');
    writeFileSync(join(work, 'unknown.yaml'), 'world:\n  amm:\n    tokne: 5\n');
    writeFileSync(join(work, 'circle.yaml'), 'name: &x [*x]\n');
    writeFileSync(join(work, 'binary.yaml'), Buffer.from([0x50, 0x4b, 0x03, 0x04, 0x00, 0xff]));
    writeFileSync(join(work, 'type.yaml'), 'ticks: soon\n');
    writeFileSync(join(work, 'negative.yaml'), 'populations:\n  - { name: a, kind: learner, share: -1 }\n');
    writeFileSync(join(work, 'slots.yaml'), 'slots: -5\n');
    mkdirSync(join(work, 'taken'));
    writeFileSync(join(work, 'taken/notes.txt'), 'mine');
    mkdirSync(join(work, 'ran'));
    writeFileSync(join(work, 'ran/manifest.json'), '{}');
    writeFileSync(join(work, 'notes.md'), 'a: b\n  c: [\n');
    blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    port = (blocker.address() as AddressInfo).port;
    const outcomes = await darwinEach(
      [...cases, ...inJson].map(([, args]) => args()),
      work,
    );
    for (const [k, [title]] of [...cases, ...inJson].entries()) refused.set(title, outcomes[k]!);
  });
  afterAll(() => blocker.close());

  const cases: [title: string, args: () => string[], parts: string[]][] = [
    ['a missing file', () => ['run', 'absent.yaml'], ['no config file absent.yaml']],
    ['a missing file near a preset', () => ['run', 'quickstrat.yaml'], ['did you mean quickstart?']],
    ['the name of an experiment', () => ['run', 'trust'], ['trust is an experiment', 'darwin sweep trust']],
    [
      'an experiment',
      () => ['check', join(import.meta.dirname, 'trust.yaml')],
      ['is an experiment', 'darwin sweep'],
    ],
    ['a missing file like no preset', () => ['run', 'x.yaml'], ['presets: baseline, ci']],
    ['a directory', () => ['run', 'taken'], ['taken is a directory', 'give a YAML file']],
    ['the directory of a run', () => ['run', 'ran'], ['ran is a directory', 'darwin run --resume ran']],
    [
      'a file that is no config',
      () => ['run', 'notes.md'],
      ['notes.md:', 'not valid YAML', 'is another file meant?'],
    ],
    [
      'a sweep that is not there',
      () => ['report', 'rann'],
      ['there is no directory rann', 'give the directory of a sweep'],
    ],
    [
      'a run that is not there',
      () => ['verify', 'rann'],
      ['there is no directory rann', 'did you mean ran?'],
    ],
    ['a YAML error', () => ['run', 'syntax.yaml'], ['syntax.yaml:', 'not valid YAML']],
    [
      'an unknown key',
      () => ['run', 'unknown.yaml'],
      ['unknown.yaml:3:5', 'world.amm.tokne', 'did you mean `token`?'],
    ],
    ['an alias circle', () => ['run', 'circle.yaml'], ['circle.yaml:1:11', '`name[0]` contains itself']],
    ['a binary file', () => ['check', 'binary.yaml'], ['binary.yaml:1:3', 'not a text file', '\\x03']],
    ['a wrong type', () => ['run', 'type.yaml'], ['type.yaml:1:8', '`ticks` is `soon`', 'whole number']],
    [
      'a negative population',
      () => ['run', 'negative.yaml'],
      ['negative.yaml:2:', '`populations[0].share` is `-1`'],
    ],
    ['a negative number of slots', () => ['run', 'slots.yaml'], ['slots.yaml:1:8', '`slots` is `-5`']],
    [
      'an unknown path',
      () => ['run', 'tiny.yaml', '--set', 'world.am.token=5'],
      ['did you mean `world.amm.token`?'],
    ],
    ['a bad override', () => ['run', 'tiny.yaml', '--ticks', 'x'], ['--ticks x', 'whole number']],
    [
      'memory beyond the machine',
      () => ['run', 'tiny.yaml', '--set', 'slots=4000000', '--set', 'worlds=1000000'],
      ['1000000 worlds x 4000000 slots need', 'GiB', 'what fits: one world of'],
    ],
    [
      'an out directory that is not empty',
      () => ['run', 'tiny.yaml', '--out', 'taken'],
      ['taken is not empty'],
    ],
    [
      'an out directory that is a file',
      () => ['run', 'tiny.yaml', '--out', 'tiny.yaml'],
      ['is not a directory'],
    ],
    ['a port that is taken', () => ['run', 'tiny.yaml', '--serve', String(port)], ['already in use']],
    ['a port that is none', () => ['run', 'tiny.yaml', '--serve', '70000'], ['70000 is not a port']],
    ['an unknown command', () => ['rn', 'tiny.yaml'], ["unknown command 'rn'", 'did you mean run?']],
    ['an unknown option', () => ['run', 'tiny.yaml', '--tick', '5'], ["unknown option '--tick'", '--ticks']],
    ['a missing argument', () => ['run'], ["missing required argument 'config'"]],
    ['verify without a run', () => ['verify', 'taken'], ['taken has no manifest.json']],
    ['serve without a run', () => ['serve', 'taken'], ['taken has no manifest.json']],
    ['serve of a file', () => ['serve', 'tiny.yaml'], ['tiny.yaml is a file', 'the directory of a run']],
    [
      'a sweep of a config',
      () => ['sweep', 'tiny.yaml'],
      ['tiny.yaml is a config, not an experiment', 'darwin run tiny.yaml'],
    ],
    [
      'a sweep of a preset',
      () => ['sweep', 'quickstart'],
      ['quickstart is a config, not an experiment', 'darwin run quickstart'],
    ],
    [
      'a scale that is like none',
      () => ['sweep', 'trust', '--scale', 'tiny'],
      ['scales: smoke, modest, full'],
    ],
    [
      'a validation case that is like none',
      () => ['validate', 'nope'],
      ["no validation case is called 'nope'", 'cases: '],
    ],
    ['a benchmark that is like none', () => ['bench', 'nope'], ['no benchmark nope', 'benchmarks: brain']],
    ['an experiment to explain', () => ['config', 'explain', 'trust.yaml'], ['trust is an experiment']],
    [
      'something to explain that is like no key and no preset',
      () => ['config', 'explain', 'population-of-mars'],
      ['there is no config path population-of-mars, and no preset', 'lists all keys'],
    ],
    ['an unknown benchmark', () => ['bench', 'brian'], ['there is no benchmark brian']],
    ['a peer that is not there', () => ['bench', 'peers', '--bse', 'bristol'], ['there is no', 'bristol']],
    [
      'a page of benchmarks in no directory',
      () => ['bench', 'clearing', '--repeats', '1', '--html', 'gone/page.html'],
      ['cannot write gone/page.html', '--html'],
    ],
    [
      'an option that a benchmark does not read',
      () => ['bench', 'clearing', '--repeats', '1', '--threads', '2'],
      ['--threads is not read by clearing', 'it is for run'],
    ],
    [
      'an option that no benchmark reads without its name',
      () => ['bench', '--bse', 'bristol'],
      ['--bse is read by no benchmark', 'it is for peers'],
    ],
    [
      'a page of validation for a parameter that is none',
      () => ['validate', 'amm', '--set', 'reserve=1', '--markdown', 'page.md'],
      ['reserve'],
    ],
    [
      'a page of validation in no directory',
      () => ['validate', 'amm', '--markdown', 'gone/page.md'],
      ['cannot write gone/page.md', '--markdown'],
    ],
    [
      'a page of validation over another file',
      () => ['validate', 'amm', '--markdown', 'taken/notes.txt'],
      ['taken/notes.txt exists and is no page of validation'],
    ],
    [
      'an unknown path to explain',
      () => ['config', 'explain', 'world.amm.tokn'],
      ['did you mean world.amm.token?'],
    ],
    ['a starter over an existing file', () => ['config', 'init', 'tiny.yaml'], ['tiny.yaml exists']],
  ];
  const size = ['--set', 'slots=4000000', '--set', 'worlds=1000000'];
  const inJson: [title: string, args: () => string[], code: string][] = [
    ['with --json a config', () => ['run', 'unknown.yaml', '--json'], 'config'],
    ['with --json a directory', () => ['run', 'tiny.yaml', '--out', 'taken', '--json'], 'usage'],
    ['with --json an option', () => ['run', '--tick', '5', '--json'], 'usage'],
    ['with --json a size', () => ['run', 'tiny.yaml', ...size, '--json'], 'capacity'],
  ];
  it.each(cases)('%s', (title, _, parts) => {
    const { code, stdout, stderr, before, after } = refused.get(title)!;
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    for (const part of parts) expect(stderr).toContain(part);
    expect(after).toEqual(before);
    expect(readFileSync(join(work, 'taken/notes.txt'), 'utf8')).toBe('mine');
  });

  it('in a process of its own, too', async () => {
    const { code, stdout, stderr } = await darwin(['run', 'unknown.yaml'], work);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: refused.get('an unknown key')!.stderr,
    });
  });

  it.each(inJson)('%s is refused with one object', (title, _, expected) => {
    const { code, stdout } = refused.get(title)!;
    expect(code).toBe(2);
    const { error } = JSON.parse(stdout);
    expect(Object.keys(error)).toEqual(['code', 'message', 'hint']);
    expect(error.code).toBe(expected);
  });

  it('an engine that exists but is not here is exit code 3', async () => {
    const noDriver = { VK_ICD_FILENAMES: join(work, 'none.json') };
    const outcome = await darwin(['run', 'tiny.yaml', '--engine', 'webgpu'], work, undefined, noDriver);
    expect(outcome.code).toBe(3);
    // Dawn, which looks for a driver, may warn in its own words before
    expect(outcome.stderr).toMatch(/^error: engine webgpu is not available: [^\n]+\n$/m);
    expect((await json(['run', 'tiny.yaml', '--engine', 'cpuu'], 2)).error.hint).toBe('did you mean `cpu`?');
  });
});

describe('darwin check', () => {
  it('counts every check of every law', async () => {
    const result = await json(['check', 'tiny.yaml']);
    expect(result).toMatchObject({ pass: true, status: 'finished', ticks: 60, worlds: 2, violation: null });
    for (const law of result.laws) expect(law).toMatchObject({ violated: null });
    // conservation is checked on every tick of both worlds
    expect(Math.max(...result.laws.map((law: { checks: number }) => law.checks))).toBeGreaterThanOrEqual(120);
    expect(existsSync(join(work, 'runs/tiny-s-3'))).toBe(false);
  });
});

describe('darwin check with a law broken on purpose', () => {
  it('exits with 1 and says law, tick, world and account in one line', async () => {
    const outcome = await darwin(['check', 'tiny.yaml', '--fault', 'minted-token'], work);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(
      /^error: law 'conservation' broken at tick \d+, world \d+, account '[^']+': [^\n]+\n$/,
    );
  });

  it('exits with 2 where the fault never had an opportunity, or is none', async () => {
    const [early, unknown] = await darwinEach(
      [
        ['check', 'tiny.yaml', '--fault', 'minted-token', '--ticks', '3', '--json'],
        ['check', 'tiny.yaml', '--fault', 'gravity', '--json'],
      ],
      work,
    );
    expect([early!.code, unknown!.code]).toEqual([2, 2]);
    expect(JSON.parse(early!.stdout).error.message).toContain(
      "fault 'minted-token' found no opportunity in 3 ticks",
    );
    expect(JSON.parse(unknown!.stdout).error.hint).toContain('minted-token');
  });

  it('tells the same in JSON', async () => {
    const result = await json(['check', 'tiny.yaml', '--fault', 'leaking-pool'], 1);
    expect(result).toMatchObject({
      pass: false,
      status: 'failed',
      finalHash: null,
      violation: { law: 'amm-k' },
    });
    expect(result.violation.account).not.toBe('');
  });
});

describe('darwin verify', () => {
  it('reproduces a run, and fails with exit code 1 when the recorded hash is another', async () => {
    await first();
    await tiny('forged', '--threads', '1');
    expect(await json(['verify', 'first'])).toMatchObject({ dir: 'first', match: true, ticks: 60 });
    const file = join(work, 'forged/manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"finalHash": "\w{4}/, '"finalHash": "0000'));
    expect(await json(['verify', 'forged'], 1)).toMatchObject({ match: false });
    const outcome = await darwin(['verify', 'forged'], work);
    expect(outcome.stderr).toMatch(/^error: recorded hash 0000\w+, computed \w+ after 60 ticks [^\n]+\n$/);
  });

  it('refuses a manifest whose config is not valid', async () => {
    await tiny('invalid', '--ticks', '5');
    const file = join(work, 'invalid/manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"slots": 16', '"slots": -16'));
    expect((await json(['verify', 'invalid'], 2)).error.message).toContain('`arms[0].slots` is -16');
  });
});

describe('darwin serve', () => {
  it('reads back the frames that were recorded', async () => {
    await first();
    const { frames } = await recordedFrames(join(work, 'first'));
    expect(frames.map((frame) => [frame.tick, frame.worlds.length])).toEqual(
      [0, 20, 40, 60].map((t) => [t, 2]),
    );
    const answer = JSON.parse(readFileSync(join(work, 'first/manifest.json'), 'utf8'));
    const last = frames.at(-1)!;
    expect(last.laws).toEqual(answer.laws);
    for (const world of last.worlds) {
      const alive = world.populations.map((row) => row[POPULATION_METRIC_INDEX.alive]!);
      expect(alive.reduce((sum, n) => sum + n, 0)).toBe(world.metrics[METRIC_INDEX.alive]);
      expect(world.geneMean.every(Number.isFinite)).toBe(true);
    }
    expect((await recordedFrames(join(work, 'first'), 40)).frames.map((frame) => frame.tick)).toEqual([60]);
  });

  it('shows a recorded run and those beside it until Ctrl-C', async () => {
    await first();
    // read whole before the server ends: an answer may be longer than what waits in the socket
    const read = async (url: string) => (await fetch(url)).json();
    const answers: ReturnType<typeof read>[] = [];
    const outcome = await darwin(['serve', 'first'], work, (text, interrupt) => {
      const url = /(http:\S+)/.exec(text)?.[1];
      if (!url || answers.length > 0) return;
      answers.push(read(`${url}api/v1/runs`), read(`${url}api/v1/runs/first`));
      Promise.allSettled(answers).then(() => setTimeout(interrupt, 200));
    });
    expect(outcome.code, outcome.stderr).toBe(0);
    const list = await answers[0]!;
    expect(list).toMatchObject({ shown: 'first', live: false });
    expect(list.runs.find((run: { id: string }) => run.id === 'first')).toMatchObject({
      name: 'tiny',
      status: 'finished',
      ticks: 60,
    });
    expect((await answers[1]!).hello.run.name).toBe('tiny');
  });
});

describe('darwin config', () => {
  it('init writes a starter that runs as it is', async () => {
    expect(await json(['config', 'init', 'mine.yaml'])).toEqual({ file: 'mine.yaml' });
    expect(readFileSync(join(work, 'mine.yaml'), 'utf8')).toContain('$schema=');
    expect((await json(['run', 'mine.yaml', '--ticks', '5', '--out', 'mine'])).ticks).toBe(5);
  });

  it('schema writes a JSON Schema, to a file or to standard output', async () => {
    const [printed] = await darwinEach(
      [
        ['config', 'schema'],
        ['config', 'schema', '--out', 'schema.json'],
      ],
      work,
    );
    const shown = JSON.parse(printed!.stdout);
    expect(JSON.parse(readFileSync(join(work, 'schema.json'), 'utf8'))).toEqual(shown);
    expect(shown.properties.world.properties.amm.properties.token.anyOf).toHaveLength(2);
  });

  it('explain says what a key means, and what follows from a config', async () => {
    const [key, items, explained, preset] = await jsonEach(
      ['config', 'explain', 'world.amm.token'],
      ['config', 'explain', 'populations.share'],
      ['config', 'explain', 'tiny.yaml'],
      ['config', 'explain', 'quickstart'],
    );
    expect(key).toMatchObject([{ path: 'world.amm.token', default: 200_000, differsByArm: true }]);
    expect(items[0].path).toBe('populations[0].share');
    expect(preset.slots).toBe(96);
    expect(explained.arms[0].derived['tasks wanted per tick']).toBe(24);
    const outcome = await darwin(['config', 'explain', 'tiny.yaml'], work);
    expect(outcome.stdout).toContain('memory per world');
  });
});

describe('the rest', () => {
  it('engines lists what is here and why others are not', async () => {
    const engines: { name: string; available: boolean; device: string | null; reason: string }[] = await json(
      ['engines'],
    );
    expect(engines.find((engine) => engine.name === 'cpu')).toMatchObject({ available: true });
    for (const { available, device, reason } of engines) {
      expect(device === null).toBe(!available);
      expect(reason).not.toBe('');
    }
  });

  it('--help and --version are no errors', async () => {
    const asked = [['--help'], ['--version'], ['run', '--help'], ['help']];
    const outcomes = await darwinEach(asked, work);
    for (const [k, { code, stdout, stderr }] of outcomes.entries()) {
      expect([asked[k], code, stderr]).toEqual([asked[k], 0, '']);
      expect(stdout).not.toBe('');
    }
  });

  it('bench answers with hardware and rates in the documented shape', async () => {
    const small = ['--agents', '16', '--worlds', '2', '--repeats', '2'];
    const { hardware, results } = await json(['bench', 'run', ...small]);
    expect(hardware.cores).toBeGreaterThan(0);
    for (const row of results) {
      expect(row).toMatchObject({ engine: 'cpu', agents: 32, worlds: 2 });
      const { median, min, max } = row.agentStepsPerSecond;
      expect(min).toBeGreaterThan(0);
      expect(median).toBeGreaterThanOrEqual(min);
      expect(max).toBeGreaterThanOrEqual(median);
    }
    const processes = Math.min(2, Math.max(...results.map(({ threads }: { threads: number }) => threads)));
    expect(results.at(-1)).toMatchObject({ name: `run, ${processes} processes apart`, threads: processes });
    expect(results.slice(0, -1).every(({ name }: { name: string }) => name === 'run')).toBe(true);
    const shares: number[] = Object.values(results[0].phases);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect((await json(['bench', 'brain', ...small])).results[0]).toMatchObject({
      engine: 'cpu',
      threads: 1,
      agents: 32,
    });
  });

  it('validate runs a case with parameters from outside', async () => {
    const args = [
      'validate',
      'amm',
      '--set',
      'reserveIn=1000',
      '--set',
      'reserveOut=1000',
      '--set',
      'amountIn=100',
    ];
    const page = [...args, '--seeds', '2', '--markdown', 'page.md'];
    const command = (more: readonly string[]) => [...more, '--json'];
    const tried = await darwinEach(
      [command(args), command(page), ['validate', 'ammm', '--json'], ['validate', '--list', '--json']],
      work,
    );
    expect(tried.map(({ code }) => code)).toEqual([0, 0, 2, 0]);
    const [plain, , misspelt, list] = tried.map(({ stdout }) => JSON.parse(stdout));
    expect(plain).toMatchObject([{ name: 'amm', pass: true, measured: { amountOut: '90' } }]);
    expect(tried[0]!.after).not.toContain('page.md');
    const written = readFileSync(join(work, 'page.md'), 'utf8');
    expect(written).toContain(
      'Written by `darwin validate amm --set reserveIn=1000 --set reserveOut=1000 --set amountIn=100 --seeds 2 --markdown page.md`',
    );
    // a page of its own is replaced
    writeFileSync(join(work, 'page.md'), `${written}more`);
    await json(page);
    expect(readFileSync(join(work, 'page.md'), 'utf8')).not.toContain('more');
    expect(misspelt.error.hint).toContain('amm');
    expect(list.length).toBeGreaterThan(5);
  });
});
