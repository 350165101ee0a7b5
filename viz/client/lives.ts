/** The lives of a run from its lineage: when each began and ended, from whom it came and what it wanted. */
import { dominantGene, geneName } from '../../agents/species.ts';
import type { TableFrame } from '../tableFrame.ts';
import { cellsOf, columnOf, DataError, type RunData } from './data.ts';
import type { RunStore, Selection } from './store.ts';

const REFRESH_MS = 5000;
const BIRTHS = ['genesis', 'birth', 'immigration'];
/** Colours of the species that have most survivors; all others are one. */
const COLOURS = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c7'];
/** Of neighbours that do not learn. */
const PALE = ['pale', 'pale-2'];
const REST = 'all other wants';
/** Ticks at which species are counted. */
const SAMPLES = 160;

export interface Life {
  readonly world: number;
  readonly serial: number;
  readonly slot: number;
  readonly parent: number;
  readonly secondParent: number;
  readonly population: number;
  readonly generation: number;
  readonly born: number;
  /** genesis, birth or immigration. */
  readonly arrival: string;
  /** Tick of death; null = it lives. */
  died: number | null;
  /** insolvency, age and so on; empty while it lives. */
  cause: string;
  /** At death. */
  lifeProfit: number;
  readonly genes: readonly number[];
}

export const keyOf = (world: number, serial: number): string => `${world}/${serial}`;

/** Reads lives from rows of the table `lineage`, which are in order of tick. */
export function readLives(table: TableFrame, features: readonly string[]): Map<string, Life> {
  const lives = new Map<string, Life>();
  const event = columnOf(table, 'event');
  const of = (name: string): ArrayLike<number> => cellsOf(table, name);
  const [tick, world, serial, slot] = [of('tick'), of('world'), of('serial'), of('slot')];
  const [parent, second, population] = [of('parent'), of('second_parent'), of('population')];
  const [generation, profit] = [of('generation'), of('life_profit')];
  const genes = features.map((feature) => of(`gene_${feature}`));
  for (let k = 0; k < table.rows; k++) {
    const what = event.words[event.cells[k]!]!;
    const key = keyOf(world[k]!, serial[k]!);
    if (BIRTHS.includes(what)) {
      lives.set(key, {
        world: world[k]!,
        serial: serial[k]!,
        slot: slot[k]!,
        parent: parent[k]!,
        secondParent: second[k]!,
        population: population[k]!,
        generation: generation[k]!,
        born: tick[k]!,
        arrival: what,
        died: null,
        cause: '',
        lifeProfit: Number.NaN,
        genes: genes.map((column) => column[k]!),
      });
    } else {
      const life = lives.get(key);
      if (life === undefined) continue;
      life.died = tick[k]!;
      life.cause = what;
      life.lifeProfit = profit[k]!;
    }
  }
  return lives;
}

/** A kind of agent: learners by what they want most, others by their population. */
export interface Species {
  readonly key: string;
  readonly label: string;
  /** Variable of the style sheet. */
  readonly colour: string;
}

/** Who is of which species: those with most survivors have a colour of their own. */
export class Taxonomy {
  readonly species: readonly Species[];
  private readonly index = new Map<string, number>();
  private readonly features: readonly string[];
  private readonly populations: readonly { readonly name: string; readonly kind: string }[];

  constructor(
    store: RunStore,
    members: Iterable<{
      readonly population: number;
      readonly lives: boolean;
      gene(feature: number): number;
    }>,
  ) {
    this.features = store.hello?.rewardFeatures ?? [];
    this.populations = store.hello?.run.populations ?? [];
    const counts = new Map<string, number>();
    for (const { population, gene, lives } of members) {
      const name = this.nameOf(population, gene);
      counts.set(name, (counts.get(name) ?? 0) + (lives ? 1 : 1e-6));
    }
    const others = new Set(this.populations.filter(({ kind }) => kind !== 'learner').map(({ name }) => name));
    const ranked = [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
    const wants = ranked.filter((name) => !others.has(name));
    const species = wants.slice(0, COLOURS.length).map((name, k) => ({ name, colour: COLOURS[k]! }));
    if (wants.length > COLOURS.length) species.push({ name: REST, colour: 'c6' });
    // Who does not learn has no wants that evolve: there, but pale.
    const scripted = ranked.filter((name) => others.has(name));
    for (const [k, name] of scripted.entries()) species.push({ name, colour: PALE[k % PALE.length]! });
    this.species = species.map(({ name, colour }, k) => ({ key: `species-${k}`, label: name, colour }));
    for (const [k, { name }] of species.entries()) this.index.set(name, k);
  }

  /** Index into `species`. */
  of(population: number, gene: (feature: number) => number): number {
    return this.index.get(this.nameOf(population, gene)) ?? this.index.get(REST) ?? 0;
  }

  private nameOf(population: number, gene: (feature: number) => number): string {
    const own = this.populations[population];
    if (own?.kind !== 'learner') return own?.name ?? 'unknown';
    return geneName(dominantGene(gene, this.features.length), this.features);
  }
}

/** How many of each species lived at ticks evenly spaced over the run, mean over the selected worlds. */
export function countSpecies(
  lives: Iterable<Life>,
  taxonomy: Taxonomy,
  lastTick: number,
  worlds: number,
  isSelected: (world: number) => boolean,
): { readonly ticks: readonly number[]; readonly counts: readonly Float64Array[] } {
  const ticks = Array.from({ length: SAMPLES + 1 }, (_, k) => (k / SAMPLES) * lastTick);
  const changes = taxonomy.species.map(() => new Float64Array(SAMPLES + 2));
  const sampleFrom = (tick: number): number =>
    lastTick === 0 ? 0 : Math.min(SAMPLES + 1, Math.ceil((tick / lastTick) * SAMPLES));
  for (const life of lives) {
    if (!isSelected(life.world)) continue;
    const change = changes[taxonomy.of(life.population, (f) => life.genes[f] ?? 0)]!;
    change[sampleFrom(life.born)]! += 1;
    if (life.died !== null) change[sampleFrom(life.died)]! -= 1;
  }
  const counts = changes.map((change) => {
    let alive = 0;
    return Float64Array.from(ticks, (_, k) => {
      alive += change[k]!;
      return alive / Math.max(1, worlds);
    });
  });
  return { ticks, counts };
}

/** The lives of the run that is shown; read when first asked for and again while it grows. */
export class Lives {
  lives: Map<string, Life> | null = null;
  children = new Map<string, Life[]>();
  taxonomy: Taxonomy | null = null;
  private bySlot = new Map<string, Life[]>();
  words = 'Reading the lineage.';
  private readonly data: RunData;
  private readonly store: RunStore;
  private readonly arrived: () => void;
  private askedAt = Number.NEGATIVE_INFINITY;
  private wholeAt = -1;
  private busy = false;

  constructor(data: RunData, store: RunStore, arrived: () => void) {
    this.data = data;
    this.store = store;
    this.arrived = arrived;
  }

  ask(): void {
    const now = performance.now();
    if (this.busy || now - this.askedAt < REFRESH_MS || this.wholeAt === this.store.lastTick) return;
    this.busy = true;
    this.askedAt = now;
    const { lastTick } = this.store;
    this.data
      .table('lineage', '', false)
      .then((table) => {
        this.wholeAt = lastTick;
        this.take(table);
      })
      .catch((error: unknown) => {
        if (!(error instanceof DataError)) throw error;
        this.words = error.message;
        this.arrived();
      })
      .finally(() => {
        this.busy = false;
      });
  }

  find(world: number, serial: number): Life | undefined {
    return this.lives?.get(keyOf(world, serial));
  }

  /** Who traded from a slot in a tick: deaths and births come after the trades of theirs. */
  tenant(world: number, slot: number, tick: number): Life | undefined {
    return this.bySlot.get(keyOf(world, slot))?.find(({ born, arrival, died }) => {
      const here = arrival === 'genesis' ? born <= tick : born < tick;
      return here && (died === null || died >= tick);
    });
  }

  private take(table: TableFrame): void {
    if (table.rows === 0) {
      this.words = 'No lineage is recorded in this run.';
      this.arrived();
      return;
    }
    const lives = readLives(table, this.store.hello?.rewardFeatures ?? []);
    this.children = new Map();
    this.bySlot = new Map();
    for (const life of lives.values()) {
      for (const parent of new Set([life.parent, life.secondParent]))
        if (parent !== 0) append(this.children, keyOf(life.world, parent), life);
      append(this.bySlot, keyOf(life.world, life.slot), life);
    }
    this.taxonomy = new Taxonomy(
      this.store,
      [...lives.values()].map((life) => ({
        population: life.population,
        lives: life.died === null,
        gene: (f: number) => life.genes[f] ?? 0,
      })),
    );
    this.lives = lives;
    this.arrived();
  }
}

function append(lists: Map<string, Life[]>, key: string, life: Life): void {
  const known = lists.get(key);
  if (known) known.push(life);
  else lists.set(key, [life]);
}

/** Whether a world belongs to a selection. */
export const inSelection =
  (selection: Selection, worldsPerArm: number) =>
  (world: number): boolean =>
    selection.kind === 'world'
      ? world === selection.world
      : selection.kind === 'all' || Math.floor(world / worldsPerArm) === selection.arm;

/** How many worlds a selection has. */
export const worldsIn = (selection: Selection, arms: number, worldsPerArm: number): number =>
  selection.kind === 'world' ? 1 : selection.kind === 'arm' ? worldsPerArm : arms * worldsPerArm;
