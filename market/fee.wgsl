// Twin of fee.ts.

/** A fee rate of one, basis points. */
const BPS = 10000u;

/** The fee on an amount, rounded down; the payee keeps the remainder. */
fn feeOf(amount: u32, bps: u32) -> u32 {
  let a = amount / BPS;
  let b = amount - a * BPS;
  return a * bps + (b * bps) / BPS;
}

/** What payments of a market came to, milli-token: received by sellers, fees, and what of these is burned. */
struct Payments {
  received: U64,
  fees: U64,
  burned: U64,
}

fn noPayments() -> Payments {
  return Payments(WIDE_ZERO, WIDE_ZERO, WIDE_ZERO);
}

/** Pays an agent `due` less the fee; returns what it received. */
fn payLessFee(payments: ptr<function, Payments>, agent: u32, due: u32, feeBps: u32) -> u32 {
  let fee = feeOf(due, feeBps);
  let net = due - fee;
  creditAgent(BALANCE_token, agent, wide(net));
  (*payments).received = addWide((*payments).received, wide(net));
  (*payments).fees = addWide((*payments).fees, wide(fee));
  (*payments).burned = addWide((*payments).burned, wide(portion(fee, parameter(PARAMETER_policy_feeBurn))));
  return net;
}

/** Sums of payments: received, fees, burned; further ones of a pass come after them. */
const SUM_RECEIVED = 0u;
const SUM_FEES = 1u;
const SUM_BURNED = 2u;

/** Adds what a thread paid to the sums of all. */
fn addPayments(own: Payments) {
  addToSum(SUM_RECEIVED, own.received);
  addToSum(SUM_FEES, own.fees);
  addToSum(SUM_BURNED, own.burned);
}

/** Books what all threads paid on the account that it came from; one thread, after closeSums. */
fn bookPayments(source: u32, counter: u32) {
  debitSystem(ASSET_token, source, sumAt(SUM_RECEIVED));
  divideFee(source, sumAt(SUM_FEES), sumAt(SUM_BURNED), counter);
}

/** Moves fees from a system account, of which `burned` is burned, and counts them in TOTAL `counter`. */
fn divideFee(source: u32, fees: U64, burned: U64, counter: u32) {
  addTo(COLUMN_total, counter, fees);
  burnSystem(source, burned);
  transferSystem(ASSET_token, source, SYSTEM_treasury, subWide(fees, burned));
}

/** Burns token of a system account. */
fn burnSystem(account: u32, amount: U64) {
  debitSystem(ASSET_token, account, amount);
  countBurned(ASSET_token, amount);
}
