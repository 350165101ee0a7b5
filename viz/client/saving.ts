/** Figures as files: the drawing as SVG with its colours written out, the numbers behind it as CSV. */
import type { Figure, Sheet } from './charts/figure.ts';

/** What of a drawing comes from the style sheet. */
const STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-linejoin',
  'paint-order',
  'opacity',
  'font-size',
  'font-weight',
  'visibility',
] as const;

/** RFC 4180: commas, quotes where needed, a line for each row. */
export function csvOf({ columns, rows }: Sheet): string {
  const cell = (value: number | string): string =>
    typeof value === 'number'
      ? Number.isFinite(value)
        ? String(value)
        : ''
      : /[",\r\n]/.test(value)
        ? `"${value.replaceAll('"', '""')}"`
        : value;
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** A drawing that stands by itself: what the style sheet gave is written into its elements. */
export function standaloneSvg(svg: SVGSVGElement, title: string): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const [from, to] = [svg, copy].map((root) => [root, ...root.querySelectorAll<SVGElement>('*')]);
  for (const [k, element] of from!.entries()) {
    const computed = getComputedStyle(element);
    for (const name of STYLES) to![k]!.style.setProperty(name, computed.getPropertyValue(name));
    to![k]!.removeAttribute('class');
  }
  const name = document.createElementNS('http://www.w3.org/2000/svg', 'title');
  name.textContent = title;
  copy.prepend(name);
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.style.setProperty('background', getComputedStyle(svg.closest('.card') ?? svg).backgroundColor);
  copy.style.setProperty('font-family', 'Inter, system-ui, sans-serif');
  return new XMLSerializer().serializeToString(copy);
}

function download(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Buttons that save a figure; they show when the card is pointed at or reached by keyboard. */
export function saveMenu(id: string, title: string, plot: HTMLElement, figure: Figure): HTMLElement {
  const menu = document.createElement('span');
  menu.className = 'save';
  const button = (label: string, act: () => void): void => {
    const element = document.createElement('button');
    element.type = 'button';
    element.textContent = label;
    element.setAttribute('aria-label', `Save ${title} as ${label}`);
    element.onclick = act;
    menu.append(element);
  };
  button('SVG', () => {
    const svg = figure.picture?.() ?? plot.querySelector('svg');
    if (svg !== null) download(`${id}.svg`, 'image/svg+xml', standaloneSvg(svg, title));
  });
  button('CSV', () => download(`${id}.csv`, 'text/csv', csvOf(figure.sheet())));
  return menu;
}
