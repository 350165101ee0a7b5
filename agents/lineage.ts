/** The tree of lives: events as columns for the run directory, and questions about descent. */
import {
  type AgentWorld,
  type DeathCause,
  FEATURE_COUNT,
  GENE,
  type LineageSink,
  REWARD_FEATURES,
} from './columns.ts';

export type LineageEvent = 'genesis' | 'birth' | 'immigration' | DeathCause;

/** Rows of the table `lineage` (sim/tables.ts), column by column, all of length `rows`. */
export interface LineageBatch {
  readonly rows: number;
  readonly columns: Readonly<
    Record<
      string,
      readonly string[] | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>
    >
  >;
}

const INTEGERS = ['tick', 'world', 'slot', 'population', 'generation', 'age', 'wealth'] as const;
const SERIALS = ['serial', 'parent', 'second_parent'] as const;
const REALS = ['life_profit', 'life_reward', ...REWARD_FEATURES.map((f) => `gene_${f}` as const)] as const;
const FIRST_ROOM = 256;

/** Collects the events of one world or several, until drained. */
export class LineageRecorder implements LineageSink {
  private rows = 0;
  private room = 0;
  private events: LineageEvent[] = [];
  private integers: Uint32Array<ArrayBuffer>[] = [];
  private serials: Float64Array<ArrayBuffer>[] = [];
  private reals: Float32Array<ArrayBuffer>[] = [];

  birth(world: AgentWorld, tick: number, slot: number, cause: 'genesis' | 'birth' | 'immigration'): void {
    this.record(world, tick, slot, cause);
  }

  death(world: AgentWorld, tick: number, slot: number, cause: DeathCause): void {
    this.record(world, tick, slot, cause);
  }

  /** Events since the last drain, in order; the recorder is empty afterwards. */
  drain(): LineageBatch {
    const { rows } = this;
    const columns: Record<string, LineageBatch['columns'][string]> = { event: this.events };
    INTEGERS.forEach((name, k) => {
      columns[name] = this.integers[k]?.slice(0, rows) ?? new Uint32Array(0);
    });
    SERIALS.forEach((name, k) => {
      columns[name] = this.serials[k]?.slice(0, rows) ?? new Float64Array(0);
    });
    REALS.forEach((name, k) => {
      columns[name] = this.reals[k]?.slice(0, rows) ?? new Float32Array(0);
    });
    this.rows = 0;
    this.events = [];
    return { rows, columns };
  }

  private record(world: AgentWorld, tick: number, slot: number, event: LineageEvent): void {
    if (this.rows === this.room) this.grow();
    const row = this.rows++;
    const { parameters: p, columns: c, agents } = world;
    this.events.push(event);
    const { integers, serials, reals } = this;
    integers[0]![row] = tick;
    integers[1]![row] = p.world;
    integers[2]![row] = slot;
    integers[3]![row] = c.population[slot]!;
    integers[4]![row] = agents.generation[slot]!;
    integers[5]![row] = tick - agents.bornAt[slot]!;
    integers[6]![row] = c.wealth[slot]!;
    serials[0]![row] = agents.serial[slot]!;
    serials[1]![row] = agents.parent[slot]!;
    serials[2]![row] = agents.secondParent[slot]!;
    reals[0]![row] = agents.lifeProfit[slot]!;
    reals[1]![row] = agents.lifeReward[slot]!;
    for (let k = 0; k < FEATURE_COUNT; k++)
      reals[2 + k]![row] = agents.genes[(GENE.linear + k) * p.slots + slot]!;
  }

  private grow(): void {
    const room = this.room === 0 ? FIRST_ROOM : 2 * this.room;
    this.integers = INTEGERS.map((_, k) => grown(new Uint32Array(room), this.integers[k]));
    this.serials = SERIALS.map((_, k) => grown(new Float64Array(room), this.serials[k]));
    this.reals = REALS.map((_, k) => grown(new Float32Array(room), this.reals[k]));
    this.room = room;
  }
}

function grown<T extends Uint32Array | Float32Array | Float64Array>(to: T, from: T | undefined): T {
  if (from !== undefined) to.set(from);
  return to;
}

interface Life {
  readonly parent: number;
  readonly secondParent: number;
  readonly born: number;
  died: number | null;
}

/** Descent within one world, in memory; fed like a sink. */
export class LineageTree implements LineageSink {
  private readonly lives = new Map<number, Life>();

  birth(world: AgentWorld, tick: number, slot: number): void {
    const { serial, parent, secondParent } = world.agents;
    this.lives.set(serial[slot]!, {
      parent: parent[slot]!,
      secondParent: secondParent[slot]!,
      born: tick,
      died: null,
    });
  }

  death(world: AgentWorld, tick: number, slot: number): void {
    const life = this.lives.get(world.agents.serial[slot]!);
    if (life !== undefined) life.died = tick;
  }

  /** Agents ever seen. */
  get size(): number {
    return this.lives.size;
  }

  /** When an agent was born and died (null = it lives), or undefined for a serial never seen. */
  life(serial: number): Readonly<Life> | undefined {
    return this.lives.get(serial);
  }

  /** First parents back to a founder, nearest first. */
  ancestors(serial: number): number[] {
    const line: number[] = [];
    for (let at = this.lives.get(serial)?.parent ?? 0; at !== 0; at = this.lives.get(at)?.parent ?? 0)
      line.push(at);
    return line;
  }

  /** Children by first or second parent, in order of birth. */
  children(serial: number): number[] {
    return [...this.lives]
      .filter(([, life]) => life.parent === serial || life.secondParent === serial)
      .map(([child]) => child);
  }
}
