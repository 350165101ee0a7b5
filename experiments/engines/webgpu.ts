/** The engine of graphics processors; its shards come from sim/engines/webgpu. */
import { EnvironmentError } from '../../sim/core/errors.ts';
import type { EngineOffer } from './offer.ts';

const REASON = 'not in this version';

/** Agents of a run below which launching kernels costs more than they do. */
const AUTO_FROM_AGENTS = 16_384;

export const WEBGPU: EngineOffer = {
  name: 'webgpu',
  autoFromAgents: AUTO_FROM_AGENTS,
  probe: async () => ({ name: 'webgpu', available: false, device: null, reason: REASON }),
  open: async () => {
    throw new EnvironmentError(`engine webgpu is not available: ${REASON}`, '--engine auto chooses one');
  },
};
