import { expect, test } from 'vitest';
import { parseConfig } from '../../../configs/parse.ts';
import { describeOnGpu } from '../../../experiments/testDevice.ts';
import { readColumns } from '../../checkpoint.ts';
import { CheckpointError, UsageError } from '../../core/errors.ts';
import { Shard } from '../../shard.ts';
import { combineHashes, ledgerHash } from '../../stateHash.ts';
import { phasesOf } from '../../tick.ts';
import type { World } from '../../world.ts';
import { BRAIN_PHASE } from './phases/brain.ts';
import { OPENING } from './phases/opening.ts';
import { GpuShard } from './shard.ts';

/** Phases of a tick that needs no others: capacity, prices and demand move, agents learn from no reward. */
const INCOME = OPENING.filter(({ name }) => name === 'income');
const PHASES = [...INCOME, BRAIN_PHASE];

const config = (more: object = {}) =>
  parseConfig(
    JSON.stringify({
      seed: 'device',
      ticks: 1000,
      worlds: 3,
      slots: 8,
      output: { metricsEvery: 4, agentsEvery: 0, tradesWorlds: 0 },
      populations: [
        { name: 'learners', kind: 'learner', share: 3 },
        { name: 'random', kind: 'random' },
      ],
      world: { serviceMarket: { shape: 'randomWalk', period: 2 }, genesis: { capacity: [4, 8] } },
      ...more,
    }),
  );
const run = config();
const WORLDS = [0, 1, 2, 3, 4, 5];

/** The same phases on the CPU. */
function onCpu(ticks: number): World[] {
  const shard = new Shard(run, WORLDS);
  const worlds = [...shard.inside()];
  for (const world of worlds)
    for (let tick = 0; tick < ticks; tick++) {
      for (const phase of phasesOf(world))
        if (PHASES.some(({ name }) => name === phase.name)) phase.run(world, tick);
      world.tick = tick + 1;
    }
  return worlds;
}

await describeOnGpu('worlds that advance on a device', (gpu) => {
  const shardOf = (options: object = {}, worlds: readonly number[] = WORLDS) =>
    GpuShard.create(gpu, run, worlds, { laws: false, phases: PHASES, ...options });

  test('go through as many ticks as asked for, each world of every arm as on the CPU', async () => {
    const shard = await shardOf();
    const hashes: string[] = [];
    const spied = await shardOf({
      onTickHash: (world: number, tick: number, hash: string) =>
        tick === 9 && hashes.push(`${world} ${hash}`),
    });
    await spied.advance(9);
    expect(hashes).toEqual(onCpu(9).map((world) => `${world.parameters.world} ${ledgerHash(world)}`));
    const { tick, frames } = await shard.advance(9);
    expect(tick).toBe(9);
    expect(frames.map((frame) => `${frame.tick} ${frame.world}`)).toEqual(
      [0, 4, 8, 9].flatMap((t) => WORLDS.map((world) => `${t} ${world}`)),
    );
    // looking at every tick changes nothing
    expect(await shard.hashes()).toEqual(await spied.hashes());
    await shard.close();
    await spied.close();
  });

  test('have the same hash twice, in one stretch or in several, in one shard or two', async () => {
    const once = await shardOf();
    await once.advance(12);
    const again = await shardOf({}, [0, 1, 2]);
    const others = await shardOf({}, [3, 4, 5]);
    for (const tick of [3, 7, 12]) for (const shard of [again, others]) await shard.advance(tick);
    const expected = await once.hashes();
    expect(new Set(expected).size).toBe(WORLDS.length);
    expect([...(await again.hashes()), ...(await others.hashes())]).toEqual(expected);
    for (const shard of [once, again, others]) await shard.close();
  });

  test('are saved and go on elsewhere as if nothing had happened', async () => {
    const straight = await shardOf();
    await straight.advance(5);
    const other = await shardOf();
    for (const world of WORLDS)
      expect(await other.restoreWorld(world, await straight.saveWorld(world))).toBe(5);
    await straight.advance(9);
    await other.advance(9);
    expect(await other.hashes()).toEqual(await straight.hashes());
    await expect(other.restoreWorld(0, new Uint8Array(40))).rejects.toThrow(CheckpointError);
    for (const shard of [straight, other]) await shard.close();
  });

  test('go on with what the CPU has saved, and give it back', async () => {
    const cpu = new Shard(run, WORLDS, { laws: false });
    cpu.advance(12);
    const shard = await shardOf({ phases: [] });
    for (const world of WORLDS) await shard.restoreWorld(world, cpu.saveWorld(world));
    expect(await shard.hashes()).toEqual(cpu.hashes());
    await shard.close();
  });

  test('take recorded actions in place of what they would sample', async () => {
    const recorded = (world: number, tick: number): Uint32Array<ArrayBuffer> =>
      Uint32Array.from({ length: 8 * 8 }, (_, k) => (k + world + tick) % 2);
    const last = { ...INCOME[0]!, name: 'decide' };
    const fed = await shardOf({ phases: [...PHASES, last], actions: recorded });
    const free = await shardOf({ phases: [...PHASES, last] });
    await fed.advance(3);
    await free.advance(3);
    const actionsOf = async (shard: GpuShard, world: number) =>
      readColumns(await shard.saveWorld(world), 'saved')
        .columns.get('brain.action')!
        .slice(0, 8 * 8);
    for (const world of WORLDS) expect(await actionsOf(fed, world)).toEqual(recorded(world, 2));
    expect(await actionsOf(free, 1)).not.toEqual(recorded(1, 2));
    // and they learn from what they are said to have done
    expect(combineHashes(await fed.hashes())).not.toBe(combineHashes(await free.hashes()));
    for (const shard of [fed, free]) await shard.close();
  });

  test('tell how long each phase took on the device', async () => {
    const shard = await shardOf({ clock: () => 0 });
    const { phaseNs } = await shard.advance(3);
    expect(Object.keys(phaseNs!)).toEqual(gpu.timestamps ? PHASES.map(({ name }) => name) : []);
    for (const ns of Object.values(phaseNs!)) expect(ns).toBeGreaterThan(0);
    await shard.close();
  });

  test('cannot be given a fault to strike', async () => {
    await expect(shardOf({ fault: 'minted-token' })).rejects.toThrow(UsageError);
  });
});
