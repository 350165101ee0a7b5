/** The engines of this version, and why the others are not here. */
import { availableParallelism, cpus } from 'node:os';

export interface EngineStatus {
  readonly name: string;
  readonly available: boolean;
  /** What it would run on; null where it cannot. */
  readonly device: string | null;
  /** Why it is chosen or missing. */
  readonly reason: string;
}

const cores = availableParallelism();

export const ENGINES: readonly EngineStatus[] = [
  {
    name: 'cpu',
    available: true,
    device: `${cpus()[0]?.model.trim() || process.arch}, ${cores} ${cores === 1 ? 'core' : 'cores'}`,
    reason: 'TypeScript on typed arrays, brains in WebAssembly SIMD; bit-for-bit the same on every machine',
  },
  { name: 'webgpu', available: false, device: null, reason: 'not in this version' },
  { name: 'tensorflow', available: false, device: null, reason: 'not in this version' },
];
