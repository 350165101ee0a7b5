/**
 * The level at which an auction cleared, from its orders: the one that trades most, of those the least
 * imbalanced, of those the lower middle (the rule of market/batchAuction.ts, read off the histograms that a
 * frame carries). -1 when nothing traded.
 *
 * @param bids quantity bid at each price level, [K]
 * @param asks quantity offered at each price level, [K]
 */
export function clearingLevel(bids: ArrayLike<number>, asks: ArrayLike<number>): number {
  const levels = bids.length;
  let demand = 0;
  for (let k = 0; k < levels; k++) demand += bids[k]!;
  let supply = 0;
  let best = { volume: 0, imbalance: 0, first: -1, count: 0 };
  for (let k = 0; k < levels; k++) {
    supply += asks[k]!;
    const volume = Math.min(demand, supply);
    const imbalance = Math.abs(demand - supply);
    if (volume > best.volume || (volume > 0 && volume === best.volume && imbalance < best.imbalance)) {
      best = { volume, imbalance, first: k, count: 1 };
    } else if (volume > 0 && volume === best.volume && imbalance === best.imbalance) {
      best.count++;
    }
    demand -= bids[k]!;
  }
  return best.first < 0 ? -1 : best.first + ((best.count - 1) >> 1);
}
