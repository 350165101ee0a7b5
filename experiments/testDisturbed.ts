/** Test support: a phase of the markets on both engines, many times in the same worlds. */
import { test } from 'vitest';
import type { GpuDevice } from '../sim/engines/webgpu/device.ts';
import { type ParityCase, perturb, runCase, runUpTo } from '../sim/engines/webgpu/parityWorlds.ts';
import { comparePhase } from '../sim/engines/webgpu/phaseParity.ts';
import type { World } from '../sim/world.ts';

/** What changes the worlds of a case right before the phase, by name. */
export type Disturbances = Readonly<Record<string, (world: World) => void>>;

/**
 * Declares a test for each case: its worlds go up to the phase once for every disturbance, each in a tick of its own, and
 * the phase must leave the same columns on both engines. Nothing after the phase is run, so that a disturbance may leave
 * a world that could not go on; those that come after it see that world.
 */
export function testDisturbed(
  gpu: GpuDevice,
  phase: string,
  cases: readonly ParityCase[],
  disturbances: Disturbances,
): void {
  for (const each of cases)
    test(`'${phase}' leaves the columns that it leaves on the CPU: ${each.what}`, async () => {
      const worlds = runCase(each, `disturbed ${phase}`);
      let round = 0;
      for (const [what, disturb] of Object.entries(disturbances)) {
        for (const world of worlds) {
          world.tick += Math.min(round, 1);
          perturb(world, round);
          runUpTo(world, phase);
          disturb(world);
        }
        await comparePhase(gpu, phase, worlds, `${each.what}, ${what}`);
        round++;
      }
    });
}
