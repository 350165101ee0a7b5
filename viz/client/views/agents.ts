/** All agents of a tick in a table that can be sorted, and the life of the one that is chosen. */
import { agentColumns, MODES, titleOf } from '../agentColumns.ts';
import type { PageContext, View } from '../context.ts';
import { setText } from '../controls.ts';
import { cellsOf } from '../data.ts';
import { formatCount, formatValue } from '../format.ts';
import { Lives } from '../lives.ts';
import { type Snapshot, selectedRows } from '../snapshots.ts';
import { LifePanel } from './life.ts';

const ROW_PX = 30;
/** Rows built beyond those that can be seen, on each side. */
const SPARE_ROWS = 6;
const SHOWN = [
  'wealth',
  'cash',
  'token',
  'capacity',
  'bestSkill',
  'profit',
  'life_profit',
  'age',
  'generation',
];
const SHORT: Readonly<Record<string, string>> = {
  bestSkill: 'skill',
  generation: 'gen.',
  life_profit: 'in life',
  profit: 'profit',
};

interface Column {
  readonly key: string;
  readonly title: string;
  /** What it is, with its unit, where the title is short. */
  readonly about?: string;
  readonly number: boolean;
  text(row: number): string;
  /** By which rows are sorted. */
  value(row: number): number;
}

function columnsOf({ table }: Snapshot, context: PageContext): Column[] {
  const { hello } = context.store;
  const of = (name: string): ArrayLike<number> => cellsOf(table, name);
  const [world, serial, population, mode] = [of('world'), of('serial'), of('population'), of('mode')];
  const names = (hello?.run.populations ?? []).map(({ name }) => name);
  const number = (
    key: string,
    title: string,
    values: ArrayLike<number>,
    write: (value: number) => string = formatValue,
  ): Column => ({
    key,
    title,
    number: true,
    text: (row) => write(values[row]!),
    value: (row) => values[row]!,
  });
  return [
    number('serial', 'agent', serial, formatCount),
    number('world', 'world', world, formatCount),
    {
      key: 'population',
      title: 'population',
      number: false,
      text: (row) => names[population[row]!] ?? '',
      value: (row) => population[row]!,
    },
    {
      key: 'mode',
      title: 'does',
      number: false,
      text: (row) => MODES[mode[row]!] ?? '',
      value: (row) => mode[row]!,
    },
    ...agentColumns(hello?.rewardFeatures ?? [])
      .filter(({ key }) => SHOWN.includes(key))
      .map((column) => ({
        ...number(column.key, SHORT[column.key] ?? column.label, column.of(table)),
        about: titleOf(column),
      })),
  ];
}

export class AgentTable {
  private readonly context: PageContext;
  private readonly frame: HTMLElement;
  private readonly head: HTMLTableRowElement;
  private readonly body: HTMLElement;
  private readonly said: HTMLElement;
  private columns: Column[] = [];
  private order: number[] = [];
  private shown: Snapshot | null = null;
  private made = '';
  /** What the rows were made of. */
  private drawn: readonly unknown[] = [];

  constructor(host: HTMLElement, context: PageContext) {
    this.context = context;
    host.innerHTML = `<p class="said" role="status"></p>
      <div class="agent-frame" tabindex="0" role="region" aria-label="Agents">
        <table class="agents" aria-labelledby="agents-title"><thead><tr></tr></thead><tbody></tbody></table>
      </div>`;
    this.said = host.querySelector('.said')!;
    this.frame = host.querySelector('.agent-frame')!;
    this.head = host.querySelector('thead tr')!;
    this.body = host.querySelector('tbody')!;
    this.frame.addEventListener('scroll', () => this.drawRows(), { passive: true });
  }

  draw(): void {
    const { snapshots, store, place } = this.context;
    snapshots.ask();
    const { current } = snapshots;
    if (current === null) {
      setText(this.said, snapshots.words);
      return;
    }
    const made = `${current.tick} ${JSON.stringify(store.selection)} ${place.get('sort')}`;
    if (made !== this.made || current !== this.shown) {
      this.made = made;
      this.shown = current;
      this.columns = columnsOf(current, this.context);
      this.order = this.sorted(current);
      this.drawHead();
      const { total, rows } = current.table;
      const cut =
        total > rows ? ` (the first ${formatCount(rows)} of ${formatCount(total)} of all worlds)` : '';
      setText(
        this.said,
        `${formatCount(this.order.length)} agents at tick ${formatCount(current.tick)}${cut}. Choose a heading to sort, a row to see a life.`,
      );
    }
    this.drawRows();
  }

  /** Rows of the selected worlds in the order of the address, such as `wealth.down`. */
  private sorted({ table }: Snapshot): number[] {
    const { store } = this.context;
    const rows = selectedRows(table, store.selection, store.hello?.run.worlds ?? 1);
    const [key, down] = this.sorting;
    const column = this.columns.find((candidate) => candidate.key === key);
    if (column === undefined) return rows;
    const values = Float64Array.from({ length: table.rows }, (_, row) => column.value(row));
    const sign = down ? -1 : 1;
    return rows.sort((a, b) => sign * (values[a]! - values[b]!) || a - b);
  }

  private get sorting(): [key: string, down: boolean] {
    const [key = 'wealth', direction] = (this.context.place.get('sort') ?? 'wealth.down').split('.');
    return [key, direction === 'down'];
  }

  private drawHead(): void {
    const [sorted, down] = this.sorting;
    const { sort } = (document.activeElement as HTMLElement | null)?.dataset ?? {};
    this.head.replaceChildren(
      ...this.columns.map((column) => {
        const cell = document.createElement('th');
        cell.scope = 'col';
        cell.className = column.number ? 'number' : '';
        const sorts = column.key === sorted;
        if (sorts) cell.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = column.title;
        button.dataset.sort = column.key;
        if (column.about !== undefined) button.title = column.about;
        button.onclick = () => {
          const turn = sorts ? !down : column.number;
          this.context.place.note({ sort: `${column.key}.${turn ? 'down' : 'up'}` });
          this.frame.scrollTop = 0;
          this.context.schedule('all');
        };
        cell.append(button);
        return cell;
      }),
    );
    if (sort !== undefined)
      this.head.querySelector<HTMLElement>(`[data-sort="${sort}"]`)?.focus({ preventScroll: true });
  }

  /** Only the rows that can be seen exist; two empty ones stand for those above and below. */
  private drawRows(): void {
    const { shown, order } = this;
    if (shown === null) return;
    const first = Math.max(0, Math.floor(this.frame.scrollTop / ROW_PX) - SPARE_ROWS);
    const last = Math.min(
      order.length,
      Math.ceil((this.frame.scrollTop + this.frame.clientHeight) / ROW_PX) + SPARE_ROWS,
    );
    const { place } = this.context;
    const picked = place.get('agent');
    // rows that stay keep the keyboard's place
    const now = [shown, order, first, last, place.link({})];
    if (now.every((part, k) => part === this.drawn[k])) return;
    this.drawn = now;
    const focused = document.activeElement?.closest<HTMLElement>('tr[data-agent]')?.dataset.agent;
    const table = this.body.parentElement!;
    table.setAttribute('aria-rowcount', String(order.length + 1));
    const rows = order.slice(first, last).map((row, k) => this.rowOf(row, first + k, picked));
    this.body.replaceChildren(spacer(first), ...rows, spacer(order.length - last));
    if (focused === undefined) return;
    const again = rows.find((row) => row.dataset.agent === focused);
    again?.querySelector('a')?.focus({ preventScroll: true });
  }

  private rowOf(row: number, index: number, picked: string | null): HTMLTableRowElement {
    const { table } = this.shown!;
    const id = `${cellsOf(table, 'world')[row]}.${cellsOf(table, 'serial')[row]}`;
    const element = document.createElement('tr');
    element.setAttribute('aria-rowindex', String(index + 2));
    element.dataset.agent = id;
    if (id === picked) element.setAttribute('aria-current', 'true');
    for (const [k, column] of this.columns.entries()) {
      const cell = document.createElement(k === 0 ? 'th' : 'td');
      if (column.number) cell.className = 'number';
      if (k === 0) {
        const link = document.createElement('a');
        link.href = this.context.place.link({ agent: id });
        link.textContent = column.text(row);
        cell.append(link);
      } else cell.textContent = column.text(row);
      element.append(cell);
    }
    element.onclick = (event) => {
      event.preventDefault();
      this.context.go({ agent: id });
    };
    return element;
  }
}

function spacer(rows: number): HTMLTableRowElement {
  const row = document.createElement('tr');
  row.className = 'spacer';
  row.setAttribute('aria-hidden', 'true');
  const cell = document.createElement('td');
  cell.style.height = `${rows * ROW_PX}px`;
  row.append(cell);
  return row;
}

export function agentsView(host: HTMLElement, context: PageContext): View {
  const section = document.createElement('section');
  section.setAttribute('aria-labelledby', 'agents-title');
  section.className = 'agents-view';
  section.innerHTML = `<h2 id="agents-title">Agents</h2>
    <div class="agents-grid"><div class="card" id="agent-list"></div><div class="card" id="agent-life"></div></div>`;
  host.append(section);
  const lives = new Lives(context.data!, context.store, () => context.schedule('all'));
  const table = new AgentTable(section.querySelector('#agent-list')!, context);
  const life = new LifePanel(section.querySelector('#agent-life')!, context, lives);
  return {
    draw: (all) => {
      if (all) {
        table.draw();
        life.draw();
      }
    },
    close: () => {},
  };
}
