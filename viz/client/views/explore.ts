/** Any column of the agents against any other, or how it is spread, at any tick. */

import type { TableFrame } from '../../tableFrame.ts';
import { type AgentColumn, agentColumns, titleOf } from '../agentColumns.ts';
import { Board } from '../board.ts';
import { Histogram, type Sample } from '../charts/histogram.ts';
import { type Cloud, Scatter } from '../charts/scatter.ts';
import type { PageContext, View } from '../context.ts';
import { choice, controlRow, setText } from '../controls.ts';
import { cellsOf } from '../data.ts';
import { formatCount } from '../format.ts';
import { formatSelection } from '../header.ts';
import type { PlaceKey } from '../place.ts';
import { Remembered } from '../remembered.ts';
import { type Snapshot, selectedRows } from '../snapshots.ts';

const HEIGHT = { least: 440, most: 760 };
/** What stands above and below the figures, px. */
const BESIDES_PX = 460;
const PALETTE = 8;

interface Picked {
  readonly table: TableFrame;
  readonly rows: readonly number[];
  readonly groups: readonly { readonly label: string; readonly colour: string }[];
}

export function explore(host: HTMLElement, context: PageContext): View {
  const { store, place, snapshots, schedule } = context;
  const board = new Board(() => schedule('cursor'));
  const height = Math.min(HEIGHT.most, Math.max(HEIGHT.least, innerHeight - BESIDES_PX));
  const columns = agentColumns(store.hello?.rewardFeatures ?? []);
  const chosen: Record<'x' | 'y', AgentColumn> = {
    x: columns.find(({ key }) => key === place.get('x')) ?? columns.find(({ key }) => key === 'bestSkill')!,
    y: columns.find(({ key }) => key === place.get('y')) ?? columns[0]!,
  };
  const chooser = (axis: 'x' | 'y', label: string) =>
    choice(
      label,
      columns.map((column) => [column.key, titleOf(column)]),
      chosen[axis].key,
      (key) => {
        chosen[axis] = columns.find((column) => column.key === key)!;
        place.note({ [axis as PlaceKey]: key });
        schedule('all');
      },
    ).element;
  const said = document.createElement('p');
  said.className = 'said';
  host.append(controlRow('What is drawn', chooser('y', 'Draw'), chooser('x', 'against'), said));

  const [pickedOnce, cloudOnce, sampleOnce] = [
    new Remembered<Picked | string>(),
    new Remembered<Cloud>(),
    new Remembered<Sample>(),
  ];
  /** The agents of the snapshot in the selected worlds. */
  const pick = (): Picked | string => {
    snapshots.ask();
    const { current } = snapshots;
    if (current === null) return snapshots.words;
    return pickedOnce.of([current, formatSelection(store.selection)], () => picked(current));
  };
  const picked = ({ table, tick }: Snapshot): Picked | string => {
    const rows = selectedRows(table, store.selection, store.hello?.run.worlds ?? 1);
    const cut =
      table.total > table.rows ? `, the first ${formatCount(table.rows)} of ${formatCount(table.total)}` : '';
    setText(said, `${formatCount(rows.length)} agents at tick ${formatCount(tick)}${cut}`);
    const groups = (store.hello?.run.populations ?? []).map(({ name }, k) => ({
      label: name,
      colour: `c${k % PALETTE}`,
    }));
    return rows.length === 0 ? 'Nobody lives in this selection.' : { table, rows, groups };
  };
  const valuesOf = (column: AgentColumn, { table, rows }: Picked): Float64Array => {
    const all = column.of(table);
    return Float64Array.from(rows, (row) => all[row]!);
  };
  const groupOf = ({ table, rows }: Picked): Uint32Array => {
    const population = cellsOf(table, 'population');
    return Uint32Array.from(rows, (row) => population[row]!);
  };
  const cloud = (): Cloud | string => {
    const of = pick();
    const agent = place.get('agent');
    return typeof of === 'string'
      ? of
      : cloudOnce.of([of, chosen.x, chosen.y, agent], () => cloudOf(of, agent));
  };
  const cloudOf = (of: Picked, agent: string | null): Cloud => {
    const { table, rows, groups } = of;
    const [world, serial] = [cellsOf(table, 'world'), cellsOf(table, 'serial')];
    return {
      count: rows.length,
      x: valuesOf(chosen.x, of),
      y: valuesOf(chosen.y, of),
      xLabel: titleOf(chosen.x),
      yLabel: titleOf(chosen.y),
      colour: groupOf(of),
      groups,
      shade: null,
      picked: agent === null ? -1 : rows.findIndex((row) => `${world[row]}.${serial[row]}` === agent),
      name: (point) => `agent ${serial[rows[point]!]} of world ${world[rows[point]!]}`,
    };
  };
  const sample = (): Sample | string => {
    const of = pick();
    if (typeof of === 'string') return of;
    return sampleOnce.of([of, chosen.y], () => ({
      values: valuesOf(chosen.y, of),
      group: groupOf(of),
      groups: of.groups,
      label: titleOf(chosen.y),
    }));
  };
  board.section(host, 'explored', 'Agents', [
    {
      id: 'scatter',
      title: 'One against the other',
      help: 'Each dot is an agent of the selected worlds; choose one to see its life.',
      height,
      create: (plot, legend) =>
        new Scatter(plot, legend, {
          height,
          read: cloud,
          pick: (point) => {
            const of = pick();
            if (typeof of === 'string') return;
            const cell = (name: string): number => cellsOf(of.table, name)[of.rows[point]!]!;
            context.go({ view: 'agents', agent: `${cell('world')}.${cell('serial')}` });
          },
        }),
    },
    {
      id: 'histogram',
      title: 'How it is spread',
      help: 'How many agents have how much of what is drawn upwards, by population.',
      height,
      create: (plot, legend) => new Histogram(plot, legend, height, sample),
    },
  ]);
  return { draw: (all) => board.draw(all), close: () => board.close() };
}
