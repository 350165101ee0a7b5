// Twin of batchAuction.ts: orders of a world are counted by side and level, then a level has a thread.

/** No order; a level below it is a clearing level. */
const NO_LEVEL = PRICE_LEVELS;
/** Where asks begin in `orderBins`. */
const ASK_BINS = PRICE_LEVELS;

const_assert WORKGROUP >= PRICE_LEVELS;

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

/**
 * Finds the volume, the level that maximises min(D, S) of the orders that were counted (ties by least imbalance, then the
 * lower middle of those left) and the margins. Each side's total is at most 2^31 - 1.
 */
fn chooseLevel(lane: u32) {
  var d = 0u;
  var s = 0u;
  if (lane < PRICE_LEVELS) {
    d = atomicLoad(&orderBins[lane]);
    s = atomicLoad(&orderBins[ASK_BINS + lane]);
  }
  // both sides in one scan: neither sum reaches the other's word
  let below = scanOf(lane, U64(d, s));
  let demand = below.total.x - below.before.x;
  let supply = below.before.y + s;
  let traded = min(demand, supply);
  let imbalance = max(demand, supply) - traded;
  if (lane == 0u) {
    clearing.bid = below.total.x;
    clearing.asked = below.total.y;
    atomicStore(&clearing.volume, 0u);
    atomicStore(&clearing.imbalance, U32_MAX);
    atomicStore(&clearing.first, NO_LEVEL);
    atomicStore(&clearing.ties, 0u);
    margin = Margin(NO_LEVEL, 0u, 0u, 0u);
  }
  workgroupBarrier();
  if (lane < PRICE_LEVELS) {
    atomicMax(&clearing.volume, traded);
  }
  workgroupBarrier();
  let volume = atomicLoad(&clearing.volume);
  let best = lane < PRICE_LEVELS && traded == volume && volume > 0u;
  if (best) {
    atomicMin(&clearing.imbalance, imbalance);
  }
  workgroupBarrier();
  if (best && imbalance == atomicLoad(&clearing.imbalance)) {
    atomicMin(&clearing.first, lane);
    atomicAdd(&clearing.ties, 1u);
  }
  // what is better than the margin is filled, what is left at the margin, nothing of what is worse
  let above = demand - d;
  if (d > 0u && above < volume && volume <= demand) {
    margin.buy = lane;
    margin.buyRest = volume - above;
  }
  if (s > 0u && below.before.y < volume && volume <= supply) {
    margin.sell = lane;
    margin.sellRest = volume - below.before.y;
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
