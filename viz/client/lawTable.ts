/** The laws of the economy: how often each was checked, when last, and whether it holds. */
import type { LawStatus } from '../../sim/frame.ts';
import { formatCount } from './format.ts';

/** Fills the table body; rows stay in place so that a reader is not disturbed. */
export function drawLaws(body: HTMLElement, laws: readonly LawStatus[]): void {
  const rows = [...body.querySelectorAll<HTMLTableRowElement>('tr[data-law]')];
  const same = rows.length === laws.length && rows.every((row, k) => row.dataset.law === laws[k]!.name);
  if (!same && laws.length > 0) body.replaceChildren(...laws.map(newRow));
  for (const [k, row] of body.querySelectorAll<HTMLTableRowElement>('tr[data-law]').entries()) {
    const law = laws[k];
    if (law === undefined) return;
    const [checks, last, state] = [...row.cells].slice(1);
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

function newRow(law: LawStatus): HTMLTableRowElement {
  const row = document.createElement('tr');
  row.dataset.law = law.name;
  const name = document.createElement('th');
  name.scope = 'row';
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
  for (const className of ['number', 'number', 'state']) {
    const cell = document.createElement('td');
    cell.className = className;
    row.append(cell);
  }
  return row;
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
