/** The family of an agent as links that can be walked: parents, children, and the tree of lives. */
import type { PageContext } from '../context.ts';
import { formatCount } from '../format.ts';
import { keyOf, type Life, type Lives } from '../lives.ts';
import type { PlaceChange } from '../place.ts';

/** Children that are named before the others are asked for. */
const CHILDREN_SHOWN = 12;

export class Kin {
  private readonly host: HTMLElement;
  private readonly context: PageContext;
  private readonly lives: Lives;
  /** Whose children are all shown. */
  private opened = '';
  private made = '';

  constructor(host: HTMLElement, context: PageContext, lives: Lives) {
    this.host = host;
    this.context = context;
    this.lives = lives;
  }

  draw(life: Life | undefined): void {
    const children = life === undefined ? [] : this.childrenOf(life);
    const key = life === undefined ? '' : keyOf(life.world, life.serial);
    // a link that is being reached for stays in place while the run goes on
    const state = children.map(({ serial, died }) => [serial, died]);
    const made = JSON.stringify([key, state, this.opened, this.context.place.link({})]);
    if (made === this.made) return;
    this.made = made;
    if (life === undefined) this.host.textContent = 'Not in the lineage of this run.';
    else this.host.replaceChildren(this.parents(life), this.children(key, children), this.tree());
  }

  /** A link to another agent, which says how it ended. */
  linkTo(life: Life): HTMLAnchorElement {
    const link = this.link(formatCount(life.serial), { agent: `${life.world}.${life.serial}` });
    link.dataset.agent = `${life.world}.${life.serial}`;
    link.setAttribute('aria-label', `Agent ${formatCount(life.serial)}, ${fateOf(life)}`);
    link.title = fateOf(life);
    return link;
  }

  private childrenOf(life: Life): readonly Life[] {
    return this.lives.children.get(keyOf(life.world, life.serial)) ?? [];
  }

  private parents(life: Life): HTMLElement {
    const serials = [...new Set([life.parent, life.secondParent])].filter((serial) => serial !== 0);
    const row = line('parents');
    if (serials.length === 0) row.append('No parents here.');
    else row.append(serials.length > 1 ? 'Parents ' : 'Parent ');
    for (const serial of serials) {
      const parent = this.lives.find(life.world, serial);
      row.append(parent === undefined ? formatCount(serial) : this.linkTo(parent), ' ');
    }
    return row;
  }

  private children(key: string, children: readonly Life[]): HTMLElement {
    const row = line('children');
    if (children.length === 0) {
      row.append('No children.');
      return row;
    }
    const word = children.length === 1 ? 'child' : 'children';
    row.append(`${formatCount(children.length)} ${word}: `);
    const shown = this.opened === key ? children.length : CHILDREN_SHOWN;
    for (const child of children.slice(0, shown)) row.append(this.linkTo(child), ' ');
    if (children.length > shown) {
      const more = document.createElement('button');
      more.type = 'button';
      more.className = 'undo';
      more.textContent = `and ${formatCount(children.length - shown)} more`;
      more.onclick = () => {
        this.opened = key;
        this.context.schedule('all');
      };
      row.append(more);
    }
    return row;
  }

  private tree(): HTMLElement {
    const row = line('tree');
    row.append(this.link('Tree of lives', { view: 'evolution' }));
    return row;
  }

  private link(text: string, target: PlaceChange): HTMLAnchorElement {
    const link = document.createElement('a');
    link.href = this.context.place.link(target);
    link.textContent = text;
    link.onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.context.go(target);
    };
    return link;
  }
}

function line(kind: string): HTMLElement {
  const row = document.createElement('p');
  row.dataset.kin = kind;
  return row;
}

const fateOf = ({ died, cause }: Life): string =>
  died === null ? 'lives' : `died of ${cause} at tick ${formatCount(died)}`;
