// Exact sums over the threads of a workgroup by atomics on two words: one barrier for as many sums as a pass needs, and far
// less code than reductions, which compilers copy to every call. SUMS of them, by numbers that a pass gives them.

const SUMS = 16u;
var<workgroup> sumWords: array<atomic<u32>, 2u * SUMS>;

/** Sets all sums to zero; all threads together. */
fn openSums(lane: u32) {
  if (lane < 2u * SUMS) {
    atomicStore(&sumWords[lane], 0u);
  }
  workgroupBarrier();
}

/** Adds to sum `k`, modulo 2^64, in any order. */
fn addToSum(k: u32, value: U64) {
  if (isZero(value)) {
    return;
  }
  let before = atomicAdd(&sumWords[2u * k], value.x);
  let carry = select(0u, 1u, before + value.x < before);
  atomicAdd(&sumWords[2u * k + 1u], value.y + carry);
}

/** Everything that any thread has added or written before is there for all after; all threads together. */
fn closeSums() {
  storageBarrier();
  workgroupBarrier();
}

/** Sum `k`, after closeSums. */
fn sumAt(k: u32) -> U64 {
  return U64(atomicLoad(&sumWords[2u * k]), atomicLoad(&sumWords[2u * k + 1u]));
}
