/**
 * settle.ts in four passes over agents, by the kernel: the same amounts in the same order between swaps, and what
 * agents pay reaches the system accounts as sums. So it serves where no journal asks for the entries.
 */
import { amountOutNumber, SwapRate } from './amm.ts';
import { cohortAt } from './claims.ts';
import { ASSET, type Asset, type MarketWorld, SWAP, SYSTEM, TOTAL, WORLD } from './columns.ts';
import { REASON } from './ledger.ts';
import { cashReserve, closeSwap, midPrice, openSwap, tokenReserve } from './pool.ts';
import { sizeSale } from './sale.ts';
import type { Settlement } from './settlement.ts';
import { noteSpending } from './spending.ts';
import { dividendEach, issueNow, issuesNow } from './tokenPolicy.ts';

const rate = new SwapRate();

/** Settles a tick of a world without a journal. */
export function settleInPasses(world: MarketWorld, settlement: Settlement, tick: number): void {
  settlement.open().openBills();
  noteSpending(world, settlement.results[0]!, settlement.results[1]!);
  const purchase = world.parameters.amm.enabled ? sellToken(world, settlement) : 0;
  payBills(world, settlement, purchase, tick);
  const closingPrice = midPrice(world);
  closeAccounts(world, settlement, closingPrice, tick);
  recordWealth(world, settlement, closingPrice);
  world.columns.total[TOTAL.burned] = world.ledger.burned(ASSET.token);
}

/** The aggregate sale; returns the cash offered for token, milli-cash. */
function sellToken(world: MarketWorld, { passes, results }: Settlement): number {
  const { tokenOffered } = world.columns;
  const sold = sizeSale(world, rate, results[2]!, results[3]!, results[4]!);
  const out = sold === 0 ? 0 : amountOutNumber(sold, tokenReserve(world), cashReserve(world));
  if (out === 0) tokenOffered.fill(0);
  else openSwap(world, SWAP.sale);
  const failed = passes.sellAndOffer(out > 0, rate.whole, rate.part);
  if (failed >= 0) refuseSwap(world, ASSET.token, failed, tokenOffered);
  if (out > 0) bookSwap(world, SWAP.sale, ASSET.token, results[0]!, results[1]!, out);
  return results[2]!;
}

/** The aggregate purchase for `offered` milli-cash, and all bills. */
function payBills(world: MarketWorld, { passes, results }: Settlement, offered: number, tick: number): void {
  const { parameters, columns, ledger } = world;
  const { cashOffered, total } = columns;
  const out = offered === 0 ? 0 : amountOutNumber(offered, cashReserve(world), tokenReserve(world));
  if (out === 0) cashOffered.fill(0);
  else {
    rate.set(out, offered);
    openSwap(world, SWAP.purchase);
  }
  const cohort = parameters.trust.cohorts === 0 ? 0 : cohortAt(parameters, tick + 1);
  const failed = passes.payBills(out > 0, rate.whole, rate.part, cohort);
  if (failed >= 0) refuseSwap(world, ASSET.cash, failed, cashOffered);
  if (out > 0) bookSwap(world, SWAP.purchase, ASSET.cash, results[0]!, results[1]!, out);
  const [contracts, court, debts, energy] = [results[2]!, results[3]!, results[4]!, results[5]!];
  const rest = results[6]! + results[8]! + results[10]!;
  ledger.bookPass(ASSET.cash, SYSTEM.supplier, contracts + energy + rest, 0);
  ledger.bookPass(ASSET.cash, SYSTEM.court, court + debts, 0);
  ledger.bookPass(ASSET.cash, SYSTEM.labour, results[7]!, 0);
  ledger.bookPass(ASSET.cash, SYSTEM.consumers, results[9]!, 0);
  if (debts > 0) columns.courtHeld[cohort]! += debts;
  total[TOTAL.energy]! += energy;
  total[TOTAL.insolvencies]! += results[11]!;
}

/** Books a swap of all agents with the pool; what their shares leave of its output goes to the treasury. */
function bookSwap(
  world: MarketWorld,
  row: number,
  give: Asset,
  given: number,
  got: number,
  out: number,
): void {
  const { ledger } = world;
  const get = give === ASSET.token ? ASSET.cash : ASSET.token;
  ledger.bookPass(give, SYSTEM.amm, given, 0);
  ledger.bookPass(get, SYSTEM.amm, 0, got);
  const [amm, treasury] = [ledger.system(SYSTEM.amm), ledger.system(SYSTEM.treasury)];
  ledger.transfer(get, amm, treasury, out - got, REASON.ammRemainder);
  closeSwap(world, row);
}

function refuseSwap({ ledger }: MarketWorld, give: Asset, agent: number, offered: Uint32Array): void {
  ledger.assertSwap(agent, give, offered[agent]!, rate.share(offered[agent]!));
}

/** Hardware, operators, issuance and tax. */
function closeAccounts(world: MarketWorld, settlement: Settlement, closingPrice: number, tick: number): void {
  const { parameters, columns, ledger } = world;
  const { passes, results } = settlement;
  const { scalar, total } = columns;
  const price = scalar[WORLD.hardwarePrice]!;
  const issues = issuesNow(world, tick);
  passes.closeAccounts(tick, scalar[WORLD.tokenPrice]!, closingPrice, price, !issues);
  ledger.bookPass(ASSET.cash, SYSTEM.supplier, results[0]! * price, 0);
  total[TOTAL.capacity]! += results[0]! - results[1]!;
  ledger.bookPass(ASSET.token, SYSTEM.operators, results[2]!, 0);
  ledger.bookPass(ASSET.cash, SYSTEM.operators, results[3]!, 0);
  total[TOTAL.operatorTaken]! += results[4]!;
  if (!issues) bookTax(world, results[5]!, results[6]!);
  else {
    // what is issued now is taxed now
    issueNow(world);
    if (parameters.policy.wealthTax === 0) return;
    passes.levyTax();
    bookTax(world, results[0]!, results[1]!);
  }
}

function bookTax({ ledger }: MarketWorld, token: number, cash: number): void {
  ledger.bookPass(ASSET.token, SYSTEM.treasury, token, 0);
  ledger.bookPass(ASSET.cash, SYSTEM.treasury, cash, 0);
}

/** The dividend, and what everybody then owns. */
function recordWealth(world: MarketWorld, { passes, results }: Settlement, closingPrice: number): void {
  const { columns, ledger } = world;
  const token = dividendEach(world, ASSET.token);
  const cash = dividendEach(world, ASSET.cash);
  const failed = passes.recordWealth(token, cash, closingPrice);
  if (failed >= 0) {
    // one of the two throws
    const treasury = ledger.system(SYSTEM.treasury);
    ledger.transfer(ASSET.token, treasury, failed, token, REASON.dividend);
    ledger.transfer(ASSET.cash, treasury, failed, cash, REASON.dividend);
  }
  const living = results[0]!;
  ledger.bookPass(ASSET.token, SYSTEM.treasury, 0, token * living);
  ledger.bookPass(ASSET.cash, SYSTEM.treasury, 0, cash * living);
  columns.total[TOTAL.dividendToken]! += token * living;
  columns.total[TOTAL.dividendCash]! += cash * living;
}
