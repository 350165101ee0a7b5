/** Phases compiled for worlds of one layout on one device. */
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import type { Batch, Bindings } from './batch.ts';
import type { GpuDevice } from './device.ts';
import type { DeviceLayout } from './layout.ts';
import { type DevicePass, type DevicePhase, entryPoint, shaderOf } from './phase.ts';

/** A phase with its pipelines, one a pass. */
export interface CompiledPhase {
  readonly phase: DevicePhase;
  readonly passes: readonly { readonly pass: DevicePass; readonly pipeline: GPUComputePipeline }[];
}

/**
 * Compiles a phase.
 *
 * @throws EngineError with the compiler's message
 */
export async function compilePhase(
  gpu: GpuDevice,
  bindings: Bindings,
  phase: DevicePhase,
  layout: DeviceLayout,
  p: WorldParameters,
): Promise<CompiledPhase> {
  const pipelines = await gpu.pipelines(
    phase.name,
    shaderOf(phase, layout, p),
    phase.passes.map((pass) => ({
      entryPoint: entryPoint(pass),
      layout: pass.over === 'brains' ? bindings.withBrain : bindings.plain,
    })),
  );
  return { phase, passes: phase.passes.map((pass, k) => ({ pass, pipeline: pipelines[k]! })) };
}

/** Encodes a phase over the worlds of a batch; each pass sees what the one before wrote. */
export function encodePhase(encoder: GPUComputePassEncoder, batch: Batch, { passes }: CompiledPhase): void {
  for (const { pass, pipeline } of passes) batch.dispatch(encoder, pass, pipeline);
}
