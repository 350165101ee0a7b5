/** The laws of the economy: how often each was checked, when last, and whether it holds. */
import type { LawStatus } from '../../sim/frame.ts';
import { formatCount } from './format.ts';

const MINUS = '\u2212';

/** Fills the table body; rows stay in place so that a reader is not disturbed. */
export function drawLaws(body: HTMLElement, laws: readonly LawStatus[]): void {
  const rows = [...body.querySelectorAll<HTMLTableRowElement>('tr[data-law]')];
  const same = rows.length === laws.length && rows.every((row, k) => row.dataset.law === laws[k]!.name);
  if (!same && laws.length > 0) body.replaceChildren(...laws.map(newRow));
  for (const [k, row] of body.querySelectorAll<HTMLTableRowElement>('tr[data-law]').entries()) {
    const law = laws[k];
    if (law === undefined) return;
    const [checks, last, margin, state] = [...row.cells].slice(1);
    drawMargin(margin!, law);
    setText(checks!, formatCount(law.checks));
    setText(last!, law.checks === 0 ? '\u2013' : formatCount(law.lastTick));
    const stands = law.violated !== null ? 'violated' : law.checks === 0 ? 'not checked yet' : 'holds';
    row.dataset.state = law.violated !== null ? 'violated' : law.checks === 0 ? 'waiting' : 'holds';
    setText(state!, stands);
    const found = row.querySelector<HTMLElement>('.found')!;
    found.hidden = law.violated === null;
    setText(found, law.violated ?? '');
  }
}

/** How near a law has come to its limit: in words, and as a bar of what is used up where there is a limit. */
function drawMargin(cell: HTMLTableCellElement, { margin, noMargin, checks }: LawStatus): void {
  if (checks === 0 || margin === undefined) {
    setText(cell, checks === 0 ? '\u2013' : (noMargin ?? 'Not recorded in this run.'));
    return;
  }
  const { what, unit, largest, limit } = margin;
  if (cell.childElementCount === 0)
    cell.replaceChildren(document.createElement('span'), document.createElement('meter'));
  const amount = `largest ${what}: ${formatSmall(largest)}`;
  const words =
    limit > 0
      ? `${amount} of ${formatSmall(limit)} ${unit}`
      : `${`${amount} ${unit}`.trim()}; none is allowed`;
  setText(cell.firstElementChild!, words.trim());
  cell.dataset.largest = String(largest);
  const meter = cell.querySelector('meter')!;
  meter.hidden = limit <= 0;
  meter.setAttribute('aria-label', `${what}, share of its limit`);
  meter.value = limit > 0 ? Math.min(1, largest / limit) : 0;
}

/** Numbers of any size in few characters. */
const formatSmall = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e9
    ? formatCount(value)
    : value.toExponential(1).replace('+', '').replaceAll('-', MINUS);

function newRow(law: LawStatus): HTMLTableRowElement {
  const row = document.createElement('tr');
  row.dataset.law = law.name;
  // said of each element, because a narrow page lays them out as blocks
  row.setAttribute('role', 'row');
  const name = document.createElement('th');
  name.scope = 'row';
  name.setAttribute('role', 'rowheader');
  const title = document.createElement('span');
  title.className = 'law-name';
  title.textContent = law.name;
  const about = document.createElement('span');
  about.className = 'law-about';
  about.textContent = law.about;
  const found = document.createElement('span');
  found.className = 'found';
  found.hidden = true;
  name.append(title, about, found);
  row.append(name);
  for (const [className, title] of [
    ['number', 'Checks'],
    ['number', 'Last tick'],
    ['margin', 'Margin'],
    ['state', 'State'],
  ] as const) {
    const cell = document.createElement('td');
    cell.className = className;
    cell.dataset.name = title;
    cell.setAttribute('role', 'cell');
    row.append(cell);
  }
  return row;
}

function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
