/** Test support: amounts of every size, the same for the same key. */
import { DrawSequence, STREAM } from '../sim/core/rng.ts';

export class TestAmounts {
  private readonly draws = new DrawSequence();

  /** Starts the amounts of a key. */
  at(seed: number, world: number, tick: number): this {
    this.draws.at(seed, tick, world, STREAM.scripted);
    return this;
  }

  /** An integer below 2^bits of any length, 0 in one of nine cases. */
  below(bits: number): number {
    return this.draws.below(9) === 0 ? 0 : Math.floor(this.draws.unit() * 2 ** (1 + this.draws.below(bits)));
  }

  /** One of 0..count-1. */
  one(count: number): number {
    return this.draws.below(count);
  }
}
