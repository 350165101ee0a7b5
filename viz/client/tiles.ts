/** A few figures of the market at the cursor, or now. */
import { formatValue } from './format.ts';
import type { RunStore } from './store.ts';

interface Tile {
  readonly metric: string;
  readonly label: string;
  readonly unit: string;
  readonly perTick: boolean;
}

const TILES: readonly Tile[] = [
  { metric: 'alive', label: 'Alive', unit: 'agents a world', perTick: false },
  { metric: 'computePrice', label: 'Compute', unit: 'token per cu', perTick: false },
  { metric: 'tokenPrice', label: 'Token', unit: 'cash', perTick: false },
  { metric: 'tasksServed', label: 'Tasks served', unit: 'per tick', perTick: true },
  { metric: 'giniWealth', label: 'Wealth Gini', unit: '0 equal, 1 one owns all', perTick: false },
  { metric: 'meanGeneration', label: 'Generation', unit: 'mean of the living', perTick: false },
];

export class Tiles {
  private readonly store: RunStore;
  private readonly values: HTMLDataElement[];

  constructor(host: HTMLElement, store: RunStore) {
    this.store = store;
    host.replaceChildren();
    this.values = TILES.map((tile) => {
      const item = document.createElement('div');
      const label = document.createElement('dt');
      label.textContent = tile.label;
      const value = document.createElement('data');
      value.dataset.tile = tile.metric;
      value.textContent = '\u2013';
      const unit = document.createElement('span');
      unit.textContent = tile.unit;
      const definition = document.createElement('dd');
      definition.append(value, unit);
      item.append(label, definition);
      host.append(item);
      return value;
    });
  }

  draw(): void {
    const { store } = this;
    const shown = store.shownIndex;
    if (shown < 0) return;
    const { mean } = store.summaryOf(shown);
    for (const [k, tile] of TILES.entries()) {
      const value = mean[store.metricIndex(tile.metric)] ?? Number.NaN;
      const scaled = tile.perTick ? value / store.intervalOf(shown) : value;
      this.values[k]!.value = String(scaled);
      this.values[k]!.textContent = formatValue(scaled);
    }
  }
}
