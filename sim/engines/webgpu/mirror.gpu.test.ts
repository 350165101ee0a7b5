import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeOnGpu } from '../../../experiments/testDevice.ts';
import type { AnyColumn } from '../../core/columns.ts';
import { stateHash } from '../../stateHash.ts';
import type { World } from '../../world.ts';
import { Batch } from './batch.ts';
import { takeWords, wordsOfWorld } from './mirror.ts';
import { PARITY_CASES, type ParityCase, perturb, runCase } from './parityWorlds.ts';

/** Sets every number of every plain column to something that its type can hold. */
function fillAnyhow(world: World, bits: () => number): void {
  const groups: Readonly<Record<string, AnyColumn>>[] = [world.balances, world.columns, world.agents];
  for (const columns of groups)
    for (const [name, column] of Object.entries(columns))
      for (let k = 0; k < column.length; k++) {
        if (column instanceof Float64Array && name !== 'censusTrait')
          column[k] = (bits() >>> 11) * 2 ** 32 + (bits() >>> 0) - (k % 3 === 0 ? 2 ** 52 : 0);
        else if (column instanceof Float32Array) column[k] = (bits() | 0) / 2 ** (bits() & 31);
        else column[k] = bits();
      }
}

await describeOnGpu('worlds on the device', (gpu) => {
  const roundTrip = async (each: ParityCase, brainsPerShard: number | undefined, seed: number) => {
    const worlds = runCase({ ...each, ticks: 9 }, `mirror ${seed}`);
    const others = runCase({ ...each, ticks: 2 }, `mirror ${seed}`);
    worlds.forEach((world, w) => {
      perturb(world, seed + w);
      let state = seed + w;
      fillAnyhow(world, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        return state >>> 0;
      });
    });
    const parameters = worlds.map((world) => world.parameters);
    const batch = await Batch.allocate(gpu, parameters, brainsPerShard);
    worlds.forEach((world, w) => {
      batch.upload(w, wordsOfWorld(world, batch.layout));
    });
    for (const [w, world] of worlds.entries()) {
      const other = others[w]!;
      takeWords(other, batch.layout, await batch.download(w));
      other.tick = world.tick;
      expect(stateHash(other), each.what).toBe(stateHash(world));
      expect(other.agents.censusTrait).toEqual(world.agents.censusTrait);
    }
    batch.destroy();
  };

  test('come back to the bit, whatever their columns hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...PARITY_CASES), fc.nat(1e6), (each, seed) =>
        roundTrip(each, undefined, seed),
      ),
      { numRuns: 8 },
    );
  });

  test('come back to the bit when their brains lie in buffers of seven, across worlds', async () => {
    await roundTrip(PARITY_CASES[2]!, 7, 3);
  });
});
