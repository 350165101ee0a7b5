// Twin of takeSmallest and takeLargest in orderStatistic.ts: candidates stand in DEVICE_living, their wealth decides.

/** The ranks of candidates, who stand in DEVICE_living, by wealth, come to DEVICE_scratch; those of most come first where `largest`. */
fn rankCandidates(lane: u32, count: u32, largest: bool) {
  for (var c = lane; c < count; c += WORKGROUP) {
    let wealth = load(COLUMN_wealth, load(DEVICE_living, c));
    store(DEVICE_scratch, c, select(wealth, ~wealth, largest));
  }
  awaitAll();
}

/**
 * Writes the `quota` candidates of least wealth (or of most) to `out`, in the order of their list; of equals the first
 * come first. Returns how many: min(quota, count). Both must be the same for all threads.
 */
fn takeSmallest(lane: u32, count: u32, quota: u32, largest: bool, out: u32) -> u32 {
  let wanted = min(quota, count);
  if (wanted == 0u) {
    return 0u;
  }
  rankCandidates(lane, count, largest);
  let limit = kthSmallest(lane, DEVICE_scratch, count, wanted - 1u);
  var below = 0u;
  for (var c = lane; c < count; c += WORKGROUP) {
    below += select(0u, 1u, load(DEVICE_scratch, c) < limit);
  }
  let ties = wanted - sumOf(lane, wide(below)).x;
  // ties are let in from the front of the list: one scan counts both kinds, ties in the high word
  var before = WIDE_ZERO;
  for (var first = 0u; first < count; first += WORKGROUP) {
    let c = first + lane;
    var own = WIDE_ZERO;
    if (c < count) {
      let rank = load(DEVICE_scratch, c);
      own = U64(select(0u, 1u, rank < limit), select(0u, 1u, rank == limit));
    }
    let scan = scanOf(lane, own);
    let place = addWide(before, scan.before);
    if (own.x == 1u || (own.y == 1u && place.y < ties)) {
      store(out, place.x + min(place.y, ties), load(DEVICE_living, c));
    }
    before = addWide(before, scan.total);
  }
  awaitAll();
  return wanted;
}
