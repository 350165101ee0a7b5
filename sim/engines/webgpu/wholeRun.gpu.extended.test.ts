import { expect, test } from 'vitest';
import type { ResolvedRun } from '../../../configs/arms.ts';
import { parseConfig } from '../../../configs/parse.ts';
import { describeOnGpu } from '../../../experiments/testDevice.ts';
import { FREE_SLOT } from '../../../market/columns.ts';
import { LawViolation } from '../../core/errors.ts';
import type { RecordBatch, ShardReport } from '../../frame.ts';
import { LAWS } from '../../invariants.ts';
import { type RecordedActions, Shard } from '../../shard.ts';
import type { World } from '../../world.ts';
import { lifeSlack } from './gathered.ts';
import { GpuShard } from './shard.ts';

const SLOTS = 12;
const TICKS = 24;
/** A software GPU takes tenths of a second a tick where other programs run, and as long as a minute for all shaders. */
const LONG_MS = 900_000;
const WORLDS = [0, 1];

/** Short lives, trades and courts: something happens in every tick. All tests share a layout, and so its shaders. */
const config = (output: object = {}): ResolvedRun =>
  parseConfig(
    JSON.stringify({
      seed: 'whole run',
      ticks: 1000,
      worlds: 2,
      slots: SLOTS,
      output: { metricsEvery: 8, agentsEvery: 12, tradesWorlds: 0, ...output },
      populations: [
        { name: 'learners', kind: 'learner', share: 2 },
        { name: 'zero intelligence', kind: 'ziC' },
      ],
      world: {
        hardware: { runwayTicks: 100, trainingRunwayTicks: 50 },
        demography: { meanLife: 6, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.8 },
        trust: { regime: 'legal', legalCost: 0.05, registrationFee: 1, delay: 3, discountRate: 0 },
      },
    }),
  );

/** A run on the CPU, and what its agents did. */
function recordOnCpu(
  run: ResolvedRun,
  ticks: number,
): { report: ShardReport; actions: RecordedActions; shard: Shard } {
  const noted = new Map<string, Uint32Array<ArrayBuffer>>();
  const shard = new Shard(run, WORLDS, {
    onActions: (world, tick, actions) => noted.set(`${world} ${tick}`, actions),
  });
  return { report: shard.advance(ticks), shard, actions: (world, tick) => noted.get(`${world} ${tick}`)! };
}

type Row = Readonly<Record<string, number | string>>;

/** Rows of a table in the order of worlds and ticks, those of one tick as they came. */
function rowsOf(batches: readonly RecordBatch[], name: string): Row[] {
  const rows = batches
    .filter(({ table }) => table === name)
    .flatMap(({ rows: count, columns }) =>
      Array.from(
        { length: count },
        (_, k): Row => Object.fromEntries(Object.entries(columns).map(([key, cells]) => [key, cells[k]!])),
      ),
    );
  const place = ({ world, tick }: Row): number => 1e6 * (world as number) + (tick as number);
  return rows.toSorted((a, b) => place(a) - place(b));
}

/** Figures that follow from real numbers of agents, which differ in their last bits; all others are the same numbers. */
const REAL =
  /^(gene_|shadow_|price[STMR]|life_|profit|matureProfit|reward$|reward(Wealth|Profit)Correlation|diversity|heritability)/;
const TOLERANCE = 1e-5;

function expectSameRows(expected: readonly Row[], got: readonly Row[], what: string): void {
  expect(got.length, what).toBe(expected.length);
  expected.forEach((row, k) => {
    for (const [name, value] of Object.entries(row)) {
      const other = got[k]![name]!;
      const place = `${what}, row ${k}, tick ${row.tick}, world ${row.world}, ${name}`;
      if (!REAL.test(name) || Number.isNaN(value)) expect(other, place).toEqual(value);
      else
        expect(Math.abs(Number(other) - Number(value)), place).toBeLessThan(
          TOLERANCE * Math.max(1, Math.abs(Number(value))),
        );
    }
  });
}

await describeOnGpu('a whole run', (gpu) => {
  const shardOf = (options: object = {}, run = config()) => GpuShard.create(gpu, run, WORLDS, options);

  test(
    'given recorded actions has the tables of the CPU: metrics, populations, agents, lives',
    async () => {
      const { report, actions, shard } = recordOnCpu(config(), TICKS);
      const device = await shardOf({ actions });
      const batches: RecordBatch[] = [];
      // reports of uneven pieces, in the middle of intervals
      for (const tick of [5, 8, TICKS]) batches.push(...(await device.advance(tick)).batches);
      for (const table of ['metrics', 'populations', 'agents', 'lineage'] as const) {
        const expected = rowsOf(report.batches, table);
        expect(expected.length, table).toBeGreaterThan(0);
        expectSameRows(expected, rowsOf(batches, table), table);
      }
      // more lives than wait for a sample on the device
      for (const world of WORLDS)
        expect(rowsOf(batches, 'lineage').filter((row) => row.world === world).length).toBeGreaterThan(
          2 * lifeSlack(SLOTS),
        );
      expect(device.worlds).toEqual(shard.worlds);
      await device.close();
    },
    LONG_MS,
  );

  test(
    'ends in the same state twice, with metrics rarely, often or at other ticks, with laws or without',
    async () => {
      const hashes: string[][] = [];
      for (const [output, options] of [
        [{}, {}],
        [{ metricsEvery: 1 }, { laws: false }],
        [{ metricsEvery: 1000, agentsEvery: 0 }, {}],
        [{ metricsEvery: 7, lineage: false }, { clock: () => 0 }],
      ] as const) {
        const shard = await shardOf(options, config(output));
        await shard.advance(TICKS);
        hashes.push([...(await shard.hashes())]);
        await shard.close();
      }
      expect(new Set(hashes.map(String)).size).toBe(1);
    },
    LONG_MS,
  );

  test(
    'that is saved and goes on elsewhere has the same state and the same metrics',
    async () => {
      const straight = await shardOf();
      const first = await straight.advance(13);
      const resumed = await shardOf();
      for (const world of WORLDS) await resumed.restoreWorld(world, await straight.saveWorld(world));
      const expected = await straight.advance(TICKS);
      const got = await resumed.advance(TICKS);
      expect(await resumed.hashes()).toEqual(await straight.hashes());
      for (const table of ['metrics', 'populations', 'lineage'])
        expect(rowsOf(got.batches, table)).toEqual(rowsOf(expected.batches, table));
      expect(got.agentSteps).toBe(expected.agentSteps);
      expect(first.agentSteps).toBeGreaterThan(0);
      for (const shard of [straight, resumed]) await shard.close();
    },
    LONG_MS,
  );

  test(
    'that is steered, as planned and by somebody who watches, has the integers of the CPU in every tick',
    async () => {
      const planned = [
        { tick: 5, path: 'world.energy.price', value: 0.4 },
        { tick: 9, path: 'world.serviceMarket.demand', value: 3 },
        { tick: 9, path: 'world.demography.meanLife', value: 40 },
      ];
      const run = config();
      const steered = { ...run, arms: run.arms.map((arm) => ({ ...arm, interventions: planned })) };
      const hashes: Record<'cpu' | 'webgpu', string[]> = { cpu: [], webgpu: [] };
      const noteIn = (engine: 'cpu' | 'webgpu') => (world: number, tick: number, hash: string) =>
        hashes[engine].push(`${world} ${tick} ${hash}`);
      const noted = new Map<string, Uint32Array<ArrayBuffer>>();
      const cpu = new Shard(steered, WORLDS, {
        onActions: (world, tick, actions) => noted.set(`${world} ${tick}`, actions),
        onTickIntegers: noteIn('cpu'),
      });
      const device = await shardOf(
        {
          actions: (world: number, tick: number) => noted.get(`${world} ${tick}`)!,
          onTickIntegers: noteIn('webgpu'),
        },
        steered,
      );
      for (const tick of [12, TICKS]) {
        cpu.advance(tick);
        await device.advance(tick);
        const asked = run.arms.map(() => ({ tick, path: 'world.energy.subsistence', value: 2 }));
        cpu.intervene(asked);
        await device.intervene(asked);
      }
      expect(hashes.webgpu.toSorted()).toEqual(hashes.cpu.toSorted());
      // and it is not the run that nobody steers
      const unsteered: string[] = [];
      new Shard(run, WORLDS, {
        actions: (world, tick) => noted.get(`${world} ${tick}`)!,
        onTickIntegers: (world, tick, hash) => unsteered.push(`${world} ${tick} ${hash}`),
      }).advance(8);
      expect(unsteered.filter((hash) => !hashes.cpu.includes(hash)).length).toBe(2 * 3);
      await expect(
        device.intervene(
          run.arms.map(() => ({ tick: TICKS, path: 'world.demography.deathsPerTick', value: 1 })),
        ),
      ).rejects.toThrow('cannot switch on what the run began without');
      await device.close();
    },
    LONG_MS,
  );

  test(
    'checks the laws of every tick in every tick, and all of them at samples',
    async () => {
      const shard = await shardOf();
      const { laws } = await shard.advance(TICKS);
      const { laws: onCpu } = new Shard(config(), WORLDS).advance(TICKS);
      for (const [k, { name, every }] of LAWS.entries()) {
        expect(laws[k]).toMatchObject({
          name,
          violated: null,
          checks: WORLDS.length * (every === 1 ? TICKS : TICKS / 8),
          lastTick: TICKS - 1,
        });
        // how near the law came to its limit, which a page shows, or why no world can say
        expect(laws[k]!.margin === undefined, name).toBe(onCpu[k]!.margin === undefined);
        expect(laws[k]!.noMargin).toBe(onCpu[k]!.noMargin);
      }
      await shard.close();
    },
    LONG_MS,
  );

  test(
    'in which a column breaks ends with the words of the CPU, in the tick in which it broke',
    async () => {
      const { actions } = recordOnCpu(config(), TICKS);
      const cpu = new Shard(config(), WORLDS, { actions });
      cpu.advance(18);
      const [, world] = [...cpu.inside()] as [World, World];
      const living = world.columns.population.findIndex((owner) => owner !== FREE_SLOT);
      world.columns.data[living]! += 1;
      const device = await shardOf({ actions });
      for (const number of WORLDS) await device.restoreWorld(number, cpu.saveWorld(number));
      const errorOf = async (advance: () => unknown): Promise<unknown> => {
        try {
          return await advance();
        } catch (error) {
          return error;
        }
      };
      const expected = (await errorOf(() => cpu.advance(TICKS))) as LawViolation;
      const got = (await errorOf(() => device.advance(TICKS))) as LawViolation;
      expect(expected).toBeInstanceOf(LawViolation);
      expect(expected.at).toMatchObject({ tick: 18, world: 1 });
      expect(got).toBeInstanceOf(LawViolation);
      expect([got.law, got.message, got.at]).toEqual([expected.law, expected.message, expected.at]);
      await device.close();
    },
    LONG_MS,
  );
});
