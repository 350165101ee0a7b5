/** The spread of the compute market: what the next unit would cost beside what somebody would still pay for it. */

/** The highest level at which something of `bids` is left when `filled` is served from the best on; -1 = none. */
function bestBidLeft(bids: Uint32Array, filled: number): number {
  let left = filled;
  for (let k = bids.length - 1; k >= 0; k--) {
    if (bids[k]! > left) return k;
    left -= bids[k]!;
  }
  return -1;
}

/** The lowest level at which something of `asks` is left when `filled` is served from the best on; -1 = none. */
function bestAskLeft(asks: Uint32Array, filled: number): number {
  let left = filled;
  for (let k = 0; k < asks.length; k++) {
    if (asks[k]! > left) return k;
    left -= asks[k]!;
  }
  return -1;
}

/**
 * Best ask less best bid of what is left unfilled after clearing, milli-token a cu; NaN where a side has nothing left,
 * as after every call in which one side is served in full. A call auction has no book to quote from, so this is the
 * quoted spread (J. Hasbrouck, "Empirical Market Microstructure", 2007, section 2.2) of the book that it would leave: at
 * least one level, since two orders that cross would have traded.
 *
 * @param bids quantity bid at each level, better limits filled first, [PRICE_LEVELS]
 * @param asks likewise
 * @param filled of each side, cu; 0 where the histograms hold what was left, as those of a book do
 * @param prices of the levels, milli-token a cu
 */
export function quotedSpread(
  bids: Uint32Array,
  asks: Uint32Array,
  filled: number,
  prices: ArrayLike<number>,
): number {
  const bid = bestBidLeft(bids, filled);
  const ask = bestAskLeft(asks, filled);
  return bid < 0 || ask < 0 ? Number.NaN : prices[ask]! - prices[bid]!;
}
