import { expect, test } from 'vitest';
import { HEAD, HEAD_COUNT } from '../../../agents/brain/layout.ts';
import { TRIAL_TOTAL } from '../../../agents/columns.ts';
import type { ResolvedRun } from '../../../configs/arms.ts';
import { describeOnGpu } from '../../../experiments/testDevice.ts';
import { TOTAL, TRUST_TOTAL } from '../../../market/columns.ts';
import { readColumns } from '../../checkpoint.ts';
import { Shard } from '../../shard.ts';
import { configOf, PARITY_CASES, type ParityCase } from './parityWorlds.ts';
import { GpuShard } from './shard.ts';

const TICKS = 1000;
const REPORT_TICKS = 50;
/** Option of the objective head that starts a trial. */
const REVISE = 1;
/** A software GPU takes a tenth of a second a tick where other programs run. */
const LONG_MS = 1_200_000;

/** Staked contracts, Yuma's epochs of 7 ticks, objectives on trial; few lives last longer than 60 ticks. */
const base = PARITY_CASES[1]!;
const CASE: ParityCase = {
  ...base,
  slots: 8,
  world: {
    ...base.world,
    objectives: { enabled: true, trialBlock: 2, cooldown: 1, placebo: 0.3 },
    demography: { meanLife: 60, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.5 },
  },
  config: { worlds: 1, output: { metricsEvery: 25, agentsEvery: 0, tradesWorlds: 0 } },
};

/** Doubles that are no integers, and lists that passes of the CPU leave behind for nobody. */
const OTHERS = ['tally', 'interval', 'agents.censusTrait', 'columns.order'];

/** Columns of a saved world that hold integers, by name. */
const integersOf = (saved: Uint8Array): Map<string, ArrayLike<number>> =>
  new Map(
    [...readColumns(saved, 'saved').columns].filter(
      ([name, column]) => !(column instanceof Float32Array) && !OTHERS.includes(name),
    ),
  );

/** What agents of a free run do in each tick, but that they put their objectives on trial far more often. */
function recordActions(run: ResolvedRun): Uint32Array<ArrayBuffer>[] {
  const recorded: Uint32Array<ArrayBuffer>[] = [];
  const free = new Shard(run, [0], {
    laws: false,
    onActions: (_, tick, taken) => {
      for (let agent = tick % 5; agent < CASE.slots; agent += 5)
        taken[agent * HEAD_COUNT + HEAD.objective] = REVISE;
      recorded[tick] = taken;
    },
  });
  free.advance(TICKS);
  return recorded;
}

await describeOnGpu('the engine itself', (gpu) => {
  test(
    `given recorded actions has every balance and every integer of the CPU for ${TICKS} ticks`,
    async () => {
      const run = configOf(CASE, 'a thousand ticks');
      const actions = recordActions(run);
      const expected: string[] = [];
      const cpu = new Shard(run, [0], {
        actions: (_, tick) => actions[tick]!,
        onTickIntegers: (_, tick, hash) => {
          expected[tick] = hash;
        },
      });
      const got: string[] = [];
      const device = await GpuShard.create(gpu, run, [0], {
        actions: (_, tick) => actions[tick]!,
        onTickIntegers: (_, tick, hash) => {
          got[tick] = hash;
        },
      });
      for (let tick = REPORT_TICKS; tick <= TICKS; tick += REPORT_TICKS) {
        const theirs = cpu.advance(tick);
        const ours = await device.advance(tick);
        expect(got.length).toBe(tick + 1);
        // columns by name say more than hashes of ticks
        const columns = integersOf(cpu.saveWorld(0));
        for (const [name, column] of integersOf(await device.saveWorld(0)))
          expect(column, `${name} after tick ${tick - 1}`).toEqual(columns.get(name));
        expect(columns.size).toBeGreaterThan(50);
        expect(got).toEqual(expected);
        expect(ours.agentSteps).toBe(theirs.agentSteps);
        expect(ours.batches.filter(({ table }) => table === 'lineage').map(({ rows }) => rows)).toEqual(
          theirs.batches.filter(({ table }) => table === 'lineage').map(({ rows }) => rows),
        );
      }
      const [world] = [...cpu.inside()];
      const { total, trustTotal } = world!.columns;
      for (const key of ['births', 'deaths', 'issued'] as const)
        expect(total[TOTAL[key]], key).toBeGreaterThan(50);
      for (const key of ['contracted', 'defaulted', 'slashed', 'escrowed'] as const)
        expect(trustTotal[TRUST_TOTAL[key]], key).toBeGreaterThan(0);
      for (const [key, k] of Object.entries(TRIAL_TOTAL))
        expect(world!.agents.trialTotal[k], key).toBeGreaterThan(0);
      await device.close();
    },
    LONG_MS,
  );
});
