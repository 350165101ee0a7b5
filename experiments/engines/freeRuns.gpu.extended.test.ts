import { expect, test } from 'vitest';
import { resolveConfig } from '../../configs/parse.ts';
import { webgpuEngine } from '../../sim/engines/webgpu/engine.ts';
import { createSimulation } from '../../sim/run.ts';
import { LedgerFollower } from '../ledgerFollower.ts';
import { describeOnGpu } from '../testDevice.ts';
import { STANDARD_ERRORS } from '../validate/case.ts';
import { COMPARED, compareFigures, figuresOf, SEEDS, SILENT_MOST } from '../validate/engines.ts';
import { cpuEngine } from './cpu.ts';

/** A software GPU takes tenths of a second a tick where other programs run. */
const LONG_MS = 1_800_000;
/** The two-sided probability of four standard errors. */
const ALPHA = 6.334e-5;

await describeOnGpu('runs that choose for themselves on a device', (gpu) => {
  test(
    'have the integers of the cpu engine after every tick once it is given their actions',
    async () => {
      const run = resolveConfig({
        name: 'followed',
        ticks: 8,
        worlds: 2,
        slots: 12,
        output: { metricsEvery: 10, agentsEvery: 0, tradesWorlds: 0 },
      });
      const engine = webgpuEngine(gpu);
      const follower = new LedgerFollower(run, []);
      const shards = await engine.createShards(run, engine.plan(run, 1), follower.watch);
      const simulation = createSimulation(run, { shards });
      for (const tick of [3, 8]) {
        await simulation.advance(tick);
        follower.follow(tick);
      }
      expect(follower.compared).toBe(2 * 8);
      await simulation.close();
    },
    LONG_MS,
  );

  test(
    `show on average what those of the cpu engine show, within ${STANDARD_ERRORS} standard errors after Holm`,
    async () => {
      const size = [32, 8, 40] as const;
      const ours = await figuresOf(webgpuEngine(gpu), ...size, SEEDS.ours);
      const theirs = await figuresOf(cpuEngine(), ...size, SEEDS.theirs);
      const { leastP, informative, distances } = compareFigures(ours, theirs);
      expect(leastP, JSON.stringify(distances)).toBeGreaterThan(ALPHA);
      expect(informative).toBeGreaterThanOrEqual(COMPARED.length - SILENT_MOST);
    },
    LONG_MS,
  );
});
