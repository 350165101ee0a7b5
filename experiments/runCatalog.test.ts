import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agentRoots, WorldWallets } from '../agents/wallet.ts';
import { parseConfig } from '../configs/parse.ts';
import { UsageError } from '../sim/core/errors.ts';
import { createSimulation, type Simulation } from '../sim/run.ts';
import { parseTableQuery } from '../viz/dataApi.ts';
import { type LiveServer, startServer } from '../viz/server.ts';
import { decodeTable, type TableFrame } from '../viz/tableFrame.ts';
import { freshManifest } from './manifest.ts';
import { DirectoryCatalog } from './runCatalog.ts';
import { RunDirectory } from './runDirectory.ts';
import { RecordedTables } from './runTables.ts';

const CONFIG = `
name: tiny
ticks: 60
worlds: 2
slots: 16
output: { metricsEvery: 20, agentsEvery: 20, tradesEvery: 20 }`;
const run = parseConfig(CONFIG, { file: 'tiny' });

let parent: string;
let simulation: Simulation;
let directory: RunDirectory;
let catalog: DirectoryCatalog;
let server: LiveServer;

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'darwin-catalog-'));
  mkdirSync(join(parent, 'broken'));
  writeFileSync(join(parent, 'broken/manifest.json'), '{');
  catalog = new DirectoryCatalog(parent, 'tiny-1');
  directory = await RunDirectory.create(
    join(parent, 'tiny-1'),
    freshManifest(run, { name: 'cpu', device: 'test' }, 1),
  );
  simulation = createSimulation(run);
  catalog.begin({ directory, simulation });
  server = await startServer({ catalog });
  await directory.append((await simulation.advance(30)).batches);
});
afterAll(async () => {
  await server.close();
  await simulation.close();
  rmSync(parent, { recursive: true });
});

const column = (table: TableFrame, name: string): number[] =>
  Array.from(table.columns.find((c) => c.name === name)!.cells);
const get = (path: string): Promise<Response> => fetch(`${server.url}api/v1/${path}`);

describe('a run while it is simulated', () => {
  test('rows that are not yet written can be read, and reading them loses none', async () => {
    expect(await catalog.ticks('live', 'agents')).toEqual([20]);
    const { frames } = await catalog.frames('tiny-1', { from: 0, to: 1e9 });
    expect(frames.map((frame) => frame.tick)).toEqual([0, 20]);
    expect(await catalog.ticks('live', 'agents')).toEqual([20]);
  });

  test('its agents can be seen at the moment, which is not recorded', async () => {
    const agents = await catalog.table('live', parseTableQuery('agents', { from: 'now' }));
    expect(agents.rows).toBe(32);
    expect(new Set(column(agents, 'tick'))).toEqual(new Set([30]));
    expect(await catalog.ticks('live', 'agents')).toEqual([20]);
  });

  test('when it has ended the same questions are answered from its Parquet parts', async () => {
    await directory.append((await simulation.advance(60)).batches);
    await directory.append(await simulation.lastSnapshot());
    await directory.finish({ ticks: 60, status: 'finished', finalHash: await simulation.finalHash() });
    expect(await catalog.ticks('live', 'agents')).toEqual([20, 40, 60]);
    expect((await catalog.detail('tiny-1')).tables).toContain('agents');
    await expect(catalog.table('live', parseTableQuery('agents', { from: 'now' }))).rejects.toThrow(
      'for the agents of a live run',
    );
  });
});

describe('ids', () => {
  /** Status of a path that is sent as it stands; fetch would tidy it up. */
  const statusOf = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(server.url);
      request({ hostname, port, path }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      })
        .on('error', reject)
        .end();
    });

  test('are no paths, however they are written', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'darwin-outside-'));
    cpSync(join(parent, 'tiny-1'), join(outside, 'secret-1'), { recursive: true });
    const name = outside.split('/').at(-1)!;
    const ids = [
      `../${name}/secret-1`,
      `..%2f${name}%2fsecret-1`,
      `%2e%2e%2f${name}%2fsecret-1`,
      `..%252f${name}%252fsecret-1`,
      `..%5c${name}%5csecret-1`,
      encodeURIComponent(join(outside, 'secret-1')),
      `..%c0%af${name}`,
      '..',
      '.',
      '%2e%2e',
      'tiny-1%00',
      'tiny-1%2f',
      'tiny-1%2f..%2ftiny-1',
      'TINY-1',
      '__proto__',
    ];
    for (const id of ids)
      for (const rest of ['', '/frames', '/ticks?table=metrics', '/tables/metrics']) {
        const status = await statusOf(`/api/v1/runs/${id}${rest}`);
        // a path of the list itself, once its dots are gone, is no run
        expect([id, rest, status >= 400 && status < 500]).toEqual([id, rest, true]);
      }
    expect(await statusOf('/api/v1/runs/tiny-1')).toBe(200);
    rmSync(outside, { recursive: true });
  });

  test('a link that leads out of the folder is no run, one within it is', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'darwin-outside-'));
    cpSync(join(parent, 'tiny-1'), join(outside, 'secret-1'), { recursive: true });
    symlinkSync(join(outside, 'secret-1'), join(parent, 'way-out'));
    symlinkSync(join(parent, 'tiny-1'), join(parent, 'way-in'));
    const { runs } = await catalog.list();
    expect(runs.map(({ id }) => id).sort()).toEqual(['tiny-1', 'way-in']);
    expect((await get('runs/way-out')).status).toBe(404);
    expect((await get('runs/way-in')).status).toBe(200);
    rmSync(join(parent, 'way-out'));
    rmSync(join(parent, 'way-in'));
    rmSync(outside, { recursive: true });
  });
});

describe('a run directory of somebody else', () => {
  test('cannot make the program read a file beside it', async () => {
    writeFileSync(join(parent, 'secret.txt'), 'nobody reads this');
    const tables = new RecordedTables(join(parent, 'tiny-1'));
    const read = (file: string) => tables.query(() => `select * from read_text('${join(parent, file)}')`);
    expect((await read('tiny-1/columns.json')).content).toHaveLength(1);
    await expect(read('secret.txt')).rejects.toThrow('Permission Error');
    rmSync(join(parent, 'secret.txt'));
  });

  test('with a damaged part, rows of another run or a config that is none is refused in one line', async () => {
    const other = mkdtempSync(join(tmpdir(), 'darwin-damaged-'));
    const copy = (name: string): string => {
      cpSync(join(parent, 'tiny-1'), join(other, name), { recursive: true });
      return join(other, name);
    };
    const part = join(copy('part'), 'agents/part-00000.parquet');
    const bytes = readFileSync(part);
    writeFileSync(part, bytes.fill(0xff, 200, 400));
    const manifest = join(copy('config'), 'manifest.json');
    writeFileSync(
      manifest,
      readFileSync(manifest, 'utf8').replace(
        /"genesis": \{/,
        '"genesis": { "capacity": -5, "other": {} , "rest": 0 }, "before": {',
      ),
    );
    const arms = join(copy('arms'), 'metrics/part-00000.parquet');
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(
      `copy (select * replace (7::uinteger as arm) from '${arms}') to '${arms}.other' (format parquet)`,
    );
    renameSync(`${arms}.other`, arms);
    const damaged = new DirectoryCatalog(other);
    const all = { from: 0, to: 1e9 };
    for (const [asked, problem] of [
      [() => damaged.table('part', parseTableQuery('agents', {})), 'the tables of'],
      [() => damaged.detail('config'), 'the config of its manifest cannot be used'],
      [() => damaged.frames('arms', all), 'a row of metrics is of arm 7, the run has 1'],
    ] as const) {
      await expect(asked()).rejects.toThrow(UsageError);
      await expect(asked()).rejects.toThrow(problem);
    }
    rmSync(other, { recursive: true });
  });

  test('whose path has a quote in it can be read', async () => {
    const quoted = mkdtempSync(join(tmpdir(), "darwin-o'clock-"));
    cpSync(join(parent, 'tiny-1'), join(quoted, 'tiny-1'), { recursive: true });
    expect(await new DirectoryCatalog(quoted).ticks('tiny-1', 'agents')).toEqual([20, 40, 60]);
    rmSync(quoted, { recursive: true });
  });
});

describe('wallets of agents', () => {
  const KNOWN = 'test test test test test test test test test test test junk';
  test('have addresses where the manifest keeps their public roots, and none elsewhere', async () => {
    expect(await (await get('runs/tiny-1/addresses?world=0&serial=1')).json()).toEqual({ addresses: null });
    const file = join(parent, 'tiny-1/manifest.json');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(before), wallets: agentRoots(KNOWN, 2) }));
    try {
      const answer = await get('runs/tiny-1/addresses?world=1&serial=5,6');
      const wallets = new WorldWallets(KNOWN, 1);
      expect(await answer.json()).toEqual({
        addresses: [5, 6].map((serial) => ({
          serial,
          address: wallets.agent(serial).address,
          path: `m/44'/60'/1'/0/${serial}`,
        })),
      });
      const none = await get('runs/tiny-1/addresses?world=2&serial=5');
      expect(await none.json()).toEqual({ addresses: null });
      expect((await get(`runs/tiny-1/addresses?world=0&serial=${2 ** 31}`)).status).toBe(400);
      expect((await get('runs/nowhere/addresses?world=0&serial=5')).status).toBe(404);
    } finally {
      writeFileSync(file, before);
    }
  });
});

describe('recorded runs over HTTP', () => {
  test('the list names runs by id and leaves out what is none', async () => {
    const list = await (await get('runs')).json();
    expect(list).toMatchObject({ shown: 'tiny-1', live: false });
    expect(list.runs.map((r: { id: string }) => r.id)).toEqual(['tiny-1']);
    expect(JSON.stringify(list)).not.toContain(parent);
  });

  test('rows come back as columns, chosen by tick, world and serial', async () => {
    const path = 'runs/tiny-1/tables/agents?columns=tick,world,serial,wealth&from=40&to=40&world=1';
    const table = decodeTable(await (await get(path)).arrayBuffer());
    expect(table.rows).toBe(16);
    expect(new Set(column(table, 'world'))).toEqual(new Set([1]));
    const one = decodeTable(await (await get(`${path}&serial=${column(table, 'serial')[3]}`)).arrayBuffer());
    expect(column(one, 'wealth')).toEqual([column(table, 'wealth')[3]]);
    const cut = decodeTable(await (await get(`${path}&limit=5`)).arrayBuffer());
    expect([cut.rows, cut.total]).toEqual([5, 16]);
  });

  test('lineage holds words, and tables without rows are empty rather than errors', async () => {
    const lineage = decodeTable(await (await get('runs/tiny-1/tables/lineage')).arrayBuffer());
    const event = lineage.columns.find(({ name }) => name === 'event')!;
    expect(event.words[event.cells[0]!]).toBe('genesis');
    expect(decodeTable(await (await get('runs/tiny-1/tables/journal')).arrayBuffer()).rows).toBe(0);
  });

  test.each([
    ['runs/other', 404, 'there is no run other'],
    ['runs/..%2f..', 404, 'there is no run'],
    ['runs/tiny-1/tables/nothing', 400, 'there is no table nothing'],
    ['runs/tiny-1/tables/agents?columns=nothing', 400, 'no column nothing'],
    ['runs/tiny-1/frames?from=x', 400, 'from=x is not a tick'],
  ])('%s is answered with %i and one line that says why', async (path, status, words) => {
    const response = await get(path);
    expect(response.status).toBe(status);
    expect((await response.json()).error.message).toContain(words);
  });
});
