/** A stream of species: how many of each live, over the whole run. */
import { area, curveMonotoneX, max, scaleLinear, select, stack, stackOffsetSilhouette } from 'd3';
import type { PageContext } from '../context.ts';
import { formatCount, formatValue } from '../format.ts';
import { countSpecies, inSelection, type Lives, worldsIn } from '../lives.ts';
import { drawTicks, placeGuide, withWord } from './axes.ts';
import { drawChangeMarks } from './changeMarks.ts';
import { followCursor } from './cursorKeys.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

const MARGIN = { top: 14, right: 12, bottom: 24, left: 12 };

export class SpeciesStream implements Figure {
  private readonly plot: HTMLElement;
  private readonly legend: HTMLElement;
  private readonly context: PageContext;
  private readonly lives: Lives;
  private readonly height: number;
  private readonly svg;
  private width = 0;
  private x = scaleLinear();
  private counted: ReturnType<typeof countSpecies> | null = null;

  constructor(plot: HTMLElement, legend: HTMLElement, context: PageContext, lives: Lives, height: number) {
    this.plot = plot;
    this.legend = legend;
    this.context = context;
    this.lives = lives;
    this.height = height;
    this.svg = select(plot).append('svg').attr('height', height).attr('role', 'img').attr('tabindex', 0);
    this.svg.append('g').attr('class', 'layers');
    this.svg.append('g').attr('class', 'changes');
    this.svg.append('line').attr('class', 'guide');
    this.svg.append('g').attr('class', 'x-axis');
    followCursor(this.svg.node()!, context, {
      at: (left) => this.x.invert(left),
      last: () => context.store.lastTick,
    });
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width).attr('viewBox', `0 0 ${width} ${this.height}`);
  }

  draw(): void {
    if (this.width === 0) return;
    this.lives.ask();
    const { store } = this.context;
    const { lives, taxonomy } = this.lives;
    setEmpty(this.plot, lives === null ? this.lives.words : null);
    this.svg.attr('visibility', lives === null ? 'hidden' : 'visible');
    if (lives === null || taxonomy === null || store.hello === null) return;
    const { worlds, arms } = store.hello.run;
    this.counted = countSpecies(
      lives.values(),
      taxonomy,
      store.lastTick,
      worldsIn(store.selection, arms.length, worlds),
      inSelection(store.selection, worlds),
    );
    const { ticks, counts } = this.counted;
    const rows = ticks.map((_, k) => k);
    const layers = stack<number, number>()
      .keys(taxonomy.species.map((_, s) => s))
      .value((k, s) => counts[s]![k]!)
      .offset(stackOffsetSilhouette)(rows);
    const reach = max(layers, (layer) => max(layer, (point) => Math.abs(point[1]))) ?? 1;
    this.x = scaleLinear([0, Math.max(1, store.lastTick)], [MARGIN.left, this.width - MARGIN.right]);
    const y = scaleLinear([-reach, reach], [this.height - MARGIN.bottom, MARGIN.top]);
    this.svg
      .select('.layers')
      .selectAll<SVGPathElement, (typeof layers)[number]>('path')
      .data(layers)
      .join('path')
      .attr('class', 'stream')
      .style('--c', (_, k) => `var(--${taxonomy.species[k]!.colour})`)
      .attr('data-series', (_, k) => taxonomy.species[k]!.label)
      .attr('data-last', (_, k) => counts[k]!.at(-1)!)
      .attr('d', (layer) =>
        area<(typeof layer)[number]>()
          .x((_, k) => this.x(ticks[k]!))
          .y0((point) => y(point[0]))
          .y1((point) => y(point[1]))
          .curve(curveMonotoneX)
          .digits(1)(layer),
      );
    const axis = this.svg.select<SVGGElement>('.x-axis').node()!;
    drawTicks(axis, this.x, this.width, this.height - 8, withWord);
    drawChangeMarks(this.svg.select<SVGGElement>('.changes'), store, this.x, {
      top: MARGIN.top,
      bottom: this.height - MARGIN.bottom,
      right: this.width - MARGIN.right,
    });
    this.drawCursor();
  }

  drawCursor(): void {
    const { counted } = this;
    const { taxonomy } = this.lives;
    const { store } = this.context;
    if (counted === null || taxonomy === null) return;
    const tick = store.shownTick ?? store.lastTick;
    const k = Math.round((tick / Math.max(1, store.lastTick)) * (counted.ticks.length - 1));
    const items = taxonomy.species.map((species, s) => {
      const item = document.createElement('span');
      item.className = 'key';
      const swatch = document.createElement('i');
      swatch.className = 'block';
      swatch.style.setProperty('--c', `var(--${species.colour})`);
      const value = document.createElement('data');
      value.dataset.species = species.label;
      value.value = String(counted.counts[s]![k]);
      value.textContent = formatValue(Math.round(10 * counted.counts[s]![k]!) / 10);
      item.append(swatch, species.label, value);
      return item;
    });
    this.legend.replaceChildren(...items);
    const guide = this.svg.select<SVGLineElement>('.guide').node()!;
    placeGuide(
      guide,
      store.shownTick === null ? null : this.x(tick),
      MARGIN.top,
      this.height - MARGIN.bottom,
    );
    const spoken = taxonomy.species.map((s, n) => `${s.label} ${formatValue(counted.counts[n]![k])}`);
    this.svg.attr('aria-label', `Species at tick ${formatCount(tick)}: ${spoken.join(', ')}`);
  }

  sheet(): Sheet {
    const species = this.lives.taxonomy?.species ?? [];
    return {
      columns: ['tick', ...species.map(({ label }) => label)],
      rows: (this.counted?.ticks ?? []).map((tick, k) => [
        tick,
        ...species.map((_, s) => this.counted!.counts[s]![k]!),
      ]),
    };
  }
}
