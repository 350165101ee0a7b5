/**
 * Test support: whole ticks on both engines, given the same actions. A phase that the device does not have is done by the
 * CPU, on worlds that are taken off the device for it.
 */
import { HEAD_COUNT } from '../../../agents/brain/layout.ts';
import { phasesOf } from '../../tick.ts';
import type { World } from '../../world.ts';
import { Batch } from './batch.ts';
import type { GpuDevice } from './device.ts';
import { deviceColumn } from './layout.ts';
import { takeWords, wordsOfWorld } from './mirror.ts';
import { type ParityCase, runCase } from './parityWorlds.ts';
import { compiled, differenceOf } from './phaseParity.ts';
import { DEVICE_PHASES } from './phases/index.ts';
import { encodePhase } from './program.ts';

/** The phase before which both engines are given the same actions. */
const BEFORE = 'decide';
/** Integers alone are compared: floats drift apart, and reach integers only through actions. */
const ANY_FLOAT = { absolute: Number.POSITIVE_INFINITY, relative: 0 };

/** Worlds of which one copy stands on the device, or on the CPU where a phase of theirs is only there. */
class Mixed {
  readonly worlds: readonly World[];
  /** Phases that the CPU did for want of a shader. */
  readonly onCpu = new Set<string>();
  private readonly gpu: GpuDevice;
  private readonly batch: Batch;
  private isOnDevice = false;

  constructor(gpu: GpuDevice, worlds: readonly World[], batch: Batch) {
    this.gpu = gpu;
    this.worlds = worlds;
    this.batch = batch;
  }

  /** Does a phase of a tick in all worlds. */
  async run(name: string, tick: number): Promise<void> {
    const { gpu, batch } = this;
    const phase = DEVICE_PHASES.get(name);
    if (phase === undefined) {
      await this.toCpu();
      this.onCpu.add(name);
      for (const world of this.worlds)
        phasesOf(world)
          .find((each) => each.name === name)!
          .run(world, tick);
      return;
    }
    if (phase.idle !== undefined && batch.parameters.every(phase.idle)) return;
    this.toDevice(tick);
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encodePhase(pass, batch, await compiled(gpu, phase, batch));
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  }

  /** Overwrites the actions of a world, [slots x HEAD_COUNT]. */
  act(index: number, actions: Uint32Array<ArrayBuffer>): void {
    const { batch, worlds } = this;
    if (this.isOnDevice) batch.writeColumn(index, deviceColumn(batch.layout, 'brain.action')!, actions);
    else worlds[index]!.brain.writeColumn('action', 0, batch.layout.slots, actions);
  }

  /** Takes the worlds off the device. */
  async toCpu(): Promise<void> {
    if (!this.isOnDevice) return;
    await this.batch.assertWell();
    for (const [w, world] of this.worlds.entries())
      takeWords(world, this.batch.layout, await this.batch.download(w));
    this.isOnDevice = false;
  }

  private toDevice(tick: number): void {
    this.batch.setTick(tick);
    if (this.isOnDevice) return;
    this.worlds.forEach((world, w) => {
      this.batch.upload(w, wordsOfWorld(world, this.batch.layout));
    });
    this.isOnDevice = true;
  }
}

/**
 * Runs worlds of a case for `ticks` ticks on the CPU, and again on the device with the actions that the CPU's have taken;
 * all integers are the same at the end of every tick.
 *
 * @returns phases that the CPU did for want of a shader
 * @throws Error with the first difference
 */
export async function expectRunParity(
  gpu: GpuDevice,
  each: ParityCase,
  ticks: number,
): Promise<ReadonlySet<string>> {
  const [cpu, copies] = [runCase(each, 'whole run'), runCase(each, 'whole run')];
  const batch = await Batch.allocate(
    gpu,
    cpu.map(({ parameters }) => parameters),
  );
  const { layout } = batch;
  const mixed = new Mixed(gpu, copies, batch);
  const recorded = cpu.map(() => new Uint32Array(layout.slots * HEAD_COUNT));
  for (let tick = cpu[0]!.tick; tick < each.ticks + ticks; tick++) {
    for (const world of [...cpu, ...copies]) world.ledger.tick = tick;
    for (const { name, run } of phasesOf(cpu[0]!)) {
      if (name === BEFORE)
        cpu.forEach((world, w) => {
          world.brain.readColumn('action', 0, layout.slots, recorded[w]!);
          mixed.act(w, recorded[w]!);
        });
      for (const world of cpu) run(world, tick);
      await mixed.run(name, tick);
    }
    await mixed.toCpu();
    for (const [w, world] of cpu.entries()) {
      const difference = differenceOf(layout, wordsOfWorld(world, layout), wordsOfWorld(copies[w]!, layout), {
        tolerance: ANY_FLOAT,
      });
      if (difference !== null)
        throw new Error(`${each.what}, world ${w}, end of tick ${tick}: ${difference}`);
    }
    for (const world of [...cpu, ...copies]) world.tick = tick + 1;
  }
  batch.destroy();
  return mixed.onCpu;
}
