/** Lines across a chart over ticks where somebody changed a number of the world, with what was changed. */
import type { ScaleLinear, Selection } from 'd3';
import { type Change, changeLabel } from '../changes.ts';
import type { RunStore } from '../store.ts';

/** Between labels of neighbouring marks, which stand below each other. */
const LABEL_PX = 12;
/** Labels below each other before the next begins at the top. */
const ROWS = 3;
/** More marks than this have a title for the pointer alone. */
const LABELLED_MAX = 6;
/** Width of a character of a label, about. */
const CHARACTER_PX = 6.2;

/** What was changed in the shown arms so far. */
function shownChanges({ selection, hello, changes, lastTick }: RunStore): Change[] {
  const worlds = hello?.run.worlds ?? 1;
  const arm =
    selection.kind === 'all'
      ? null
      : selection.kind === 'arm'
        ? selection.arm
        : Math.floor(selection.world / worlds);
  return changes.filter(
    (change) => change.tick <= lastTick && (change.arm === null || arm === null || change.arm === arm),
  );
}

/**
 * Draws the marks of the shown arms into a group.
 *
 * @param place where the chart's lines begin and end, px
 * @param labels false: where there is no room for words, they are for the pointer and for who listens
 */
export function drawChangeMarks(
  group: Selection<SVGGElement, unknown, null, undefined>,
  store: RunStore,
  x: ScaleLinear<number, number>,
  place: { readonly top: number; readonly bottom: number; readonly right: number },
  labels = true,
): void {
  const shown = shownChanges(store);
  const marks = group
    .selectAll<SVGGElement, Change>('g')
    .data(shown)
    .join((enter) => {
      const entered = enter.append('g').attr('class', 'change');
      entered.append('title');
      entered.append('line');
      entered.append('text');
      return entered;
    });
  const name = (change: Change): string => {
    const whose = change.arm === null ? '' : ` in ${store.arm(change.arm)?.label ?? `arm ${change.arm}`}`;
    return `${changeLabel(change)}${whose}`;
  };
  const at = ({ tick }: Change): number => x(tick);
  marks.attr('data-tick', ({ tick }) => tick);
  marks.select('title').text((change) => `From tick ${change.tick} on: ${name(change)}`);
  marks.select('line').attr('x1', at).attr('x2', at).attr('y1', place.top).attr('y2', place.bottom);
  const turned = (change: Change): boolean => at(change) + name(change).length * CHARACTER_PX > place.right;
  marks
    .select('text')
    .attr('x', (change) => at(change) + (turned(change) ? -4 : 4))
    .attr('y', (_, k) => place.top + 9 + LABEL_PX * (k % ROWS))
    .attr('text-anchor', (change) => (turned(change) ? 'end' : 'start'))
    .text((change) => (!labels || shown.length > LABELLED_MAX ? '' : name(change)));
}
