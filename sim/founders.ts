/** Founders of a population (agents/founders.ts) out of the saved states of worlds, and as bytes of their own. */

import { BRAIN_ROWS } from '../agents/brain/layout.ts';
import { type Founders, GENE_COUNT, TRIAL } from '../agents/columns.ts';
import { MIND, MIND_VALUES } from '../agents/founders.ts';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { encodeColumns, readColumns } from './checkpoint.ts';
import { type AnyColumn, ColumnHash } from './core/columns.ts';
import { CheckpointError } from './core/errors.ts';

type Saved = ReadonlyMap<string, AnyColumn>;

function column(saved: Saved, name: string, place: string): AnyColumn {
  const found = saved.get(name);
  if (found === undefined)
    throw new CheckpointError(`${place}: has no column '${name}'`, 'use a checkpoint of a run of markets');
  return found;
}

/**
 * The living members of a population in one saved world. Agents in the middle of a self-update trial give the genes
 * that they had before it, as they would to a child.
 *
 * @param pieces of the world's state (sim/checkpoint.ts), all in order; the first is enough where minds are not taken
 * @param population index in the config of the saved run
 * @param minds whether to take what they have learned
 * @param place file name for errors
 */
export function readFounders(
  pieces: readonly Uint8Array[],
  population: number,
  minds: boolean,
  place = 'checkpoint',
): Founders {
  const { header, columns: saved } = readColumns(pieces[0]!, place);
  const { slots } = header;
  const owner = column(saved, 'columns.population', place);
  const genes = column(saved, 'agents.genes', place);
  const trialGenes = saved.get('agents.trialGenes');
  const trialStage = saved.get('agents.trialStage');
  const members: number[] = [];
  for (let i = 0; i < slots; i++) if (owner[i] === population) members.push(i);

  const founders = emptyFounders(members.length, minds);
  const threshold = column(saved, 'agents.thresholdGene', place);
  const endowment = column(saved, 'agents.endowmentGene', place);
  const skill = column(saved, 'columns.skill', place);
  members.forEach((slot, at) => {
    const onTrial = trialStage?.[slot] === TRIAL.newFirst || trialStage?.[slot] === TRIAL.newSecond;
    const own = onTrial && trialGenes !== undefined ? trialGenes : genes;
    for (let k = 0; k < GENE_COUNT; k++) founders.genes[at * GENE_COUNT + k] = own[k * slots + slot]!;
    founders.thresholdGene[at] = threshold[slot]!;
    founders.endowmentGene[at] = endowment[slot]!;
    if (!minds) return;
    for (let k = 0; k < CLASS_COUNT; k++)
      founders.skill[at * CLASS_COUNT + k] = skill[slot * CLASS_COUNT + k]!;
  });
  if (minds) takeMinds(founders, members, pieces, place);
  return founders;
}

/** Takes what the members have learned from the pieces that hold their brains. */
function takeMinds(
  { mind }: Founders,
  members: readonly number[],
  pieces: readonly Uint8Array[],
  place: string,
): void {
  let at = 0;
  let from = 0;
  for (const piece of pieces) {
    const { columns: saved } = readColumns(piece, place);
    const inside = saved.get('brain.active')?.length ?? 0;
    for (; at < members.length && members[at]! < from + inside; at++) {
      const agent = members[at]! - from;
      let next = at * MIND_VALUES;
      for (const name of MIND) {
        const rows = BRAIN_ROWS[name][1];
        const values = column(saved, `brain.${name}`, place);
        for (let row = 0; row < rows; row++) mind[next++] = values[agent * rows + row]!;
      }
    }
    from += inside;
  }
  if (at < members.length)
    throw new CheckpointError(`${place}: lacks the brains of some agents`, 'use an earlier checkpoint');
}

const emptyFounders = (count: number, minds: boolean): Founders => ({
  count,
  genes: new Float32Array(count * GENE_COUNT),
  thresholdGene: new Uint32Array(count),
  endowmentGene: new Uint32Array(count),
  mind: new Float32Array(minds ? count * MIND_VALUES : 0),
  skill: new Uint32Array(minds ? count * CLASS_COUNT : 0),
});

const COLUMNS = ['genes', 'thresholdGene', 'endowmentGene', 'mind', 'skill'] as const;

/** The founders of several worlds as one pool, in order. */
export function poolFounders(pools: readonly Founders[], minds: boolean): Founders {
  const all = emptyFounders(
    pools.reduce((sum, pool) => sum + pool.count, 0),
    minds,
  );
  for (const name of COLUMNS) {
    let at = 0;
    for (const pool of pools) {
      all[name].set(pool[name], at);
      at += pool[name].length;
    }
  }
  return all;
}

/** Sixteen hexadecimal digits over all that founders are. */
export function foundersHash(founders: Founders): string {
  const hash = new ColumnHash().addWord(founders.count);
  for (const name of COLUMNS) hash.add(founders[name]);
  return hash.digest();
}

/** Founders as bytes, and back. */
export const encodeFounders = (founders: Founders): Uint8Array<ArrayBuffer> =>
  encodeColumns(
    { world: 0, tick: 0, slots: founders.count },
    COLUMNS.map((name): [string, AnyColumn] => [name, founders[name]]),
  );

/** @throws CheckpointError when the bytes are damaged or of another version */
export function decodeFounders(bytes: Uint8Array, place = 'founders'): Founders {
  const { header, columns } = readColumns(bytes, place);
  const [genes, thresholdGene, endowmentGene, mind, skill] = COLUMNS.map((name) =>
    column(columns, name, place),
  );
  return { count: header.slots, genes, thresholdGene, endowmentGene, mind, skill } as Founders;
}
