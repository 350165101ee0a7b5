/** The engine whose brains are TensorFlow.js tensors. */
import { EnvironmentError } from '../../sim/core/errors.ts';
import type { EngineOffer } from './offer.ts';

const REASON = 'not in this version';

export const TENSORFLOW: EngineOffer = {
  name: 'tensorflow',
  probe: async () => ({ name: 'tensorflow', available: false, device: null, reason: REASON }),
  open: async () => {
    throw new EnvironmentError(`engine tensorflow is not available: ${REASON}`, '--engine auto chooses one');
  },
};
