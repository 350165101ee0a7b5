/**
 * `darwin bench tick --engine webgpu`: whole ticks with every mechanism on, on the device alone: no tick is sampled, since
 * reading worlds back is the price of looking and not of the tick (`darwin bench engines` pays it).
 */
import type { ResolvedRun } from '../../configs/arms.ts';
import { worldParameters } from '../../configs/arms.ts';
import { WORLD } from '../../market/columns.ts';
import { AssertionError } from '../../sim/core/errors.ts';
import { Batch } from '../../sim/engines/webgpu/batch.ts';
import type { GpuDevice } from '../../sim/engines/webgpu/device.ts';
import { HALT_LIVES } from '../../sim/engines/webgpu/gathered.ts';
import { deviceColumn } from '../../sim/engines/webgpu/layout.ts';
import { brainStepBytes, devicePhases, planBatches, plannedBytes } from '../../sim/engines/webgpu/plan.ts';
import { Shadow } from '../../sim/engines/webgpu/shadow.ts';
import { Stretch } from '../../sim/engines/webgpu/stretch.ts';
import { openGpu } from '../webgpu.ts';
import { benchmarkConfig } from './economy.ts';
import { CopyContender, noteOf, repeatsOf, roofline, sizes, timesFor } from './gpu.ts';
import { type BenchOptions, type BenchRow, type Contender, type TimedWork, takeTurns } from './measure.ts';

/** Worlds that are founded; the others begin as these and part by their seeds. */
const FOUNDED = 8;
/** Worlds that may wait for their way to the device. */
const UPLOADS_AHEAD = 64;
/** Worlds whose living are counted, spread over all. */
const COUNTED = 32;
/** Young agents die early: the population settles first. Software that imitates a GPU measures nothing worth the wait. */
const WARM_UP_TICKS = 300;
const SOFTWARE_WARM_UP_TICKS = 4;
/** Ticks of the profile: each phase of each is timed by the device. */
const PROFILED_TICKS = 16;
const WORD_BYTES = 4;

interface Resident {
  readonly batch: Batch;
  readonly stretch: Stretch;
}

/**
 * Lets worlds go on that wait for somebody to take their records of lives: nobody wants them here.
 *
 * @throws OverflowError or AssertionError for what went wrong in a world, AssertionError where a law may be broken
 */
async function forgetLives({ batch }: Resident, tick: number): Promise<void> {
  const halts = await batch.assertWell();
  const suspect = halts.findIndex((reasons) => (reasons & ~HALT_LIVES) !== 0);
  if (suspect >= 0)
    throw new AssertionError(`world ${suspect} waits before tick ${tick}: a law of every tick may be broken`);
  const column = deviceColumn(batch.layout, 'device.lifeCount')!;
  const none = new Uint32Array(column.words);
  for (let world = 0; world < batch.parameters.length; world++) batch.writeColumn(world, column, none);
  batch.resume(tick);
}

/** Worlds on the device, advanced by ticks. */
class DeviceTicks implements Contender {
  private readonly gpu: GpuDevice;
  private readonly residents: readonly Resident[];
  private tick = 0;
  /** Ticks between two clock readings. */
  private ticks = 1;

  private constructor(gpu: GpuDevice, residents: readonly Resident[]) {
    this.gpu = gpu;
    this.residents = residents;
  }

  /** Throws CapacityError where the device cannot hold the worlds. */
  static async create(gpu: GpuDevice, run: ResolvedRun): Promise<DeviceTicks> {
    const all = worldParameters(run);
    const residents: Resident[] = [];
    for (const { worlds } of planBatches(all, gpu.bindingBytesMax)) {
      const own = worlds.map((world) => all[world]!);
      const batch = await Batch.allocate(gpu, own);
      const shadow = new Shadow(own[0]!);
      const founded = own.slice(0, FOUNDED).map((p) => shadow.found(p, null, null).words);
      for (let w = 0; w < own.length; w++) {
        batch.upload(w, founded[w % founded.length]!);
        if (w % UPLOADS_AHEAD === 0) await gpu.device.queue.onSubmittedWorkDone();
      }
      residents.push({ batch, stretch: await Stretch.compile(batch, devicePhases(own)) });
    }
    return new DeviceTicks(gpu, residents);
  }

  /** Lets the population settle and finds how many ticks fill a turn. */
  async warmUp(ticks: number): Promise<void> {
    await this.run(Math.max(1, ticks - 1));
    this.ticks = timesFor(await this.run(1));
  }

  async advance(): Promise<TimedWork> {
    const before = await this.alive();
    const ms = await this.run(this.ticks);
    // births and deaths of so few ticks are even
    return { units: (this.ticks * (before + (await this.alive()))) / 2, ms };
  }

  /** Nanoseconds on the device by phase; of none where it has no timestamps. */
  async profile(ticks: number): Promise<Readonly<Record<string, number>>> {
    const sums: Record<string, number> = {};
    await this.go(ticks, ({ stretch }, from, to) => stretch.profile(from, to, sums));
    return sums;
  }

  /** @throws OverflowError, LawViolation or EngineError for what went wrong on the device */
  async assertWell(): Promise<void> {
    for (const { batch } of this.residents) await batch.assertWell();
    this.gpu.assertWell();
  }

  destroy(): void {
    for (const { batch } of this.residents) batch.destroy();
  }

  /** Milliseconds that ticks take. */
  private async run(ticks: number): Promise<number> {
    const start = performance.now();
    await this.go(ticks, ({ stretch }, from, to) => stretch.run(from, to));
    return performance.now() - start;
  }

  private async go(
    ticks: number,
    step: (resident: Resident, from: number, to: number) => Promise<number>,
  ): Promise<void> {
    const to = this.tick + ticks;
    for (const resident of this.residents)
      for (let next = this.tick; next < to; ) {
        next = await step(resident, next, to);
        if (next < to) await forgetLives(resident, next);
      }
    this.tick = to;
  }

  /** The living of all worlds, by those of some. */
  private async alive(): Promise<number> {
    let sum = 0;
    for (const { batch } of this.residents) {
      const { layout, parameters, state } = batch;
      const at = deviceColumn(layout, 'columns.scalar')!.offset + WORLD.alive;
      const counted = Math.min(COUNTED, parameters.length);
      let living = 0;
      for (let k = 0; k < counted; k++) {
        const world = Math.floor((k * parameters.length) / counted);
        const [alive] = await this.gpu.read(state, WORD_BYTES, WORD_BYTES * (world * layout.worldWords + at));
        living += alive!;
      }
      sum += (living * parameters.length) / counted;
    }
    return sum;
  }
}

/** Whole ticks with every mechanism on, and the share of each phase by the device's timestamps. */
export async function benchGpuTick(options: BenchOptions = {}): Promise<BenchRow[]> {
  const repeats = repeatsOf(options);
  const run = benchmarkConfig('everyMechanism.yaml', { slots: options.agents, worlds: options.worlds });
  const gpu = await openGpu();
  try {
    const plans = planBatches(worldParameters(run), gpu.bindingBytesMax);
    const ticks = await DeviceTicks.create(gpu, run);
    await ticks.warmUp(gpu.status.software ? SOFTWARE_WARM_UP_TICKS : WARM_UP_TICKS);
    const copy = await CopyContender.create(gpu);
    const [steps, copied] = await takeTurns([ticks, copy], repeats);
    await ticks.assertWell();
    const phaseNs = await ticks.profile(gpu.status.software ? 1 : PROFILED_TICKS);
    copy.destroy();
    ticks.destroy();
    const { slots, worlds } = run.arms[0]!;
    const agents = slots * worlds;
    const row = {
      name: 'tick',
      bytesPerAgent: plannedBytes(plans) / agents,
      // everybody learns; what markets read and write on top of that is not counted
      ...roofline(steps!, copied!, brainStepBytes(plans[0]!.layout)),
      ...sizes(agents, worlds),
    };
    const phases = shares(phaseNs);
    return [{ ...row, note: noteOf(gpu, row), ...(gpu.timestamps ? { phases } : {}) }];
  } finally {
    gpu.close();
  }
}

function shares(ns: Readonly<Record<string, number>>): Record<string, number> {
  const all = Object.values(ns).reduce((sum, each) => sum + each, 0);
  return Object.fromEntries(Object.entries(ns).map(([name, each]) => [name, each / all]));
}
