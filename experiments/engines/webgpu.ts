/** The engine of graphics processors; its shards come from sim/engines/webgpu. */
import { DarwinError, EnvironmentError } from '../../sim/core/errors.ts';
import { webgpuEngine } from '../../sim/engines/webgpu/engine.ts';
import { missingPhases } from '../../sim/engines/webgpu/plan.ts';
import { mayHaveGpu, openGpu } from '../webgpu.ts';
import type { AutoRange, EngineOffer, EngineStatus } from './offer.ts';

/**
 * Runs that `--engine auto` gives to a GPU. An estimate, not a measurement: no physical GPU was at hand. A large GPU keeps
 * some ten thousand threads busy, a brain has 32 of them and a market one for each slot up to 256, and a tick costs some
 * fifty launches however few agents there are. One world's markets are one workgroup's work, so that beyond 16 slots a
 * thread the cpu's cores win again. `darwin bench engines --engine webgpu,cpu --worlds W` prints where one engine passes
 * the other on a machine: that figure replaces these.
 */
const WEBGPU_PAYS: AutoRange = { agentsFrom: 16_384, slotsMost: 4096 };

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
  mayBeHere: mayHaveGpu,
  auto: WEBGPU_PAYS,
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
