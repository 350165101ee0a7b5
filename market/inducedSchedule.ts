/**
 * The kernel of induced values (inducedValues.as.ts) on one memory. The specification is inducedValues.ts, which asks
 * it where a world's columns lie in an Arena's memory.
 */
import { PRICE_LEVELS, type WorldParameters } from '../configs/worldParameters.ts';
import { assert } from '../sim/core/assert.ts';
import { kernelOn } from '../sim/core/webAssembly.ts';
import { KERNEL_BASE64 } from './inducedValues.generated.ts';

interface KernelExports {
  drawLevels(seed: number, tick: number, slots: number, level: number, side: number): void;
  giveUnits(
    units: number,
    slots: number,
    population: number,
    side: number,
    level: number,
    given: number,
  ): void;
  matchUnits(): void;
  results(): number;
  levels(): number;
}
const RESULTS = 4;

interface InducedColumns {
  readonly population: Uint32Array;
  readonly inducedSide: Uint32Array;
  readonly inducedLevel: Uint32Array;
  readonly inducedUnits: Uint32Array;
}

/** Checks a kernel against the layout of the columns. */
function bind(kernel: KernelExports): KernelExports {
  assert(kernel.levels() === PRICE_LEVELS, 'the kernel of induced values knows other price levels');
  return kernel;
}

/** The kernel with the columns of one world. */
export class InducedSchedule {
  /** Of `possibleGains`: volume, gains, lowest and highest equilibrium level; exact integers. */
  readonly results: Float64Array;
  private readonly kernel: KernelExports;
  private readonly parameters: WorldParameters;
  private readonly columns: InducedColumns;

  /**
   * @param memory in which the columns lie
   * @throws AssertionError when they lie elsewhere, EnvironmentError where there is no WebAssembly SIMD
   */
  constructor(memory: WebAssembly.Memory, parameters: WorldParameters, columns: InducedColumns) {
    const { population, inducedSide, inducedLevel, inducedUnits } = columns;
    assert(
      [population, inducedSide, inducedLevel, inducedUnits].every(({ buffer }) => buffer === memory.buffer),
      'the columns lie in another memory than the kernel',
    );
    this.kernel = kernelOn(KERNEL_BASE64, memory, bind);
    this.parameters = parameters;
    this.columns = { population, inducedSide, inducedLevel, inducedUnits };
    this.results = new Float64Array(memory.buffer, this.kernel.results(), RESULTS);
  }

  /** Every value uniform over the price levels. */
  drawRandomValues(tick: number): void {
    const { seed, slots } = this.parameters;
    const { inducedLevel, inducedSide } = this.columns;
    this.kernel.drawLevels(seed, tick, slots, inducedLevel.byteOffset, inducedSide.byteOffset);
  }

  /** Gives every trader its units; returns the results of matching them from the best of both sides. */
  giveUnits(): Float64Array {
    const { slots, induced } = this.parameters;
    const { population, inducedSide, inducedLevel, inducedUnits } = this.columns;
    this.kernel.giveUnits(
      induced.unitsPerTrader,
      slots,
      population.byteOffset,
      inducedSide.byteOffset,
      inducedLevel.byteOffset,
      inducedUnits.byteOffset,
    );
    this.kernel.matchUnits();
    return this.results;
  }
}
