/** Cards with figures in them: built once, drawn when in view, saved as SVG or CSV. */
import type { Figure } from './charts/figure.ts';
import { saveMenu } from './saving.ts';

export interface FigureText {
  readonly id: string;
  readonly title: string;
  /** What it shows, in one sentence. */
  readonly help: string;
  /** Height of the drawing, px. */
  readonly height: number;
  /** Whether the card takes a whole row. */
  readonly wide?: boolean;
  create(plot: HTMLElement, legend: HTMLElement): Figure;
}

/** The figures of a view. Draws only those that can be seen; the others when they come into view. */
export class Board {
  private readonly figures = new Map<Element, Figure>();
  private readonly inView = new Set<Element>();
  private readonly stale = new Set<Element>();
  private readonly schedule: () => void;
  private readonly sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const card = target.parentElement!;
      const width = Math.floor(contentRect.width);
      if (width === 0) continue;
      this.figures.get(card)?.resize(width);
      this.stale.add(card);
    }
    this.schedule();
  });
  private readonly views = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) this.inView.add(target);
        else this.inView.delete(target);
      }
      this.schedule();
    },
    { rootMargin: '120px' },
  );

  /** @param schedule asks for a redraw of the cursor at the next frame of the screen */
  constructor(schedule: () => void) {
    this.schedule = schedule;
  }

  /** Adds a section with a heading and a card for each figure. */
  section(host: HTMLElement, id: string, heading: string, texts: readonly FigureText[]): HTMLElement {
    const section = document.createElement('section');
    section.setAttribute('aria-labelledby', `${id}-title`);
    const title = document.createElement('h2');
    title.id = `${id}-title`;
    title.textContent = heading;
    const grid = document.createElement('div');
    grid.className = 'grid';
    grid.id = id;
    section.append(title, grid);
    host.append(section);
    for (const text of texts) this.add(grid, text);
    return section;
  }

  add(grid: HTMLElement, text: FigureText): Figure {
    const [card, figure] = buildCard(text);
    grid.append(card);
    this.figures.set(card, figure);
    this.sizes.observe(card.querySelector('.plot')!);
    this.views.observe(card);
    return figure;
  }

  /** @param all false: only the cursor moved */
  draw(all: boolean): void {
    if (all) for (const card of this.figures.keys()) this.stale.add(card);
    for (const [card, figure] of this.figures) {
      if (!this.inView.has(card)) {
        if (!all) this.stale.add(card);
      } else if (this.stale.delete(card)) figure.draw();
      else figure.drawCursor();
    }
  }

  close(): void {
    this.sizes.disconnect();
    this.views.disconnect();
    this.figures.clear();
    this.inView.clear();
    this.stale.clear();
  }
}

function buildCard(text: FigureText): [HTMLElement, Figure] {
  const card = document.createElement('figure');
  card.className = text.wide ? 'card wide' : 'card';
  card.dataset.figure = text.id;
  const caption = document.createElement('figcaption');
  const title = document.createElement('h3');
  title.id = `figure-${text.id}`;
  title.textContent = text.title;
  card.setAttribute('aria-labelledby', title.id);
  const help = document.createElement('p');
  help.className = 'help';
  help.id = `about-${text.id}`;
  help.textContent = text.help;
  card.setAttribute('aria-describedby', help.id);
  const legend = document.createElement('div');
  legend.className = 'legend';
  const plot = document.createElement('div');
  plot.className = 'plot';
  plot.style.height = `${text.height}px`;
  const figure = text.create(plot, legend);
  caption.append(title, saveMenu(text.id, text.title, plot, figure), help);
  card.append(caption, legend, plot);
  plot.querySelector('svg')?.setAttribute('aria-label', text.title);
  return [card, figure];
}
