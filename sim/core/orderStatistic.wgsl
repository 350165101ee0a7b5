// Twin of takeSmallest and takeLargest in orderStatistic.ts, by all threads of a world: candidates stand in DEVICE_living,
// their wealth decides.

const RANK_BITS = 8u;
const RANKS = 256u;

var<workgroup> rankCount: array<atomic<u32>, RANKS>;

/** What a candidate is ranked by: its wealth, or what is missing from the largest number. */
fn rankOfCandidate(k: u32, largest: bool) -> u32 {
  let wealth = load(COLUMN_wealth, load(DEVICE_living, k));
  return select(wealth, ~wealth, largest);
}

/** The k-th smallest rank of `count` candidates, k from 0: digit by digit, high ones first. */
fn kthRank(lane: u32, count: u32, k: u32, largest: bool) -> u32 {
  var rest = k;
  var found = 0u;
  for (var shift = 32u - RANK_BITS; ; shift -= RANK_BITS) {
    for (var digit = lane; digit < RANKS; digit += WORKGROUP) {
      atomicStore(&rankCount[digit], 0u);
    }
    workgroupBarrier();
    for (var c = lane; c < count; c += WORKGROUP) {
      let rank = rankOfCandidate(c, largest);
      // what lies above the digit has been found; a shift by 32 is not defined
      if (shift == 32u - RANK_BITS || rank >> (shift + RANK_BITS) == found) {
        atomicAdd(&rankCount[(rank >> shift) % RANKS], 1u);
      }
    }
    workgroupBarrier();
    var digit = 0u;
    while (rest >= atomicLoad(&rankCount[digit])) {
      rest -= atomicLoad(&rankCount[digit]);
      digit++;
    }
    found = (found << RANK_BITS) | digit;
    // nobody clears what others still read
    workgroupBarrier();
    if (shift == 0u) {
      break;
    }
  }
  return found;
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
  let limit = kthRank(lane, count, wanted - 1u, largest);
  var below = 0u;
  for (var c = lane; c < count; c += WORKGROUP) {
    below += select(0u, 1u, rankOfCandidate(c, largest) < limit);
  }
  let ties = wanted - sumOf(lane, wide(below)).x;
  // ties are let in from the front of the list: one scan counts both kinds, ties in the high word
  var before = WIDE_ZERO;
  for (var first = 0u; first < count; first += WORKGROUP) {
    let c = first + lane;
    var own = WIDE_ZERO;
    if (c < count) {
      let rank = rankOfCandidate(c, largest);
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
