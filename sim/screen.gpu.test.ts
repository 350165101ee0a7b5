import { expect, test } from 'vitest';
import { describeOnGpu } from '../experiments/testDevice.ts';
import type { AnyColumn } from './core/columns.ts';
import { DrawSequence, STREAM } from './core/rng.ts';
import { Batch } from './engines/webgpu/batch.ts';
import type { GpuDevice } from './engines/webgpu/device.ts';
import { wordsOfWorld } from './engines/webgpu/mirror.ts';
import { PARITY_CASES, type ParityCase, runCase } from './engines/webgpu/parityWorlds.ts';
import { compiled } from './engines/webgpu/phaseParity.ts';
import { DEVICE_PHASES } from './engines/webgpu/phases/index.ts';
import { encodePhase } from './engines/webgpu/program.ts';
import { FAULTS } from './faults.ts';
import { LAWS } from './invariants.ts';
import { screenBit } from './screen.ts';
import { tick } from './tick.ts';
import type { World } from './world.ts';

const LAWS_OF_EVERY_TICK = LAWS.filter(({ every }) => every === 1);
const quiet = { laws: null, afterPhase: null };

const isBroken = (law: (typeof LAWS)[number], world: World): boolean => {
  try {
    law.check(world);
    return false;
  } catch {
    return true;
  }
};

/** Bits of laws that the device suspects in states of one world, each as a callback leaves it when a tick is over. */
async function suspectsOf(
  gpu: GpuDevice,
  world: World,
  states: readonly (() => void)[],
): Promise<readonly number[]> {
  const batch = await Batch.allocate(
    gpu,
    states.map(() => world.parameters),
  );
  states.forEach((enter, w) => {
    enter();
    batch.upload(w, wordsOfWorld(world, batch.layout));
  });
  // the tick that is over
  batch.setTick(world.tick - 1);
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  encodePhase(pass, batch, await compiled(gpu, DEVICE_PHASES.get('laws')!, batch));
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
  const halts = await batch.assertWell();
  batch.destroy();
  return halts;
}

/** A memory of all plain columns of a world, to come back to. */
function remember({ balances, columns, agents }: World): { columns: AnyColumn[]; restore: () => void } {
  const all = [balances, columns, agents].flatMap((group) => Object.values<AnyColumn>(group));
  const saved = all.map((column) => column.slice());
  return {
    columns: all.filter(({ length }) => length > 0),
    restore: () => {
      all.forEach((column, k) => {
        column.set(saved[k]! as never);
      });
    },
  };
}

const INTEGER_FAULTS = FAULTS.filter(({ law }) => LAWS_OF_EVERY_TICK.some(({ name }) => name === law));
const COURTS = PARITY_CASES.find(({ what }) => what.startsWith('courts'))!;

await describeOnGpu('a screen on the device', (gpu) => {
  test('clears every law of worlds that nobody disturbed', async () => {
    const cases: readonly ParityCase[] = process.env.CI === 'true' ? PARITY_CASES : PARITY_CASES.slice(0, 3);
    for (const each of cases)
      for (const world of runCase({ ...each, slots: Math.min(24, each.slots) }, 'screen'))
        for (let k = 0; k < 3; k++) {
          tick(world, quiet);
          expect(await suspectsOf(gpu, world, [() => {}]), `${each.what}, tick ${world.tick}`).toEqual([0]);
        }
  });

  test('sees every fault that breaks a law of every tick', async () => {
    const [world] = runCase({ ...COURTS, slots: 24, ticks: 20 }, 'faults') as [World];
    const waiting = new Set(INTEGER_FAULTS);
    for (let k = 0; k < 150 && waiting.size > 0; k++) {
      tick(world, quiet);
      world.ledger.tick = world.tick - 1;
      const memory = remember(world);
      const struck = [...waiting].filter((fault) => {
        const did = fault.strike(world);
        memory.restore();
        return did;
      });
      if (struck.length === 0) continue;
      const suspects = await suspectsOf(
        gpu,
        world,
        struck.map((fault) => () => {
          memory.restore();
          fault.strike(world);
        }),
      );
      memory.restore();
      struck.forEach((fault, n) => {
        expect(suspects[n]! & screenBit(fault.law), `${fault.name}, tick ${world.tick}`).not.toBe(0);
        waiting.delete(fault);
      });
    }
    expect([...waiting].map(({ name }) => name)).toEqual([]);
  });

  const draws = new DrawSequence();
  const CHANGES = [1, -1, 2, 3, 255, 256, 0x8000_0000, 0xffff_ffff, -1000, 4];
  for (const each of PARITY_CASES.slice(0, process.env.CI === 'true' ? PARITY_CASES.length : 1))
    test(`misses no breach of a law, however columns are corrupted: ${each.what}`, async () => {
      const [world] = runCase({ ...each, slots: Math.min(24, each.slots) }, 'corrupt') as [World];
      tick(world, quiet);
      world.ledger.tick = world.tick - 1;
      const memory = remember(world);
      const columns = memory.columns.filter((column) => !(column instanceof Float32Array));
      const corrupt = (n: number) => () => {
        memory.restore();
        draws.at(7, n, 0, STREAM.scripted);
        for (let k = draws.below(2); k >= 0; k--) {
          const column = columns[draws.below(columns.length)]!;
          const [i, j] = [draws.below(column.length), draws.below(column.length)];
          const by = CHANGES[draws.below(CHANGES.length)]!;
          if (draws.below(2) === 0) column[i]! += by;
          else [column[i], column[j]] = [column[j]!, column[i]!];
        }
      };
      const broken = Array.from({ length: 150 }, (_, n) => {
        corrupt(n)();
        return LAWS_OF_EVERY_TICK.filter((law) => isBroken(law, world)).map(({ name }) => name);
      });
      const suspects = await suspectsOf(
        gpu,
        world,
        broken.map((_, n) => corrupt(n)),
      );
      memory.restore();
      broken.forEach((names, n) => {
        for (const name of names)
          expect(suspects[n]! & screenBit(name), `${name}, corruption ${n}`).not.toBe(0);
      });
      expect(new Set(broken.flat()).size).toBeGreaterThan(6);
      // and it seldom suspects in vain
      const vain = broken.filter((names, n) => names.length === 0 && suspects[n] !== 0);
      expect(vain.length).toBeLessThan(0.1 * broken.length);
    });
});
