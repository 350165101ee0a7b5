// What the threads of a workgroup, which is one world, find out together. All of them must call these functions, and
// none within a branch or loop that only some of them enter: a condition around a call goes through `agree`.

var<workgroup> gathered: array<U64, WORKGROUP>;
var<workgroup> agreed: u32;

/** What thread 0 says, to all, as a value on which all may branch together. */
fn agree(lane: u32, value: u32) -> u32 {
  if (lane == 0u) {
    agreed = value;
  }
  return workgroupUniformLoad(&agreed);
}

/** The sum of what the threads give, modulo 2^64. */
fn sumOf(lane: u32, value: U64) -> U64 {
  gathered[lane] = value;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      gathered[lane] = addWide(gathered[lane], gathered[lane + half]);
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&gathered[0]);
}

/** The largest of what the threads give. */
fn largestOf(lane: u32, value: u32) -> u32 {
  gathered[lane] = wide(value);
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      gathered[lane].x = max(gathered[lane].x, gathered[lane + half].x);
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&gathered[0]).x;
}

/** What the threads before this one give, summed, and the sum of all. */
struct Scan {
  before: U64,
  total: U64,
}

fn scanOf(lane: u32, value: U64) -> Scan {
  gathered[lane] = value;
  workgroupBarrier();
  for (var reach = 1u; reach < WORKGROUP; reach *= 2u) {
    var sum = gathered[lane];
    if (lane >= reach) {
      sum = addWide(sum, gathered[lane - reach]);
    }
    workgroupBarrier();
    gathered[lane] = sum;
    workgroupBarrier();
  }
  let including = gathered[lane];
  let total = workgroupUniformLoad(&gathered[WORKGROUP - 1u]);
  return Scan(subWide(including, value), total);
}

/** Everything that any thread has written before is there for all after. */
fn awaitAll() {
  storageBarrier();
  workgroupBarrier();
}

/** Sets the words of a column to zero, all threads together. */
fn clearWords(lane: u32, column: u32, words: u32) {
  for (var k = lane; k < words; k += WORKGROUP) {
    store(column, k, 0u);
  }
}

/** Writes the slots whose word of `marks` is 1, and not 0, to a list, in slot order; returns how many, to all. */
fn listMarked(lane: u32, marks: u32, list: u32) -> u32 {
  var before = 0u;
  for (var first = 0u; first < SLOTS; first += WORKGROUP) {
    let i = first + lane;
    var marked = 0u;
    if (i < SLOTS) {
      marked = load(marks, i);
    }
    let scan = scanOf(lane, wide(marked));
    if (marked != 0u) {
      store(list, before + scan.before.x, i);
    }
    before += scan.total.x;
  }
  awaitAll();
  return agree(lane, before);
}
