/**
 * The clearing kernel (clearing.as.ts) bound to one world: where it finds the world's columns and parameters. It does
 * the loops over agents of training.ts, serviceMarket.ts and computeMarket.ts, bit for bit, where a world's columns lie
 * in an Arena's memory.
 */
import {
  METHODS,
  PRICE_LEVELS,
  type TrainingMethodParameters,
  type WorldParameters,
} from '../configs/derive.ts';
import { assert } from '../sim/core/assert.ts';
import { type AnyColumn, type Columns, u32 } from '../sim/core/columns.ts';
import { EXP2_TABLE, LOG2_ONE, LOG2_TABLE, log2Fixed } from '../sim/core/fixed.ts';
import { instantiate } from '../sim/core/webAssembly.ts';
import { KERNEL_BASE64 } from './clearing.generated.ts';

/** The passes over a world's agents. */
export interface ClearingPasses {
  /** A tick of training (training.ts). */
  train(): void;
  /**
   * Admits and clears the orders for compute (computeMarket.ts, batchAuction.ts): see CLEARED, `buyers`, `sellers`.
   * Returns the level, -1 where nothing traded, -2 where the specification must refuse or do it.
   */
  clearCompute(tick: number): number;
  /** Settles its fills: see COMPUTE_SUM; returns 0 and changes nothing where a balance might leave its range. */
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

interface KernelExports extends ClearingPasses {
  columns(): number;
  parameters(): number;
  results(): number;
  log2Table(): number;
  exp2Table(): number;
}

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

/** An exponent in 2^-16 times a log2 in 2^-16, rounded down. */
export const scaleLog = (exponent: number, x: number): number =>
  Math.floor((exponent * log2Fixed(x)) / LOG2_ONE);

/** The part of the exponent of a method's gains that is the same for everybody, 2^-16. */
export const exponentOf = ({ etaLog2, labelExponent, labels }: TrainingMethodParameters): number =>
  etaLog2 + scaleLog(labelExponent, 1 + labels);

/** Cost of a tick of training by a method, milli-cash. */
export const costOf = (method: TrainingMethodParameters, labelPrice: number): number =>
  method.labels * labelPrice + method.environmentPrice;

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
];

interface Kernel {
  readonly passes: ClearingPasses;
  readonly addresses: Uint32Array;
  readonly values: BigInt64Array;
  readonly results: Float64Array;
}
const RESULTS = 16;
const PLACES = 64;
const kernels = new WeakMap<WebAssembly.Memory, Kernel>();

/** The kernel on a memory, instantiated once, its tables in place. */
function kernelOn(memory: WebAssembly.Memory): Kernel {
  const known = kernels.get(memory);
  if (known !== undefined) return known;
  const passes = instantiate<KernelExports>(KERNEL_BASE64, memory);
  const { buffer } = memory;
  new Uint32Array(buffer, passes.log2Table(), LOG2_TABLE.length).set(LOG2_TABLE);
  new BigUint64Array(buffer, passes.exp2Table(), EXP2_TABLE.length).set(
    BigUint64Array.from(EXP2_TABLE, BigInt),
  );
  const kernel = {
    passes,
    addresses: new Uint32Array(buffer, passes.columns(), PLACES),
    values: new BigInt64Array(buffer, passes.parameters(), PLACES),
    results: new Float64Array(buffer, passes.results(), RESULTS),
  };
  kernels.set(memory, kernel);
  return kernel;
}

/** The kernel with one world's descriptor. */
export class Clearing {
  /** Slots of those who won something in the last service market of this world. */
  readonly winners: Uint32Array;
  /** Slots of those who traded in the last auction of compute, until the service market. */
  readonly buyers: Uint32Array;
  readonly sellers: Uint32Array;
  private readonly kernel: Kernel;
  private readonly addresses: Uint32Array;
  private readonly values: BigInt64Array;

  /**
   * @param memory in which the columns lie
   * @throws AssertionError when they lie elsewhere, EnvironmentError where there is no WebAssembly SIMD
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
    assert(
      all.every(({ buffer }) => buffer === memory.buffer),
      'the columns lie in another memory than the kernel',
    );
    this.winners = own.winners;
    this.buyers = own.servers;
    this.sellers = own.winners;
    own.prices.set(parameters.computeMarket.priceTable);
    this.kernel = kernelOn(memory);
    this.addresses = Uint32Array.from(all, ({ byteOffset }) => byteOffset);
    this.values = BigInt64Array.from(valuesOf(parameters), BigInt);
  }

  /** Sums of the last pass, exact integers. */
  get results(): Float64Array {
    return this.kernel.results;
  }

  /** The passes of the world that was opened last. */
  get passes(): ClearingPasses {
    return this.kernel.passes;
  }

  /** Points the kernel, which all worlds of a memory share, to this world; returns its passes. */
  open(): ClearingPasses {
    this.kernel.addresses.set(this.addresses);
    this.kernel.values.set(this.values);
    return this.kernel.passes;
  }
}
