import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { createSimulation, type Simulation } from '../sim/run.ts';
import { parseTableQuery } from '../viz/dataApi.ts';
import { type LiveServer, startServer } from '../viz/server.ts';
import { decodeTable, type TableFrame } from '../viz/tableFrame.ts';
import { freshManifest } from './manifest.ts';
import { DirectoryCatalog } from './runCatalog.ts';
import { RunDirectory } from './runDirectory.ts';

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
