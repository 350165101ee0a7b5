// Twin of orderStatistic.ts, by all threads of a world: histograms of digits, high ones first.

const DIGIT_BITS = 8u;
const DIGITS = 256u;

var<workgroup> digitCount: array<atomic<u32>, DIGITS>;

/** The k-th smallest of the first `count` words of a column, k from 0; count above k. */
fn kthSmallest(lane: u32, column: u32, count: u32, k: u32) -> u32 {
  var rest = k;
  var found = 0u;
  for (var shift = 32u - DIGIT_BITS; ; shift -= DIGIT_BITS) {
    for (var digit = lane; digit < DIGITS; digit += WORKGROUP) {
      atomicStore(&digitCount[digit], 0u);
    }
    workgroupBarrier();
    for (var c = lane; c < count; c += WORKGROUP) {
      let value = load(column, c);
      // what lies above the digit has been found; a shift by 32 is not defined
      if (shift == 32u - DIGIT_BITS || value >> (shift + DIGIT_BITS) == found) {
        atomicAdd(&digitCount[(value >> shift) % DIGITS], 1u);
      }
    }
    workgroupBarrier();
    var digit = 0u;
    while (rest >= atomicLoad(&digitCount[digit])) {
      rest -= atomicLoad(&digitCount[digit]);
      digit++;
    }
    found = (found << DIGIT_BITS) | digit;
    // nobody clears what others still read
    workgroupBarrier();
    if (shift == 0u) {
      break;
    }
  }
  return found;
}
