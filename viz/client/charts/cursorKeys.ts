/**
 * The cursor of charts over ticks, moved by a pointer, and by the keyboard: arrows, with Shift ten frames, Home, End, and
 * Escape.
 */
import type { PageContext } from '../context.ts';
import type { RunStore } from '../store.ts';

/** The ticks of a chart: the one so many pixels right of its left edge, and the last. */
export interface TickAxis {
  at(left: number): number;
  last(): number;
}

/** Lets a pointer and the keyboard move the cursor of all figures. */
export function followCursor(
  node: SVGSVGElement,
  { store, schedule }: Pick<PageContext, 'store' | 'schedule'>,
  ticks: TickAxis,
): void {
  const set = (cursor: number | null): void => {
    store.cursor = cursor;
    schedule('cursor');
  };
  node.addEventListener('pointermove', (event) => {
    if (store.frameCount === 0) return;
    const tick = ticks.at(event.clientX - node.getBoundingClientRect().left);
    set(Math.min(Math.max(tick, 0), ticks.last()));
  });
  node.addEventListener('pointerleave', () => set(null));
  node.addEventListener('blur', () => set(null));
  followKeys(node, store, set);
}

/** @param set called with the tick under the cursor; null = none */
function followKeys(node: SVGSVGElement, store: RunStore, set: (tick: number | null) => void): void {
  node.addEventListener('keydown', (event) => {
    const last = store.frameCount - 1;
    if (last < 0) return;
    const step = event.shiftKey ? 10 : 1;
    const shown = store.shownIndex;
    const to = new Map<string, number>([
      ['ArrowLeft', shown - step],
      ['ArrowRight', shown + step],
      ['Home', 0],
      ['End', last],
    ]).get(event.key);
    if (event.key === 'Escape') set(null);
    if (to === undefined) return;
    event.preventDefault();
    set(store.tickOf(Math.min(Math.max(to, 0), last)));
  });
}
