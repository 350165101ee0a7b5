/** Columns that worlds have on the device alone: scratch of phases, and what the CPU keeps in objects. */
import { COMPUTE_ASK_PERCENT, COMPUTE_BID_PERCENT } from '../../../agents/actions.ts';
import { OBSERVATION_COUNT } from '../../../agents/brain/layout.ts';
import { GENE_COUNT } from '../../../agents/columns.ts';
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import { optionalColumns } from '../../../market/columns.ts';
import { type ColumnSpec, f64, u32 } from '../../core/columns.ts';
import { LIFE_WORDS, lifeRoom, MEMBER_SUMS, TALLIES } from './gathered.ts';

const contractSlots = ({ trust, slots }: WorldParameters): number => (trust.regime === 'off' ? 0 : slots);

/**
 * Zero after an upload; never part of a checkpoint or of a comparison with the CPU. A column says which phase writes it.
 */
export const deviceColumnSpec = (p: WorldParameters): Record<string, ColumnSpec> => ({
  /** Scratch of any one phase, [N]. */
  scratch: u32(p.slots),
  /** What all observations of a tick share, and three numbers that they are formed with (observation.wgsl). */
  shared: u32(OBSERVATION_COUNT + 3),
  /** Levels of the options of the quote head: asks, then bids (actions.wgsl). */
  levels: u32(COMPUTE_ASK_PERCENT.length + COMPUTE_BID_PERCENT.length),
  /** 1 where a brain is to forget traces and moments of rewards (selfUpdate.wgsl), [N]. */
  forgets: u32(p.objectives.enabled ? p.slots : 0),
  /**
   * Of contracts, empty where nobody can default (trust.wgsl): what consumers' cash pays to and about each seller, milli-cash,
   * and whether they sue it; where a slot's units end in an auction, and how many up to there are marked, or found out, [N].
   */
  sideGain: u32(contractSlots(p)),
  auditCost: u32(contractSlots(p)),
  consumersSue: u32(contractSlots(p)),
  unitEnds: u32(contractSlots(p)),
  markedEnds: u32(contractSlots(p)),
  foundEnds: u32(contractSlots(p)),
  /** Sums since they were last taken: of the world, see TALLY, and of each population, see MEMBERS (tally.wgsl). */
  tally: f64(TALLIES),
  members: f64(MEMBER_SUMS * p.populations.length),
  /** Births and deaths since they were last taken: how many, and a record of each, see LIFE (lineage.wgsl). */
  lifeCount: u32(1),
  lifeLog: u32(LIFE_WORDS * lifeRoom(p)),
  ...yumaColumnSpec(p),
  ...lifeColumnSpec(p),
});

/** What the threads of an epoch of Yuma consensus tell each other (sparseYuma.wgsl); m members. */
function yumaColumnSpec(p: WorldParameters): Record<string, ColumnSpec> {
  const { yumaMembers } = optionalColumns(p);
  return {
    /** Of each member: its slot, its stake, and its seat among those who may validate, [m]. */
    yumaSlot: u32(yumaMembers),
    yumaStake: u32(yumaMembers),
    yumaSeat: u32(yumaMembers),
    /** Of each row: its member, that member's place in the last epoch and seat, and what it says in all, [m]. */
    yumaRowMember: u32(yumaMembers),
    yumaRowPlace: u32(yumaMembers),
    yumaRowSeat: u32(yumaMembers),
    yumaRowWeight: u32(yumaMembers),
    /** Share of the stake that may validate, and of the votes, 2^-32, [m]. */
    yumaRowActive: f64(yumaMembers),
    yumaRowVote: f64(yumaMembers),
    /** Rows with a vote in the order of their weights, [m]. */
    yumaRanked: u32(yumaMembers),
    /** Bonds of the seats on members for the next epoch, u16, [validators x m]. */
    yumaBonds: u32(yumaMembers * Math.min(yumaMembers, p.policy.validators)),
  };
}

/** Words of a staged child of nursery.wgsl. */
const STAGE_WORDS = 15;

/** Of births and deaths (demography.wgsl). */
function lifeColumnSpec(p: WorldParameters): Record<string, ColumnSpec> {
  const { demography } = p;
  const slots = demography.enabled ? p.slots : 0;
  // the slots of this tick's dead are open to children only where deaths are a parameter
  const reuse = demography.deathsPerTick > 0 || demography.selection === 'truncation';
  const perSlot = Object.fromEntries(
    ['cause', 'dying', 'living', 'open', 'eligible', 'weights', 'chosen'].map((name) => [name, u32(slots)]),
  );
  return {
    ...perSlot,
    /** How many die, children staged, the closing price (arrival.wgsl). */
    lives: u32(3),
    stage: u32(STAGE_WORDS * slots),
    stageGenes: u32(reuse ? 2 * GENE_COUNT * slots : 0),
    /** How the brain of a newcomer begins, and whose weights it takes (birth.wgsl), [N]. */
    newborn: u32(slots),
    teacher: u32(slots),
  };
}
