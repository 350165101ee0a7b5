// Twin of lottery.ts, by all threads of a world: candidates stand in DEVICE_eligible, their weights in DEVICE_weights, and
// the places of those chosen in DEVICE_chosen.

/** Writes weights min(wealth >> s, cap) as lottery.ts says. */
fn wealthWeights(lane: u32, count: u32, births: u32) {
  var mine = WIDE_ZERO;
  for (var k = lane; k < count; k += WORKGROUP) {
    mine = addWide(mine, wide(load(COLUMN_wealth, load(DEVICE_eligible, k))));
  }
  let total = sumOf(lane, mine);
  // the smallest shift at which the sum stays below 2^32
  let shift = select(32u - countLeadingZeros(total.y), 0u, total.y == 0u);
  let cap = max(1u, saturate(shiftRight(divideByWord(total, births), shift)));
  for (var k = lane; k < count; k += WORKGROUP) {
    store(DEVICE_weights, k, min(cap, load(COLUMN_wealth, load(DEVICE_eligible, k)) >> shift));
  }
  awaitAll();
}

/** Pointers of a systematic sample that stand below a cumulative weight. */
fn pointersBelow(cumulative: U64, total: U64, offset: u32, births: u32) -> u32 {
  let reach = mulWide(cumulative, births);
  if (!lessWide(wide(offset), reach)) {
    return 0u;
  }
  let above = subWide(reach, wide(offset));
  return min(births, divideByWord(addWide(above, subWide(total, wide(1u))), total.x).x);
}

/** Systematic sampling: every candidate on whose weight one of `births` equidistant pointers falls; returns how many. */
fn systematicSample(lane: u32, count: u32, births: u32, word: u32) -> u32 {
  var mine = WIDE_ZERO;
  for (var k = lane; k < count; k += WORKGROUP) {
    mine = addWide(mine, wide(load(DEVICE_weights, k)));
  }
  let total = sumOf(lane, mine);
  let offset = mulHigh(word, total.x);
  let everybody = count <= births;
  var cumulative = WIDE_ZERO;
  var found = 0u;
  for (var first = 0u; first < count; first += WORKGROUP) {
    let k = first + lane;
    var weight = WIDE_ZERO;
    if (k < count) {
      weight = wide(load(DEVICE_weights, k));
    }
    let scan = scanOf(lane, weight);
    let before = addWide(cumulative, scan.before);
    var taken = weight.x > 0u;
    if (taken && !everybody) {
      taken = pointersBelow(addWide(before, weight), total, offset, births) > pointersBelow(before, total, offset, births);
    }
    let places = scanOf(lane, wide(select(0u, 1u, taken)));
    if (taken) {
      store(DEVICE_chosen, found + places.before.x, k);
    }
    cumulative = addWide(cumulative, scan.total);
    found += places.total.x;
  }
  awaitAll();
  return found;
}

/** Multinomial sampling by one thread: `births` independent draws with replacement; returns how many. */
fn multinomialSample(count: u32, births: u32, draws: ptr<function, DrawSequence>) -> u32 {
  for (var k = 1u; k < count; k++) {
    store(DEVICE_weights, k, load(DEVICE_weights, k) + load(DEVICE_weights, k - 1u));
  }
  if (count == 0u) {
    return 0u;
  }
  let total = load(DEVICE_weights, count - 1u);
  if (total == 0u) {
    return 0u;
  }
  for (var b = 0u; b < births; b++) {
    let at = mulHigh(drawWord(draws), total);
    var low = 0u;
    var high = count - 1u;
    while (low < high) {
      let middle = (low + high) >> 1u;
      if (load(DEVICE_weights, middle) > at) {
        high = middle;
      } else {
        low = middle + 1u;
      }
    }
    store(DEVICE_chosen, b, low);
  }
  return births;
}
