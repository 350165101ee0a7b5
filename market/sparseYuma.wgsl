// Twin of sparseYuma.ts and of the epochs of tokenPolicy.ts: a thread for each member of an epoch, which is also the
// thread of a row, of those that may validate or hold bonds, and of a column. Numbers of 2^-32 are U64. What the
// threads need of one another lies in DEVICE_yuma*; what a column needs again and again is computed again.

const MEMBERS_MAX = LENGTH_COLUMN_yumaMember;
const_assert MEMBERS_MAX <= WORKGROUP;

const U16_MAX = 0xffffu;
const NOBODY = 0xffffffffu;

/** What the bonds of each row earn, two words each. */
var<workgroup> earned: array<atomic<u32>, 2u * WORKGROUP>;

/** floor(a x b / 2^32). */
fn multiplyShares(a: U64, b: U64) -> U64 {
  return fullProduct(a, b).yz;
}

/** floor(a x 2^32 / b) for a of at most b; 0 for a = 0. */
fn divideShares(a: U64, b: U64) -> U64 {
  if (isZero(a)) {
    return a;
  }
  return divideFull(U128(0u, a.x, a.y, 0u), b).xy;
}

/** The part of all values together, each rounded down; all zeros stay. */
fn normalised(lane: u32, value: U64) -> U64 {
  return divideShares(value, sumOf(lane, value));
}

/** Ends an epoch: the largest stakers weigh the members by quality, and what the consensus gives each is issued. */
fn closeEpoch(lane: u32) {
  let members = seatMembers(lane);
  if (members > 0u) {
    let emission = runConsensus(lane, members);
    let total = sumOf(lane, emission);
    if (lane < members) {
      creditAgent(BALANCE_token, load(DEVICE_yumaSlot, lane), emission);
    }
    if (lane == 0u) {
      countIssued(total);
    }
    keepEpoch(lane, members);
  }
  clearWords(lane, COLUMN_epochQuality, SLOTS);
}

/** Writes members and bonds for the next epoch. */
fn keepEpoch(lane: u32, members: u32) {
  awaitAll();
  clearWords(lane, COLUMN_yumaTenure, SLOTS);
  clearWords(lane, COLUMN_yumaMember, MEMBERS_MAX);
  clearWords(lane, COLUMN_yumaBonds, MEMBERS_MAX * MEMBERS_MAX);
  awaitAll();
  if (lane < members) {
    let slot = load(DEVICE_yumaSlot, lane);
    store(COLUMN_yumaTenure, slot, 1u);
    store(COLUMN_yumaMember, lane, slot);
    let seat = load(DEVICE_yumaSeat, lane);
    if (seat != NOBODY) {
      for (var k = 0u; k < members; k++) {
        store(COLUMN_yumaBonds, lane * MEMBERS_MAX + k, load(DEVICE_yumaBonds, seat * MEMBERS_MAX + k));
      }
    }
  }
}

// --- members ---

/**
 * Writes the slots of an epoch's members, in order, and returns how many: all living agents where they fit, else the
 * largest stakers and then those who delivered most; of equals the lower slot. DEVICE_scratch marks the seated.
 */
fn seatMembers(lane: u32) -> u32 {
  var own = 0u;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    own += u32(load(COLUMN_population, i) != FREE_SLOT);
  }
  let alive = sumOf(lane, wide(own)).x;
  let fits = alive <= MEMBERS_MAX;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    store(DEVICE_scratch, i, u32(fits && load(COLUMN_population, i) != FREE_SLOT));
  }
  if (!fits) {
    let seats = agree(lane, min(MEMBERS_MAX, parameter(PARAMETER_policy_validators)));
    let validators = seatLargest(lane, BALANCE_stake, 1u, seats);
    _ = seatLargest(lane, COLUMN_epochQuality, 0u, MEMBERS_MAX - validators);
  }
  return listMarked(lane, DEVICE_scratch, DEVICE_yumaSlot);
}

/** Whether an agent that has no seat may take one by a value of at least `least`. */
fn isCandidate(agent: u32, value: u32, least: u32) -> bool {
  return value >= least && load(DEVICE_scratch, agent) == 0u && load(COLUMN_population, agent) != FREE_SLOT;
}

/** How many without a seat have a value of at least `least`. */
fn countCandidates(lane: u32, column: u32, least: u32) -> u32 {
  var own = 0u;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    own += u32(isCandidate(i, load(column, i), least));
  }
  return sumOf(lane, wide(own)).x;
}

/** Seats up to `quota` of those without a seat, of largest value and at least `least`; of equals the lower slot. */
fn seatLargest(lane: u32, column: u32, least: u32, quota: u32) -> u32 {
  let wanted = min(quota, countCandidates(lane, column, least));
  if (wanted == 0u) {
    return 0u;
  }
  // the largest value that `wanted` candidates reach, bit by bit
  var limit = 0u;
  for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
    if (countCandidates(lane, column, max(least, limit | bit)) >= wanted) {
      limit |= bit;
    }
  }
  var above = 0u;
  if (limit != U32_MAX) {
    above = countCandidates(lane, column, limit + 1u);
  }
  var ties = wanted - above;
  for (var first = 0u; first < SLOTS; first += WORKGROUP) {
    let i = first + lane;
    var isTie = false;
    var isAbove = false;
    if (i < SLOTS) {
      let value = load(column, i);
      isTie = value == limit && isCandidate(i, value, least);
      isAbove = value > limit && isCandidate(i, value, least);
    }
    let scan = scanOf(lane, wide(u32(isTie)));
    if (isAbove || (isTie && scan.before.x < ties)) {
      store(DEVICE_scratch, i, 1u);
    }
    ties -= min(ties, scan.total.x);
  }
  return wanted;
}

/** The place of the member in `slot` in the last epoch, if it is still the same agent, else NOBODY. */
fn placeOf(lane: u32, slot: u32, isMember: bool) -> u32 {
  awaitAll();
  if (lane < MEMBERS_MAX) {
    // places beyond the last epoch's members hold zeros
    let before = load(COLUMN_yumaMember, lane);
    if (lane == 0u || before != 0u) {
      store(DEVICE_scratch, before, lane);
    }
  }
  awaitAll();
  if (!isMember) {
    return NOBODY;
  }
  let place = load(DEVICE_scratch, slot);
  let stayed = load(COLUMN_yumaTenure, slot) == 1u && place < MEMBERS_MAX;
  return select(NOBODY, place, stayed);
}

// --- consensus ---

/** One member as all see it. */
struct Column {
  member: u32,
  place: u32,
  quality: u32,
  consensus: U64,
  boughtSum: U64,
  heldSum: u32,
  bondSum: U64,
}

/** Emission of the thread's member, whole units. */
fn runConsensus(lane: u32, members: u32) -> U64 {
  let isMember = lane < members;
  var slot = 0u;
  var stake = 0u;
  var delivered = 0u;
  if (isMember) {
    slot = load(DEVICE_yumaSlot, lane);
    stake = load(BALANCE_stake, slot);
    delivered = load(COLUMN_epochQuality, slot);
    store(DEVICE_yumaStake, lane, stake);
  }
  let best = max(1u, largestOf(lane, delivered));
  let quality = divideByWord(productOf(delivered, U16_MAX), best).x;
  let place = placeOf(lane, slot, isMember);
  let share = divideShares(wide(stake), sumOf(lane, wide(stake)));
  let isPermitted = isMember && mayValidate(lane, members, stake);
  let activeStake = sumOf(lane, select(WIDE_ZERO, share, isPermitted));
  let row = openRow(lane, place, quality, isPermitted, select(WIDE_ZERO, share, isPermitted), activeStake);

  var column = Column(lane, place, quality, WIDE_ZERO, WIDE_ZERO, 0u, WIDE_ZERO);
  var incentive = WIDE_ZERO;
  if (isMember) {
    incentive = closeColumn(&column, row);
  }
  incentive = normalised(lane, incentive);
  var dividend = payBonds(lane, column, row, incentive);
  dividend = normalised(lane, dividend);
  let both = addWide(incentive, dividend);
  let total = sumOf(lane, both);
  var part = divideShares(both, total);
  if (isZero(total)) {
    // by stake where nothing was earned
    part = share;
    if (!isZero(activeStake)) {
      part = select(WIDE_ZERO, divideShares(share, activeStake), isPermitted);
    }
  }
  let whole = mulWide(parameterWide(PARAMETER_policy_issuancePerTick), parameter(PARAMETER_policy_epoch));
  return multiplyShares(part, whole);
}

/** Whether a member is among the largest stakers above 0; of equal ones those that come later. */
fn mayValidate(member: u32, members: u32, stake: u32) -> bool {
  var ahead = 0u;
  for (var k = 0u; k < members; k++) {
    let other = load(DEVICE_yumaStake, k);
    ahead += u32(other > stake || (other == stake && k > member));
  }
  return stake > 0u && ahead < min(parameter(PARAMETER_policy_validators), members);
}

/** The rows: how many, the thread's own or NOBODY, those with a vote, and the stake that no more than opposes them. */
struct Rows {
  count: u32,
  own: u32,
  voters: u32,
  minority: U64,
}

/** Writes the thread's member as a row, where its weights or bonds are not all zeros. */
fn openRow(lane: u32, place: u32, quality: u32, isPermitted: bool, share: U64, activeStake: U64) -> Rows {
  let isRow = isPermitted || (place != NOBODY && holdsBonds(place));
  let rows = scanOf(lane, wide(u32(isRow)));
  let seats = scanOf(lane, wide(u32(isPermitted)));
  let votes = divideShares(share, activeStake);
  let vote = normalised(lane, votes);
  let voteSum = sumOf(lane, vote);
  let qualitySum = sumOf(lane, wide(quality)).x;
  let row = rows.before.x;
  let seat = select(NOBODY, seats.before.x, isPermitted);
  if (lane < MEMBERS_MAX) {
    store(DEVICE_yumaSeat, lane, seat);
  }
  if (isRow) {
    store(DEVICE_yumaRowMember, row, lane);
    store(DEVICE_yumaRowPlace, row, place);
    store(DEVICE_yumaRowSeat, row, seat);
    // what a validator says of others, in all
    store(DEVICE_yumaRowWeight, row, qualitySum - quality);
    storeWide(DEVICE_yumaRowActive, row, votes);
    storeWide(DEVICE_yumaRowVote, row, vote);
  }
  awaitAll();
  let voters = rankVoters(lane, row, rows.total.x, isRow && !isZero(vote));
  let minority = subWide(voteSum, parameterWide(PARAMETER_policy_consensus_kappa));
  return Rows(rows.total.x, select(NOBODY, row, isRow), voters, minority);
}

fn holdsBonds(place: u32) -> bool {
  for (var k = 0u; k < MEMBERS_MAX; k++) {
    if (load(COLUMN_yumaBonds, place * MEMBERS_MAX + k) != 0u) {
      return true;
    }
  }
  return false;
}

/**
 * Writes the rows with a vote in the order of their weights, which all columns share but for a row's own, since all
 * say the same: the more a row says in all, the less each word weighs. Returns how many.
 */
fn rankVoters(lane: u32, row: u32, count: u32, votes: bool) -> u32 {
  if (votes) {
    let weight = load(DEVICE_yumaRowWeight, row);
    var rank = 0u;
    for (var r = 0u; r < count; r++) {
      let other = load(DEVICE_yumaRowWeight, r);
      let hasVote = !isZero(loadWide(DEVICE_yumaRowVote, r));
      rank += u32(hasVote && (other > weight || (other == weight && r < row)));
    }
    store(DEVICE_yumaRanked, rank, row);
  }
  awaitAll();
  return sumOf(lane, wide(u32(votes))).x;
}

/** What a row says of a member: the member's quality as a part of all that it says. */
fn weightOf(row: u32, column: Column) -> U64 {
  let silent = load(DEVICE_yumaRowSeat, row) == NOBODY || load(DEVICE_yumaRowMember, row) == column.member;
  if (silent || column.quality == 0u) {
    return WIDE_ZERO;
  }
  return divideByWord(U64(0u, column.quality), load(DEVICE_yumaRowWeight, row));
}

/** The least weight such that the votes for no more pass the minority; the largest of all where none does. */
fn weightedMedian(column: Column, rows: Rows) -> U64 {
  var supported = WIDE_ZERO;
  // a member that is a voter says nothing of itself, which comes before all that others say
  for (var k = 0u; k < rows.voters; k++) {
    let row = load(DEVICE_yumaRanked, k);
    if (load(DEVICE_yumaRowMember, row) == column.member) {
      supported = loadWide(DEVICE_yumaRowVote, row);
    }
  }
  var median = WIDE_ZERO;
  var some = !isZero(supported);
  for (var k = 0u; k < rows.voters; k++) {
    let row = load(DEVICE_yumaRanked, k);
    if (load(DEVICE_yumaRowMember, row) == column.member) {
      continue;
    }
    let weight = weightOf(row, column);
    // rows of equal weight stand or fall together
    if (some && lessSigned(rows.minority, supported) && lessWide(median, weight)) {
      return median;
    }
    some = true;
    median = weight;
    supported = addWide(supported, loadWide(DEVICE_yumaRowVote, row));
  }
  return median;
}

/** What a row pays for bonds on a member. */
fn boughtBy(row: u32, column: Column) -> U64 {
  let own = weightOf(row, column);
  let lost = lessOrZero(own, column.consensus);
  // from the weight towards the clipped one, the negative product rounded down
  let product = fullProduct(parameterWide(PARAMETER_policy_consensus_bondsPenalty), lost);
  let priced = subWide(own, addWide(product.yz, wide(u32(product.x != 0u))));
  return multiplyShares(priced, loadWide(DEVICE_yumaRowActive, row));
}

/** Bonds of a row on a member from the last epoch. */
fn heldBy(row: u32, column: Column) -> u32 {
  let place = load(DEVICE_yumaRowPlace, row);
  if (place == NOBODY || column.place == NOBODY) {
    return 0u;
  }
  return load(COLUMN_yumaBonds, place * MEMBERS_MAX + column.place);
}

/** A row's bond on a member: the moving average of what it buys and what it held. */
fn bondOf(row: u32, column: Column) -> U64 {
  let now = divideShares(boughtBy(row, column), column.boughtSum);
  let before = divideShares(wide(heldBy(row, column)), wide(column.heldSum));
  let alpha = parameterWide(PARAMETER_policy_consensus_alpha);
  return addWide(multiplyShares(alpha, now), multiplyShares(subWide(U64(0u, 1u), alpha), before));
}

/** Finds consensus and bonds on a member, stores the bonds, and returns its incentive before normalising. */
fn closeColumn(column: ptr<function, Column>, rows: Rows) -> U64 {
  (*column).consensus = weightedMedian(*column, rows);
  var incentive = WIDE_ZERO;
  for (var row = 0u; row < rows.count; row++) {
    let clipped = minWide(weightOf(row, *column), (*column).consensus);
    incentive = addWide(incentive, multiplyShares(clipped, loadWide(DEVICE_yumaRowActive, row)));
    (*column).boughtSum = addWide((*column).boughtSum, boughtBy(row, *column));
    (*column).heldSum += heldBy(row, *column);
  }
  for (var row = 0u; row < rows.count; row++) {
    (*column).bondSum = addWide((*column).bondSum, bondOf(row, *column));
  }
  var most = WIDE_ZERO;
  for (var row = 0u; row < rows.count; row++) {
    most = maxWide(most, divideShares(bondOf(row, *column), (*column).bondSum));
  }
  for (var row = 0u; row < rows.count; row++) {
    let seat = load(DEVICE_yumaRowSeat, row);
    if (seat != NOBODY) {
      // in u16 of which the largest stands for 1
      let share = divideShares(divideShares(bondOf(row, *column), (*column).bondSum), most);
      store(DEVICE_yumaBonds, seat * MEMBERS_MAX + (*column).member, mulWide(share, U16_MAX).y);
    }
  }
  return incentive;
}

/** What the bonds of the thread's row earn: the incentive of each member by the row's share of the bonds on it. */
fn payBonds(lane: u32, column: Column, rows: Rows, incentive: U64) -> U64 {
  atomicStore(&earned[2u * lane], 0u);
  atomicStore(&earned[2u * lane + 1u], 0u);
  workgroupBarrier();
  if (!isZero(incentive)) {
    for (var row = 0u; row < rows.count; row++) {
      let share = divideShares(bondOf(row, column), column.bondSum);
      let gain = multiplyShares(incentive, share);
      let before = atomicAdd(&earned[2u * row], gain.x);
      let carry = u32(before > U32_MAX - gain.x);
      atomicAdd(&earned[2u * row + 1u], gain.y + carry);
    }
  }
  workgroupBarrier();
  if (rows.own == NOBODY) {
    return WIDE_ZERO;
  }
  return U64(atomicLoad(&earned[2u * rows.own]), atomicLoad(&earned[2u * rows.own + 1u]));
}
