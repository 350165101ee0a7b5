/**
 * Follows a run of another engine on the cpu's: given the actions that its agents take, all integers are the same after
 * every tick. Floats, and with them what agents would choose, may differ.
 */
import { type ResolvedRun, worldCount } from '../configs/arms.ts';
import { MismatchError } from '../sim/core/errors.ts';
import { Shard, type ShardOptions } from '../sim/shard.ts';

/** What a world of the other engine did in a tick, and what it was after it. */
interface Tick {
  actions?: Uint32Array<ArrayBuffer>;
  hash?: string;
}

export class LedgerFollower {
  /** World-ticks that were compared. */
  compared = 0;
  private readonly shard: Shard;
  private readonly ticks = new Map<string, Tick>();

  /** @param founders as the other engine has them */
  constructor(run: ResolvedRun, founders: NonNullable<ShardOptions['founders']>) {
    const worlds = Array.from({ length: worldCount(run) }, (_, world) => world);
    this.shard = new Shard(run, worlds, {
      laws: false,
      founders,
      actions: (world, tick) => this.of(world, tick).actions!,
      onTickIntegers: (world, tick, hash) => this.compare(world, tick, hash),
    });
  }

  /** What the other engine's shards are to be given. */
  get watch(): Pick<ShardOptions, 'onActions' | 'onTickIntegers'> {
    return {
      onActions: (world, tick, actions) => {
        this.of(world, tick).actions = actions;
      },
      // a hash is of the state before the tick that it names
      onTickIntegers: (world, tick, hash) => {
        this.of(world, tick - 1).hash = hash;
      },
    };
  }

  /**
   * Catches up with the other engine.
   *
   * @throws MismatchError naming the first world and tick after which they differ
   */
  follow(toTick: number): void {
    this.shard.advance(toTick);
    this.ticks.clear();
  }

  private compare(world: number, tick: number, hash: string): void {
    this.compared++;
    if (this.of(world, tick - 1).hash === hash) return;
    throw new MismatchError(
      `world ${world} has other integers after tick ${tick - 1} than on the cpu engine, given the same actions`,
      'report this with the directory',
    );
  }

  private of(world: number, tick: number): Tick {
    const key = `${world} ${tick}`;
    const known = this.ticks.get(key) ?? {};
    this.ticks.set(key, known);
    return known;
  }
}
