/** One key of a config in a form: its name, what it means, its value, and what is wrong with it. */
import type { FormNode } from '../../controlApi.ts';

/** The text of a value in a field: lists have one value per arm. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map(textOf).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A number where the text is one; the server says what is wrong with the rest. */
const numeric = (text: string): unknown =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;

/** Reads what textOf writes; undefined for nothing. */
export function valueFrom(node: FormNode, text: string): unknown {
  const plain = text.trim();
  if (plain === '') return undefined;
  const one = (part: string): unknown => {
    if (node.kind === 'number' || node.kind === 'integer') return numeric(part);
    if (node.kind === 'boolean') return part === 'true' ? true : part === 'false' ? false : part;
    return part;
  };
  const parts = plain.replace(/^\[(.*)\]$/, '$1').split(',');
  return node.armable && parts.length > 1 ? parts.map((part) => one(part.trim())) : one(plain);
}

let made = 0;

export class Setting {
  readonly element = document.createElement('div');
  readonly path: string;
  readonly node: FormNode;
  private readonly field: HTMLInputElement | HTMLSelectElement;
  private readonly undo = document.createElement('button');
  private readonly wrong = document.createElement('p');
  private base: unknown;

  /**
   * @param changed told the value that was entered, undefined = the one that the config has
   */
  constructor(path: string, node: FormNode, changed: (value: unknown) => void) {
    this.path = path;
    this.node = node;
    const id = `setting-${made++}`;
    this.element.className = 'setting';
    this.element.dataset.path = path;
    const label = document.createElement('label');
    label.htmlFor = id;
    label.textContent = path.split('.').at(-1)!.replace(/^.*\]/, '') || path;
    this.field = this.newField();
    this.field.id = id;
    this.field.setAttribute('aria-describedby', `${id}-about ${id}-wrong`);
    this.undo.type = 'button';
    this.undo.className = 'undo';
    this.undo.textContent = 'undo';
    this.undo.setAttribute('aria-label', `Undo the change of ${path}`);
    this.undo.hidden = true;
    const about = document.createElement('p');
    about.className = 'help';
    about.id = `${id}-about`;
    about.textContent = node.about;
    about.title = `${node.rule}${node.armable ? '; or several between commas, one per arm' : ''}`;
    this.wrong.className = 'wrong';
    this.wrong.id = `${id}-wrong`;
    this.wrong.setAttribute('role', 'alert');
    this.wrong.hidden = true;
    const enter = (): void => {
      const value = valueFrom(node, this.field.value);
      const same = textOf(value) === textOf(this.base);
      changed(value === undefined || same ? undefined : value);
    };
    this.field.addEventListener('input', enter);
    this.undo.onclick = () => {
      this.field.value = textOf(this.base);
      this.field.focus();
      changed(undefined);
    };
    this.element.append(label, this.undo, this.field, about, this.wrong);
  }

  private newField(): HTMLInputElement | HTMLSelectElement {
    const { kind, values } = this.node;
    if (kind === 'choice' || kind === 'boolean') {
      const select = document.createElement('select');
      select.replaceChildren(...(values ?? ['true', 'false']).map((value) => new Option(value, value)));
      return select;
    }
    const input = document.createElement('input');
    input.type = 'text';
    input.autocomplete = 'off';
    input.spellcheck = false;
    if (kind !== 'text') input.inputMode = 'decimal';
    return input;
  }

  /** @param base what the config has; @param override what stands over it, undefined = nothing */
  show(base: unknown, override: unknown): void {
    this.base = base;
    const text = textOf(override === undefined ? base : override);
    if (this.field instanceof HTMLSelectElement && ![...this.field.options].some((o) => o.value === text))
      this.field.add(new Option(text, text));
    if (document.activeElement !== this.field) this.field.value = text;
    this.element.classList.toggle('changed', override !== undefined);
    this.undo.hidden = override === undefined;
  }

  /** @param words what is wrong, null = nothing */
  refuse(words: string | null): void {
    this.wrong.hidden = words === null;
    this.wrong.textContent = words ?? '';
    if (words === null) this.field.removeAttribute('aria-invalid');
    else this.field.setAttribute('aria-invalid', 'true');
  }

  /** Whether it is about what somebody looks for. */
  matches(words: string): boolean {
    return `${this.path} ${this.node.about}`.toLowerCase().includes(words);
  }
}
