// Twin of sale.ts, by all threads of a world together: each goes over its own slots, and thread 0 divides.

const STEPS_MAX = 32u;

/** Why a total is tried: at first all token, by Newton's step, by a plain step, to leave its offers. */
const SALE_OPENS = 0u;
const SALE_NEWTON = 1u;
const SALE_PLAIN = 2u;
const SALE_ENDS = 3u;

/** The rate of the swap at hand, and what the total that it was set for brings. */
var<workgroup> rate: SwapRate;
var<workgroup> brought: U64;

/** Sum of the offers of the short at a rate, and the shortfall of those whose offer depends on it. */
struct Offers {
  sum: U64,
  elastic: U64,
}

/** Cash that a sale of `total` brings. */
fn cashOut(total: U64) -> U64 {
  return amountOut(total, tokenReserve(), cashReserve());
}

/** Whether an agent that has token lacks cash for its bill. */
fn isShort(agent: u32) -> bool {
  return load(BALANCE_token, agent) != 0u && load(BALANCE_cash, agent) < load(COLUMN_bill, agent);
}

/** Token that an agent sells by choice. */
fn chosenSale(agent: u32) -> u32 {
  let chosen = mulHigh(load(BALANCE_token, agent), parameter(PARAMETER_policy_financeStep));
  return select(0u, chosen, load(COLUMN_finance, agent) == FINANCE_sellToken);
}

/** Token that covers what an agent short of cash lacks, or all it has. */
fn neededSale(agent: u32, at: SwapRate) -> u32 {
  return costAt(at, load(COLUMN_bill, agent) - load(BALANCE_cash, agent), load(BALANCE_token, agent));
}

/** Writes `tokenOffered` and the rate at which the sale is shared out; returns its total, milli-token. */
fn offerToken(lane: u32) -> U64 {
  var voluntary = WIDE_ZERO;
  var most = WIDE_ZERO;
  var short = 0u;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    let has = load(BALANCE_token, i);
    if (has == 0u) {
      continue;
    }
    if (isShort(i)) {
      short += 1u;
      most = addWide(most, wide(has));
    } else {
      let chosen = chosenSale(i);
      store(COLUMN_tokenOffered, i, chosen);
      voluntary = addWide(voluntary, wide(chosen));
    }
  }
  let sums = sumOfTwo(lane, voluntary, most);
  return sizeSale(lane, sums.xy, sums.zw, sumOf(lane, wide(short)).x);
}

/** Sizes the offers of the `short` agents short of cash and sets the rate of the sale; returns its total. */
fn sizeSale(lane: u32, voluntary: U64, most: U64, short: u32) -> U64 {
  let all = addWide(voluntary, most);
  if (isZero(all)) {
    return WIDE_ZERO;
  }
  let sold = findTotal(lane, voluntary, all, short);
  // the executed price can only be better than the one that the offers were sized for
  if (lane == 0u && !isZero(sold)) {
    brought = cashOut(sold);
    rate = higherRate(rate, rateOf(brought, sold));
  }
  workgroupBarrier();
  return sold;
}

/** Sets the rate of a sale of `total` > 0, and what the short offer at it. */
fn offersAt(lane: u32, total: U64) -> Offers {
  workgroupBarrier();
  if (lane == 0u) {
    brought = cashOut(total);
    rate = rateOf(brought, total);
  }
  workgroupBarrier();
  let trial = rate;
  var sum = WIDE_ZERO;
  var elastic = WIDE_ZERO;
  for (var i = lane; i < SLOTS; i += WORKGROUP) {
    if (isShort(i)) {
      let needed = neededSale(i, trial);
      let least = chosenSale(i);
      if (needed < load(BALANCE_token, i) && needed > least) {
        elastic = addWide(elastic, wide(load(COLUMN_bill, i) - load(BALANCE_cash, i)));
      }
      let offered = max(needed, least);
      store(COLUMN_tokenOffered, i, offered);
      sum = addWide(sum, wide(offered));
    }
  }
  let sums = sumOfTwo(lane, sum, elastic);
  return Offers(sums.xy, sums.zw);
}

/**
 * Finds a total Y with X(r(Y)) <= Y, close to equality, by Newton's method from `all`, where that holds; leaves its rate
 * and offers, and returns what these come to. One loop with one trial in each round, since compilers copy a function
 * to wherever it is called: `plan` is why this trial is made.
 */
fn findTotal(lane: u32, voluntary: U64, all: U64, short: u32) -> U64 {
  var total = all;
  var offered = all;
  var trial = all;
  var plan = SALE_OPENS;
  var steps = 0u;
  loop {
    let found = offersAt(lane, trial);
    let now = addWide(voluntary, found.sum);
    if (plan == SALE_ENDS) {
      return now;
    }
    let tooFew = plan != SALE_OPENS && lessWide(trial, now);
    if (tooFew && plan == SALE_NEWTON) {
      // past a kink where someone's chosen sale covers its bill; a plain step down never leaves the right side
      trial = offered;
      plan = SALE_PLAIN;
      continue;
    }
    var planned = SALE_ENDS;
    var next = total;
    if (!tooFew) {
      total = trial;
      offered = now;
      next = total;
      if (lane == 0u && steps < STEPS_MAX && short > 0u) {
        // rounding: one unit an agent, and the token that one milli-cash of the pool's rounding costs
        let unit = maxWide(brought, wide(1u));
        let slack = addWide(wide(short), mulDivUp(total, wide(1u), unit));
        let excess = subWide(total, offered);
        let cash = cashReserve();
        if (lessWide(slack, excess)) {
          planned = SALE_PLAIN;
          next = offered;
          if (lessWide(found.elastic, cash)) {
            planned = SALE_NEWTON;
            next = newtonTotal(total, subWide(excess, slack), cash, found.elastic);
          }
        }
      }
      steps += 1u;
    }
    // the last trial stands, unless it offered too little: then the one before is made again
    plan = agree(lane, planned);
    if (plan == SALE_ENDS && !tooFew) {
      return now;
    }
    trial = agreeWide(lane, next);
  }
}

/** total - excess / (1 - elastic / cash), the quotient rounded down, at least 1. */
fn newtonTotal(total: U64, excess: U64, cash: U64, elastic: U64) -> U64 {
  let rest = subWide(cash, elastic);
  // a quotient of the total or more, which may pass 2^64
  if (lessWide(mulDiv(total, rest, cash), excess)) {
    return wide(1u);
  }
  return maxWide(wide(1u), subWide(total, mulDiv(excess, cash, rest)));
}
