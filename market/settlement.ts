/**
 * The settlement kernel (settle.as.ts) bound to one world: where it finds the world's columns and parameters. The
 * passes themselves, in order, are in settlePasses.ts.
 */
import type { WorldParameters } from '../configs/worldParameters.ts';
import type { AnyColumn } from '../sim/core/columns.ts';
import { Descriptor } from './descriptor.ts';
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
  'undelivered',
  'slashed',
] as const;

/** Columns of a world as the kernel needs them, empty where a mechanism is off. */
type SettledColumns = Readonly<Record<(typeof COLUMNS)[number], AnyColumn>>;
type SettledBalances = Readonly<Record<(typeof BALANCES)[number], AnyColumn>>;

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
export class Settlement extends Descriptor<SettlementPasses> {
  private readonly dataMarket: boolean;

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
    const all = [...BALANCES.map((name) => balances[name]), ...COLUMNS.map((name) => columns[name])];
    super(KERNEL_BASE64, memory, all, valuesOf(parameters, columns.dataBill.length > 0));
    this.dataMarket = columns.dataBill.length > 0;
  }

  /** Takes up changed parameters of its world. */
  describe(parameters: WorldParameters): void {
    this.redescribe(valuesOf(parameters, this.dataMarket));
  }
}
