/**
 * `darwin bench brain --engine webgpu`: what the GPU does in a second, beside what its memory could. Clocks are read when
 * the device has finished; copies of its memory take turns with the work.
 */
import { worldParameters } from '../../configs/arms.ts';
import { parseConfig } from '../../configs/parse.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { Batch, batchBytes } from '../../sim/engines/webgpu/batch.ts';
import type { GpuDevice } from '../../sim/engines/webgpu/device.ts';
import { deviceColumn } from '../../sim/engines/webgpu/layout.ts';
import { BRAIN_PHASE } from '../../sim/engines/webgpu/phases/brain.ts';
import { brainStepBytes } from '../../sim/engines/webgpu/plan.ts';
import { Shadow } from '../../sim/engines/webgpu/shadow.ts';
import { Stretch } from '../../sim/engines/webgpu/stretch.ts';
import { median } from '../statistics/estimates.ts';
import { openGpu } from '../webgpu.ts';
import { type BenchOptions, type BenchRow, type Contender, spreadOf, takeTurns } from './measure.ts';

/** Agents of one world whose brains are stepped, unless told otherwise. */
const AGENTS = 16_384;
/** Agents of a world that is founded; larger ones repeat its brains. */
const FOUNDED = 256;
const REPEATS = 7;
/** An arbitrary seed: the figures do not depend on it. */
const SEED = 20_26;
/** Milliseconds between two clock readings, about: launches and the clock's own cost vanish in it. */
const TURN_MS = 200;
const TICKS_MAX = 4096;
/** Bytes that a copy moves at least in one go, where the device has room: far more than any cache holds. */
const COPY_BYTES = 2 ** 30;

/** Repeats that are asked for. Throws UsageError for none. */
export const repeatsOf = ({ repeats = REPEATS }: BenchOptions): number => {
  if (repeats < 1) throw new UsageError('a benchmark needs at least one repeat', '--repeats 7');
  return repeats;
};

/** Copies memory of the device; counts bytes read and written. */
export class CopyContender implements Contender {
  private readonly gpu: GpuDevice;
  private readonly from: GPUBuffer;
  private readonly to: GPUBuffer;
  private readonly bytes: number;
  private readonly times: number;

  private constructor(gpu: GpuDevice, from: GPUBuffer, to: GPUBuffer, bytes: number, times: number) {
    this.gpu = gpu;
    this.from = from;
    this.to = to;
    this.bytes = bytes;
    this.times = times;
  }

  static async create(gpu: GpuDevice): Promise<CopyContender> {
    const bytes = Math.min(gpu.status.software ? COPY_BYTES / 16 : COPY_BYTES, gpu.bindingBytesMax);
    const from = await gpu.storage('copied', bytes);
    const to = await gpu.storage('a copy', bytes);
    const once = new CopyContender(gpu, from, to, bytes, 1);
    await once.advance();
    const start = performance.now();
    await once.advance();
    return new CopyContender(gpu, from, to, bytes, timesFor(performance.now() - start));
  }

  async advance(): Promise<number> {
    const { gpu, from, to, bytes, times } = this;
    const encoder = gpu.device.createCommandEncoder();
    for (let k = 0; k < times; k++) encoder.copyBufferToBuffer(from, 0, to, 0, bytes);
    gpu.device.queue.submit([encoder.finish()]);
    await gpu.device.queue.onSubmittedWorkDone();
    return 2 * bytes * times;
  }

  destroy(): void {
    this.from.destroy();
    this.to.destroy();
  }
}

/** Repetitions that fill a turn when one takes `ms`. */
export const timesFor = (ms: number): number =>
  Math.max(1, Math.min(TICKS_MAX, Math.round(TURN_MS / Math.max(ms, 0.01))));

/** One world of brains on the device, with observations and rewards of their own. */
async function brainsOn(gpu: GpuDevice, agents: number): Promise<{ batch: Batch; stretch: Stretch }> {
  const parametersOf = (slots: number) =>
    worldParameters(parseConfig(`slots: ${slots}\nticks: 1\npopulations: [{ name: l, kind: learner }]`))[0]!;
  const small = parametersOf(Math.min(agents, FOUNDED));
  const { words } = new Shadow(small).found(small, null, null);
  const batch = await Batch.allocate(gpu, [parametersOf(agents)]);
  const { layout } = batch;
  const draws = new DrawSequence().at(SEED, 0, 0, STREAM.environment);
  const bits = new Uint32Array(1);
  const asBits = (x: number): number => {
    new Float32Array(bits.buffer)[0] = x;
    return bits[0]!;
  };
  const source = new Shadow(small).layout;
  for (const { group, name } of layout.columns) {
    if (group !== 'brain') continue;
    const target = deviceColumn(layout, `brain.${name}`)!;
    const given = deviceColumn(source, `brain.${name}`)!;
    const rows = target.length / agents;
    const column = new Uint32Array(target.words);
    for (let k = 0; k < column.length; k++)
      column[k] =
        name === 'observation' || name === 'reward'
          ? asBits(draws.normal())
          : words.state[given.offset + (k % (rows * small.slots))]!;
    batch.writeColumn(0, target, column);
  }
  batch.fillBrains(words.apart);
  const stretch = await Stretch.compile(batch, [BRAIN_PHASE]);
  return { batch, stretch };
}

/** Learn + act on the device alone, at every number of agents. */
export async function benchGpuBrain(options: BenchOptions = {}): Promise<BenchRow[]> {
  const repeats = repeatsOf(options);
  const gpu = await openGpu();
  try {
    const copy = await CopyContender.create(gpu);
    const rows: BenchRow[] = [];
    for (const agents of options.agentCounts ?? [options.agents ?? AGENTS])
      rows.push(await brainRow(gpu, copy, agents, repeats));
    copy.destroy();
    return rows;
  } finally {
    gpu.close();
  }
}

async function brainRow(
  gpu: GpuDevice,
  copy: CopyContender,
  agents: number,
  repeats: number,
): Promise<BenchRow> {
  const { batch, stretch } = await brainsOn(gpu, agents);
  let tick = 0;
  const advance = async (ticks: number): Promise<number> => {
    await stretch.run(tick, tick + ticks);
    await gpu.device.queue.onSubmittedWorkDone();
    tick += ticks;
    return ticks * agents;
  };
  await advance(2);
  const start = performance.now();
  await advance(1);
  const ticks = timesFor(performance.now() - start);
  const [steps, copied] = await takeTurns([{ advance: () => advance(ticks) }, copy], repeats);
  await batch.assertWell();
  gpu.assertWell();
  const bytesPerAgentStep = brainStepBytes(batch.layout);
  const row = {
    name: 'brain',
    bytesPerAgent: batchBytes(batch.layout, 1) / agents,
    ...roofline(steps!, copied!, bytesPerAgentStep),
    ...sizes(agents, 1),
  };
  batch.destroy();
  return { ...row, note: noteOf(gpu, row) };
}

/** What a row of this engine says of its size. */
export const sizes = (agents: number, worlds: number) => ({ engine: 'webgpu', threads: 1, agents, worlds });

/** Rates beside the device's memory, whose copies took turns with the work. */
export function roofline(steps: readonly number[], copied: readonly number[], bytesPerAgentStep: number) {
  const agentStepsPerSecond = spreadOf(steps);
  return {
    agentStepsPerSecond,
    nsPerAgentStep: 1e9 / agentStepsPerSecond.median,
    bytesPerAgentStep,
    copyBytesPerSecond: spreadOf(copied),
    rooflineShare: median(steps.map((rate, k) => (rate * bytesPerAgentStep) / copied[k]!)),
  };
}

/** Where it was measured, and the share of the roofline in words. */
export const noteOf = (
  gpu: GpuDevice,
  {
    name,
    bytesPerAgentStep,
    copyBytesPerSecond,
    rooflineShare,
  }: ReturnType<typeof roofline> & { readonly name: string },
): string =>
  `on ${gpu.status.name}${gpu.status.software ? ' (software: correctness only)' : ''}; a step moves at least ${bytesPerAgentStep.toFixed(0)} bytes${name === 'tick' ? ' (its brain alone)' : ''}, copies ${(copyBytesPerSecond.median / 1e9).toFixed(1)} GB/s, ${(100 * rooflineShare).toFixed(1)} % of the roofline`;
