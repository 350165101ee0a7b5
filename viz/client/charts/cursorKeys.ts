/**
 * The cursor of charts over ticks, moved by a pointer, and by the keyboard: arrows, with Shift ten frames, Home, End, and
 * Escape.
 */
import type { PageContext } from '../context.ts';
import type { RunStore } from '../store.ts';

/**
 * Lets a pointer and the keyboard move the cursor of all figures.
 *
 * @param tickAt the tick so many pixels right of the chart's left edge
 */
export function followCursor(
  node: SVGSVGElement,
  { store, schedule }: Pick<PageContext, 'store' | 'schedule'>,
  tickAt: (left: number) => number,
): void {
  const set = (cursor: number | null): void => {
    store.cursor = cursor;
    schedule('cursor');
  };
  node.addEventListener('pointermove', (event) =>
    set(tickAt(event.clientX - node.getBoundingClientRect().left)),
  );
  node.addEventListener('pointerleave', () => set(null));
  node.addEventListener('blur', () => set(null));
  followKeys(node, store, set);
}

/** @param set called with the tick under the cursor; null = none */
export function followKeys(node: SVGSVGElement, store: RunStore, set: (tick: number | null) => void): void {
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
