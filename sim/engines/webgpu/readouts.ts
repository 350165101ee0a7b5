/**
 * What the device keeps of a world beside the columns of the CPU: sums over the open metric interval, records of lives.
 * It is taken when a tick is sampled, and records also when there is no more room for them.
 */
import {
  type AgentWorld,
  type DeathCause,
  FEATURE_COUNT,
  GENE,
  GENE_COUNT,
} from '../../../agents/columns.ts';
import type { GatheredMembers, GatheredTicks } from '../../metrics/tally.ts';
import type { World } from '../../world.ts';
import { LIFE, LIFE_EVENTS, LIFE_WORDS, MEMBER_SUMS, MEMBERS, REAL_BITS, TALLY } from './gathered.ts';
import { type DeviceLayout, deviceColumn } from './layout.ts';

export interface Readout {
  /** Columns of the group `device` that are set to zero once they have been taken. */
  readonly clears: readonly string[];
  /**
   * Takes what the device has gathered since the last time.
   *
   * @param world whose tally and sinks are the run's own
   * @param words of the world's run of `state`
   */
  readonly take: (world: World, layout: DeviceLayout, words: Uint32Array<ArrayBuffer>) => void;
}

const TWO_32 = 0x1_0000_0000;

const columnIn = (layout: DeviceLayout, words: Uint32Array<ArrayBuffer>, name: string) => {
  const { offset, words: count } = deviceColumn(layout, `device.${name}`)!;
  return words.subarray(offset, offset + count);
};

/** A wide integer, unsigned. */
const wideAt = (words: Uint32Array, k: number): number => words[2 * k]! + words[2 * k + 1]! * TWO_32;

/** A sum of real numbers at `k` and `k + 1` of MEMBERS, to the nearest double. */
function realAt(words: Uint32Array, k: number): number {
  const low = BigInt(words[2 * k]!) + (BigInt(words[2 * k + 1]!) << 32n);
  const high = BigInt.asIntN(64, BigInt(words[2 * k + 2]!) + (BigInt(words[2 * k + 3]!) << 32n));
  // powers of two change no digit
  return Number((high << 32n) + low) / 2 ** REAL_BITS;
}

function membersAt(words: Uint32Array, first: number): GatheredMembers {
  return {
    agentTicks: wideAt(words, first + MEMBERS.agentTicks),
    matureTicks: wideAt(words, first + MEMBERS.matureTicks),
    profit: realAt(words, first + MEMBERS.profit),
    matureProfit: realAt(words, first + MEMBERS.matureProfit),
    reward: realAt(words, first + MEMBERS.reward),
    modes: Array.from({ length: MEMBER_SUMS - MEMBERS.modes }, (_, mode) =>
      wideAt(words, first + MEMBERS.modes + mode),
    ),
  };
}

/** Sums over ticks. */
export const TALLIES_TAKEN: Readout = {
  clears: ['tally', 'members'],
  take: ({ tally, parameters }, layout, words) => {
    const sums = columnIn(layout, words, 'tally');
    const members = columnIn(layout, words, 'members');
    const world = Object.fromEntries(Object.entries(TALLY).map(([name, k]) => [name, wideAt(sums, k)]));
    tally.addGathered({
      world: world as GatheredTicks['world'],
      populations: parameters.populations.map((_, p) => membersAt(members, MEMBER_SUMS * p)),
    });
  },
};

/** Columns of those whom a sink is told about, as wide as a world, so that a record stands in its slot. */
interface Witness {
  readonly world: AgentWorld;
  readonly write: (record: Uint32Array<ArrayBuffer>) => void;
}

const witnesses = new WeakMap<
  AgentWorld['agents'],
  Omit<Witness, 'world'> & Pick<AgentWorld, 'columns' | 'agents'>
>();

function witnessOf(world: World): Witness {
  const { slots } = world.parameters;
  const known = witnesses.get(world.agents) ?? createWitness(world, slots);
  witnesses.set(world.agents, known);
  const { columns, agents, write } = known;
  return { world: { ...world, columns, agents }, write };
}

function createWitness({ columns, agents }: World, slots: number) {
  const integers = () => new Uint32Array(slots);
  const reals = () => new Float32Array(slots);
  const serials = () => new Float64Array(slots);
  const own = {
    columns: { ...columns, population: integers(), wealth: integers() },
    agents: {
      ...agents,
      generation: integers(),
      bornAt: integers(),
      serial: serials(),
      parent: serials(),
      secondParent: serials(),
      lifeProfit: reals(),
      lifeReward: reals(),
      genes: new Float32Array(slots * GENE_COUNT),
    },
  };
  const write = (record: Uint32Array<ArrayBuffer>): void => {
    const slot = record[LIFE.slot]!;
    const asReal = new Float32Array(record.buffer, record.byteOffset, record.length);
    own.columns.population[slot] = record[LIFE.population]!;
    own.columns.wealth[slot] = record[LIFE.wealth]!;
    own.agents.generation[slot] = record[LIFE.generation]!;
    own.agents.bornAt[slot] = record[LIFE.bornAt]!;
    own.agents.lifeProfit[slot] = asReal[LIFE.lifeProfit]!;
    own.agents.lifeReward[slot] = asReal[LIFE.lifeReward]!;
    for (const name of ['serial', 'parent', 'secondParent'] as const)
      own.agents[name][slot] = record[LIFE[name]]! + record[LIFE[name] + 1]! * TWO_32;
    for (let k = 0; k < FEATURE_COUNT; k++)
      own.agents.genes[(GENE.linear + k) * slots + slot] = asReal[LIFE.genes + k]!;
  };
  return { ...own, write };
}

/** Births and deaths, told to the world's sink in the order in which they came about. */
export const LIVES_TAKEN: Readout = {
  clears: ['lifeCount'],
  take: (world, layout, words) => {
    const { lineage } = world;
    const [count] = columnIn(layout, words, 'lifeCount');
    if (lineage === null || count === 0) return;
    const log = columnIn(layout, words, 'lifeLog');
    const { world: witness, write } = witnessOf(world);
    for (let k = 0; k < count!; k++) {
      const record = log.subarray(k * LIFE_WORDS, (k + 1) * LIFE_WORDS);
      write(record);
      const event = LIFE_EVENTS[record[LIFE.event]!]!;
      const tick = record[LIFE.tick]!;
      const slot = record[LIFE.slot]!;
      if (event === 'birth' || event === 'immigration') lineage.birth(witness, tick, slot, event);
      else lineage.death(witness, tick, slot, event as DeathCause);
    }
  },
};

/** In the order in which they are taken. */
export const READOUTS: readonly Readout[] = [TALLIES_TAKEN, LIVES_TAKEN];
