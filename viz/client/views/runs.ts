/** The runs that the server knows: how each stands, and a link that opens it. */
import type { RunSummary } from '../../dataApi.ts';
import type { PageContext, View } from '../context.ts';
import { DataError, fetchRuns } from '../data.ts';
import { formatCount } from '../format.ts';

const COLUMNS = ['Run', 'State', 'Ticks', 'Worlds', 'Slots', 'Started (UTC)'] as const;

export function runsView(host: HTMLElement, context: PageContext): View {
  const section = document.createElement('section');
  section.setAttribute('aria-labelledby', 'runs-title');
  section.innerHTML = `<h2 id="runs-title">Runs</h2>
    <div class="card">
      <p class="help">Recorded runs beside this one, the newest first. Two of them can be compared.</p>
      <div class="table-frame"><table class="runs" aria-labelledby="runs-title"><thead><tr></tr></thead><tbody></tbody></table></div>
    </div>`;
  host.append(section);
  const head = section.querySelector('thead tr')!;
  for (const title of COLUMNS) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = title;
    if (title === 'Ticks' || title === 'Worlds' || title === 'Slots') cell.className = 'number';
    head.append(cell);
  }
  const table = section.querySelector('table')!;
  const body = section.querySelector('tbody')!;
  // headings would move when the columns below them get their widths
  const say = (words: string): void => {
    const row = document.createElement('tr');
    const cell = document.createElement('td');
    cell.colSpan = COLUMNS.length;
    cell.className = 'none';
    cell.textContent = words;
    row.append(cell);
    body.replaceChildren(row);
    table.dataset.empty = '';
  };
  say('Looking for runs.');
  void fetchRuns().then(
    ({ runs }) => {
      if (runs.length === 0) say('No run is recorded here yet; darwin run quickstart makes one.');
      else {
        body.replaceChildren(...runs.map((run) => rowOf(run, context)));
        delete table.dataset.empty;
      }
    },
    (error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      say(error.message);
    },
  );
  return { draw: () => {}, close: () => {} };
}

function rowOf(run: RunSummary, context: PageContext): HTMLTableRowElement {
  const row = document.createElement('tr');
  row.dataset.run = run.id;
  const name = document.createElement('th');
  name.scope = 'row';
  const link = document.createElement('a');
  link.textContent = run.id;
  const target = { run: run.id, view: 'overview', tick: null, show: null, agent: null };
  link.href = context.place.link(target);
  link.onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    context.go(target);
  };
  const about = document.createElement('span');
  about.className = 'law-about';
  about.textContent = run.error ?? run.description;
  name.append(link, about);
  row.append(name);
  const state = run.live ? 'live' : run.status;
  const done = run.ticks === run.plannedTicks || run.ticks === 0;
  const ticks = done
    ? formatCount(run.plannedTicks)
    : `${formatCount(run.ticks)} of ${formatCount(run.plannedTicks)}`;
  const cells = [
    state,
    ticks,
    run.arms > 1 ? `${run.arms} \u00d7 ${formatCount(run.worlds)}` : formatCount(run.worlds),
    formatCount(run.slots),
    run.startedAt.slice(0, 16).replace('T', ' '),
  ];
  for (const [k, text] of cells.entries()) {
    const cell = document.createElement('td');
    cell.textContent = text;
    if (k === 0) {
      cell.className = 'run-state';
      cell.dataset.state = state;
    } else if (k < 4) cell.className = 'number';
    row.append(cell);
  }
  return row;
}
