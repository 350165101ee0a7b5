/**
 * A frequent batch auction with a uniform price (E. Budish, P. Cramton, J. Shim, "The High-Frequency
 * Trading Arms Race", QJE 130(4), 2015) on a grid of price levels, in time O(orders + levels). Rationing
 * is by integers alone: bought equals sold with no division.
 */
import { PRICE_LEVELS } from '../configs/derive.ts';
import { assert } from '../sim/core/assert.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { PRODUCT_MAX } from '../sim/core/units.ts';
import { SIDE } from './columns.ts';

/** The clearing level when nothing traded. */
export const NO_LEVEL = -1;

/**
 * Where one side's fills end: levels better than `level` are filled, at `level` the `rest` is left for
 * those who come first in the rotated order, worse levels get nothing. Shared by both markets.
 */
export class Margin {
  level = 0;
  rest = 0;

  /** The margin when `volume` is filled from the highest level down. Counts start at histogram[from]. */
  fromTop(histogram: Uint32Array, from: number, levels: number, volume: number): void {
    let rest = volume;
    let level = levels - 1;
    while (level >= 0 && histogram[from + level]! < rest) {
      rest -= histogram[from + level]!;
      level--;
    }
    this.level = level;
    this.rest = rest;
  }

  /** The margin when `volume` is filled from the lowest level up. */
  fromBottom(histogram: Uint32Array, from: number, levels: number, volume: number): void {
    let rest = volume;
    let level = 0;
    while (level < levels && histogram[from + level]! < rest) {
      rest -= histogram[from + level]!;
      level++;
    }
    this.level = level;
    this.rest = rest;
  }

  /** The fill of the next order at the margin: clamp(F' - before, 0, quantity). */
  take(quantity: number): number {
    const fill = Math.min(quantity, this.rest);
    this.rest -= fill;
    return fill;
  }
}

/** Scratch and result of one auction over N slots, at most one order each. */
export class BatchAuction {
  readonly slots: number;
  readonly levels: number;
  /** Quantity of each slot's order; the caller writes it, 0 = no order, [N]. */
  readonly quantity: Uint32Array;
  /** Quantity filled, [N]. */
  readonly fill: Uint32Array;
  /** Quantity bid and asked at each level, [levels]. */
  readonly bids: Uint32Array;
  readonly asks: Uint32Array;
  /** D(k), quantity bid at level k or above; S(k), quantity asked at level k or below, [levels]. */
  readonly demand: Float64Array;
  readonly supply: Float64Array;
  /** Clearing level, or NO_LEVEL. */
  level = NO_LEVEL;
  /** Units traded. */
  volume = 0;
  bidTotal = 0;
  askTotal = 0;
  private readonly buyers = new Margin();
  private readonly sellers = new Margin();

  constructor(slots: number, levels: number = PRICE_LEVELS) {
    this.slots = slots;
    this.levels = levels;
    this.quantity = new Uint32Array(slots);
    this.fill = new Uint32Array(slots);
    this.bids = new Uint32Array(levels);
    this.asks = new Uint32Array(levels);
    this.demand = new Float64Array(levels);
    this.supply = new Float64Array(levels);
  }

  /**
   * Clears the orders in `quantity` and writes `fill`, `level`, `volume`, the histograms and the totals.
   *
   * @param side SIDE of each order, [N]
   * @param limit limit price as a level below `levels`, [N]
   * @param word a u32 draw: where the rotated order of the margin starts
   * @throws AssertionError when a side's total passes 2^31 - 1
   */
  clear(side: Uint32Array, limit: Uint32Array, word: number): void {
    this.fillHistograms(side, limit);
    this.sumPrefixes();
    assert(
      this.bidTotal <= PRODUCT_MAX && this.askTotal <= PRODUCT_MAX,
      `an auction of ${this.bidTotal} bid and ${this.askTotal} asked passes 2^31 - 1 units`,
    );
    this.chooseLevel();
    this.buyers.fromTop(this.bids, 0, this.levels, this.volume);
    this.sellers.fromBottom(this.asks, 0, this.levels, this.volume);
    const start = mulHigh(word, this.slots);
    this.fillOrders(side, limit, start, this.slots);
    this.fillOrders(side, limit, 0, start);
  }

  private fillHistograms(side: Uint32Array, limit: Uint32Array): void {
    const { slots, quantity, bids, asks } = this;
    bids.fill(0);
    asks.fill(0);
    let bidTotal = 0;
    let askTotal = 0;
    for (let i = 0; i < slots; i++) {
      const q = quantity[i]!;
      if (q === 0) continue;
      if (side[i] === SIDE.buy) {
        bids[limit[i]!]! += q;
        bidTotal += q;
      } else if (side[i] === SIDE.sell) {
        asks[limit[i]!]! += q;
        askTotal += q;
      }
    }
    this.bidTotal = bidTotal;
    this.askTotal = askTotal;
  }

  private sumPrefixes(): void {
    const { levels, bids, asks, demand, supply } = this;
    let sum = 0;
    for (let k = levels - 1; k >= 0; k--) {
      sum += bids[k]!;
      demand[k] = sum;
    }
    sum = 0;
    for (let k = 0; k < levels; k++) {
      sum += asks[k]!;
      supply[k] = sum;
    }
  }

  /** The level that maximises min(D, S); ties by least imbalance, then the lower middle of those left. */
  private chooseLevel(): void {
    const { levels, demand, supply } = this;
    let volume = 0;
    let imbalance = 0;
    let first = NO_LEVEL;
    let count = 0;
    for (let k = 0; k < levels; k++) {
      const d = demand[k]!;
      const s = supply[k]!;
      const traded = Math.min(d, s);
      const gap = d < s ? s - d : d - s;
      if (traded > volume || (traded === volume && traded > 0 && gap < imbalance)) {
        volume = traded;
        imbalance = gap;
        first = k;
        count = 1;
      } else if (traded > 0 && traded === volume && gap === imbalance) {
        count++; // ties are neighbours: D - S never rises with the level
      }
    }
    this.volume = volume;
    this.level = first === NO_LEVEL ? NO_LEVEL : first + ((count - 1) >> 1);
  }

  private fillOrders(side: Uint32Array, limit: Uint32Array, start: number, end: number): void {
    const { quantity, fill, buyers, sellers } = this;
    for (let i = start; i < end; i++) {
      const q = quantity[i]!;
      let f = 0;
      if (q > 0) {
        const level = limit[i]!;
        if (side[i] === SIDE.buy) {
          if (level > buyers.level) f = q;
          else if (level === buyers.level) f = buyers.take(q);
        } else if (side[i] === SIDE.sell) {
          if (level < sellers.level) f = q;
          else if (level === sellers.level) f = sellers.take(q);
        }
      }
      fill[i] = f;
    }
  }
}
