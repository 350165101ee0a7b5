/**
 * A frequent batch auction with a uniform price (E. Budish, P. Cramton, J. Shim, "The High-Frequency
 * Trading Arms Race", QJE 130(4), 2015) on a grid of price levels, in time O(orders + levels). Rationing
 * is by integers alone: bought equals sold with no division.
 */
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import { assert } from '../sim/core/assert.ts';
import { mulHigh } from '../sim/core/fixed.ts';
import { PRODUCT_MAX } from '../sim/core/units.ts';
import { SIDE } from './columns.ts';

/** The clearing level when nothing traded. */
export const NO_LEVEL = -1;

/**
 * What is filled at each level when `volume` is filled from level `top` down: all of what is better than the margin,
 * what is left at the margin, nothing of what is worse. Shared by both markets.
 *
 * @param rest written from `from` on for all levels down from `top` that get something; zeros elsewhere before
 * @param bins quantity ordered at each level, at `from` + level; at least `volume` in all
 */
export function fillFromTop(
  rest: Uint32Array,
  bins: Uint32Array,
  from: number,
  top: number,
  volume: number,
): void {
  let left = volume;
  for (let k = from + top; left > 0; k--) {
    const filled = Math.min(left, bins[k]!);
    rest[k] = filled;
    left -= filled;
  }
}

/** The same from level `bottom` up. */
function fillFromBottom(
  rest: Uint32Array,
  bins: Uint32Array,
  from: number,
  bottom: number,
  volume: number,
): void {
  let left = volume;
  for (let k = from + bottom; left > 0; k++) {
    const filled = Math.min(left, bins[k]!);
    rest[k] = filled;
    left -= filled;
  }
}

/** Rows of an auction's bins, by SIDE: orders of no side are counted apart and never filled. */
const SIDES = 3;

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
  /** Slots that bought and sold something, in slot order; the first `buyerCount` and `sellerCount` count, [N]. */
  readonly buyers: Uint32Array;
  readonly sellers: Uint32Array;
  buyerCount = 0;
  sellerCount = 0;
  /** Clearing level, or NO_LEVEL. */
  level = NO_LEVEL;
  /** Units traded. */
  volume = 0;
  bidTotal = 0;
  askTotal = 0;
  /** Quantity ordered at SIDE x levels + level, and what of it is still to be filled, [SIDES x levels]. */
  private readonly bins: Uint32Array;
  private readonly rest: Uint32Array;
  /** Levels outside of which no order can trade: the lowest ask and the highest bid. */
  private low = 0;
  private high = 0;

  constructor(slots: number, levels: number = PRICE_LEVELS) {
    this.slots = slots;
    this.levels = levels;
    this.quantity = new Uint32Array(slots);
    this.fill = new Uint32Array(slots);
    this.buyers = new Uint32Array(slots);
    this.sellers = new Uint32Array(slots);
    this.bins = new Uint32Array(SIDES * levels);
    this.rest = new Uint32Array(SIDES * levels);
    this.bids = this.bins.subarray(SIDE.buy * levels, (SIDE.buy + 1) * levels);
    this.asks = this.bins.subarray(SIDE.sell * levels, (SIDE.sell + 1) * levels);
  }

  /**
   * Clears the orders in `quantity` and writes `fill`, `level`, `volume`, the histograms, the totals and who traded.
   *
   * @param side SIDE of each order, [N]
   * @param limit limit price as a level below `levels`, [N]
   * @param word a u32 draw: where the rotated order of the margin starts
   * @throws AssertionError when a side's total passes 2^31 - 1
   */
  clear(side: Uint32Array, limit: Uint32Array, word: number): void {
    this.fillHistograms(side, limit);
    this.chooseLevel();
    this.buyerCount = 0;
    this.sellerCount = 0;
    if (this.volume === 0) {
      this.fill.fill(0);
      return;
    }
    const { rest, bins, levels } = this;
    rest.fill(0);
    fillFromTop(rest, bins, SIDE.buy * levels, this.high, this.volume);
    fillFromBottom(rest, bins, SIDE.sell * levels, this.low, this.volume);
    const start = mulHigh(word, this.slots);
    this.fillOrders(side, limit, start, this.slots);
    this.fillOrders(side, limit, 0, start);
    this.listTraders(side);
  }

  /** D(k), quantity bid at level k or above, and S(k), asked at level k or below, [levels]; for display and tests. */
  curves(): { demand: Float64Array; supply: Float64Array } {
    const { levels, bids, asks } = this;
    const demand = new Float64Array(levels);
    const supply = new Float64Array(levels);
    let sum = 0;
    for (let k = levels - 1; k >= 0; k--) demand[k] = sum += bids[k]!;
    sum = 0;
    for (let k = 0; k < levels; k++) supply[k] = sum += asks[k]!;
    return { demand, supply };
  }

  /** One pass: a bin for each side and level, so that no branch has to guess an order's side. */
  private fillHistograms(side: Uint32Array, limit: Uint32Array): void {
    const { slots, levels, quantity, bins } = this;
    bins.fill(0);
    let total = 0;
    for (let i = 0; i < slots; i++) {
      const q = quantity[i]!;
      bins[Math.imul(side[i]!, levels) + limit[i]!]! += q;
      total += q;
    }
    // bins that together pass 2^32 may have wrapped: only then are the sides counted apart
    if (total > PRODUCT_MAX) this.refuseTooMany(side);
  }

  private refuseTooMany(side: Uint32Array): void {
    let bid = 0;
    let asked = 0;
    for (let i = 0; i < this.slots; i++) {
      if (side[i] === SIDE.buy) bid += this.quantity[i]!;
      else if (side[i] === SIDE.sell) asked += this.quantity[i]!;
    }
    assert(
      bid <= PRODUCT_MAX && asked <= PRODUCT_MAX,
      `an auction of ${bid} bid and ${asked} asked passes 2^31 - 1 units`,
    );
  }

  /**
   * The level that maximises min(D, S); ties by least imbalance, then the lower middle of those left. Only levels
   * from the lowest ask to the highest bid can trade.
   */
  private chooseLevel(): void {
    const { levels, bids, asks } = this;
    let low = 0;
    while (low < levels && asks[low] === 0) low++;
    let high = levels - 1;
    while (high >= 0 && bids[high] === 0) high--;
    let below = 0; // bid below any ask
    for (let k = 0; k < low && k <= high; k++) below += bids[k]!;
    let d = 0; // bid at level k or above
    for (let k = low; k <= high; k++) d += bids[k]!;
    this.bidTotal = below + d;
    let s = 0; // asked at level k or below
    let volume = 0;
    let imbalance = 0;
    let first = NO_LEVEL;
    let count = 0;
    for (let k = low; k <= high; k++) {
      s += asks[k]!;
      const traded = Math.min(d, s);
      const gap = d < s ? s - d : d - s;
      if (traded > volume || (traded === volume && gap < imbalance)) {
        volume = traded;
        imbalance = gap;
        first = k;
        count = 1;
      } else if (traded === volume && gap === imbalance) {
        count++; // ties are neighbours: D - S never rises with the level
      }
      d -= bids[k]!;
    }
    for (let k = high + 1; k < levels; k++) s += asks[k]!;
    this.low = low;
    this.high = high;
    this.askTotal = s;
    this.volume = volume;
    this.level = first === NO_LEVEL ? NO_LEVEL : first + ((count - 1) >> 1);
  }

  private fillOrders(side: Uint32Array, limit: Uint32Array, start: number, end: number): void {
    const { levels, quantity, fill, rest } = this;
    for (let i = start; i < end; i++) {
      const k = Math.imul(side[i]!, levels) + limit[i]!;
      const f = Math.min(quantity[i]!, rest[k]!);
      rest[k]! -= f;
      fill[i] = f;
    }
  }

  /** Whoever trades, side by side without a branch on its side: SIDE.buy & 1 and SIDE.sell >> 1 are one. */
  private listTraders(side: Uint32Array): void {
    const { slots, fill, buyers, sellers } = this;
    let bought = 0;
    let sold = 0;
    for (let i = 0; i < slots; i++) {
      const trades = (fill[i]! + PRODUCT_MAX) >>> 31;
      const s = side[i]!;
      buyers[bought] = i;
      sellers[sold] = i;
      bought += s & trades;
      sold += (s >> 1) & trades;
    }
    this.buyerCount = bought;
    this.sellerCount = sold;
  }
}
