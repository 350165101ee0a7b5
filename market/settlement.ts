/**
 * The settlement kernel (settle.as.ts) bound to one world: where it finds the world's columns and parameters. The
 * passes themselves, in order, are in settlePasses.ts.
 */
import type { WorldParameters } from '../configs/derive.ts';
import { assert } from '../sim/core/assert.ts';
import { EXP2_TABLE, LOG2_TABLE } from '../sim/core/fixed.ts';
import { instantiate } from '../sim/core/webAssembly.ts';
import { KERNEL_BASE64 } from './settle.generated.ts';

/**
 * The passes over a world's agents; amounts are exact in doubles. Those that return a number return the first agent
 * whose balance would leave its range, and stop there, or -1. Sums are left in `results`, in the order that
 * settle.as.ts gives.
 */
export interface SettlementPasses {
  openBills(): void;
  sellAndOffer(sells: boolean, whole: number, part: number): number;
  payBills(buys: boolean, whole: number, part: number, cohort: number): number;
  closeAccounts(tick: number, opening: number, closing: number, hardware: number, taxes: boolean): void;
  levyTax(): void;
  recordWealth(tokenEach: number, cashEach: number, price: number): number;
  moveStakes(tick: number): number;
}

interface KernelExports extends SettlementPasses {
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
  'computeUsed',
  'computeFilled',
  'orderSide',
  'bill',
  'opened',
  'serviceAmount',
  'compensated',
  'finance',
  'tokenOffered',
  'cashOffered',
  'order',
  'contractBill',
  'courtBill',
  'debtDue',
  'labelsUsed',
  'insolvent',
  'dataBill',
  'capacity',
  'invested',
  'computeAmount',
  'contractCash',
  'lossCarried',
  'tasksSold',
  'breached',
  'skill',
  'taskClass',
  'epochQuality',
  'wealth',
  'wealthBefore',
  'unstakeAmount',
  'unstakeDue',
  'liabilities',
] as const;
const RESULTS = 16;

/** Columns of a world as the kernel needs them, empty where a mechanism is off. */
type SettledColumns = Readonly<Record<(typeof COLUMNS)[number], Uint32Array>>;
type SettledBalances = Readonly<Record<(typeof BALANCES)[number], Uint32Array>>;

/** The parameters of the kernel's descriptor, in its order. */
const valuesOf = (p: WorldParameters, dataMarket: boolean): number[] => [
  p.slots,
  p.induced.enabled ? 0 : p.energy.price,
  p.energy.subsistence,
  p.ownership.scaleLog2,
  p.ownership.device,
  p.ownership.capitalCost,
  Number(p.amm.enabled),
  p.policy.financeStep,
  Number(p.trust.regime !== 'off'),
  p.trust.cohorts,
  p.training.labelPrice,
  Number(dataMarket),
  Number(p.hardware.enabled),
  p.hardware.capacityMax,
  p.hardware.runway,
  p.hardware.wear,
  p.seed,
  p.ownership.operatorShare,
  Number(p.policy.issuance === 'yuma'),
  p.policy.wealthTax,
  p.staking.delay,
];

/** The kernel with one world's descriptor. */
export class Settlement {
  readonly passes: SettlementPasses;
  /** Sums of the last pass, exact integers. */
  readonly results: Float64Array;
  private readonly addresses: Uint32Array;
  private readonly values: Float64Array;
  private readonly addressPlace: Uint32Array;
  private readonly valuePlace: Float64Array;

  /**
   * @param memory in which the columns lie
   * @throws AssertionError when they lie elsewhere, EnvironmentError where there is no WebAssembly SIMD
   */
  constructor(
    memory: WebAssembly.Memory,
    parameters: WorldParameters,
    balances: SettledBalances,
    columns: SettledColumns,
  ) {
    const kernel = instantiate<KernelExports>(KERNEL_BASE64, memory);
    const all = [...BALANCES.map((name) => balances[name]), ...COLUMNS.map((name) => columns[name])];
    assert(
      all.every(({ buffer }) => buffer === memory.buffer),
      'the columns lie in another memory than the kernel',
    );
    const { buffer } = memory;
    this.passes = kernel;
    this.addresses = Uint32Array.from(all, ({ byteOffset }) => byteOffset);
    this.values = Float64Array.from(valuesOf(parameters, columns.dataBill.length > 0));
    this.addressPlace = new Uint32Array(buffer, kernel.columns(), this.addresses.length);
    this.valuePlace = new Float64Array(buffer, kernel.parameters(), this.values.length);
    this.results = new Float64Array(buffer, kernel.results(), RESULTS);
    new Uint32Array(buffer, kernel.log2Table(), LOG2_TABLE.length).set(LOG2_TABLE);
    new Float64Array(buffer, kernel.exp2Table(), EXP2_TABLE.length).set(EXP2_TABLE);
  }

  /** Points the kernel, which all worlds of a memory share, to this world; returns its passes. */
  open(): SettlementPasses {
    this.addressPlace.set(this.addresses);
    this.valuePlace.set(this.values);
    return this.passes;
  }
}
