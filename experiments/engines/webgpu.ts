/** The engine of graphics processors; its shards come from sim/engines/webgpu. */
import { DarwinError, EnvironmentError } from '../../sim/core/errors.ts';
import { webgpuEngine } from '../../sim/engines/webgpu/engine.ts';
import { missingPhases } from '../../sim/engines/webgpu/plan.ts';
import { openGpu } from '../webgpu.ts';
import type { EngineOffer, EngineStatus } from './offer.ts';

/** Agents of a run below which launching kernels costs more than they do. */
const AUTO_FROM_AGENTS = 16_384;

const missing = (): string | null => {
  const phases = missingPhases();
  return phases.length === 0 ? null : `this version has no shaders of ${phases.join(', ')}`;
};

async function probe(): Promise<EngineStatus> {
  const absent = (reason: string): EngineStatus => ({
    name: 'webgpu',
    available: false,
    device: null,
    reason,
  });
  const incomplete = missing();
  if (incomplete !== null) return absent(incomplete);
  try {
    const gpu = await openGpu();
    const { name, software } = gpu.status;
    gpu.close();
    return {
      name: 'webgpu',
      available: true,
      device: name,
      reason: software
        ? 'WGSL on a driver that computes on the processor: for correctness, not for speed'
        : 'WGSL; worlds stay on the device, integers equal those of cpu; no journal, no fills',
      ...(software ? { imitated: true as const } : {}),
    };
  } catch (error) {
    return absent(error instanceof DarwinError ? error.line : String(error));
  }
}

export const WEBGPU: EngineOffer = {
  name: 'webgpu',
  autoFromAgents: AUTO_FROM_AGENTS,
  probe,
  open: async () => {
    const incomplete = missing();
    if (incomplete !== null)
      throw new EnvironmentError(
        `engine webgpu is not available: ${incomplete}`,
        '--engine auto chooses one',
      );
    return webgpuEngine(await openGpu());
  },
};
