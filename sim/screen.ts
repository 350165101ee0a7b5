/**
 * Screens a world for breaches of the laws, all of them in a few passes of SIMD (screen.as.ts), so that checking every
 * law on every tick costs little. The laws themselves (market/laws.ts, agents/laws.ts) stay the specification: one that
 * a screen cannot clear is asked, and it alone accuses. A screen may suspect in vain, but clears no law that is broken.
 */
import { HEADS, LANES, LOGIT_COUNT } from '../agents/brain/layout.ts';
import { type AgentColumns, type AgentWorld, GENE, UNIT_NORM_GENES } from '../agents/columns.ts';
import { isUnrewarded } from '../agents/rewardGenome.ts';
import { CLASS_COUNT } from '../configs/taskClasses.ts';
import { PRICE_LEVELS, SCORE_BUCKETS } from '../configs/worldParameters.ts';
import {
  type MarketWorld,
  POOL_RECORD,
  SPENDING,
  SWAP,
  SYSTEM,
  SYSTEM_COUNT,
  TOTAL,
  WORLD,
} from '../market/columns.ts';
import { issuable } from '../market/laws.ts';
import { assert } from './core/assert.ts';
import type { AnyColumn } from './core/columns.ts';
import { kernelOn } from './core/webAssembly.ts';
import { KERNEL_BASE64 } from './screen.generated.ts';

/** Laws of every tick that a screen can clear, in the order of the bits of its result. */
export const SCREENED_LAWS = [
  'balances-in-range',
  'conservation',
  'compute-used',
  'bought-equals-sold',
  'clearing',
  'uniform-price',
  'tasks',
  'slashing-within-stake',
  'claims-equal-liabilities',
  'welfare-accounting',
  'data-conserved',
  'capacity-total',
  'population-balance',
  'escrow-empty',
  'amm-k',
  'minted-equals-issued',
] as const;
/** Those of the laws that are checked rarely; their bits come next. */
export const RARELY_SCREENED_LAWS = ['empty-slots', 'unit-norm', 'probabilities'] as const;

const BITS = new Map<string, number>(
  [...SCREENED_LAWS, ...RARELY_SCREENED_LAWS].map((law, bit) => [law, 1 << bit]),
);
/** The bit of a law in what a screen returns; 0 where no screen clears it. */
export const screenBit = (law: string): number => BITS.get(law) ?? 0;

/** The kernel's descriptor and working memory, in bytes from the start of an Arena's memory: below ARENA_START. */
const SCREEN_START_BYTES = 96 * 1024;
const SCREEN_BYTES = 16 * 1024;
/** Sums of u32 columns of more slots need not be exact as doubles; such a world has no screen. */
export const SCREEN_SLOTS_MAX = 2 ** 20;
/** Populations for whose norms there is room. */
const POPULATIONS_MAX = 1024;
/** Quantities below 2^29 leave signed 32 bits room for sums of four. */
const QUANTITY_BITS_MAX = 29;

const FLAG = {
  book: 1,
  contracts: 2,
  onePrice: 4,
  service: 8,
  payAsk: 16,
  audited: 32,
  worthByQuality: 64,
  trials: 128,
  markets: 256,
} as const;

interface ScreenKernel {
  readonly screen: (descriptor: number, price: number, issuable: number) => number;
  readonly screenRare: (descriptor: number) => number;
  readonly normsOffset: () => number;
  readonly descriptorWords: () => number;
  readonly priceLevels: () => number;
  readonly classCount: () => number;
  readonly logitCount: () => number;
  readonly laneCount: () => number;
}

/** One kernel a memory, and the screen whose descriptor lies in it: worlds of one thread take turns. */
interface Bound {
  readonly kernel: ScreenKernel;
  readonly descriptor: Uint32Array<ArrayBuffer>;
  readonly norms: Float32Array<ArrayBuffer>;
  screen: LawScreen | null;
}

const boundTo = (memory: WebAssembly.Memory): Bound =>
  kernelOn(KERNEL_BASE64, memory, (kernel: ScreenKernel) => bind(kernel, memory));

function bind(kernel: ScreenKernel, memory: WebAssembly.Memory): Bound {
  const agree =
    kernel.priceLevels() === PRICE_LEVELS &&
    kernel.classCount() === CLASS_COUNT &&
    kernel.logitCount() === LOGIT_COUNT &&
    kernel.laneCount() === LANES &&
    [SWAP.consumers, SWAP.sale, SWAP.purchase].join() === '0,1,2' &&
    [POOL_RECORD.openedToken, POOL_RECORD.openedCash, POOL_RECORD.redemption].join() === '0,1,2' &&
    HEADS.map(({ size }) => size).join() === '4,4,5,5,2,6,4,2';
  assert(agree, 'the kernel of screens and the layout of columns disagree');
  const buffer = memory.buffer as ArrayBuffer;
  const first = SCREEN_START_BYTES + kernel.normsOffset();
  assert(kernel.normsOffset() + 4 * POPULATIONS_MAX <= SCREEN_BYTES, 'screens outgrew their place in memory');
  return {
    kernel,
    descriptor: new Uint32Array(buffer, SCREEN_START_BYTES, kernel.descriptorWords()),
    norms: new Float32Array(buffer, first, POPULATIONS_MAX),
    screen: null,
  };
}

/** What a screen reads; without agents it knows the laws of the markets alone. */
export interface ScreenedWorld extends Pick<MarketWorld, 'parameters' | 'columns' | 'balances' | 'ledger'> {
  readonly agents?: AgentColumns;
  readonly brain?: AgentWorld['brain'];
  readonly logitMask?: number;
}

/** The screen of one world whose columns, brains perhaps excepted, all lie in one memory. */
export class LawScreen {
  private readonly world: ScreenedWorld;
  private readonly bound: Bound;
  private descriptor: Uint32Array<ArrayBuffer>;
  private readonly norms: Float32Array<ArrayBuffer>;

  /** @param memory in which the columns lie; its bytes from SCREEN_START_BYTES are the screen's */
  constructor(world: ScreenedWorld, memory: WebAssembly.Memory) {
    this.world = world;
    this.bound = boundTo(memory);
    this.descriptor = Uint32Array.from(describe(world, memory.buffer as ArrayBuffer));
    assert(this.descriptor.length === this.bound.descriptor.length, 'screen and kernel have other words');
    const { slots, populations } = world.parameters;
    const fits = slots <= SCREEN_SLOTS_MAX && populations.length <= POPULATIONS_MAX;
    assert(fits, `a world of ${slots} slots and ${populations.length} populations is too large for a screen`);
    this.norms = Float32Array.from(populations, (population) => (isUnrewarded(population) ? 0 : 1));
  }

  /** Takes up changed parameters of its world. */
  describe(): void {
    const { buffer } = this.world.columns.scalar;
    this.descriptor = Uint32Array.from(describe(this.world, buffer as ArrayBuffer));
    if (this.bound.screen === this) this.bound.screen = null;
  }

  /** Bits (screenBit) of the laws of every tick that may be broken. */
  suspects(): number {
    const { parameters, columns, ledger } = this.world;
    const price = parameters.computeMarket.priceTable[columns.scalar[WORLD.computeLevel]!] ?? Number.NaN;
    return this.take().screen(SCREEN_START_BYTES, price, issuable(parameters, ledger.tick));
  }

  /** Bits of the rarely checked laws that may be broken. */
  rareSuspects(): number {
    assert(this.world.agents !== undefined, 'a market without agents has no laws of agents');
    const suspects = this.take().screenRare(SCREEN_START_BYTES);
    return this.world.brain?.apart ? suspects | screenBit('probabilities') : suspects;
  }

  /** The kernel, with this world's descriptor in place. */
  private take(): ScreenKernel {
    const { bound } = this;
    if (bound.screen !== this) {
      bound.descriptor.set(this.descriptor);
      bound.norms.set(this.norms);
      bound.screen = this;
    }
    return bound.kernel;
  }
}

/** The screen of a world, or null where it has too many slots or populations for one: its laws are then all asked. */
export function screenOf(world: ScreenedWorld, memory: WebAssembly.Memory): LawScreen | null {
  const { slots, populations } = world.parameters;
  return slots > SCREEN_SLOTS_MAX || populations.length > POPULATIONS_MAX
    ? null
    : new LawScreen(world, memory);
}

/** The words of a descriptor, in the order of screen.as.ts. */
function describe(
  { parameters, columns: c, balances: b, agents, brain, logitMask }: ScreenedWorld,
  buffer: ArrayBuffer,
) {
  const { slots, doubleAuction, trust, serviceMarket, computeMarket, populations } = parameters;
  const address = (column: AnyColumn | undefined, index = 0): number => {
    if (column === undefined || column.length === 0) return 0;
    assert(column.buffer === buffer, 'a screen needs all columns in one memory');
    return column.byteOffset + index * column.BYTES_PER_ELEMENT;
  };
  // brains in other memories are out of the kernel's reach: their law is always asked
  const minds = brain === undefined || brain.apart ? undefined : brain.shards[0]!.columns;
  const audited = trust.regime === 'programmatic';
  const byQuality =
    serviceMarket.networkEffect === 0 && (trust.regime === 'off' || trust.reputationWeight === 0);
  const flags =
    (doubleAuction.enabled ? FLAG.book : 0) |
    (c.undelivered.length > 0 ? FLAG.contracts : 0) |
    (doubleAuction.enabled || audited ? 0 : FLAG.onePrice) |
    (serviceMarket.enabled ? FLAG.service : 0) |
    (serviceMarket.pricing === 'ask' ? FLAG.payAsk : 0) |
    (audited ? FLAG.audited : 0) |
    (byQuality ? FLAG.worthByQuality : 0) |
    (agents !== undefined && agents.trialStage.length > 0 ? FLAG.trials : 0) |
    (parameters.environment.kind === 'none' ? FLAG.markets : 0);
  // so many bits that the sum over all slots fits 32
  const quantityBits = Math.min(QUANTITY_BITS_MAX, Math.clz32(slots - 1));
  return [
    slots,
    flags,
    (0xffff_ffff << quantityBits) >>> 0,
    computeMarket.feeBps,
    serviceMarket.feeBps,
    serviceMarket.networkEffect,
    SCORE_BUCKETS,
    trust.cohorts,
    SYSTEM_COUNT,
    populations.length,
    logitMask ?? 0,
    UNIT_NORM_GENES,
    address(b.token),
    address(b.stake),
    address(b.cash),
    address(b.systemToken),
    address(b.systemCash),
    address(b.supply),
    address(c.capacity),
    address(c.data),
    address(c.population),
    address(c.opened),
    address(c.computeUsed),
    address(c.undelivered),
    address(c.orderSide),
    address(c.orderLevel),
    address(c.orderQuantity),
    address(c.orderFilled),
    address(c.orderAmount),
    address(c.computeAmount),
    address(c.bidHistogram),
    address(c.askHistogram),
    address(c.tasksOffered),
    address(c.tasksSold),
    address(c.offerQuantity),
    address(c.offerClass),
    address(c.offerAsk),
    address(c.offerQuality),
    address(c.offerWorth),
    address(c.offerSold),
    address(c.offerPrice),
    address(c.offerReceipt),
    address(c.demand),
    address(c.served),
    address(c.stakeOpened),
    address(c.stakeLocked),
    address(c.slashed),
    address(c.claims),
    address(c.liabilities),
    address(c.consumerClaims),
    address(c.treasuryClaims),
    address(c.courtHeld),
    address(c.courtLost),
    address(agents?.serial),
    address(agents?.genes, GENE.linear * slots),
    address(agents?.shadowGenes, GENE.linear * slots),
    address(agents?.trialStage),
    address(agents?.trialGenes, GENE.linear * slots),
    address(brain?.columns.active),
    address(minds?.fresh),
    address(minds?.probability),
    address(c.scalar, WORLD.computeLevel),
    address(c.scalar, WORLD.computeVolume),
    address(c.scalar, WORLD.taskValue),
    address(c.total, TOTAL.capacity),
    address(c.total, TOTAL.dataPool),
    address(c.total, TOTAL.dataProduced),
    address(c.total, TOTAL.dataFounded),
    address(c.total, TOTAL.genesisAgents),
    address(c.total, TOTAL.births),
    address(c.total, TOTAL.immigrants),
    address(c.total, TOTAL.deaths),
    address(c.total, TOTAL.taskFees),
    address(c.total, TOTAL.spentToken),
    address(c.spending, SPENDING.opened),
    address(c.spending, SPENDING.closed),
    address(c.spending, SPENDING.receipts),
    address(c.spending, SPENDING.feesBefore),
    address(c.spending, SPENDING.spentBefore),
    address(c.spending, SPENDING.compensated),
    address(b.systemCash, SYSTEM.court),
    address(b.systemToken, SYSTEM.escrow),
    address(b.systemCash, SYSTEM.escrow),
    address(b.systemToken, SYSTEM.amm),
    address(b.systemCash, SYSTEM.amm),
    address(c.total, TOTAL.issued),
    address(c.swapReserves),
    address(c.poolRecord),
  ];
}
