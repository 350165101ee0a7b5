/** Changes a number of the run under way, and lists those that were changed. */
import type { NumberInForce } from '../../controlApi.ts';
import { changesOf } from '../changes.ts';
import type { PageContext } from '../context.ts';
import { choice } from '../controls.ts';
import { DataError } from '../data.ts';
import { formatCount, formatValue } from '../format.ts';
import { steer } from '../steer.ts';

const NOTHING = '<tr><td colspan="4" class="none">Nothing has been changed.</td></tr>';
/** The list is asked for again so often, in case another page changes something. */
const EVERY_MS = 3000;

export class ChangeForm {
  private readonly context: PageContext;
  private readonly host: HTMLElement;
  private readonly input = document.createElement('input');
  private readonly about = document.createElement('p');
  private readonly said = document.createElement('p');
  private readonly list = document.createElement('tbody');
  private numbers: readonly NumberInForce[] = [];
  private path = '';
  private arm: number | null = null;
  private readonly timer = window.setInterval(() => void this.readList(), EVERY_MS);

  constructor(host: HTMLElement, context: PageContext) {
    this.host = host;
    this.context = context;
    host.toggleAttribute('data-live', context.store.isGoingOn);
    this.said.className = 'said';
    this.said.setAttribute('role', 'status');
    void this.read();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async read(): Promise<void> {
    let words = 'Nothing can be changed now: no run is under way.';
    try {
      this.numbers = await steer.numbers();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      words = error.message;
    }
    if (this.numbers.length === 0) {
      const help = document.createElement('p');
      help.className = 'help';
      help.textContent = words;
      this.host.replaceChildren(help);
      return;
    }
    this.build();
    await this.readList();
  }

  private build(): void {
    const paths = this.numbers.map(({ path }) => [path, path.replace(/^world\./, '')] as const);
    this.path = paths.find(([path]) => path === 'world.energy.price')?.[0] ?? paths[0]![0];
    const which = choice('Number', paths, this.path, (path) => {
      this.path = path;
      this.show();
    });
    which.select.id = 'change-path';
    const field = document.createElement('label');
    field.className = 'field';
    const name = document.createElement('span');
    name.textContent = 'New value';
    this.input.id = 'change-value';
    this.input.type = 'text';
    this.input.inputMode = 'decimal';
    this.input.autocomplete = 'off';
    field.append(name, this.input);
    const arms = this.context.store.hello?.run.arms ?? [];
    const of = choice(
      'In',
      [['all', 'all arms'], ...arms.map(({ label }, k) => [String(k), label] as const)],
      'all',
      (arm) => {
        this.arm = arm === 'all' ? null : Number(arm);
        this.show();
      },
    );
    of.element.hidden = arms.length < 2;
    const button = document.createElement('button');
    button.type = 'submit';
    button.className = 'primary';
    button.textContent = 'Change from the next tick';
    const row = document.createElement('form');
    row.className = 'group';
    row.setAttribute('aria-label', 'Change a number of the run');
    row.append(which.element, field, of.element, button);
    row.onsubmit = (event) => {
      event.preventDefault();
      void this.change();
    };
    this.about.className = 'help';
    const table = document.createElement('table');
    table.className = 'laws interventions';
    table.setAttribute('aria-label', 'Changes of the run under way');
    table.innerHTML = `<thead><tr><th scope="col" class="number">From tick</th><th scope="col">Number</th>
      <th scope="col" class="number">Value</th><th scope="col">Arm</th></tr></thead>`;
    this.list.innerHTML = NOTHING;
    table.append(this.list);
    this.host.replaceChildren(row, this.about, this.said, table);
    this.show();
  }

  private show(): void {
    const number = this.numbers.find(({ path }) => path === this.path)!;
    const values = this.arm === null ? [...new Set(number.values)] : [number.values[this.arm]!];
    this.about.textContent = `${number.about}; now ${values.join(', ')}; ${number.rule}.`;
    if (document.activeElement !== this.input) this.input.value = String(values[0]);
  }

  private async change(): Promise<void> {
    const text = this.input.value.trim();
    const number = this.numbers.find(({ path }) => path === this.path)!;
    try {
      if (text === '' || !Number.isFinite(Number(text)))
        throw new DataError(`${this.path} is \`${text}\`, ${number.rule}`, this.path);
      const done = await steer.intervene({ path: this.path, value: Number(text), arm: this.arm });
      this.say('good', `${done.path} is ${done.value} from tick ${formatCount(done.tick)} on.`);
      this.context.changed();
      this.numbers = await steer.numbers();
      this.show();
      await this.readList();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.say('bad', error.message);
    }
  }

  private say(kind: 'good' | 'bad', words: string): void {
    this.said.dataset.kind = kind;
    this.said.setAttribute('role', kind === 'bad' ? 'alert' : 'status');
    this.said.textContent = words;
    if (kind === 'bad') this.input.setAttribute('aria-invalid', 'true');
    else this.input.removeAttribute('aria-invalid');
  }

  private async readList(): Promise<void> {
    const { data, store } = this.context;
    if (data === null || this.list.parentElement === null) return;
    const found = await data.detail().catch((error: unknown) => {
      if (!(error instanceof DataError)) throw error;
      return null;
    });
    if (found === null) return;
    const arms = store.hello?.run.arms ?? [];
    const kept = changesOf(found.interventions);
    if (kept.length === 0) {
      this.list.innerHTML = NOTHING;
      return;
    }
    this.list.replaceChildren(
      ...kept.map((row) => {
        const element = document.createElement('tr');
        const who = row.arm === null ? 'all' : (arms[row.arm]?.label ?? String(row.arm));
        for (const [k, text] of [
          formatCount(row.tick),
          row.path.replace(/^world\./, ''),
          formatValue(row.value),
          who,
        ].entries()) {
          const cell = document.createElement('td');
          if (k === 0 || k === 2) cell.className = 'number';
          cell.textContent = text;
          element.append(cell);
        }
        return element;
      }),
    );
  }
}
