/** The overview: prices, volumes, welfare, who lives and who owns. */
import { Board } from '../board.ts';
import { Lorenz } from '../charts/lorenz.ts';
import type { PageContext, View } from '../context.ts';
import { formatCount } from '../format.ts';
import { Tiles } from '../tiles.ts';
import { HEIGHT, metric, ofPopulations, panel, seriesFigure } from './seriesFigures.ts';

export function overview(host: HTMLElement, context: PageContext): View {
  const { store } = context;
  const board = new Board(() => context.schedule('cursor'));
  const list = document.createElement('dl');
  list.className = 'tiles';
  list.setAttribute('aria-label', 'The market at the shown tick');
  host.append(list);
  const tiles = new Tiles(list, store);
  const figure = (text: Parameters<typeof seriesFigure>[1]) => seriesFigure(context, text);

  board.section(host, 'markets', 'Markets', [
    figure({
      id: 'compute',
      title: 'Compute price and volume',
      help: 'What machines pay each other for a unit of compute, and how much of it changes hands in a tick.',
      spec: {
        panels: [
          panel('token per cu', [metric('computePrice', 'price', 0)], { weight: 2, zero: false }),
          panel('cu per tick', [metric('computeVolume', 'volume', 5, 1)], { kind: 'area' }),
        ],
      },
    }),
    figure({
      id: 'tasks',
      title: 'Task market',
      help: 'Tasks that consumers wanted and got in a tick, and the money that they spent on them.',
      spec: {
        panels: [
          panel(
            'tasks per tick',
            // Demand is measured in one tick; what was served is counted over the interval.
            [
              { ...metric('tasksDemanded', 'wanted', 6, 0, true), ofTick: true },
              metric('tasksServed', 'served', 2, 1),
            ],
            { weight: 2 },
          ),
          panel('token per tick', [metric('spend', 'spend', 4, 1)], { kind: 'area' }),
        ],
      },
    }),
    figure({
      id: 'token',
      title: 'Token price',
      help: 'What a token costs on the automated market maker, where machines raise the cash for their bills.',
      spec: { panels: [panel('cash per token', [metric('tokenPrice', 'mid price', 3)], { zero: false })] },
    }),
    figure({
      id: 'welfare',
      title: 'Welfare',
      help: 'What the tasks served were worth to consumers, less the energy they took, and less what was paid for them.',
      spec: {
        panels: [
          panel('cash per tick', [
            metric('serviceWelfare', 'welfare of service', 2, 1),
            metric('consumerSurplus', 'consumer surplus', 3, 1, true),
          ]),
        ],
      },
    }),
  ]);
  board.section(host, 'lives', 'Who lives and who owns', [
    figure({
      id: 'species',
      title: 'Agents alive, by population',
      help: 'How many slots each kind of agent holds; a machine that cannot pay its bills dies.',
      spec: {
        panels: [
          panel('agents', ofPopulations(store, 'alive', 'alive'), {
            kind: 'stack',
            level: (s) => ({
              value: s.hello?.run.slots ?? 0,
              label: `${formatCount(s.hello?.run.slots ?? 0)} slots`,
            }),
          }),
        ],
      },
    }),
    figure({
      id: 'profit',
      title: 'Profit by population',
      help: 'Realised profit of an average member in a tick; selection acts on this and not on reward.',
      spec: {
        panels: [panel('cash per agent and tick', ofPopulations(store, 'profitPerTick', 'profit'))],
      },
    }),
    figure({
      id: 'concentration',
      title: 'Concentration',
      help: 'The share of all wealth that the richest tenth owns, and how unequal wealth and hardware are (0 equal, 1 one owns all).',
      spec: {
        panels: [
          panel('share, or Gini coefficient', [
            metric('top10', 'wealth of the richest 10 %', 1),
            { ...metric('giniWealth', 'Gini of wealth', 0), key: 'gini-wealth' },
            { ...metric('giniCompute', 'Gini of compute', 5, 0, true), key: 'gini-compute' },
          ]),
        ],
      },
    }),
    {
      id: 'lorenz',
      title: 'Who owns what',
      help: 'Lorenz curves: the share that the poorest so many percent own; the diagonal is equality.',
      height: HEIGHT,
      create: (plot, legend) => new Lorenz(plot, legend, context, HEIGHT),
    },
  ]);
  const own = store.hello?.run.ownMetrics ?? [];
  if (own.length > 0)
    board.section(
      host,
      'own',
      'Metrics of its own',
      own.map(({ name, unit, about }, k) =>
        figure({
          id: name,
          title: name,
          help: about,
          spec: { panels: [panel(unit, [metric(name, name, k % 8)])] },
        }),
      ),
    );
  return {
    draw: (all) => {
      tiles.draw();
      board.draw(all);
    },
    close: () => board.close(),
  };
}
