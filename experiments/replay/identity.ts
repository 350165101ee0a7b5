/** What an agent's identity on a chain says: its lineage, and the hash of its reward genes. */
import { type Hex, keccak256 } from 'viem';
import { FEATURE_COUNT, GENE, REWARD_FEATURES } from '../../agents/columns.ts';
import type { RecordBatch } from '../../sim/frame.ts';
import type { World } from '../../sim/world.ts';

export interface Identity {
  readonly world: number;
  readonly serial: number;
  /** Serial of the parent, 0 = none. */
  readonly parent: number;
  readonly secondParent: number;
  readonly generation: number;
  readonly bornAt: number;
  readonly genomeHash: Hex;
}

/**
 * keccak256 over the linear reward genes as little-endian 32-bit floats, in the order of the columns `gene_*` of the
 * tables `lineage` and `agents`, so that anybody can compute it from a run directory.
 *
 * @param from a world and the slot of an agent, or rows of `lineage` and the number of one
 */
export function genomeHash(from: World | RecordBatch['columns'], k: number): Hex {
  const bytes = new DataView(new ArrayBuffer(4 * FEATURE_COUNT));
  REWARD_FEATURES.forEach((feature, f) => {
    bytes.setFloat32(
      4 * f,
      isWorld(from) ? geneOf(from, k, f) : (from[`gene_${feature}`]![k] as number),
      true,
    );
  });
  return keccak256(new Uint8Array(bytes.buffer));
}

const isWorld = (from: World | RecordBatch['columns']): from is World => 'agents' in from && 'ledger' in from;

const geneOf = ({ agents, parameters }: World, slot: number, feature: number): number =>
  agents.genes[(GENE.linear + feature) * parameters.slots + slot]!;
