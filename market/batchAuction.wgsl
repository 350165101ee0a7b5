// Twin of batchAuction.ts: orders of a world are counted by side and level, then a thread has some neighbouring levels.

/** No order; a level below it is a clearing level. */
const NO_LEVEL = PRICE_LEVELS;
/** Where asks begin in `orderBins`. */
const ASK_BINS = PRICE_LEVELS;

/** Levels of a thread. */
const LEVELS_EACH = PRICE_LEVELS / WORKGROUP;
const_assert LEVELS_EACH * WORKGROUP == PRICE_LEVELS;

/** Quantity bid at each level, then asked. */
var<workgroup> orderBins: array<atomic<u32>, 2u * PRICE_LEVELS>;

/** An auction: units bid, asked and traded, the least imbalance, the first level that has it, how many have. */
struct Clearing {
  bid: u32,
  asked: u32,
  volume: atomic<u32>,
  imbalance: atomic<u32>,
  first: atomic<u32>,
  ties: atomic<u32>,
}
var<workgroup> clearing: Clearing;

/** Of each side, the level at which it is rationed, and units to be filled there. */
struct Margin {
  buy: u32,
  buyRest: u32,
  sell: u32,
  sellRest: u32,
}
var<workgroup> margin: Margin;

fn clearBins(lane: u32) {
  for (var k = lane; k < 2u * PRICE_LEVELS; k += WORKGROUP) {
    atomicStore(&orderBins[k], 0u);
  }
  workgroupBarrier();
}

/** Counts an order. */
fn addOrder(side: u32, level: u32, quantity: u32) {
  atomicAdd(&orderBins[select(0u, ASK_BINS, side == SIDE_sell) + level], quantity);
}

/** Bid and asked at a level, and the demand and supply that it meets. */
struct Quotes {
  bid: u32,
  ask: u32,
  demand: u32,
  supply: u32,
}

/** The quotes of a level, given what was bid and asked below it and what was bid in all. */
fn quotesAt(level: u32, below: vec2<u32>, bid: u32) -> Quotes {
  let d = atomicLoad(&orderBins[level]);
  let s = atomicLoad(&orderBins[ASK_BINS + level]);
  return Quotes(d, s, bid - below.x, below.y + s);
}

fn volumeOf(at: Quotes) -> u32 {
  return min(at.demand, at.supply);
}

fn imbalanceOf(at: Quotes) -> u32 {
  return max(at.demand, at.supply) - volumeOf(at);
}

/**
 * Finds the volume, the level that maximises min(D, S) of the orders that were counted (ties by least imbalance, then the
 * lower middle of those left) and the margins. Each side's total is at most 2^31 - 1.
 */
fn chooseLevel(lane: u32) {
  let first = lane * LEVELS_EACH;
  // both sides in one scan: neither sum reaches the other's word
  var own = vec2<u32>();
  for (var level = first; level < first + LEVELS_EACH; level++) {
    own += vec2<u32>(atomicLoad(&orderBins[level]), atomicLoad(&orderBins[ASK_BINS + level]));
  }
  let scan = scanOf(lane, own);
  if (lane == 0u) {
    clearing.bid = scan.total.x;
    clearing.asked = scan.total.y;
    atomicStore(&clearing.volume, 0u);
    atomicStore(&clearing.imbalance, U32_MAX);
    atomicStore(&clearing.first, NO_LEVEL);
    atomicStore(&clearing.ties, 0u);
    margin = Margin(NO_LEVEL, 0u, 0u, 0u);
  }
  workgroupBarrier();
  var below = scan.before;
  for (var level = first; level < first + LEVELS_EACH; level++) {
    let at = quotesAt(level, below, scan.total.x);
    atomicMax(&clearing.volume, volumeOf(at));
    below += vec2<u32>(at.bid, at.ask);
  }
  workgroupBarrier();
  let volume = atomicLoad(&clearing.volume);
  below = scan.before;
  for (var level = first; level < first + LEVELS_EACH; level++) {
    let at = quotesAt(level, below, scan.total.x);
    if (volumeOf(at) == volume && volume > 0u) {
      atomicMin(&clearing.imbalance, imbalanceOf(at));
    }
    // what is better than the margin is filled, what is left at the margin, nothing of what is worse
    let above = at.demand - at.bid;
    if (at.bid > 0u && above < volume && volume <= at.demand) {
      margin.buy = level;
      margin.buyRest = volume - above;
    }
    if (at.ask > 0u && below.y < volume && volume <= at.supply) {
      margin.sell = level;
      margin.sellRest = volume - below.y;
    }
    below += vec2<u32>(at.bid, at.ask);
  }
  workgroupBarrier();
  below = scan.before;
  for (var level = first; level < first + LEVELS_EACH; level++) {
    let at = quotesAt(level, below, scan.total.x);
    if (volumeOf(at) == volume && volume > 0u && imbalanceOf(at) == atomicLoad(&clearing.imbalance)) {
      atomicMin(&clearing.first, level);
      atomicAdd(&clearing.ties, 1u);
    }
    below += vec2<u32>(at.bid, at.ask);
  }
  workgroupBarrier();
}

/** The clearing level where there is volume. */
fn clearingLevel() -> u32 {
  return atomicLoad(&clearing.first) + ((atomicLoad(&clearing.ties) - 1u) >> 1u);
}

/** Fills the orders in COLUMN_order* (none without volume), those at the margins in an order rotated by `word`. */
fn fillOrders(lane: u32, word: u32) {
  let start = mulHigh(word, SLOTS);
  let rest = margin;
  var before = WIDE_ZERO;
  for (var chunk = 0u; chunk < SLOTS; chunk += WORKGROUP) {
    let place = chunk + lane;
    let i = (start + place) % SLOTS;
    let side = load(COLUMN_orderSide, i);
    let level = load(COLUMN_orderLevel, i);
    let quantity = select(0u, load(COLUMN_orderQuantity, i), place < SLOTS);
    let buys = side == SIDE_buy;
    let sells = side == SIDE_sell;
    let atBuy = buys && level == rest.buy;
    let atSell = sells && level == rest.sell;
    let scan = scanOf(lane, U64(select(0u, quantity, atBuy), select(0u, quantity, atSell)));
    let ahead = addWide(before, scan.before);
    var filled = 0u;
    if (atBuy) {
      filled = min(quantity, rest.buyRest - min(rest.buyRest, ahead.x));
    } else if (atSell) {
      filled = min(quantity, rest.sellRest - min(rest.sellRest, ahead.y));
    } else if ((buys && level > rest.buy) || (sells && level < rest.sell)) {
      filled = quantity;
    }
    if (place < SLOTS) {
      store(COLUMN_orderFilled, i, filled);
    }
    before = addWide(before, scan.total);
  }
}

/** The price of a level, milli-token. */
fn limitPrice(level: u32) -> u32 {
  return parameterOf(PARAMETER_computeMarket_priceTable, level);
}
