/** A config as a form, built from its schema: what the text says, and what somebody changes of it. */
import type { FormNode, FormOverride } from '../../controlApi.ts';
import { ListEditor } from './listEditor.ts';
import { Setting } from './setting.ts';

/** Keys that texts say better than fields: rows of a file, and the text that the run is described by. */
const LEFT_OUT = new Set(['demandSeries', 'priceSeries']);

type Entry = Readonly<Record<string, unknown>>;

/** The value at a path such as `world.energy.price`; undefined where the text has none. */
function at(values: unknown, path: string): unknown {
  let value = values;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | null | undefined)?.[key];
  return value;
}

export class ConfigForm {
  private readonly host: HTMLElement;
  private readonly changed: () => void;
  private readonly settings: Setting[] = [];
  private readonly lists: ListEditor[] = [];
  private readonly standing = new Map<string, unknown>();
  private values: unknown = {};

  /** @param changed called when something else would run */
  constructor(host: HTMLElement, schema: FormNode, changed: () => void) {
    this.host = host;
    this.changed = changed;
    this.build(schema);
  }

  /** What stands over the text, in the order of the schema. */
  get overrides(): FormOverride[] {
    const order = [...this.settings.map(({ path }) => path), ...this.lists.map(({ path }) => path)];
    return order
      .filter((path) => this.standing.has(path))
      .map((path) => ({ path, value: this.standing.get(path) }));
  }

  /** Shows another text; what was changed of the one before is gone unless it is kept. */
  show(values: unknown, keep: boolean): void {
    this.values = values;
    if (!keep) this.standing.clear();
    this.refresh();
  }

  /**
   * Shows what is wrong beside the key that it is about.
   *
   * @returns whether there is one
   */
  refuse(path: string | null, words: string): boolean {
    this.accept();
    if (path === null) return false;
    const settings = [...this.settings, ...this.lists.flatMap(({ all }) => all)];
    const setting = settings.find((candidate) => candidate.path === path);
    const list = this.lists.find((candidate) => path.startsWith(candidate.path));
    if (setting !== undefined) setting.refuse(words);
    else if (list !== undefined) list.refuse(words);
    else return false;
    const element = setting?.element ?? list!.element;
    for (
      let outer = element.parentElement;
      outer !== null && outer !== this.host;
      outer = outer.parentElement
    )
      if (outer instanceof HTMLDetailsElement) outer.open = true;
    return true;
  }

  /** Nothing is wrong. */
  accept(): void {
    for (const setting of this.settings) setting.refuse(null);
    for (const list of this.lists) {
      list.refuse(null);
      for (const setting of list.all) setting.refuse(null);
    }
  }

  /** Shows the settings that are about some words alone; all of them for none. */
  find(words: string): void {
    const wanted = words.trim().toLowerCase();
    for (const setting of this.settings) setting.element.hidden = wanted !== '' && !setting.matches(wanted);
    for (const list of this.lists) list.element.hidden = wanted !== '' && !list.path.includes(wanted);
    // sections from the inside out
    for (const section of [...this.host.querySelectorAll<HTMLDetailsElement>('details.section')].reverse()) {
      const shown = [...section.querySelectorAll<HTMLElement>('.setting, .list-editor')].some(
        (element) => !element.hidden,
      );
      section.hidden = !shown;
      if (wanted !== '') section.open = shown;
    }
  }

  private refresh(): void {
    for (const setting of this.settings)
      setting.show(at(this.values, setting.path) ?? setting.node.fallback, this.standing.get(setting.path));
    for (const list of this.lists)
      list.show(
        (at(this.values, list.path) as Entry[] | undefined) ?? [],
        this.standing.get(list.path) as Entry[] | undefined,
      );
    for (const section of this.host.querySelectorAll('details.section')) {
      const count = section.querySelectorAll('.setting.changed').length;
      section.querySelector('.count')!.textContent = count === 0 ? '' : `${count} changed`;
    }
  }

  private set(path: string, value: unknown): void {
    if (value === undefined) this.standing.delete(path);
    else this.standing.set(path, value);
    this.refresh();
    this.changed();
  }

  private build(schema: FormNode): void {
    const run = this.section(this.host, 'run', 'The run as a whole.');
    run.open = true;
    for (const [key, node] of Object.entries(schema.children!)) {
      if (LEFT_OUT.has(key)) continue;
      if (node.kind === 'section' && key !== 'world') this.fill(this.host, key, node);
      else if (node.kind === 'section')
        for (const [inner, child] of Object.entries(node.children!))
          this.fill(this.host, `${key}.${inner}`, child);
      else if (node.kind === 'list') this.addList(key, node);
      else this.addSetting(run, key, node);
    }
  }

  private section(host: HTMLElement, title: string, about: string): HTMLDetailsElement {
    const section = document.createElement('details');
    section.className = 'section';
    const summary = document.createElement('summary');
    const name = document.createElement('span');
    name.className = 'section-name';
    name.textContent = title;
    const help = document.createElement('span');
    help.className = 'help';
    help.textContent = about;
    const count = document.createElement('span');
    count.className = 'count';
    summary.append(name, help, count);
    const settings = document.createElement('div');
    settings.className = 'settings';
    section.append(summary, settings);
    host.append(section);
    return section;
  }

  private fill(host: HTMLElement, path: string, node: FormNode): void {
    const section = this.section(host, path.replace(/^world\./, ''), node.about);
    for (const [key, child] of Object.entries(node.children!)) {
      if (child.kind === 'section') this.fill(section, `${path}.${key}`, child);
      else if (child.kind !== 'list') this.addSetting(section, `${path}.${key}`, child);
    }
  }

  private addSetting(section: HTMLElement, path: string, node: FormNode): void {
    const setting = new Setting(path, node, (value) => this.set(path, value));
    this.settings.push(setting);
    section.querySelector(':scope > .settings')!.append(setting.element);
  }

  private addList(path: string, node: FormNode): void {
    const section = this.section(this.host, path, node.about);
    const list = new ListEditor(path, node, (entries) => this.set(path, entries));
    this.lists.push(list);
    section.append(list.element);
  }
}
