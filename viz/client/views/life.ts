/** One agent's life: what it wants in words, what it owns and has owned, with whom it traded, its family. */
import { line, max, scaleLinear, select } from 'd3';
import type { TableFrame } from '../../tableFrame.ts';
import { MODES } from '../agentColumns.ts';
import { geneStyle } from '../charts/genes.ts';
import type { PageContext } from '../context.ts';
import { setText } from '../controls.ts';
import { cellsOf, columnOf, DataError } from '../data.ts';
import { formatCount, formatTick, formatValue } from '../format.ts';
import { keyOf, type Life, type Lives } from '../lives.ts';
import { rewardInWords } from '../wants.ts';

const CHART = { height: 110, top: 16, bottom: 18, left: 44, right: 8 };
const TRADES_SHOWN = 8;
const TRADE_COLUMNS = 'tick,market,buyer,seller,class,quantity,price';
const HISTORY_COLUMNS = 'tick,wealth,mode,profit,life_profit,capacity,data,token,cash,population,born,slot';
const CONSUMERS = 4_294_967_295;
const CHILDREN_SHOWN = 12;

interface Told {
  readonly id: string;
  /** Its rows in all snapshots. */
  readonly history: TableFrame;
  readonly trades: TableFrame;
}

export class LifePanel {
  private readonly host: HTMLElement;
  private readonly context: PageContext;
  private readonly lives: Lives;
  private told: Told | null = null;
  private asked = '';
  private problem = '';

  constructor(host: HTMLElement, context: PageContext, lives: Lives) {
    this.host = host;
    this.context = context;
    this.lives = lives;
    host.innerHTML = `<h3 id="life-title">A life</h3>
      <p class="help" id="life-words">Choose an agent to read its life.</p>
      <div id="life-body" hidden>
        <dl class="facts-list" id="life-facts"></dl>
        <h4>Wealth in its snapshots</h4><div id="life-wealth"></div>
        <h4>Reward function</h4><p id="life-reward"></p><div id="life-genes"></div>
        <h4>Family</h4><p class="family-links" id="life-family"></p>
        <h4>Contracts recorded</h4><div class="table-frame"><table class="trades"><tbody id="life-trades"></tbody></table></div>
      </div>`;
  }

  draw(): void {
    this.lives.ask();
    const id = this.context.place.get('agent');
    const body = this.by('life-body');
    const [world, serial] = (id ?? '').split('.').map(Number);
    if (id === null || !Number.isInteger(world) || !Number.isInteger(serial)) {
      body.hidden = true;
      setText(this.by('life-title'), 'A life');
      setText(this.by('life-words'), 'Choose an agent to read its life.');
      return;
    }
    setText(this.by('life-title'), `Agent ${formatCount(serial!)} of world ${world}`);
    const life = this.lives.find(world!, serial!);
    const growing = `${id} ${this.context.store.lastTick}`;
    if (this.asked !== growing && (this.told?.id !== id || !this.isOver(life))) {
      this.asked = growing;
      void this.read(id, world!, serial!, life);
    }
    const { told } = this;
    body.hidden = told?.id !== id;
    setText(this.by('life-words'), this.wordsOf(life, told?.id === id));
    if (told?.id !== id) return;
    this.drawFacts(told, life);
    this.drawWealth(told);
    this.drawReward(world!, serial!, life);
    this.drawFamily(life);
    this.drawTrades(told);
  }

  private isOver(life: Life | undefined): boolean {
    return life?.died != null && life.died !== this.context.store.lastTick;
  }

  private wordsOf(life: Life | undefined, read: boolean): string {
    if (this.problem !== '') return this.problem;
    if (life === undefined)
      return read ? 'Its birth is not in the lineage of this run.' : 'Reading its life.';
    const arrival = {
      genesis: 'Here from the beginning',
      birth: `Born at tick ${formatCount(life.born)}`,
      immigration: `Came from outside at tick ${formatCount(life.born)}`,
    }[life.arrival];
    const fate =
      life.died === null
        ? 'it lives'
        : `died of ${life.cause} at tick ${formatCount(life.died)}, ${formatCount(life.died - life.born)} ticks old`;
    return `${arrival}; ${fate}. Generation ${life.generation}.`;
  }

  private async read(id: string, world: number, serial: number, life: Life | undefined): Promise<void> {
    const { data } = this.context;
    if (data === null) return;
    try {
      const history = await data.table(
        'agents',
        `columns=${HISTORY_COLUMNS}&world=${world}&serial=${serial}`,
        false,
      );
      const slot = life?.slot ?? (history.rows > 0 ? cellsOf(history, 'slot')[0]! : -1);
      const from = life?.born ?? (history.rows > 0 ? cellsOf(history, 'born')[0]! : 0);
      const until = life?.died == null ? '' : `&to=${life.died}`;
      const tradesAs = (side: 'buyer' | 'seller'): Promise<TableFrame> =>
        data.table(
          'trades',
          `columns=${TRADE_COLUMNS}&world=${world}&${side}=${slot}&from=${from}${until}&limit=2000`,
          false,
        );
      const trades = slot < 0 ? history : joined(await tradesAs('seller'), await tradesAs('buyer'));
      this.problem = '';
      this.told = { id, history, trades };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.problem = error.message;
    }
    this.context.schedule('all');
  }

  private drawFacts({ history }: Told, life: Life | undefined): void {
    const last = history.rows - 1;
    const of = (name: string): number => cellsOf(history, name)[last] ?? Number.NaN;
    const facts: [string, string][] = [];
    const population = life?.population ?? of('population');
    facts.push(['Population', this.context.store.hello?.run.populations[population]?.name ?? '\u2013']);
    if (last >= 0) {
      facts.push(['Last seen', `tick ${formatCount(of('tick'))}`], ['Does', MODES[of('mode')] ?? '\u2013']);
      facts.push(['Wealth', `${formatValue(of('wealth') / 1000)} cash`]);
      facts.push(['Capacity', `${formatCount(of('capacity'))} cu`]);
      facts.push(['Profit since birth', `${formatValue(of('life_profit'))} cash`]);
    } else if (life?.died != null) facts.push(['Profit of its life', `${formatValue(life.lifeProfit)} cash`]);
    this.by('life-facts').replaceChildren(
      ...facts.map(([name, value]) => {
        const item = document.createElement('div');
        const term = document.createElement('dt');
        term.textContent = name;
        const definition = document.createElement('dd');
        definition.textContent = value;
        item.append(term, definition);
        return item;
      }),
    );
  }

  private drawWealth({ history }: Told): void {
    const host = this.by('life-wealth');
    const width = host.clientWidth;
    if (history.rows === 0 || width === 0) {
      host.textContent = 'No snapshot was taken while it lived.';
      return;
    }
    const [tick, wealth] = [cellsOf(history, 'tick'), cellsOf(history, 'wealth')];
    const points = Array.from({ length: history.rows }, (_, k) => k);
    const born = cellsOf(history, 'born')[0]!;
    const x = scaleLinear(
      [born, Math.max(born + 1, tick[history.rows - 1]!)],
      [CHART.left, width - CHART.right],
    );
    const y = scaleLinear(
      [0, max(points, (k) => wealth[k]! / 1000) ?? 1],
      [CHART.height - CHART.bottom, CHART.top],
    ).nice(2);
    host.replaceChildren();
    const svg = select(host)
      .append('svg')
      .attr('width', width)
      .attr('height', CHART.height)
      .attr('role', 'img')
      .attr('data-points', history.rows)
      .attr(
        'aria-label',
        `Wealth in ${history.rows} snapshots, at last ${formatValue(wealth[history.rows - 1]! / 1000)} cash`,
      );
    svg.append('text').attr('class', 'unit').attr('y', 10).text('cash');
    for (const value of y.domain()) {
      const g = svg
        .append('g')
        .attr('class', 'grid-lines')
        .attr('transform', `translate(0,${y(value)})`);
      g.append('line')
        .attr('x1', CHART.left)
        .attr('x2', width - CHART.right);
      g.append('text')
        .attr('x', CHART.left - 6)
        .attr('dy', '0.32em')
        .attr('text-anchor', 'end')
        .text(formatTick(value));
    }
    for (const value of x.domain())
      svg
        .append('text')
        .attr('x', x(value))
        .attr('y', CHART.height - 4)
        .attr('text-anchor', value === born ? 'start' : 'end')
        .text(value === born ? `born ${formatTick(value)}` : formatTick(value));
    svg
      .append('path')
      .attr('class', 'line colour-0')
      .attr(
        'd',
        line<number>()
          .x((k) => x(tick[k]!))
          .y((k) => y(wealth[k]! / 1000))(points),
      );
    svg
      .append('g')
      .attr('class', 'colour-0 points')
      .selectAll('circle')
      .data(points)
      .join('circle')
      .attr('r', 2.5)
      .attr('cx', (k) => x(tick[k]!))
      .attr('cy', (k) => y(wealth[k]! / 1000));
  }

  private drawReward(world: number, serial: number, life: Life | undefined): void {
    const features = this.context.store.hello?.rewardFeatures ?? [];
    const genes = this.genesNow(world, serial, features) ?? life?.genes ?? [];
    setText(this.by('life-reward'), genes.length === 0 ? 'Not recorded.' : rewardInWords(features, genes));
    const host = this.by('life-genes');
    host.className = 'gene-bars';
    host.replaceChildren(
      ...features.map((feature, f) => {
        const value = genes[f] ?? 0;
        const row = document.createElement('div');
        row.className = `colour-${geneStyle(f).colour}`;
        const name = document.createElement('span');
        name.textContent = feature;
        const bar = document.createElement('i');
        bar.style.setProperty('--from', `${50 + Math.min(0, value) * 50}%`);
        bar.style.setProperty('--size', `${Math.abs(value) * 50}%`);
        const number = document.createElement('data');
        number.value = String(value);
        number.textContent = formatValue(value);
        row.append(name, bar, number);
        return row;
      }),
    );
  }

  /** Genes in the shown snapshot: agents that revise their objectives have other ones than at birth. */
  private genesNow(world: number, serial: number, features: readonly string[]): number[] | null {
    const table = this.context.snapshots.current?.table;
    if (table === undefined) return null;
    const [worlds, serials] = [cellsOf(table, 'world'), cellsOf(table, 'serial')];
    for (let row = 0; row < table.rows; row++)
      if (worlds[row] === world && serials[row] === serial)
        return features.map((feature) => cellsOf(table, `gene_${feature}`)[row]!);
    return null;
  }

  private drawFamily(life: Life | undefined): void {
    const host = this.by('life-family');
    if (life === undefined) {
      host.textContent = 'Not in the lineage of this run.';
      return;
    }
    const children = this.lives.children.get(keyOf(life.world, life.serial)) ?? [];
    const parents = [life.parent, life.secondParent].filter((serial) => serial !== 0);
    const parts: (string | Node)[] = [];
    parts.push(parents.length === 0 ? 'No parents here. ' : parents.length > 1 ? 'Parents ' : 'Parent ');
    for (const serial of parents) parts.push(this.linkTo(life.world, serial), ' ');
    parts.push(
      children.length === 0
        ? 'No children.'
        : `${formatCount(children.length)} ${children.length === 1 ? 'child' : 'children'}: `,
    );
    for (const child of children.slice(0, CHILDREN_SHOWN))
      parts.push(this.linkTo(child.world, child.serial), ' ');
    if (children.length > CHILDREN_SHOWN) parts.push('\u2026');
    const tree = document.createElement('a');
    tree.textContent = 'Tree of lives';
    const target = { view: 'evolution' } as const;
    tree.href = this.context.place.link(target);
    tree.onclick = (event) => {
      event.preventDefault();
      this.context.go(target);
    };
    host.replaceChildren(...parts, ' ', tree);
  }

  private linkTo(world: number, serial: number): HTMLAnchorElement {
    const link = document.createElement('a');
    const target = { agent: `${world}.${serial}` };
    link.href = this.context.place.link(target);
    link.textContent = formatCount(serial);
    link.onclick = (event) => {
      event.preventDefault();
      this.context.go(target);
    };
    return link;
  }

  private drawTrades({ trades, history }: Told): void {
    const host = this.by('life-trades');
    const known = trades !== history && trades.rows > 0;
    const slot = history.rows > 0 ? cellsOf(history, 'slot')[0]! : -1;
    const rows = known ? Array.from({ length: trades.rows }, (_, k) => k) : [];
    rows.sort((a, b) => cellsOf(trades, 'tick')[b]! - cellsOf(trades, 'tick')[a]!);
    const lines = rows.slice(0, TRADES_SHOWN).map((k) => {
      const of = (name: string): number => cellsOf(trades, name)[k]!;
      const market = columnOf(trades, 'market');
      const compute = market.words[market.cells[k]!] === 'compute';
      const sold = of('seller') === slot;
      const other = sold ? of('buyer') : of('seller');
      const what = compute
        ? `${formatCount(of('quantity'))} cu`
        : `${formatCount(of('quantity'))} tasks of class ${of('class')}`;
      const who = other === CONSUMERS ? 'consumers' : `slot ${other}`;
      return [
        `tick ${formatCount(of('tick'))}`,
        `${sold ? 'sold' : 'bought'} ${what} ${sold ? 'to' : 'from'} ${who}`,
        `${formatValue(of('price') / 1000)} token each`,
      ];
    });
    if (lines.length === 0)
      lines.push(['', 'No fill of it was recorded; output.tradesWorlds and tradesEvery say which are.', '']);
    host.replaceChildren(
      ...lines.map((cells) => {
        const row = document.createElement('tr');
        row.append(
          ...cells.map((text) => {
            const cell = document.createElement('td');
            cell.textContent = text;
            return cell;
          }),
        );
        return row;
      }),
    );
  }

  private by(id: string): HTMLElement {
    return this.host.querySelector(`#${id}`)!;
  }
}

/** Rows of both tables, which have the same columns. */
function joined(a: TableFrame, b: TableFrame): TableFrame {
  return {
    rows: a.rows + b.rows,
    total: a.total + b.total,
    columns: a.columns.map((column, k) => {
      const words = [...column.words, ...b.columns[k]!.words];
      const shift = column.words.length;
      const cells = Float64Array.from([
        ...column.cells,
        ...Array.from(b.columns[k]!.cells, (value) => (column.type === 'words' ? value + shift : value)),
      ]);
      return { name: column.name, type: column.type, cells, words };
    }),
  };
}
