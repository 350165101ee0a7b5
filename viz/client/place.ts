/** What the address says: run, view, tick, worlds and choices of a view, so that a link opens what was seen. */

export const VIEWS = [
  'overview',
  'evolution',
  'market',
  'agents',
  'explore',
  'compare',
  'laws',
  'runs',
  'control',
] as const;
export type ViewName = (typeof VIEWS)[number];

/** Keys of the address, in the order in which they are written; preset and seed are of a page without a server. */
const KEYS = [
  'preset',
  'seed',
  'run',
  'view',
  'tick',
  'show',
  'band',
  'agent',
  'x',
  'y',
  'colour',
  'of',
  'with',
  'sort',
] as const;
export type PlaceKey = (typeof KEYS)[number];
export type PlaceChange = Readonly<Partial<Record<PlaceKey, string | null>>>;

/** The keys of an address that are known; anything else is left out. */
export function parsePlace(query: string): Map<PlaceKey, string> {
  const given = new URLSearchParams(query);
  const place = new Map<PlaceKey, string>();
  for (const key of KEYS) {
    const value = given.get(key);
    if (value !== null && value !== '') place.set(key, value);
  }
  return place;
}

/** `?run=...&view=...`, or the empty string. */
export function formatPlace(place: ReadonlyMap<PlaceKey, string>): string {
  const query = new URLSearchParams();
  for (const key of KEYS) {
    const value = place.get(key);
    if (value !== undefined) query.set(key, value);
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** The place with some keys changed; null takes one out. */
export function changedPlace(
  place: ReadonlyMap<PlaceKey, string>,
  change: PlaceChange,
): Map<PlaceKey, string> {
  const changed = new Map(place);
  for (const [key, value] of Object.entries(change) as [PlaceKey, string | null][]) {
    if (value === null) changed.delete(key);
    else changed.set(key, value);
  }
  return changed;
}

/** The address of this window. */
export class Place {
  private keys = parsePlace(location.search);
  private readonly moved: () => void;
  private writing: number | undefined;

  /** @param moved called when the reader goes back or forward */
  constructor(moved: () => void) {
    this.moved = moved;
    addEventListener('popstate', () => {
      clearTimeout(this.writing);
      this.keys = parsePlace(location.search);
      this.moved();
    });
  }

  get(key: PlaceKey): string | null {
    return this.keys.get(key) ?? null;
  }

  get view(): ViewName {
    return VIEWS.find((view) => view === this.get('view')) ?? 'overview';
  }

  /** A step that Back undoes. */
  go(change: PlaceChange): void {
    this.keys = changedPlace(this.keys, change);
    history.pushState(null, '', this.href);
  }

  /** A change that is no step of its own, such as the tick while a run plays; browsers limit how often. */
  note(change: PlaceChange): void {
    this.keys = changedPlace(this.keys, change);
    clearTimeout(this.writing);
    this.writing = window.setTimeout(() => history.replaceState(null, '', this.href), 250);
  }

  /** Where a link with a change leads. */
  link(change: PlaceChange): string {
    return formatPlace(changedPlace(this.keys, change)) || location.pathname;
  }

  private get href(): string {
    return formatPlace(this.keys) || location.pathname;
  }
}
