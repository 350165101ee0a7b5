/**
 * Worlds of one layout in one set of buffers. Brains lie in as many shards of neighbouring agents as the device's largest
 * binding asks for; everything else of a world in its run of `state`.
 */
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import { STATUS_HALT, STATUS_WORDS, tableWords, threadsOf } from './constants.ts';
import { COMPUTE, type GpuDevice, USAGE } from './device.ts';
import { APART, type DeviceColumn, type DeviceLayout, layOutDevice, WEIGHT_STRIDE } from './layout.ts';
import { createWords, type WorldWords } from './mirror.ts';
import { writeParameters } from './parameters.ts';
import type { DevicePass } from './phase.ts';
import { problemOf } from './status.ts';

const WORD_BYTES = 4;
/** Words of `control`: the tick, worlds of the batch, whether ticks wait, one to spare. */
const CONTROL_WORDS = 4;
const GROUPS_MAX = 65_535;

/** Weights and traces of a run of the batch's agents. */
export interface BrainBuffers {
  readonly first: number;
  readonly count: number;
  /** In the order of APART. */
  readonly buffers: readonly GPUBuffer[];
  readonly group: GPUBindGroup;
}

/** The shader that ends a tick, after which worlds may want to be looked at. */
export const CLOCK = `@group(0) @binding(0) var<storage, read_write> control: array<u32>;
@group(0) @binding(1) var<storage, read_write> status: array<u32>;
@compute @workgroup_size(1)
fn advance() {
  if (control[2] == 0u) {
    control[0] += 1u;
    control[2] = status[control[1] * ${STATUS_WORDS}u];
  }
}`;

/** How the bindings of all phases lie; one for each device. */
export interface Bindings {
  readonly world: GPUBindGroupLayout;
  readonly brain: GPUBindGroupLayout;
  /** Of pipelines over worlds or agents, and of those over brains. */
  readonly plain: GPUPipelineLayout;
  readonly withBrain: GPUPipelineLayout;
  readonly clock: GPUBindGroupLayout;
  readonly ofClock: GPUPipelineLayout;
}

const binding = (number: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry => ({
  binding: number,
  visibility: COMPUTE,
  buffer: { type },
});

const known = new WeakMap<GpuDevice, Bindings>();

/** The layouts of bind groups: of worlds, and of brains; one for each device, so that pipelines serve all batches. */
export function bindingsOf(gpu: GpuDevice): Bindings {
  const bindings = known.get(gpu) ?? createBindings(gpu);
  known.set(gpu, bindings);
  return bindings;
}

function createBindings({ device }: GpuDevice): Bindings {
  const world = device.createBindGroupLayout({
    label: 'world',
    entries: [
      binding(0, 'storage'),
      binding(1, 'read-only-storage'),
      binding(2, 'read-only-storage'),
      binding(3, 'storage'),
      binding(4, 'read-only-storage'),
    ],
  });
  const brain = device.createBindGroupLayout({
    label: 'brain',
    entries: [binding(0, 'storage'), binding(1, 'storage'), binding(2, 'uniform')],
  });
  const clock = device.createBindGroupLayout({
    label: 'clock',
    entries: [binding(0, 'storage'), binding(1, 'storage')],
  });
  return {
    world,
    brain,
    clock,
    ofClock: device.createPipelineLayout({ bindGroupLayouts: [clock] }),
    plain: device.createPipelineLayout({ bindGroupLayouts: [world] }),
    withBrain: device.createPipelineLayout({ bindGroupLayouts: [world, brain] }),
  };
}

/** Bytes of the buffers of worlds of one layout. */
export const batchBytes = (layout: DeviceLayout, worlds: number): number =>
  WORD_BYTES *
  worlds *
  (layout.worldWords +
    layout.parameterWords +
    STATUS_WORDS +
    (layout.brains ? APART.length * layout.slots * WEIGHT_STRIDE : 0));

export class Batch {
  readonly gpu: GpuDevice;
  readonly layout: DeviceLayout;
  readonly bindings: Bindings;
  readonly state: GPUBuffer;
  readonly control: GPUBuffer;
  readonly shards: readonly BrainBuffers[];
  private readonly status: GPUBuffer;
  private readonly group: GPUBindGroup;
  private readonly inForce: WorldParameters[];
  private readonly numbers: GPUBuffer;
  private readonly tables: GPUBuffer;

  private constructor(
    gpu: GpuDevice,
    parameters: readonly WorldParameters[],
    layout: DeviceLayout,
    bindings: Bindings,
    buffers: Readonly<Record<'state' | 'parameters' | 'tables' | 'status' | 'control', GPUBuffer>>,
    shards: readonly BrainBuffers[],
  ) {
    this.gpu = gpu;
    this.layout = layout;
    this.inForce = [...parameters];
    this.bindings = bindings;
    this.state = buffers.state;
    this.control = buffers.control;
    this.status = buffers.status;
    this.numbers = buffers.parameters;
    this.tables = buffers.tables;
    this.shards = shards;
    const inOrder = [buffers.state, buffers.parameters, buffers.tables, buffers.status, buffers.control];
    this.group = gpu.device.createBindGroup({
      layout: bindings.world,
      entries: inOrder.map((buffer, number) => ({ binding: number, resource: { buffer } })),
    });
  }

  /**
   * Buffers for worlds, empty but for their parameters.
   *
   * @param parameters of worlds that share one layout
   * @param brainsPerShard agents whose brains lie in one binding; as many as the device allows by default
   * @throws CapacityError when the device has no room
   */
  static async allocate(
    gpu: GpuDevice,
    parameters: readonly WorldParameters[],
    brainsPerShard = Math.floor(gpu.bindingBytesMax / (WORD_BYTES * WEIGHT_STRIDE)),
  ): Promise<Batch> {
    const layout = layOutDevice(parameters[0]!);
    const bindings = bindingsOf(gpu);
    const worlds = parameters.length;
    const bytes = (words: number): number => WORD_BYTES * worlds * words;
    const tables = tableWords();
    const buffers = {
      state: await gpu.storage('worlds', bytes(layout.worldWords)),
      parameters: await gpu.storage('parameters', bytes(layout.parameterWords)),
      tables: await gpu.storage('tables', tables.byteLength),
      status: await gpu.storage('status', bytes(STATUS_WORDS) + WORD_BYTES),
      control: await gpu.storage('control', WORD_BYTES * CONTROL_WORDS),
    };
    const words = new Uint32Array(worlds * layout.parameterWords);
    parameters.forEach((p, w) => {
      writeParameters(p, words, w * layout.parameterWords);
    });
    gpu.device.queue.writeBuffer(buffers.parameters, 0, words);
    gpu.device.queue.writeBuffer(buffers.tables, 0, tables);
    const agents = layout.brains ? worlds * layout.slots : 0;
    const shards: BrainBuffers[] = [];
    for (let first = 0; first < agents; first += brainsPerShard)
      shards.push(await allocateBrains(gpu, bindings.brain, first, Math.min(brainsPerShard, agents - first)));
    const batch = new Batch(gpu, parameters, layout, bindings, buffers, shards);
    batch.setTick(0);
    return batch;
  }

  /** Of each world, those in force. */
  get parameters(): readonly WorldParameters[] {
    return this.inForce;
  }

  /** Changes a world's parameters for all that is submitted from now on; its layout stays. */
  setParameters(index: number, p: WorldParameters): void {
    const words = new Uint32Array(this.layout.parameterWords);
    writeParameters(p, words, 0);
    this.inForce[index] = p;
    this.gpu.device.queue.writeBuffer(this.numbers, WORD_BYTES * index * words.length, words);
  }

  /** Compiles what ends a tick on the device: the next phases are those of the next one. */
  async compileClock(): Promise<(encoder: GPUComputePassEncoder) => void> {
    const { gpu, bindings } = this;
    const [pipeline] = await gpu.pipelines('clock', CLOCK, [
      { entryPoint: 'advance', layout: bindings.ofClock },
    ]);
    const entries = [this.control, this.status].map((buffer, number) => ({
      binding: number,
      resource: { buffer },
    }));
    const group = gpu.device.createBindGroup({ layout: bindings.clock, entries });
    return (encoder) => {
      encoder.setPipeline(pipeline!);
      encoder.setBindGroup(0, group);
      encoder.dispatchWorkgroups(1);
    };
  }

  /** Sets the tick that comes next. */
  setTick(tick: number): void {
    const words = Uint32Array.of(tick, this.parameters.length, 0, 0);
    this.gpu.device.queue.writeBuffer(this.control, 0, words);
  }

  /** Puts a world on the device. */
  upload(index: number, { state, apart }: WorldWords): void {
    const { queue } = this.gpu.device;
    queue.writeBuffer(this.state, index * WORD_BYTES * this.layout.worldWords, state);
    this.ofBrains(index, (shard, inShard, inWorld, count) => {
      shard.buffers.forEach((buffer, k) => {
        const source = apart[k]!.subarray(inWorld * WEIGHT_STRIDE, (inWorld + count) * WEIGHT_STRIDE);
        queue.writeBuffer(buffer, inShard * WORD_BYTES * WEIGHT_STRIDE, source);
      });
    });
  }

  /**
   * Gives every brain weights and traces, those of a few over and over: for benchmarks, which need many at once.
   *
   * @param apart of at least one agent
   */
  fillBrains(apart: WorldWords['apart']): void {
    const { queue } = this.gpu.device;
    const few = apart[0]!.length / WEIGHT_STRIDE;
    for (const { buffers, count } of this.shards)
      for (let at = 0; at < count; at += few)
        buffers.forEach((buffer, k) => {
          const words = Math.min(few, count - at) * WEIGHT_STRIDE;
          queue.writeBuffer(buffer, at * WORD_BYTES * WEIGHT_STRIDE, apart[k]!, 0, words);
        });
  }

  /** Takes a world off the device, but for its weights and traces. */
  async downloadState(index: number): Promise<WorldWords> {
    const bytes = WORD_BYTES * this.layout.worldWords;
    return { state: await this.gpu.read(this.state, bytes, index * bytes), apart: [] };
  }

  /** Puts one column of a world on the device: its words, of `source` from word `from` on. */
  writeColumn(
    index: number,
    { offset, words }: DeviceColumn,
    source: Uint32Array<ArrayBuffer>,
    from = 0,
  ): void {
    const at = WORD_BYTES * (index * this.layout.worldWords + offset);
    if (words > 0) this.gpu.device.queue.writeBuffer(this.state, at, source, from, words);
  }

  /** Words of one column of a world. */
  readColumn(index: number, { offset, words }: DeviceColumn): Promise<Uint32Array<ArrayBuffer>> {
    const at = WORD_BYTES * (index * this.layout.worldWords + offset);
    return this.gpu.read(this.state, WORD_BYTES * words, at);
  }

  /** Takes a world off the device. */
  async download(index: number): Promise<WorldWords> {
    const words = createWords(this.layout);
    words.state.set((await this.downloadState(index)).state);
    const reads: Promise<void>[] = [];
    this.ofBrains(index, (shard, inShard, inWorld, count) => {
      const brainBytes = WORD_BYTES * WEIGHT_STRIDE;
      shard.buffers.forEach((buffer, k) => {
        reads.push(
          this.gpu.read(buffer, count * brainBytes, inShard * brainBytes).then((read) => {
            words.apart[k]!.set(read, inWorld * WEIGHT_STRIDE);
          }),
        );
      });
    });
    await Promise.all(reads);
    return words;
  }

  /** Encodes a pass of a phase over all worlds. */
  dispatch(encoder: GPUComputePassEncoder, { over }: DevicePass, pipeline: GPUComputePipeline): void {
    encoder.setPipeline(pipeline);
    encoder.setBindGroup(0, this.group);
    const worlds = this.parameters.length;
    const { slots } = this.layout;
    if (over === 'brains') {
      for (const { group, count } of this.shards) {
        encoder.setBindGroup(1, group);
        encoder.dispatchWorkgroups(...grid(count));
      }
      return;
    }
    if (over === 'worlds') encoder.dispatchWorkgroups(worlds);
    else encoder.dispatchWorkgroups(...grid(Math.ceil((worlds * slots) / threadsOf(slots))));
  }

  /** The tick that comes next on the device, once all that was submitted is done, and whether it waits for the host. */
  async progress(): Promise<{ readonly tick: number; readonly halted: boolean }> {
    const [tick, , halted] = await this.gpu.read(this.control);
    return { tick: tick!, halted: halted !== 0 };
  }

  /**
   * Why each world wants to be looked at: bits of `halt`, 0 where it does not.
   *
   * @throws OverflowError or AssertionError for the first thing that went wrong in a world
   */
  async assertWell(): Promise<readonly number[]> {
    const words = await this.gpu.read(this.status);
    return this.parameters.map((p, w) => {
      const own = words.subarray(w * STATUS_WORDS, (w + 1) * STATUS_WORDS);
      const problem = problemOf(p, own);
      if (problem !== null) throw problem;
      return own[STATUS_HALT]!;
    });
  }

  /** Forgets what went wrong and why worlds waited; the next tick is `tick`. */
  resume(tick: number): void {
    const words = new Uint32Array(this.parameters.length * STATUS_WORDS + 1);
    this.gpu.device.queue.writeBuffer(this.status, 0, words);
    this.setTick(tick);
  }

  /** Gives all buffers back. */
  destroy(): void {
    for (const buffer of [this.state, this.control, this.status, this.numbers, this.tables]) buffer.destroy();
    for (const { buffers } of this.shards) for (const buffer of buffers) buffer.destroy();
  }

  /** Visits the shards that hold brains of a world: first agent within the shard and the world, and how many. */
  private ofBrains(
    index: number,
    visit: (shard: BrainBuffers, inShard: number, inWorld: number, count: number) => void,
  ): void {
    const { slots } = this.layout;
    const from = index * slots;
    for (const shard of this.shards) {
      const first = Math.max(from, shard.first);
      const end = Math.min(from + slots, shard.first + shard.count);
      if (first < end) visit(shard, first - shard.first, first - from, end - first);
    }
  }
}

/** Workgroups in two dimensions, since one ends at 65,535; those past the end have nothing to do. */
function grid(groups: number): [number, number] {
  const rows = Math.max(1, Math.ceil(groups / GROUPS_MAX));
  return [Math.ceil(groups / rows), rows];
}

async function allocateBrains(
  gpu: GpuDevice,
  layout: GPUBindGroupLayout,
  first: number,
  count: number,
): Promise<BrainBuffers> {
  const bytes = WORD_BYTES * WEIGHT_STRIDE * count;
  const buffers = [await gpu.storage('weights', bytes), await gpu.storage('traces', bytes)];
  const range = await gpu.buffer('run of brains', 16, USAGE.uniform | USAGE.copyTarget);
  gpu.device.queue.writeBuffer(range, 0, Uint32Array.of(first, count, 0, 0));
  const group = gpu.device.createBindGroup({
    layout,
    entries: [...buffers, range].map((buffer, number) => ({ binding: number, resource: { buffer } })),
  });
  return { first, count, buffers, group };
}
