// Twin of measureWealth in observation.ts.

/** Bins of an octave of wealth: 2^(1/16) each. */
const BIN_SHIFT = 12u;
const WEALTH_BINS = 513u;

var<workgroup> wealthHistogram: array<atomic<u32>, WEALTH_BINS>;

/** Writes the median wealth of the living to WORLD.medianWealth, milli-cash; 0 when nobody lives. */
fn measureWealth(lane: u32) {
  for (var bin = lane; bin < WEALTH_BINS; bin += WORKGROUP) {
    atomicStore(&wealthHistogram[bin], 0u);
  }
  workgroupBarrier();
  var living = 0u;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    if (load(COLUMN_population, i) != FREE_SLOT) {
      let wealth = load(COLUMN_wealth, i);
      atomicAdd(&wealthHistogram[select(1u + (log2OrZero(wealth) >> BIN_SHIFT), 0u, wealth == 0u)], 1u);
      living++;
    }
  }
  let alive = sumOf(lane, wide(living)).x;
  if (lane == 0u) {
    store(COLUMN_scalar, WORLD_medianWealth, medianOf(alive));
  }
}

/** The middle of the bin that holds the lower median of `alive` numbers. */
fn medianOf(alive: u32) -> u32 {
  var before = 0u;
  var bin = 0u;
  while (alive > 0u && before + atomicLoad(&wealthHistogram[bin]) < (alive + 1u) >> 1u) {
    before += atomicLoad(&wealthHistogram[bin]);
    bin++;
  }
  if (bin == 0u) {
    return 0u;
  }
  return exp2Integer(((bin - 1u) << BIN_SHIFT) + (1u << (BIN_SHIFT - 1u)));
}
