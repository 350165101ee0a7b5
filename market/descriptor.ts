/** How a world is described to the kernels of settlement and clearing (descriptor.as.ts): columns, parameters, tables. */
import { assert } from '../sim/core/assert.ts';
import type { AnyColumn } from '../sim/core/columns.ts';
import { EXP2_TABLE, LOG2_TABLE } from '../sim/core/fixed.ts';
import { kernelOn } from '../sim/core/webAssembly.ts';

/** What descriptor.as.ts exports beside a kernel's passes: where its parts lie, in bytes. */
interface Places {
  columns(): number;
  parameters(): number;
  results(): number;
  log2Table(): number;
  exp2Table(): number;
}

interface Kernel<Passes> {
  readonly passes: Passes;
  readonly addresses: Uint32Array;
  readonly values: BigInt64Array;
  readonly results: Float64Array;
}
/** Addresses, parameters and results that there is room for. */
const COLUMNS = 72;
const PARAMETERS = 64;
const RESULTS = 16;

function bind<Passes>(kernel: Passes & Places, { buffer }: WebAssembly.Memory): Kernel<Passes> {
  new Uint32Array(buffer, kernel.log2Table(), LOG2_TABLE.length).set(LOG2_TABLE);
  new BigUint64Array(buffer, kernel.exp2Table(), EXP2_TABLE.length).set(
    BigUint64Array.from(EXP2_TABLE, BigInt),
  );
  return {
    passes: kernel,
    addresses: new Uint32Array(buffer, kernel.columns(), COLUMNS),
    values: new BigInt64Array(buffer, kernel.parameters(), PARAMETERS),
    results: new Float64Array(buffer, kernel.results(), RESULTS),
  };
}

/** A kernel, which all worlds of a memory share, with one world's description. */
export class Descriptor<Passes> {
  private readonly kernel: Kernel<Passes>;
  private readonly addresses: Uint32Array;
  private readonly values: BigInt64Array;

  /**
   * @param base64 KERNEL_BASE64 of a kernel that exports descriptor.as.ts
   * @param memory in which the columns lie
   * @param columns in the kernel's order
   * @param parameters integers, in the kernel's order
   * @throws AssertionError when the columns lie elsewhere, EnvironmentError where there is no WebAssembly SIMD
   */
  constructor(
    base64: string,
    memory: WebAssembly.Memory,
    columns: readonly AnyColumn[],
    parameters: readonly number[],
  ) {
    assert(
      columns.every(({ buffer }) => buffer === memory.buffer),
      'the columns lie in another memory than the kernel',
    );
    const fits = columns.length <= COLUMNS && parameters.length <= PARAMETERS;
    assert(fits, 'a kernel has no room for its descriptor');
    this.kernel = kernelOn(base64, memory, (exports: Passes & Places) => bind<Passes>(exports, memory));
    this.addresses = Uint32Array.from(columns, ({ byteOffset }) => byteOffset);
    this.values = BigInt64Array.from(parameters, BigInt);
  }

  /** Takes up other parameters, integers in the kernel's order, from the next `open` on. */
  protected redescribe(parameters: readonly number[]): void {
    this.values.set(BigInt64Array.from(parameters, BigInt));
  }

  /** Sums of the last pass, exact integers. */
  get results(): Float64Array {
    return this.kernel.results;
  }

  /** The passes of the world that was opened last. */
  get passes(): Passes {
    return this.kernel.passes;
  }

  /** Points the kernel to this world; returns its passes. */
  open(): Passes {
    this.kernel.addresses.set(this.addresses);
    this.kernel.values.set(this.values);
    return this.kernel.passes;
  }
}
