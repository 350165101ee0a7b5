/** The entries of a list of a config, such as its populations: each a group of settings; entries come and go. */
import type { FormNode } from '../../controlApi.ts';
import { Setting } from './setting.ts';

type Entry = Readonly<Record<string, unknown>>;

/** Keys that are shown without being asked for. */
const FIRST = ['name', 'kind', 'share', 'tick', 'path', 'value'];

export class ListEditor {
  readonly element = document.createElement('div');
  readonly path: string;
  private readonly item: FormNode;
  private readonly changed: (entries: readonly Entry[] | undefined) => void;
  private readonly wrong = document.createElement('p');
  private settings: Setting[] = [];
  private base: readonly Entry[] = [];
  private entries: readonly Entry[] = [];

  /** @param changed told all entries, undefined = those that the config has */
  constructor(path: string, node: FormNode, changed: (entries: readonly Entry[] | undefined) => void) {
    this.path = path;
    this.item = node.item!;
    this.changed = changed;
    this.element.className = 'list-editor';
    this.wrong.className = 'wrong';
    this.wrong.setAttribute('role', 'alert');
    this.wrong.hidden = true;
  }

  show(base: readonly Entry[], override: readonly Entry[] | undefined): void {
    this.base = base;
    const entries = override ?? base;
    const same = entries.length === this.settingsOf.length && this.element.childElementCount > 0;
    this.entries = entries;
    if (!same) this.build();
    for (const [k, settings] of this.settingsOf.entries())
      for (const setting of settings) {
        const key = keyOf(setting.path);
        const value = entries[k]![key];
        setting.show(base[k]?.[key] ?? setting.node.fallback, value === base[k]?.[key] ? undefined : value);
      }
  }

  private settingsOf: Setting[][] = [];

  private build(): void {
    this.settingsOf = this.entries.map((_, k) => this.settingsOfEntry(k));
    this.settings = this.settingsOf.flat();
    const groups = this.settingsOf.map((settings, k) => this.group(settings, k));
    const add = document.createElement('button');
    add.type = 'button';
    add.textContent = `Add to ${this.path}`;
    add.onclick = () => this.take([...this.entries, this.fresh()]);
    this.element.replaceChildren(...groups, add, this.wrong);
  }

  private settingsOfEntry(k: number): Setting[] {
    return Object.entries(this.item.children!)
      .filter(([, node]) => node.kind !== 'section' && node.kind !== 'list')
      .map(
        ([key, node]) =>
          new Setting(`${this.path}[${k}].${key}`, node, (value) => {
            const next = { ...this.entries[k] };
            if (value === undefined && this.base[k]?.[key] === undefined) delete next[key];
            else next[key] = value ?? this.base[k]?.[key];
            this.entries = this.entries.map((entry, at) => (at === k ? next : entry));
            this.take(this.entries);
          }),
      );
  }

  private group(settings: readonly Setting[], k: number): HTMLElement {
    const group = document.createElement('fieldset');
    group.className = 'entry';
    const legend = document.createElement('legend');
    legend.textContent = `${this.path}[${k}]`;
    const remove = document.createElement('button');
    remove.type = 'button';
    remove.className = 'undo';
    remove.textContent = 'remove';
    remove.setAttribute('aria-label', `Remove ${this.path}[${k}]`);
    remove.onclick = () => this.take(this.entries.filter((_, at) => at !== k));
    const isFirst = ({ path }: Setting): boolean => FIRST.includes(keyOf(path));
    const first = document.createElement('div');
    first.className = 'settings';
    first.append(...settings.filter(isFirst).map(({ element }) => element));
    group.append(legend, remove, first);
    const others = settings.filter((setting) => !isFirst(setting));
    if (others.length > 0) {
      const more = document.createElement('details');
      const summary = document.createElement('summary');
      summary.textContent = 'more';
      const rest = document.createElement('div');
      rest.className = 'settings';
      rest.append(...others.map(({ element }) => element));
      more.append(summary, rest);
      group.append(more);
    }
    return group;
  }

  private take(entries: readonly Entry[]): void {
    this.changed(JSON.stringify(entries) === JSON.stringify(this.base) ? undefined : entries);
  }

  /** A new entry with what has no default. */
  private fresh(): Entry {
    const entry: Record<string, unknown> = {};
    for (const [key, node] of Object.entries(this.item.children!)) {
      if (node.fallback !== null || node.kind === 'section') continue;
      if (node.kind === 'choice') entry[key] = node.values![0];
      else if (node.kind === 'text') entry[key] = `${key}-${this.entries.length + 1}`;
      else entry[key] = 0;
    }
    return entry;
  }

  /** Every setting of every entry. */
  get all(): readonly Setting[] {
    return this.settings;
  }

  refuse(words: string | null): void {
    this.wrong.hidden = words === null;
    this.wrong.textContent = words ?? '';
  }
}

const keyOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
