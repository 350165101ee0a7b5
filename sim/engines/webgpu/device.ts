/** A GPU as the engine uses it: acquired with the largest buffers that it offers, its errors turned into ours. */
import { CapacityError, EngineError, EnvironmentError } from '../../core/errors.ts';

/** WebGPU's flags of buffers; the global of that name is missing in Node. */
export const USAGE = {
  mapRead: 1,
  copySource: 4,
  copyTarget: 8,
  uniform: 64,
  storage: 128,
  query: 512,
} as const;
const MAP_READ = 1;
/** Visibility of a binding to compute shaders. */
export const COMPUTE = 4;

/** Limits that are asked for as far as the adapter goes. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
] as const;

const GIB = 2 ** 30;

export interface DeviceStatus {
  /** Name of the device as its driver gives it. */
  readonly name: string;
  /** Whether its driver computes on a processor, for correctness alone. */
  readonly software: boolean;
}

/** An entry point of a shader, and how what it is given is bound. */
export interface PipelineEntry {
  readonly entryPoint: string;
  readonly layout: GPUPipelineLayout;
}

/** A device that is open. */
export class GpuDevice {
  readonly device: GPUDevice;
  readonly status: DeviceStatus;
  /** Whether passes can be timed on the device. */
  readonly timestamps: boolean;
  private lostBecause: string | null = null;
  private closed = false;
  private readonly faults: string[] = [];
  private readonly compiled = new Map<string, readonly GPUComputePipeline[]>();

  constructor(device: GPUDevice, status: DeviceStatus) {
    this.device = device;
    this.status = status;
    this.timestamps = device.features.has('timestamp-query');
    void device.lost.then(({ reason, message }) => {
      if (!this.closed) this.lostBecause = `${reason}: ${message.split('\n')[0]}`;
    });
    device.onuncapturederror = ({ error }) => {
      this.faults.push(error.message.split('\n')[0]!);
    };
  }

  /** Most bytes of one buffer that a shader can see. */
  get bindingBytesMax(): number {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits;
    return Math.min(maxStorageBufferBindingSize, maxBufferSize);
  }

  /** @throws EngineError when the device was lost or refused something that it was given */
  assertWell(): void {
    if (this.lostBecause !== null)
      throw new EngineError(
        `the GPU '${this.status.name}' was lost (${this.lostBecause})`,
        'resume from the last checkpoint, or use --engine cpu',
      );
    const [fault] = this.faults.splice(0);
    if (fault !== undefined)
      throw new EngineError(`the GPU '${this.status.name}' refused: ${fault}`, 'use --engine cpu');
  }

  /**
   * A buffer, zeroed.
   *
   * @throws CapacityError when the device has no room
   */
  async buffer(label: string, bytes: number, usage: number): Promise<GPUBuffer> {
    const { device } = this;
    if (bytes > device.limits.maxBufferSize)
      throw new CapacityError(
        `${label} needs ${(bytes / GIB).toFixed(2)} GiB, a buffer of '${this.status.name}' ends at ${(device.limits.maxBufferSize / GIB).toFixed(2)} GiB`,
        'use fewer agents or worlds',
      );
    device.pushErrorScope('out-of-memory');
    const buffer = device.createBuffer({ label, size: Math.max(16, bytes), usage });
    const refused = await device.popErrorScope();
    this.assertWell();
    if (refused !== null)
      throw new CapacityError(
        `the GPU '${this.status.name}' refused ${(bytes / 2 ** 20).toFixed(0)} MiB for ${label}`,
        'use fewer agents or worlds',
      );
    return buffer;
  }

  /** A storage buffer that can be copied from and to. */
  storage(label: string, bytes: number): Promise<GPUBuffer> {
    return this.buffer(label, bytes, USAGE.storage | USAGE.copySource | USAGE.copyTarget);
  }

  /**
   * Pipelines of entry points of one shader, compiled once in the life of the device.
   *
   * @throws EngineError with the first message of the compiler
   */
  async pipelines(
    label: string,
    code: string,
    entries: readonly PipelineEntry[],
  ): Promise<readonly GPUComputePipeline[]> {
    const key = `${entries.map(({ entryPoint }) => entryPoint)} ${code}`;
    const known = this.compiled.get(key);
    if (known !== undefined) return known;
    const module = await this.shader(label, code);
    const pipelines = await Promise.all(entries.map((entry) => this.pipeline(label, module, entry)));
    this.compiled.set(key, pipelines);
    return pipelines;
  }

  private async shader(label: string, code: string): Promise<GPUShaderModule> {
    const { device } = this;
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ label, code });
    const { messages } = await module.getCompilationInfo();
    const refused = await device.popErrorScope();
    const first = messages.find(({ type }) => type === 'error');
    if (first === undefined && refused === null) return module;
    const line = first === undefined ? '' : code.split('\n')[first.lineNum - 1]?.trim();
    throw new EngineError(
      `the shader '${label}' does not compile on '${this.status.name}': ${first?.message ?? refused?.message.split('\n')[0]}${line ? ` in '${line}'` : ''}`,
      'use --engine cpu and report this',
    );
  }

  private async pipeline(
    label: string,
    module: GPUShaderModule,
    { entryPoint, layout }: PipelineEntry,
  ): Promise<GPUComputePipeline> {
    try {
      return await this.device.createComputePipelineAsync({
        label: `${label} ${entryPoint}`,
        layout,
        compute: { module, entryPoint },
      });
    } catch (cause) {
      throw new EngineError(
        `the shader '${label}' cannot run on '${this.status.name}': ${(cause as Error).message.split('\n')[0]}`,
        'use --engine cpu and report this',
        { cause },
      );
    }
  }

  /** Words of a buffer, read back after all that was submitted before. */
  async read(buffer: GPUBuffer, bytes = buffer.size, offset = 0): Promise<Uint32Array<ArrayBuffer>> {
    const { device } = this;
    const staging = await this.buffer('a readback', bytes, USAGE.mapRead | USAGE.copyTarget);
    try {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(MAP_READ, 0, bytes);
      return new Uint32Array(staging.getMappedRange(0, bytes).slice(0));
    } catch (cause) {
      this.assertWell();
      throw new EngineError(
        `the GPU '${this.status.name}' did not answer: ${(cause as Error).message}`,
        'use --engine cpu',
        { cause },
      );
    } finally {
      staging.destroy();
    }
  }

  /** Gives the device back. */
  close(): void {
    this.closed = true;
    this.device.destroy();
  }
}

/**
 * Opens the fastest GPU of an implementation of WebGPU: the browser's, or Dawn's in Node.
 *
 * @throws EnvironmentError when there is none, or it refuses
 */
export async function openDevice(gpu: GPU): Promise<GpuDevice> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null)
    throw new EnvironmentError(
      'no GPU was found: no driver of Vulkan, Metal or Direct3D 12 answers',
      'install the driver, or use --engine cpu',
    );
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const requiredFeatures: GPUFeatureName[] = adapter.features.has('timestamp-query')
    ? ['timestamp-query']
    : [];
  const { vendor, architecture, device: model, description } = adapter.info;
  const name = description || model || `${vendor} ${architecture}`.trim() || 'GPU';
  try {
    const device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
    return new GpuDevice(device, {
      name,
      software: /swiftshader|llvmpipe|lavapipe/i.test(`${name} ${model}`),
    });
  } catch (cause) {
    throw new EnvironmentError(
      `the GPU '${name}' refused a device: ${(cause as Error).message}`,
      'close other programs that use it, or use --engine cpu',
      { cause },
    );
  }
}
