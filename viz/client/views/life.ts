/** One agent's life: what it wants in words, what it owns and has owned, with whom it traded, its family. */
import { LIVE_RUN } from '../../dataApi.ts';
import type { TableFrame } from '../../tableFrame.ts';
import { MODES } from '../agentColumns.ts';
import { GeneBars } from '../charts/geneBars.ts';
import { WealthLine } from '../charts/wealthLine.ts';
import type { PageContext } from '../context.ts';
import { setText } from '../controls.ts';
import { cellsOf, DataError } from '../data.ts';
import { formatCount, formatValue } from '../format.ts';
import type { Life, Lives } from '../lives.ts';
import { Remembered } from '../remembered.ts';
import { saveMenu } from '../saving.ts';
import { rewardInWords } from '../wants.ts';
import { Kin } from './kin.ts';
import { CONTRACT_COLUMNS, drawFills, drawStanding, TRADE_COLUMNS } from './standing.ts';

const MILLI = 1000;
const HISTORY_COLUMNS = 'tick,wealth,mode,profit,life_profit,capacity,data,token,cash,population,born,slot';

/** An agent of a run that goes on is read again after so long. */
const REFRESH_MS = 1500;
const NO_WALLET = 'None: the run was made without a mnemonic (DARWIN_MNEMONIC).';

interface Told {
  readonly id: string;
  /** Its rows in all snapshots. */
  readonly history: TableFrame;
  /** Its rows of the table `contracts`: of the moment, or in all snapshots. */
  readonly contracts: TableFrame;
  /** Its fills; null where its slot is not known. */
  readonly trades: { readonly table: TableFrame; readonly slot: number } | null;
  /** On a chain; null where the run was made without wallets. */
  readonly address: string | null;
}

export class LifePanel {
  private readonly host: HTMLElement;
  private readonly context: PageContext;
  private readonly lives: Lives;
  private readonly kin: Kin;
  private readonly wealth: WealthLine;
  private readonly genes: GeneBars;
  private told: Told | null = null;
  private asked = '';
  private askedAt = Number.NEGATIVE_INFINITY;
  private again: number | undefined;
  private problem = '';
  /** Counts what is asked for, so that an answer that is late says nothing. */
  private reads = 0;
  /** Fills and lives that the table of fills was made of. */
  private readonly fills = new Remembered<true>();

  constructor(host: HTMLElement, context: PageContext, lives: Lives) {
    this.host = host;
    this.context = context;
    this.lives = lives;
    host.innerHTML = `<h3 id="life-title">A life</h3>
      <p class="help" id="life-words">Choose an agent to read its life.</p>
      <div id="life-body" hidden>
        <dl class="facts-list" id="life-facts"></dl>
        <h4>Wallet</h4><p class="wallet" id="life-wallet"></p>
        <div class="titled"><h4>Wealth in its snapshots</h4></div><div class="plot" id="life-wealth"></div>
        <div class="titled"><h4>Reward function</h4></div><p id="life-reward"></p><div class="plot" id="life-genes"></div>
        <h4>Family</h4><div id="life-family"></div>
        <h4>Contracts</h4><div id="life-contracts"></div>
        <h4>Latest fills recorded</h4><div class="table-frame"><table class="trades" aria-label="Latest fills recorded"><tbody id="life-trades"></tbody></table></div>
      </div>`;
    this.kin = new Kin(this.by('life-family'), context, lives);
    this.wealth = new WealthLine(this.by('life-wealth'));
    this.genes = new GeneBars(this.by('life-genes'));
    const [overWealth, overGenes] = host.querySelectorAll('.titled');
    overWealth!.append(saveMenu('life-wealth', 'wealth', this.by('life-wealth'), this.wealth));
    overGenes!.append(saveMenu('life-reward', 'reward function', this.by('life-genes'), this.genes));
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
    const growing = `${id} ${this.context.store.lastTick} ${this.isNow}`;
    const grown = this.asked !== growing || this.isBehind;
    if (grown && (this.told?.id !== id || !this.isOver(life)) && this.isDue(id)) {
      this.asked = growing;
      this.askedAt = performance.now();
      void this.read(id, world!, serial!, life);
    }
    const { told } = this;
    body.hidden = told?.id !== id;
    setText(this.by('life-words'), this.wordsOf(life, told?.id === id));
    if (told?.id !== id) return;
    this.drawFacts(told, life);
    setText(this.by('life-wallet'), told.address ?? NO_WALLET);
    this.drawWealth(told);
    this.drawReward(world!, serial!, life);
    this.kin.draw(life);
    const { playhead } = this.context.store;
    const seen = told.history.rows > 0;
    drawStanding(this.by('life-contracts'), told.contracts, playhead ?? Number.POSITIVE_INFINITY, seen);
    this.drawTrades(told, world!);
  }

  /** Whether agents are shown as they are at the moment, recorded or not. */
  private get isNow(): boolean {
    const { data, store } = this.context;
    return data?.id === LIVE_RUN && store.isGoingOn && store.playhead === null;
  }

  /** Whether what was told of the moment is older than the run: watchers share one snapshot a second. */
  private get isBehind(): boolean {
    const { told } = this;
    if (!this.isNow || told === null || told.contracts.rows === 0) return false;
    return cellsOf(told.contracts, 'tick')[told.contracts.rows - 1]! < this.context.store.lastTick;
  }

  /** Another agent is read at once, the same one again after a while: the run needs the machine more. */
  private isDue(id: string): boolean {
    const rest = this.askedAt + REFRESH_MS - performance.now();
    if (!this.asked.startsWith(`${id} `) || rest <= 0) return true;
    // a paused run sends no frame that would ask again
    this.again ??= window.setTimeout(() => {
      this.again = undefined;
      this.context.schedule('all');
    }, rest);
    return false;
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
    const mine = ++this.reads;
    try {
      const history = await data.table(
        'agents',
        `columns=${HISTORY_COLUMNS}&world=${world}&serial=${serial}`,
        false,
      );
      const when = this.isNow ? 'from=now&' : '';
      const contracts = await data.table(
        'contracts',
        `${when}columns=${CONTRACT_COLUMNS}&world=${world}&serial=${serial}`,
        false,
      );
      const trades = await this.readTrades(world, life, history);
      const address = this.told?.id === id ? this.told.address : await data.address(world, serial);
      if (mine !== this.reads) return;
      this.problem = '';
      this.told = { id, history, contracts, trades, address };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      if (mine !== this.reads) return;
      this.problem = error.message;
    }
    this.context.schedule('all');
  }

  private async readTrades(
    world: number,
    life: Life | undefined,
    history: TableFrame,
  ): Promise<Told['trades']> {
    const seen = (name: string): number | undefined =>
      history.rows > 0 ? cellsOf(history, name)[0] : undefined;
    const slot = life?.slot ?? seen('slot');
    if (slot === undefined) return null;
    // who is born in a tick trades from the next one on; its slot may have traded in that tick
    const born = life?.born ?? seen('born')!;
    const from = life?.arrival === 'genesis' || born === 0 ? born : born + 1;
    const until = life?.died == null ? '' : `&to=${life.died}`;
    const tradesAs = (side: 'buyer' | 'seller'): Promise<TableFrame> =>
      this.context.data!.table(
        'trades',
        `columns=${TRADE_COLUMNS}&world=${world}&${side}=${slot}&from=${from}${until}&limit=2000`,
        false,
      );
    return { table: joined(await tradesAs('seller'), await tradesAs('buyer')), slot };
  }

  private drawFacts({ history }: Told, life: Life | undefined): void {
    const last = history.rows - 1;
    const of = (name: string): number => cellsOf(history, name)[last] ?? Number.NaN;
    const facts: [string, string][] = [];
    const population = life?.population ?? of('population');
    facts.push(['Population', this.context.store.hello?.run.populations[population]?.name ?? '\u2013']);
    if (last >= 0) {
      facts.push(['Last seen', `tick ${formatCount(of('tick'))}`], ['Does', MODES[of('mode')] ?? '\u2013']);
      facts.push(['Wealth', `${formatValue(of('wealth') / MILLI)} cash`]);
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
    const [tick, wealth] = [cellsOf(history, 'tick'), cellsOf(history, 'wealth')];
    this.wealth.show({
      born: cellsOf(history, 'born')[0] ?? 0,
      ticks: tick,
      wealth: Array.from(wealth, (value) => value / MILLI),
    });
  }

  private drawReward(world: number, serial: number, life: Life | undefined): void {
    const features = this.context.store.hello?.rewardFeatures ?? [];
    const genes = this.genesNow(world, serial, features) ?? life?.genes ?? [];
    setText(this.by('life-reward'), genes.length === 0 ? 'Not recorded.' : rewardInWords(features, genes));
    this.genes.show(genes.map((value, f) => ({ feature: features[f]!, value })));
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

  private drawTrades({ trades, history }: Told, world: number): void {
    const table = trades?.table ?? { ...history, rows: 0 };
    const place = { world, slot: trades?.slot ?? -1 };
    this.fills.of([trades, this.lives.lives], () => {
      drawFills(this.by('life-trades'), table, place, this.lives, (life) => this.kin.linkTo(life));
      return true;
    });
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
