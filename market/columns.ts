/**
 * What a world's markets read and write. One object of columns per world; N = slots. Each column says who
 * writes it; every other phase only reads it.
 */

import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { PRICE_LEVELS, type WorldParameters } from '../configs/worldParameters.ts';
import { type Columns, f64, u32 } from '../sim/core/columns.ts';
import type { LedgerColumns } from './accounts.ts';
import type { Clearing } from './clearing.ts';
import type { InducedSchedule } from './inducedSchedule.ts';
import type { Ledger } from './ledger.ts';

export * from './accounts.ts';

import type { Settlement } from './settlement.ts';
import type { TradeSink } from './trades.ts';
import { YUMA_MEMBERS_MAX } from './yuma.ts';

export const MODE = { rentOut: 0, serve: 1, train: 2, idle: 3 } as const;
export const FINANCE = { hold: 0, sellToken: 1, buyToken: 2, stake: 3, unstake: 4, buyHardware: 5 } as const;
export const SIDE = { none: 0, buy: 1, sell: 2 } as const;
/** The population index of a free slot. */
export const FREE_SLOT = 0xffff_ffff;

/** Lengths of columns of mechanisms that can be off: 0 where one is, so that it takes no memory. */
export interface OptionalColumns {
  /** N where sellers may default. */
  readonly contractSlots: number;
  /** Cohorts of claims; 0 where there are no courts. */
  readonly cohorts: number;
  /** N where agents may stake. */
  readonly stakingSlots: number;
  /** N where consumers follow each other. */
  readonly networkSlots: number;
  /** N where the users' pool sells data. */
  readonly dataSlots: number;
  /** N where operators take a share of profits. */
  readonly operatorSlots: number;
  /** N where Yuma consensus issues token, and its members. */
  readonly yumaSlots: number;
  readonly yumaMembers: number;
}
const NOTHING_OPTIONAL: OptionalColumns = {
  contractSlots: 0,
  cohorts: 0,
  stakingSlots: 0,
  networkSlots: 0,
  dataSlots: 0,
  operatorSlots: 0,
  yumaSlots: 0,
  yumaMembers: 0,
};

/** What decides which optional columns a world needs. */
export type MechanismChoice = Pick<
  WorldParameters,
  'trust' | 'staking' | 'serviceMarket' | 'dataOwnership' | 'ownership' | 'policy'
>;

/** The optional columns that a world's mechanisms need. */
export const optionalColumns = (p: MechanismChoice & Pick<WorldParameters, 'slots'>): OptionalColumns => ({
  contractSlots: p.trust.regime === 'off' ? 0 : p.slots,
  cohorts: p.trust.cohorts,
  stakingSlots: p.staking.enabled ? p.slots : 0,
  networkSlots: p.serviceMarket.networkEffect > 0 ? p.slots : 0,
  dataSlots: p.dataOwnership.market ? p.slots : 0,
  operatorSlots: p.ownership.operatorShare > 0 ? p.slots : 0,
  yumaSlots: p.policy.issuance === 'yuma' ? p.slots : 0,
  yumaMembers: p.policy.issuance === 'yuma' ? Math.min(p.slots, YUMA_MEMBERS_MAX) : 0,
});

/** Integer state of agents and markets that is not money. */
export const marketColumnSpec = (slots: number, optional: OptionalColumns = NOTHING_OPTIONAL) => ({
  // --- possessions ---
  /** Compute units per tick. Written by settle (hardware) and live (birth, death), [N]. */
  capacity: u32(slots),
  /** Data units, [N]. */
  data: u32(slots),
  /** Skill per class as a fraction of 2^32, index agent x C + class, [N x C]. */
  skill: u32(slots * CLASS_COUNT),
  /** Reputation as a fraction of 2^32, [N]. */
  reputation: u32(slots),
  /** Index of the population in the slot, FREE_SLOT when nobody lives there. Written by live, [N]. */
  population: u32(slots),
  /** Moving average of tasks sold per tick, 1/256 task, written by the service market, [N]. */
  soldEma: u32(slots),

  // --- intent: what agents want this tick; written by act (agents/), already within what they can afford ---
  mode: u32(slots),
  taskClass: u32(slots),
  /** Asked per task, milli-token. */
  taskAsk: u32(slots),
  /** SIDE of the compute order. */
  computeSide: u32(slots),
  /** Limit price as a level. */
  computeLevel: u32(slots),
  /** Quantity of the compute order, cu. */
  computeQuantity: u32(slots),
  method: u32(slots),
  finance: u32(slots),
  deliver: u32(slots),

  // --- flows of this tick; written by the phases of the market, cleared by income ---
  /** Capacity at the opening of the tick, cu. */
  opened: u32(slots),
  /** Compute at hand, cu: capacity, then plus bought, less sold. */
  compute: u32(slots),
  /**
   * The compute order as admitted and filled: SIDE, level, quantity after the cut to what its owner could
   * cover, and fill, cu. The auction's record: a death leaves it alone, so that laws can be checked when
   * the tick ends.
   */
  orderSide: u32(slots),
  orderLevel: u32(slots),
  orderQuantity: u32(slots),
  orderFilled: u32(slots),
  /**
   * Token that the order's settlement moved, from the balance itself: out of a buyer's, into a seller's, milli-token.
   * Part of the auction's record.
   */
  orderAmount: u32(slots),
  computeFilled: u32(slots),
  /** Paid (buyer) or received after the fee (seller) for compute, milli-token. */
  computeAmount: u32(slots),
  computeUsed: u32(slots),
  tasksOffered: u32(slots),
  tasksSold: u32(slots),
  /** Received for tasks after the fee, milli-token. */
  serviceAmount: u32(slots),
  /**
   * The service auction's record, which a death leaves alone like that of the orders: tasks offered, their class, ask,
   * the seller's quality (2^-32) and worth with bonus per task when offers were scored, milli-token; tasks won, the
   * price of one, and what came into the seller's balance for them, milli-token.
   */
  offerQuantity: u32(slots),
  offerClass: u32(slots),
  offerAsk: u32(slots),
  offerQuality: u32(slots),
  offerWorth: u32(slots),
  offerSold: u32(slots),
  offerPrice: u32(slots),
  offerReceipt: u32(slots),
  labelsUsed: u32(slots),
  /** Sum over classes of skill gained this tick by training, 2^-32. */
  skillGain: u32(slots),
  /** Cash due this tick, milli-cash: training adds its labels and environment, settle the rest. */
  bill: u32(slots),
  /** Token entered into this tick's aggregate sale, milli-token. */
  tokenOffered: u32(slots),
  /** Cash entered into this tick's aggregate purchase, milli-cash. */
  cashOffered: u32(slots),
  /** 1 when the agent could not pay its bill. Written by settle, read by live. */
  insolvent: u32(slots),
  /** Cash spent on hardware this tick, milli-cash. */
  invested: u32(slots),
  /** Wealth in milli-cash at this tick's mid price, saturated at 2^32 - 1. Written by settle. */
  wealth: u32(slots),
  /** Wealth at the end of the previous tick. */
  wealthBefore: u32(slots),

  // --- induced values (validation) ---
  /** Private value (buyer) or cost (seller) as a price level. */
  inducedLevel: u32(slots),
  /** SIDE of the trader. */
  inducedSide: u32(slots),
  /** Units that it may still trade. */
  inducedUnits: u32(slots),

  // --- trust; empty where nobody can default. Flows of the tick are cleared by openContracts ---
  /** 1 where an agent may contract before the court, [N]. */
  registered: u32(optional.contractSlots),
  /** cu sold this tick as a seller, a task counting cuPerTask, and those of them that were not delivered, [N]. */
  contracted: u32(optional.contractSlots),
  breached: u32(optional.contractSlots),
  /** cu bought this tick that did not arrive, [N]. */
  undelivered: u32(optional.contractSlots),
  /** Stake at the opening of the tick, locked for its contracts, and slashed, milli-token, [N]. */
  stakeOpened: u32(optional.contractSlots),
  stakeLocked: u32(optional.contractSlots),
  slashed: u32(optional.contractSlots),
  /** Received of others' slashed stakes, milli-token, [N]. */
  compensated: u32(optional.contractSlots),
  /** Received this tick as side gains and recoveries, milli-cash, [N]. */
  contractCash: u32(optional.contractSlots),
  /** Parts of the bill, milli-cash: effort and audits (supplier), registration and suits, debts due (court), [N]. */
  contractBill: u32(optional.contractSlots),
  courtBill: u32(optional.contractSlots),
  debtDue: u32(optional.contractSlots),
  /** Reputation at the opening of the tick, 2^-32, [N]. */
  reputationBefore: u32(optional.contractSlots),
  /** Owed to and by each agent by due tick, milli-cash, [N x cohorts], agent-major. Written by claims.ts. */
  claims: u32(optional.contractSlots * optional.cohorts),
  liabilities: u32(optional.contractSlots * optional.cohorts),
  /** Owed to consumers and treasury, held by the court for creditors, lost to them, milli-cash, [cohorts]. */
  consumerClaims: f64(optional.cohorts),
  treasuryClaims: f64(optional.cohorts),
  courtHeld: f64(optional.cohorts),
  courtLost: f64(optional.cohorts),
  /** Moving share of the cu paid for that were delivered, 2^-32, [1]. */
  deliveredShare: u32(optional.contractSlots === 0 ? 0 : 1),
  /** Sums since genesis, see TRUST_TOTAL. */
  trustTotal: f64(optional.contractSlots === 0 ? 0 : TRUST_TOTALS),

  // --- staking; written by staking.ts ---
  /** Staked token asked back, milli-token, and the tick in which it is released, [N]. */
  unstakeAmount: u32(optional.stakingSlots),
  unstakeDue: u32(optional.stakingSlots),

  // --- network effect ---
  /** Tasks sold in the last tick, [N]; written by the service market. */
  soldBefore: u32(optional.networkSlots),

  // --- market for data; flows of the tick, cleared by buyData ---
  /** Data units bought from the users' pool, and milli-cash due for them, [N]. */
  dataBought: u32(optional.dataSlots),
  dataBill: u32(optional.dataSlots),

  // --- operators ---
  /** Losses that later profits make up for before the operator takes its share, milli-cash, [N]. */
  lossCarried: u32(optional.operatorSlots),

  // --- Yuma consensus; written by tokenPolicy.ts ---
  /** Sum of quality over the tasks delivered in this epoch, 2^-16, saturated, [N]. */
  epochQuality: u32(optional.yumaSlots),
  /** 1 where the agent in the slot was a member of the last epoch, [N]. */
  yumaTenure: u32(optional.yumaSlots),
  /** Slot of each member of the last epoch, and bonds between them as u16, [m] and [m x m]. */
  yumaMember: u32(optional.yumaMembers),
  yumaBonds: u32(optional.yumaMembers ** 2),

  /** Scratch: a list of slots, such as the living in the order of a random matching. */
  order: u32(slots),

  // --- per world ---
  /** World scalars, see WORLD. */
  scalar: u32(WORLD_SCALARS),
  /** World totals that may pass 2^32, see TOTAL. */
  total: f64(WORLD_TOTALS),
  /** Tasks wanted this tick, after the budget, [CLASS_COUNT]. */
  demand: u32(CLASS_COUNT),
  /** Tasks served this tick, [CLASS_COUNT]. */
  served: u32(CLASS_COUNT),
  /** Best losing (or marginal) score of the tick, milli-token, [CLASS_COUNT]. */
  marginalScore: u32(CLASS_COUNT),
  /** Offset of the demand walk or regime per class, [CLASS_COUNT]. */
  demandState: u32(CLASS_COUNT),
  /** Demand and supply histograms of the last compute auction, [PRICE_LEVELS] each. */
  bidHistogram: u32(PRICE_LEVELS),
  askHistogram: u32(PRICE_LEVELS),
  /** AMM reserves around each swap of this tick, see SWAP, [3 x 4]; zeros where none took place. */
  swapReserves: f64(3 * SWAP_FIELDS),
  /** AMM reserves at the opening of the tick and around a redemption, see POOL_RECORD. */
  poolRecord: f64(POOL_RECORD_FIELDS),
  /** What consumers spent and sellers received for tasks this tick, see SPENDING. */
  spending: f64(SPENDING_FIELDS),
});
export type MarketColumns = Columns<ReturnType<typeof marketColumnSpec>>;

/** Indices into `scalar`. */
export const WORLD = {
  /** Clearing level of the last compute auction with volume. */
  computeLevel: 0,
  /** cu traded this tick. */
  computeVolume: 1,
  /** cu bid and offered this tick. */
  computeBid: 2,
  computeOffered: 3,
  /** Fast (1/8) and slow (1/64) moving averages of the clearing price, milli-token x 2^8. */
  priceFast: 4,
  priceSlow: 5,
  /** Milli-cash per milli-token at the opening of the tick, x 2^16. */
  tokenPrice: 6,
  tokenPriceBefore: 7,
  /** Value of a task of quality 1 this tick, milli-token. */
  taskValue: 8,
  /** Price of one cu of capacity this tick, milli-cash. */
  hardwarePrice: 9,
  /** Living agents. */
  alive: 10,
  /** Median wealth of the living (from a log2 histogram), milli-cash. */
  medianWealth: 11,
  births: 12,
  deaths: 13,
  immigrants: 14,
  /** Equilibrium price of the induced values, in half levels: 2 x level + 1. */
  inducedEquilibrium: 15,
  /** Price of a data unit of the users' pool, milli-cash x 2^8. */
  dataPrice: 16,
  /** Data units that came into the pool since it last traded. */
  dataInflow: 17,
} as const;
const WORLD_SCALARS = 24;

/** Indices into `spending`: the accounts of a tick's service market, milli-token. */
export const SPENDING = {
  /** The consumers' token before and after, as their account shows it. */
  opened: 0,
  closed: 1,
  /** Received by sellers after fees, the sum of `serviceAmount`. */
  receipts: 2,
  /** TOTAL.taskFees, TOTAL.spentToken and tokens paid by slashed sellers to buyers (trustTotal), at the opening. */
  feesBefore: 3,
  spentBefore: 4,
  compensatedBefore: 5,
  /** Slashed stake that consumers received for tasks. */
  compensated: 6,
} as const;
const SPENDING_FIELDS = 8;

/** Swaps of a tick, in order: rows of `swapReserves`. */
export const SWAP = { consumers: 0, sale: 1, purchase: 2 } as const;
/** Fields of a row of `swapReserves`: token and cash before, token and cash after, milli-units. */
export const SWAP_FIELDS = 4;

/** Indices into `poolRecord`, milli-units; the redemption's are zeros where none took place. */
export const POOL_RECORD = {
  openedToken: 0,
  openedCash: 1,
  /** Token and cash before, token and cash after: the fields of a row of `swapReserves`. */
  redemption: 2,
} as const;
const POOL_RECORD_FIELDS = 2 + SWAP_FIELDS;

/** Indices into `total`: running sums since genesis unless a unit says otherwise. */
export const TOTAL = {
  /** Identity of the next agent; serials start at 1. */
  nextSerial: 0,
  births: 1,
  deaths: 2,
  immigrants: 3,
  genesisAgents: 4,
  /** Capacity owned by agents now, cu. */
  capacity: 5,
  /** isqrt(k) of the AMM at genesis. */
  ammRootK: 6,
  /** Paid by consumers for tasks, milli-token; and cash-equivalent at the tick's price, milli-cash. */
  spentToken: 7,
  spentCash: 8,
  computeVolume: 9,
  tasks: 10,
  swaps: 11,
  /** Sum over served tasks of (value x skill), milli-cash. */
  taskValue: 12,
  /** Energy paid, milli-cash. */
  energy: 13,
  labels: 14,
  insolvencies: 15,
  /** Gains on submitted limits in the compute market, milli-token. */
  quoteSurplus: 16,
  /** Induced values: gains made and gains possible, in price levels; units traded and efficient volume. */
  inducedGains: 17,
  inducedGainsMaximum: 18,
  inducedVolume: 19,
  inducedVolumeMaximum: 20,
  /** Sum over traded units of ((price - equilibrium) / equilibrium)^2, 2^-20, each rounded down. */
  inducedSquaredDeviation: 21,
  /** Times that all cash was halved in a world of kelly bets, so that it fits 32 bits. */
  halvings: 22,
  /** Data units in the users' pool now; produced by tasks; given at genesis and to immigrants; sold by the pool. */
  dataPool: 24,
  dataProduced: 25,
  dataFounded: 26,
  dataSold: 27,
  /** Billed by the pool for data, milli-cash. */
  dataRevenue: 28,
  /** Fees on tasks and on compute, milli-token, whatever became of them. */
  taskFees: 29,
  computeFees: 30,
  /** Milli-token issued by the issuance rule; burned for whatever reason. */
  issued: 31,
  burned: 32,
  /** Taken by operators at the closing price, milli-cash. */
  operatorTaken: 33,
  /** Paid out as dividends, milli-token and milli-cash. */
  dividendToken: 34,
  dividendCash: 35,
  /** By training method, in the order of METHODS: agent-ticks, labels, skill gained (2^-32). */
  methodTicks: 36,
  methodLabels: 40,
  methodSkill: 44,
} as const;
const WORLD_TOTALS = 64;

/** Indices into `trustTotal`: sums since genesis. */
export const TRUST_TOTAL = {
  /** cu sold and cu not delivered, tasks counting cuPerTask. */
  contracted: 0,
  defaulted: 1,
  /** Suits filed. */
  suits: 2,
  /** Paid out to creditors, and lost to them, milli-cash. */
  recovered: 3,
  lost: 4,
  /** Milli-token slashed, and of that paid to buyers. */
  slashed: 5,
  compensated: 6,
  /** Milli-token that went through escrow for contracts. */
  escrowed: 7,
  /** Parties registered. */
  registrations: 8,
} as const;
const TRUST_TOTALS = 9;

/** Options of the deliver head. */
export const DELIVER = { honest: 0, default: 1 } as const;

/** What every market phase is given: one world's columns, ledger and parameters. */
export interface MarketWorld {
  readonly parameters: WorldParameters;
  readonly columns: MarketColumns;
  readonly balances: LedgerColumns;
  readonly ledger: Ledger;
  /** Told of every fill, or null. Watching never changes a result. */
  trades?: TradeSink | null;
  /** The settlement kernel; without it settle.ts does the same in more passes. */
  readonly settlement?: Settlement | null;
  /** The clearing kernel; without it the phases that it speeds up do the same in TypeScript. */
  readonly clearing?: Clearing | null;
  /** The kernel of induced values; without it inducedValues.ts does the same in TypeScript. */
  readonly inducedSchedule?: InducedSchedule | null;
}

/** Converts a token amount to cash at a price in 2^-16, rounding down; exact for u32 operands. */
export function tokenToCash(token: number, tokenPrice: number): number {
  const product = token * tokenPrice;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / 0x1_0000);
  const high = Math.floor(token / 0x1_0000);
  return high * tokenPrice + Math.floor(((token - high * 0x1_0000) * tokenPrice) / 0x1_0000);
}

/** Converts a cash amount to token at a price in 2^-16, rounding down, for cash below 2^37. */
export const cashToToken = (cash: number, tokenPrice: number): number =>
  tokenPrice === 0 ? 0 : Math.floor((cash * 0x1_0000) / tokenPrice);
