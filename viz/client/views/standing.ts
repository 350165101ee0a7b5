/** What an agent has contracted: what was in escrow, at stake and before a court, and the fills that were recorded of it. */
import type { TableFrame } from '../../tableFrame.ts';
import { cellsOf, columnOf } from '../data.ts';
import { formatCount, formatValue } from '../format.ts';
import type { Life, Lives } from '../lives.ts';

/** Columns of the tables `contracts` and `trades` that are asked for. */
export const CONTRACT_COLUMNS =
  'tick,contracted,breached,undelivered,escrowed,stake_locked,slashed,compensated,claims,liabilities,due,reputation,registered';
export const TRADE_COLUMNS = 'tick,market,buyer,seller,class,quantity,price';
const FILLS_SHOWN = 8;
/** The buyer that stands for the consumers, as in market/trades.ts. */
const CONSUMERS = 0xffff_ffff;
const MILLI = 1000;

interface Fact {
  readonly column: string;
  readonly title: string;
  write(value: number): string;
}
const token = (value: number): string => `${formatValue(value / MILLI)} token`;
const cash = (value: number): string => `${formatValue(value / MILLI)} cash`;
const units = (value: number): string => `${formatCount(value)} cu`;
const FACTS: readonly Fact[] = [
  { column: 'contracted', title: 'Sold under contract', write: units },
  { column: 'breached', title: 'Not delivered', write: units },
  { column: 'undelivered', title: 'Bought, not received', write: units },
  { column: 'escrowed', title: 'Waited in escrow', write: token },
  { column: 'stake_locked', title: 'Stake locked', write: token },
  { column: 'slashed', title: 'Stake slashed', write: token },
  { column: 'compensated', title: "Of others' stakes", write: token },
  { column: 'claims', title: 'Owed to it by court', write: cash },
  { column: 'liabilities', title: 'It owes by court', write: cash },
  {
    column: 'due',
    title: 'Next due',
    write: (tick) => (tick === 0 ? '\u2013' : `tick ${formatCount(tick)}`),
  },
  { column: 'reputation', title: 'Reputation', write: (share) => `${formatValue(100 * share)} %` },
  { column: 'registered', title: 'Before the court', write: (is) => (is === 1 ? 'registered' : 'not') },
];

/** The last row at or before a tick, of rows in order of tick; else the first. */
const rowAt = (ticks: ArrayLike<number>, tick: number): number => {
  let row = 0;
  while (row + 1 < ticks.length && ticks[row + 1]! <= tick) row++;
  return row;
};

/**
 * Fills a host with how an agent stands.
 *
 * @param table its rows of the table `contracts`
 * @param tick of the time line; Infinity = the latest
 * @param seen whether any snapshot holds the agent
 */
export function drawStanding(host: HTMLElement, table: TableFrame, tick: number, seen: boolean): void {
  if (table.rows === 0) {
    const none = document.createElement('p');
    none.className = 'said';
    none.textContent = seen
      ? 'None: sellers cannot default in this run (world.trust.regime).'
      : 'No snapshot was taken while it lived.';
    host.replaceChildren(none);
    return;
  }
  const row = rowAt(cellsOf(table, 'tick'), tick);
  const help = document.createElement('p');
  help.className = 'help';
  help.textContent = `In the tick before ${formatCount(cellsOf(table, 'tick')[row]!)}. Escrow and locked stake are settled within a tick; what a court awarded stays open until it is due.`;
  const list = document.createElement('dl');
  list.className = 'facts-list';
  for (const { column, title, write } of FACTS) {
    const value = cellsOf(table, column)[row]!;
    const item = document.createElement('div');
    const term = document.createElement('dt');
    term.textContent = title;
    const definition = document.createElement('dd');
    const data = document.createElement('data');
    data.dataset.contract = column;
    data.value = String(value);
    data.textContent = write(value);
    definition.append(data);
    item.append(term, definition);
    list.append(item);
  }
  host.replaceChildren(help, list);
}

/**
 * Fills a table's body with the latest fills of an agent, the newest first.
 *
 * @param linkTo a link to another agent of its world
 */
export function drawFills(
  body: HTMLElement,
  trades: TableFrame,
  { world, slot }: { readonly world: number; readonly slot: number },
  lives: Lives,
  linkTo: (life: Life) => HTMLElement,
): void {
  const rows = Array.from({ length: trades.rows }, (_, k) => k);
  rows.sort((a, b) => cellsOf(trades, 'tick')[b]! - cellsOf(trades, 'tick')[a]!);
  const lines = rows.slice(0, FILLS_SHOWN).map((k) => {
    const of = (name: string): number => cellsOf(trades, name)[k]!;
    const market = columnOf(trades, 'market');
    const compute = market.words[market.cells[k]!] === 'compute';
    const sold = of('seller') === slot;
    const other = sold ? of('buyer') : of('seller');
    const what = compute
      ? `${formatCount(of('quantity'))} cu`
      : `${formatCount(of('quantity'))} tasks of class ${of('class')}`;
    const life = other === CONSUMERS ? undefined : lives.tenant(world, other, of('tick'));
    const who = other === CONSUMERS ? 'consumers' : life === undefined ? `slot ${other}` : linkTo(life);
    return [
      [`tick ${formatCount(of('tick'))}`],
      [`${sold ? 'sold' : 'bought'} ${what} ${sold ? 'to' : 'from'} `, who],
      [`${formatValue(of('price') / MILLI)} token each`],
    ];
  });
  if (lines.length === 0)
    lines.push([['No fill of it was recorded; output.tradesWorlds and tradesEvery say which are.']]);
  body.replaceChildren(
    ...lines.map((cells) => {
      const row = document.createElement('tr');
      for (const parts of cells) {
        const cell = document.createElement('td');
        if (cells.length === 1) cell.className = 'none';
        cell.append(...parts);
        row.append(cell);
      }
      return row;
    }),
  );
}
