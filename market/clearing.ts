/**
 * The clearing kernel (clearing.as.ts) bound to one world: where it finds the world's columns and parameters. It does
 * the loops over agents of training.ts, serviceMarket.ts and computeMarket.ts, bit for bit, where a world's columns lie
 * in an Arena's memory.
 */
import { METHODS, PRICE_LEVELS, type WorldParameters } from '../configs/worldParameters.ts';
import { type AnyColumn, type Columns, u32 } from '../sim/core/columns.ts';
import { KERNEL_BASE64 } from './clearing.generated.ts';
import { Descriptor } from './descriptor.ts';
import { costOf, exponentOf } from './trainingMethod.ts';

/** The passes over a world's agents. */
export interface ClearingPasses {
  /** A tick of training (training.ts). */
  train(): void;
  /**
   * Admits and clears the orders for compute (computeMarket.ts, batchAuction.ts): see CLEARED, `buyers`, `sellers`.
   * Returns the level, -1 where nothing traded, -2 where the specification must refuse or do it.
   */
  clearCompute(tick: number): number;
  /** Settles its fills, induced units too: see COMPUTE_SUM; returns 0 and changes nothing where a balance might leave its range. */
  payCompute(tick: number, level: number, buyers: number, sellers: number, consumersCash: number): number;
  /** The service market up to payment (serviceMarket.ts); returns how many won something, listed in `winners`. */
  sellTasks(tick: number, shift: number): number;
  /**
   * Pays and delivers what they sold, out of the consumers' token and cash; returns 0 and changes nothing where a
   * balance might leave its range. Leaves in `results` what system accounts paid and received, see TASK_SUM.
   */
  payTasks(tick: number, winners: number, consumersToken: number, consumersCash: number): number;
}

/** What clearCompute leaves in `results`: cu bid, offered and traded, how many agents bought and sold. */
export const CLEARED = { bid: 0, offered: 1, volume: 2, buyers: 3, sellers: 4 } as const;

/** What payCompute leaves in `results`, milli-units. */
export const COMPUTE_SUM = {
  /** Token that buyers paid, got back, and got of slashed stakes. */
  gross: 0,
  refunded: 1,
  compensation: 2,
  /** Token that sellers received, fees, and what of these is burned. */
  received: 3,
  fees: 4,
  burned: 5,
  /** Consumers' cash for side gains. */
  gains: 6,
  /** cu that did not arrive, and whose price was given back. */
  undelivered: 7,
  caught: 8,
} as const;

/** What payTasks leaves in `results`, milli-units. */
export const TASK_SUM = {
  /** Token that sellers received, fees, and what of these is burned. */
  received: 0,
  fees: 1,
  burned: 2,
  /** Slashed stake for consumers, and the rest of it. */
  compensation: 3,
  slashRest: 4,
  /** Consumers' cash for side gains and for audits. */
  gains: 5,
  audits: 6,
} as const;

/** Columns to which the kernel's descriptor points, in its order. */
const BALANCES = ['token', 'cash', 'stake'] as const;
const COLUMNS = [
  'population',
  'mode',
  'taskClass',
  'method',
  'compute',
  'computeUsed',
  'labelsUsed',
  'bill',
  'data',
  'skill',
  'skillGain',
  'scalar',
  'total',
  'taskAsk',
  'tasksOffered',
  'tasksSold',
  'soldEma',
  'reputation',
  'offerQuantity',
  'offerClass',
  'offerAsk',
  'offerQuality',
  'offerWorth',
  'offerSold',
  'offerPrice',
  'offerReceipt',
  'serviceAmount',
  'soldBefore',
  'demand',
  'served',
  'marginalScore',
  'deliver',
  'registered',
  'contracted',
  'breached',
  'stakeLocked',
  'slashed',
  'contractCash',
  'contractBill',
  'courtBill',
  'unstakeAmount',
  'trustTotal',
] as const;
const LISTS = ['servers', 'winners', 'fills'] as const;
const ORDERS = [
  'computeSide',
  'computeLevel',
  'computeQuantity',
  'orderSide',
  'orderLevel',
  'orderQuantity',
  'orderFilled',
  'orderAmount',
  'computeFilled',
  'computeAmount',
  'bidHistogram',
  'askHistogram',
  'undelivered',
  'compensated',
  'inducedSide',
  'inducedLevel',
  'inducedUnits',
] as const;
/** Regimes of trust as the kernel numbers them. */
const REGIMES = ['off', 'none', 'legal', 'programmatic'] as const;

/** Columns of the kernel's own, which are no state: slots of those who take part in a market, and their fills. */
export const clearingColumnSpec = (slots: number) => ({
  servers: u32(slots),
  winners: u32(slots),
  fills: u32(slots),
  /** Prices of compute by level, milli-token. */
  prices: u32(PRICE_LEVELS),
});
export type ClearingColumns = Columns<ReturnType<typeof clearingColumnSpec>>;

type ClearedColumns = Readonly<Record<(typeof COLUMNS)[number] | (typeof ORDERS)[number], AnyColumn>>;
type ClearedBalances = Readonly<Record<(typeof BALANCES)[number], AnyColumn>>;

/** The parameters of the kernel's descriptor, in its order. */
const valuesOf = ({
  slots,
  seed,
  training,
  hardware,
  serviceMarket,
  trust,
  policy,
  dataOwnership,
  computeMarket,
  induced,
  amm,
}: WorldParameters): number[] => [
  slots,
  training.maxCompute,
  training.depreciation,
  hardware.trainingRunway,
  ...METHODS.flatMap((_, m) => {
    const method = training.methods[m]!;
    return [
      method.labels,
      costOf(method, training.labelPrice),
      exponentOf(method),
      method.computeExponent,
      method.dataExponent,
    ];
  }),
  seed,
  serviceMarket.cuPerTask,
  serviceMarket.maxTasks,
  serviceMarket.networkEffect,
  Number(serviceMarket.pricing === 'ask'),
  serviceMarket.feeBps,
  serviceMarket.value,
  REGIMES.indexOf(trust.regime),
  trust.reputationWeight,
  trust.registrationFee,
  trust.stakePerUnit,
  trust.slashToBuyer,
  trust.effort,
  trust.sideGain,
  trust.reputationGain,
  trust.reputationLoss,
  trust.audit,
  trust.falseAlarm,
  trust.auditFee,
  policy.feeBurn,
  training.dataPerTask,
  dataOwnership.poolShare,
  computeMarket.feeBps,
  Number(induced.enabled),
  Number(amm.enabled),
];

/** The kernel with one world's descriptor. */
export class Clearing extends Descriptor<ClearingPasses> {
  /** Slots of those who won something in the last service market of this world. */
  readonly winners: Uint32Array;
  /** Slots of those who traded in the last auction of compute, until the service market. */
  readonly buyers: Uint32Array;
  readonly sellers: Uint32Array;

  /**
   * @param memory in which the columns lie
   * @throws AssertionError when the columns lie elsewhere, EnvironmentError where there is no WebAssembly SIMD
   */
  constructor(
    memory: WebAssembly.Memory,
    parameters: WorldParameters,
    balances: ClearedBalances,
    columns: ClearedColumns,
    own: ClearingColumns,
  ) {
    const all = [
      ...BALANCES.map((name) => balances[name]),
      ...COLUMNS.map((name) => columns[name]),
      ...LISTS.map((name) => own[name]),
      ...ORDERS.map((name) => columns[name]),
      own.prices,
    ];
    super(KERNEL_BASE64, memory, all, valuesOf(parameters));
    this.winners = own.winners;
    this.buyers = own.servers;
    this.sellers = own.winners;
    own.prices.set(parameters.computeMarket.priceTable);
  }

  /** Takes up changed parameters of its world, whose price table stays. */
  describe(parameters: WorldParameters): void {
    this.redescribe(valuesOf(parameters));
  }
}
