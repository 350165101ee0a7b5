/** The engine of every machine: TypeScript and WebAssembly on worker threads. */
import { availableParallelism, cpus } from 'node:os';
import process from 'node:process';
import type { Engine } from '../../sim/engine.ts';
import { planRun } from '../plan.ts';
import { createThreadShards } from '../threads.ts';
import type { EngineOffer } from './offer.ts';

function device(): string {
  const cores = availableParallelism();
  return `${cpus()[0]?.model.trim() || process.arch}, ${cores} ${cores === 1 ? 'core' : 'cores'}`;
}

export const CPU: EngineOffer = {
  name: 'cpu',
  probe: async () => ({
    name: 'cpu',
    available: true,
    device: device(),
    reason: 'TypeScript on typed arrays, brains in WebAssembly SIMD; bit-for-bit the same on every machine',
  }),
  open: async () => cpuEngine(),
};

/** The cpu engine on worker threads. */
export const cpuEngine = (): Engine => ({
  name: 'cpu',
  device: device(),
  plan: (run, threads) => planRun(run, threads),
  createShards: async (run, { threads }, { clock, laws, fault, founders, brainShards }) =>
    createThreadShards(run, threads, {
      ...(laws === undefined ? {} : { laws }),
      ...(fault === undefined ? {} : { fault }),
      ...(founders === undefined ? {} : { founders }),
      ...(brainShards === undefined ? {} : { brainShards }),
      profile: clock !== undefined,
    }),
  close: async () => {},
});
