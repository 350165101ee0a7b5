/** What agents came to want: the map of genomes, species over time, genes against chance, and the tree of lives. */

import type { Hello } from '../../protocol.ts';
import { Board } from '../board.ts';
import { FAMILY_HEIGHT, Family } from '../charts/family.ts';
import { GeneGrid } from '../charts/geneGrid.ts';
import { Genes, geneRowsHeight } from '../charts/genes.ts';
import { type Cloud, Scatter } from '../charts/scatter.ts';
import { SpeciesStream } from '../charts/speciesStream.ts';
import type { PageContext, View } from '../context.ts';
import { choice, controlRow } from '../controls.ts';
import { cellsOf } from '../data.ts';
import { formatValue } from '../format.ts';
import { formatSelection } from '../header.ts';
import { Lives } from '../lives.ts';
import { type Components, principalComponents, projected } from '../principal.ts';
import { Remembered } from '../remembered.ts';
import { type Snapshot, selectedRows } from '../snapshots.ts';
import { genesFigure, metric, panel, rare, seriesFigure } from './seriesFigures.ts';

const MAP_HEIGHT = 380;
const STREAM_HEIGHT = 380;
/** Genes named on an axis of the map. */
const LOADINGS = 2;
const SHADES = {
  wealth: 'wealth, cash',
  generation: 'generation',
  life_profit: 'profit since birth, cash',
} as const;
type Colour = 'species' | keyof typeof SHADES;

/** An axis in words: the genes that it is made of. */
export function axisName(direction: ArrayLike<number>, features: readonly string[], share: number): string {
  const strong = features
    .map((feature, f) => ({ feature, weight: direction[f] ?? 0 }))
    .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
    .slice(0, LOADINGS)
    .map(({ feature, weight }) => `${weight < 0 ? '\u2212' : '+'}${feature}`);
  return `${strong.join(' ')} (${Math.round(100 * share)} % of variance)`;
}

/** The genomes of a snapshot on two axes, which stay as they are while the same run is shown. */
class GenomeMap {
  private readonly context: PageContext;
  private readonly lives: Lives;
  private components: Components | null = null;
  private shown: Snapshot | null = null;
  private rows: number[] = [];
  private readonly cloud = new Remembered<Cloud | string>();

  constructor(context: PageContext, lives: Lives) {
    this.context = context;
    this.lives = lives;
  }

  read(colour: Colour): Cloud | string {
    const { snapshots, store, place } = this.context;
    snapshots.ask();
    this.lives.ask();
    const { current } = snapshots;
    const { hello } = store;
    if (current === null || hello === null) return snapshots.words;
    const { taxonomy } = this.lives;
    const picked = place.get('agent');
    return this.cloud.of([current, formatSelection(store.selection), taxonomy, colour, picked], () =>
      this.make(current, hello, colour, picked),
    );
  }

  private make(current: Snapshot, hello: Hello, colour: Colour, picked: string | null): Cloud | string {
    const { store } = this.context;
    const { table } = current;
    const features = hello.rewardFeatures;
    const population = cellsOf(table, 'population');
    this.rows = selectedRows(table, store.selection, hello.run.worlds).filter(
      (row) => hello.run.populations[population[row]!]?.kind === 'learner',
    );
    if (this.rows.length < 3) return 'Fewer than three learners live in this selection.';
    const genes = features.map((feature) => cellsOf(table, `gene_${feature}`));
    // Axes of the first snapshot that was seen would turn with each newer one.
    if (this.components === null || this.shown === null || current.tick > this.shown.tick)
      this.components = principalComponents(genes, this.rows);
    this.shown = current;
    const { mean, first, second, shares } = this.components;
    const { taxonomy } = this.lives;
    const bySpecies = colour === 'species' && taxonomy !== null;
    const values = bySpecies
      ? null
      : shadeValues(current, colour === 'species' ? 'wealth' : colour, this.rows);
    const [world, serial] = [cellsOf(table, 'world'), cellsOf(table, 'serial')];
    return {
      count: this.rows.length,
      x: projected(genes, this.rows, mean, first),
      y: projected(genes, this.rows, mean, second),
      xLabel: axisName(first, features, shares[0]),
      yLabel: axisName(second, features, shares[1]),
      colour:
        values?.shares ?? this.rows.map((row) => taxonomy!.of(population[row]!, (f) => genes[f]![row]!)),
      groups: bySpecies ? taxonomy.species : [],
      shade: values === null ? null : values,
      picked: this.rows.findIndex((row) => `${world[row]}.${serial[row]}` === picked),
      name: (point) => {
        const row = this.rows[point]!;
        const wealth = cellsOf(table, 'wealth')[row]! / 1000;
        return `agent ${serial[row]} of world ${world[row]}, wealth ${formatValue(wealth)}`;
      },
    };
  }

  pick(point: number): void {
    const table = this.shown?.table;
    const row = this.rows[point];
    if (table === undefined || row === undefined) return;
    const of = (name: string): number => cellsOf(table, name)[row]!;
    this.context.go({ agent: `${of('world')}.${of('serial')}` });
  }
}

/** A column as shares of its range, the highest percent of values at the end of it. */
function shadeValues({ table }: Snapshot, key: keyof typeof SHADES, rows: readonly number[]) {
  const column = cellsOf(table, key);
  const scale = key === 'wealth' ? 1000 : 1;
  const values = rows.map((row) => column[row]! / scale);
  const ascending = Float64Array.from(values).sort();
  const low = ascending[0]!;
  const high = ascending[Math.floor(0.99 * (ascending.length - 1))]!;
  const range = high > low ? high - low : 1;
  return { label: SHADES[key], low, high, shares: values.map((value) => (value - low) / range) };
}

export function evolution(host: HTMLElement, context: PageContext): View {
  const { store, place, data, schedule } = context;
  const board = new Board(() => schedule('cursor'));
  const features = store.hello?.rewardFeatures ?? [];
  const lives = new Lives(data!, store, () => schedule('all'));
  const map = new GenomeMap(context, lives);
  let colour: Colour = (place.get('colour') as Colour | null) ?? 'species';
  const colours = choice(
    'Colour the map by',
    [['species', 'species'], ...Object.entries(SHADES)] as [string, string][],
    colour,
    (value) => {
      colour = value as Colour;
      place.note({ colour: value === 'species' ? null : value });
      schedule('all');
    },
  );
  host.append(controlRow('What the map shows', colours.element));
  board.section(host, 'wants', 'What they want', [
    {
      id: 'genome-map',
      title: 'Map of genomes',
      help: 'Each dot is a learner; near ones want alike. The axes are the two directions in which reward genes differ most.',
      height: MAP_HEIGHT,
      create: (plot, legend) =>
        new Scatter(plot, legend, {
          height: MAP_HEIGHT,
          read: () => map.read(colour),
          pick: (point) => map.pick(point),
        }),
    },
    {
      id: 'species-stream',
      title: 'Species over time',
      help: 'Learners by the feature that weighs most in their reward, others by population: how many live in an average world.',
      height: STREAM_HEIGHT,
      create: (plot, legend) => new SpeciesStream(plot, legend, context, lives, STREAM_HEIGHT),
    },
  ]);
  board.section(host, 'rewards', 'Selection against chance', [
    genesFigure(context, geneRowsHeight(features.length)),
    {
      id: 'genes-now',
      title: 'Reward genes against chance',
      help: 'The same at the shown tick: a dot far from its diamond was moved by selection, not by drift.',
      height: geneRowsHeight(features.length),
      create: (plot, legend) => new Genes(plot, legend, context, features.length),
    },
    {
      id: 'gene-grid',
      title: 'Each gene and its neutral shadow',
      help: 'The shadow is inherited with the same mutations from parents that luck alone chose; where the line leaves it, selection was at work.',
      height: 300,
      wide: true,
      create: (plot, legend) => new GeneGrid(plot, legend, context),
    },
  ]);
  board.section(host, 'descent', 'Descent', [
    {
      id: 'family',
      title: 'Tree of lives',
      help: 'The line of one agent from birth to death, its parents above, its children below; choose any of them to walk on.',
      height: FAMILY_HEIGHT,
      create: (plot) => new Family(plot, context, lives),
    },
    seriesFigure(context, {
      id: 'turnover',
      title: 'Births and deaths',
      help: 'Children born, agents that died and agents that came from outside, over the last thousand ticks; and how many generations have passed.',
      height: 320,
      spec: {
        panels: [
          panel('agents per 1,000 ticks', [
            rare('births', 'births', 2),
            rare('deaths', 'deaths', 1),
            rare('immigrants', 'immigrants', 6, true),
          ]),
          panel('generations', [metric('meanGeneration', 'mean generation', 3)]),
        ],
      },
    }),
  ]);
  return { draw: (all) => board.draw(all), close: () => board.close() };
}
