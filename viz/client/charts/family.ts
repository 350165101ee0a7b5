/** The tree of lives around one agent: its line of parents, its siblings and its children, to be walked along. */
import { scaleLinear, select } from 'd3';
import type { PageContext } from '../context.ts';
import { keyOf, type Life, type Lives } from '../lives.ts';
import { drawTicks, placeGuide, withWord } from './axes.ts';
import { type Figure, type Sheet, setEmpty } from './figure.ts';

const ROW = 19;
const MARGIN = { top: 6, right: 12, bottom: 24 };
/** Room of the names, px. */
const NAME_PX = 232;
const NARROW_PX = 480;
const NAME_NARROW_PX = 150;
const ANCESTORS_MAX = 8;
const SIBLINGS_MAX = 4;
const CHILDREN_MAX = 8;

interface Row {
  readonly life: Life;
  /** What it is to the one in the middle. */
  readonly relation: string;
}

/** Rows from the founder down: ancestors, siblings around the agent, children. */
export function familyOf(lives: Lives, of: Life): Row[] {
  const parentOf = (life: Life): Life | undefined =>
    life.parent === 0 ? undefined : lives.find(life.world, life.parent);
  const ancestors: Row[] = [];
  for (let at = parentOf(of); at !== undefined && ancestors.length < ANCESTORS_MAX; at = parentOf(at))
    ancestors.unshift({
      life: at,
      relation: ancestors.length === 0 ? 'parent' : `${ancestors.length + 1} generations before`,
    });
  const siblings = (of.parent === 0 ? [] : (lives.children.get(keyOf(of.world, of.parent)) ?? []))
    .filter((life) => life !== of)
    .slice(0, SIBLINGS_MAX)
    .map((life) => ({ life, relation: 'sibling' }));
  const children = (lives.children.get(keyOf(of.world, of.serial)) ?? [])
    .slice(0, CHILDREN_MAX)
    .map((life) => ({ life, relation: 'child' }));
  return [...ancestors, ...siblings, { life: of, relation: 'chosen' }, ...children];
}

export const FAMILY_HEIGHT =
  MARGIN.top + MARGIN.bottom + ROW * (ANCESTORS_MAX + 1 + SIBLINGS_MAX + CHILDREN_MAX);

export class Family implements Figure {
  private readonly plot: HTMLElement;
  private readonly context: PageContext;
  private readonly lives: Lives;
  private readonly svg;
  private width = 0;
  private rows: Row[] = [];

  constructor(plot: HTMLElement, context: PageContext, lives: Lives) {
    this.plot = plot;
    this.context = context;
    this.lives = lives;
    this.svg = select(plot).append('svg').attr('class', 'family').attr('role', 'group');
    this.svg.append('g').attr('class', 'grid-lines vertical');
    this.svg.append('g').attr('class', 'x-axis');
    this.svg.append('g').attr('class', 'links');
    this.svg.append('g').attr('class', 'lives');
    this.svg.append('line').attr('class', 'guide');
  }

  resize(width: number): void {
    this.width = width;
    this.svg.attr('width', width);
  }

  draw(): void {
    if (this.width === 0) return;
    this.lives.ask();
    const life = this.chosen();
    setEmpty(
      this.plot,
      life === null ? (this.lives.lives === null ? this.lives.words : 'Nobody is chosen.') : null,
    );
    this.svg.attr('visibility', life === null ? 'hidden' : 'visible');
    if (life === null) return;
    this.rows = familyOf(this.lives, life);
    const height = MARGIN.top + MARGIN.bottom + ROW * this.rows.length;
    this.plot.style.height = `${Math.max(height, 160)}px`;
    this.svg.attr('height', height).attr('viewBox', `0 0 ${this.width} ${height}`);
    this.drawRows(height);
  }

  drawCursor(): void {
    this.draw();
  }

  sheet(): Sheet {
    return {
      columns: ['relation', 'world', 'serial', 'parent', 'generation', 'born', 'died', 'cause'],
      rows: this.rows.map(({ life: l, relation }) => [
        relation,
        l.world,
        l.serial,
        l.parent,
        l.generation,
        l.born,
        l.died ?? '',
        l.cause,
      ]),
    };
  }

  /** The agent of the address, else who has the most children. */
  private chosen(): Life | null {
    const { lives, children } = this.lives;
    if (lives === null) return null;
    const [world, serial] = (this.context.place.get('agent') ?? '').split('.').map(Number);
    const asked = this.lives.find(world ?? -1, serial ?? -1);
    if (asked !== undefined) return asked;
    let best: Life | null = null;
    let most = -1;
    for (const [key, life] of lives) {
      const count = children.get(key)?.length ?? 0;
      if (count > most) [best, most] = [life, count];
    }
    return best;
  }

  private drawRows(height: number): void {
    const { store } = this.context;
    const last = Math.max(1, store.lastTick);
    const narrow = this.width < NARROW_PX;
    const left = narrow ? NAME_NARROW_PX : NAME_PX;
    const x = scaleLinear([0, last], [left, this.width - MARGIN.right]);
    const y = (k: number): number => MARGIN.top + ROW * (k + 0.5);
    const at = new Map(this.rows.map(({ life }, k) => [keyOf(life.world, life.serial), k]));
    const end = (life: Life): number => life.died ?? last;
    const { taxonomy } = this.lives;
    const colour = ({ life }: Row): string =>
      `var(--${taxonomy?.species[taxonomy.of(life.population, (f) => life.genes[f] ?? 0)]?.colour ?? 'c6'})`;

    const ticks = drawTicks(
      this.svg.select<SVGGElement>('.x-axis').node()!,
      x,
      this.width,
      height - 8,
      withWord,
    );
    this.svg
      .select('.grid-lines')
      .selectAll<SVGLineElement, number>('line')
      .data(ticks)
      .join('line')
      .attr('x1', (tick) => x(tick))
      .attr('x2', (tick) => x(tick))
      .attr('y1', MARGIN.top)
      .attr('y2', height - MARGIN.bottom);

    const linked = this.rows.flatMap(({ life }, k) => {
      const parent = at.get(keyOf(life.world, life.parent));
      return parent === undefined ? [] : [{ from: parent, to: k, tick: life.born }];
    });
    this.svg
      .select('.links')
      .selectAll<SVGPathElement, (typeof linked)[number]>('path')
      .data(linked)
      .join('path')
      .attr('d', ({ from, to, tick }) => `M${x(tick).toFixed(1)},${y(from)}V${y(to)}`);

    const joined = this.svg
      .select('.lives')
      .selectAll<SVGGElement, Row>('g')
      .data(this.rows, ({ life }) => keyOf(life.world, life.serial))
      .join((enter) => {
        const g = enter.append('g').attr('role', 'button').attr('tabindex', 0);
        g.append('rect').attr('class', 'hit').attr('x', 0).attr('height', ROW);
        g.append('rect').attr('class', 'bar').attr('height', 7).attr('rx', 2);
        g.append('text').attr('class', 'name').attr('dy', '0.32em');
        g.on('click', (_, row) => this.walk(row));
        g.on('keydown', (event: KeyboardEvent, row) => {
          if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            this.walk(row);
          }
        });
        return g;
      })
      .attr('class', ({ relation }) => (relation === 'chosen' ? 'life chosen' : 'life'))
      .attr('data-serial', ({ life }) => life.serial)
      .attr('aria-label', (row) => `${row.relation}: ${nameOf(row)}`)
      .attr('transform', (_, k) => `translate(0,${y(k)})`)
      .style('--c', colour);
    joined
      .select('.hit')
      .attr('y', -ROW / 2)
      .attr('width', this.width);
    joined
      .select('.bar')
      .attr('x', ({ life }) => x(life.born))
      .attr('y', -3.5)
      .attr('width', ({ life }) => Math.max(2, x(end(life)) - x(life.born)));
    joined
      .select('.name')
      .attr('x', 0)
      .text((row) => (narrow ? shortName(row) : nameOf(row)));
    const tick = store.shownTick;
    const guide = this.svg.select<SVGLineElement>('.guide').node()!;
    placeGuide(guide, tick === null ? null : x(tick), MARGIN.top, height - MARGIN.bottom);
  }

  private walk({ life }: Row): void {
    this.context.go({ agent: `${life.world}.${life.serial}` });
  }
}

const fateOf = ({ died, cause }: Life): string => (died === null ? 'lives' : cause);
const nameOf = ({ life, relation }: Row): string =>
  `${relation === 'chosen' ? 'agent' : relation} ${life.serial} \u00b7 ${fateOf(life)}`;
const shortName = ({ life, relation }: Row): string =>
  `${relation === 'chosen' ? 'agent' : relation.replace(/ generations before$/, '\u00d7 back')} ${life.serial}`;
