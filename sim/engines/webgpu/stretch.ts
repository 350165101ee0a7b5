/** Many ticks of a batch as few command buffers, timed phase by phase where that is asked for. */
import { assert } from '../../core/assert.ts';
import type { Batch } from './batch.ts';
import { USAGE } from './device.ts';
import type { DevicePhase } from './phase.ts';
import { type CompiledPhase, compilePhase, encodePhase } from './program.ts';

/** Ticks of one command buffer: long enough to keep the device busy, short enough for drivers that end long ones. */
const TICKS_PER_SUBMIT = 16;
/** Submits that may wait for the device. */
const SUBMITS_AHEAD = 4;
/** Bytes of a timestamp, which is in nanoseconds. */
const STAMP_BYTES = 8;

/** Somebody whom each tick waits for before one of its phases, to read or write what agents do. */
export interface Visit {
  /** Name of the phase. */
  readonly before: string;
  readonly meet: (tick: number) => Promise<void>;
}

export class Stretch {
  readonly phases: readonly CompiledPhase[];
  readonly batch: Batch;
  private readonly endTick: (encoder: GPUComputePassEncoder) => void;

  private constructor(
    batch: Batch,
    phases: readonly CompiledPhase[],
    endTick: (encoder: GPUComputePassEncoder) => void,
  ) {
    this.batch = batch;
    this.phases = phases;
    this.endTick = endTick;
  }

  /**
   * Compiles the phases of a batch's ticks.
   *
   * @throws EngineError with the compiler's message
   */
  static async compile(batch: Batch, phases: readonly DevicePhase[]): Promise<Stretch> {
    const { gpu, bindings, layout, parameters } = batch;
    const compiled: CompiledPhase[] = [];
    for (const phase of phases)
      compiled.push(await compilePhase(gpu, bindings, phase, layout, parameters[0]!));
    return new Stretch(batch, compiled, await batch.compileClock());
  }

  /**
   * Runs ticks from..to-1, or as many as there are until a world wants to be looked at.
   *
   * @returns the tick that comes next
   */
  async run(from: number, to: number, visit: Visit | null = null): Promise<number> {
    if (visit !== null) return this.runVisited(from, to, visit);
    const { device } = this.batch.gpu;
    for (let tick = from, submits = 1; tick < to; tick += TICKS_PER_SUBMIT, submits++) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (let k = tick; k < Math.min(to, tick + TICKS_PER_SUBMIT); k++) {
        for (const phase of this.phases) encodePhase(pass, this.batch, phase);
        this.endTick(pass);
      }
      pass.end();
      device.queue.submit([encoder.finish()]);
      if (submits % SUBMITS_AHEAD > 0) continue;
      const { tick: reached, halted } = await this.batch.progress();
      if (halted) return reached;
    }
    return (await this.batch.progress()).tick;
  }

  /** The same with a visit between phases: a submit before and one after it. */
  private async runVisited(from: number, to: number, { before, meet }: Visit): Promise<number> {
    const cut = this.phases.findIndex(({ phase }) => phase.name === before);
    assert(cut >= 0, `no phase '${before}' before which a tick could wait`);
    for (let tick = from; tick < to; tick++) {
      this.submit(this.phases.slice(0, cut), false);
      await meet(tick);
      this.submit(this.phases.slice(cut), true);
      // actions of a tick that waits would stand in place of those to learn from
      if ((await this.batch.progress()).halted) return tick + 1;
    }
    return to;
  }

  private submit(phases: readonly CompiledPhase[], last: boolean): void {
    const { device } = this.batch.gpu;
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (const phase of phases) encodePhase(pass, this.batch, phase);
    if (last) this.endTick(pass);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  /**
   * Runs ticks as `run` does, with a timestamp around each phase. Where the device has no timestamps, ticks run untimed.
   *
   * @param sums nanoseconds on the device by phase, added to
   * @returns the tick that comes next
   */
  async profile(from: number, to: number, sums: Record<string, number>): Promise<number> {
    const { gpu } = this.batch;
    if (!gpu.timestamps) return this.run(from, to);
    const { device } = gpu;
    const count = 2 * this.phases.length;
    const querySet = device.createQuerySet({ type: 'timestamp', count });
    const resolved = await gpu.buffer('timestamps', STAMP_BYTES * count, USAGE.query | USAGE.copySource);
    let reached = from;
    while (reached < to) {
      const encoder = device.createCommandEncoder();
      this.phases.forEach((phase, k) => {
        const timestampWrites = {
          querySet,
          beginningOfPassWriteIndex: 2 * k,
          endOfPassWriteIndex: 2 * k + 1,
        };
        const pass = encoder.beginComputePass({ timestampWrites });
        encodePhase(pass, this.batch, phase);
        if (k === this.phases.length - 1) this.endTick(pass);
        pass.end();
      });
      encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
      device.queue.submit([encoder.finish()]);
      const words = await gpu.read(resolved);
      const stamps = new BigUint64Array(words.buffer);
      this.phases.forEach(({ phase }, k) => {
        sums[phase.name] = (sums[phase.name] ?? 0) + Number(stamps[2 * k + 1]! - stamps[2 * k]!);
      });
      const { tick, halted } = await this.batch.progress();
      reached = tick;
      if (halted) break;
    }
    querySet.destroy();
    resolved.destroy();
    return reached;
  }
}
