import { describe, expect, it } from 'vitest';
import type { ResolvedRun } from '../configs/arms.ts';
import { parseConfig } from '../configs/parse.ts';
import { METRIC_INDEX } from './metrics/table.ts';
import { createSimulation, dealWorlds } from './run.ts';
import { createShard, Shard } from './shard.ts';
import { combineHashes, ledgerHash, stateHash } from './stateHash.ts';

const economy = (extra = ''): ResolvedRun =>
  parseConfig(`
seed: run tests
ticks: 120
worlds: 3
slots: 22
output: { metricsEvery: 40, agentsEvery: 40 }
world:
  demography: { meanLife: 120, threshold: 300, endowmentFloor: 100 }
populations:
  - { name: learners, kind: learner, share: 3, rewardHidden: true }
  - { name: random, kind: random }
  - { name: zero intelligence, kind: ziC }
${extra}`);

const hashOf = async (run: ResolvedRun, shards = 1, advances: readonly number[] = [120]): Promise<string> => {
  const simulation = createSimulation(run, {
    shards: dealWorlds(3, shards).map((worlds) => createShard(run, worlds)),
  });
  for (const tick of advances) await simulation.advance(tick);
  return simulation.finalHash();
};

describe('a run', () => {
  it('ends in the same state however its worlds are dealt out', async () => {
    const one = await hashOf(economy());
    expect(await hashOf(economy(), 2)).toBe(one);
    expect(await hashOf(economy(), 3)).toBe(one);
  });

  it('ends in the same state however it is advanced', async () => {
    const everyTick = Array.from({ length: 120 }, (_, t) => t + 1);
    expect(await hashOf(economy(), 1, everyTick)).toBe(await hashOf(economy()));
  });

  it('is not changed by watching: metrics every tick or never, snapshots, journal and trades on or off', async () => {
    const base = await hashOf(economy());
    const watched = economy();
    const everything = {
      ...watched,
      arms: watched.arms.map((arm) => ({
        ...arm,
        output: {
          metricsEvery: 1,
          agentsEvery: 1,
          journalWorlds: 3,
          tradesWorlds: 3,
          tradesEvery: 1,
          lineage: true,
          checkpointEvery: 0,
          checkpointsKept: 1,
          checkpointAtEnd: false,
        },
      })),
    };
    const blind = {
      ...watched,
      arms: watched.arms.map((arm) => ({
        ...arm,
        output: { ...arm.output, metricsEvery: 1000, agentsEvery: 0, tradesWorlds: 0, lineage: false },
      })),
    };
    expect(await hashOf(everything)).toBe(base);
    expect(await hashOf(blind)).toBe(base);
  });

  it('differs between seeds, and by one milli-token', async () => {
    const run = economy();
    const other = { ...run, arms: run.arms.map((arm) => ({ ...arm, seed: 'another' })) };
    expect(await hashOf(other)).not.toBe(await hashOf(run));
    const shard = new Shard(run, [0]);
    const [world] = [...shard.inside()];
    const before = [stateHash(world!), ledgerHash(world!)];
    world!.balances.token[3]! += 1;
    expect(stateHash(world!)).not.toBe(before[0]);
    expect(ledgerHash(world!)).not.toBe(before[1]);
  });

  it('gives a world the same luck whatever other worlds run beside it', () => {
    const all = new Shard(economy(), [0, 1, 2]);
    const alone = new Shard(economy(), [1]);
    all.advance(60);
    alone.advance(60);
    expect(alone.hashes()[0]).toBe(all.hashes()[1]);
  });

  it('gives arms of one replicate the same seed', () => {
    const run = economy('').arms[0]!;
    const arms = parseConfig(
      JSON.stringify({
        ...run,
        world: { ...run.world, policy: { ...run.world.policy, financeStep: [0.01, 0.01] } },
      }),
    );
    const shard = new Shard(arms, [0, 1, 2, 3, 4, 5]);
    shard.advance(30);
    const hashes = shard.hashes();
    expect(hashes.slice(0, 3)).toEqual(hashes.slice(3));
    expect(new Set(hashes.slice(0, 3)).size).toBe(3);
  });

  it('yields one frame at each sampled tick, with every world and every law', async () => {
    const ticks: number[] = [];
    for await (const frame of createSimulation(economy())) {
      ticks.push(frame.tick);
      expect(frame.worlds.map((w) => w.world)).toEqual([0, 1, 2]);
      expect(frame.laws.every((law) => law.violated === null)).toBe(true);
    }
    expect(ticks).toEqual([40, 80, 120]);
  });

  it('records the same metrics whether frames are taken one by one or in one stretch', async () => {
    const rows = async (advances: readonly number[]) => {
      const simulation = createSimulation(economy());
      const found: number[] = [];
      for (const tick of advances) {
        for (const batch of (await simulation.advance(tick)).batches) {
          if (batch.table === 'metrics')
            found.push(...(batch.columns.spend as Float64Array), ...(batch.columns.tick as Uint32Array));
        }
      }
      return found.sort((a, b) => a - b);
    };
    expect(await rows([40, 80, 120])).toEqual(await rows([120]));
  });

  it('counts births, deaths and immigrants that balance the population', async () => {
    const simulation = createSimulation(economy());
    const { frames } = await simulation.advance(120);
    const sum = (name: keyof typeof METRIC_INDEX, world: number): number =>
      frames
        .filter((f) => f.tick > 0)
        .reduce((total, f) => total + f.worlds[world]!.metrics[METRIC_INDEX[name]]!, 0);
    for (let world = 0; world < 3; world++) {
      const alive = frames.at(-1)!.worlds[world]!.metrics[METRIC_INDEX.alive]!;
      expect(alive).toBe(22 + sum('births', world) + sum('immigrants', world) - sum('deaths', world));
      expect(sum('deaths', world)).toBeGreaterThan(0);
    }
  });
});

describe('combineHashes', () => {
  it('depends on the order', () => {
    expect(combineHashes(['0123456789abcdef', 'fedcba9876543210'])).not.toBe(
      combineHashes(['fedcba9876543210', '0123456789abcdef']),
    );
  });
});

describe('dealWorlds', () => {
  it('deals every world to exactly one shard, evenly', () => {
    for (const [worlds, shards] of [
      [10, 3],
      [2, 8],
      [7, 7],
      [1, 1],
    ] as const) {
      const dealt = dealWorlds(worlds, shards);
      expect(dealt.flat()).toEqual(Array.from({ length: worlds }, (_, w) => w));
      const sizes = dealt.map((d) => d.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });
});

describe('a saved simulation', () => {
  const saveAt = async (tick: number): Promise<Map<number, Uint8Array<ArrayBuffer>>> => {
    const states = new Map<number, Uint8Array<ArrayBuffer>>();
    const simulation = createSimulation(economy());
    await simulation.advance(tick);
    await simulation.save(async (world, state) => void states.set(world, state));
    return states;
  };

  it('goes on, on any number of shards, to the hash of one that was never saved', async () => {
    const run = economy();
    const states = await saveAt(33);
    const count = run.arms.length * run.arms[0]!.worlds;
    expect([...states.keys()].sort()).toEqual(Array.from({ length: count }, (_, w) => w));
    for (const shardCount of [1, 2]) {
      const shards = dealWorlds(count, shardCount).map((worlds) => createShard(run, worlds));
      const resumed = createSimulation(run, { shards });
      await resumed.restore(async (world) => states.get(world)!);
      expect(resumed.tick).toBe(33);
      await resumed.advance(run.arms[0]!.ticks);
      expect(await resumed.finalHash()).toBe(await hashOf(economy()));
    }
  });

  it('is refused when its worlds stand at different ticks', async () => {
    const early = await saveAt(20);
    const late = await saveAt(21);
    const simulation = createSimulation(economy());
    const mixed = async (world: number) => (world === 0 ? early : late).get(world)!;
    await expect(simulation.restore(mixed)).rejects.toThrow('its worlds stand at ticks 20, 21');
  });
});
