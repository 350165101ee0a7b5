/** Columns that worlds have on the device alone: scratch of phases, and what the CPU keeps in objects. */
import type { WorldParameters } from '../../../configs/derive.ts';
import { type ColumnSpec, u32 } from '../../core/columns.ts';

/**
 * Zero after an upload; never part of a checkpoint or of a comparison with the CPU. A column says which phase writes it.
 */
export const deviceColumnSpec = (p: WorldParameters): Record<string, ColumnSpec> => ({
  /** Scratch of any one phase, [N]. */
  scratch: u32(p.slots),
});
