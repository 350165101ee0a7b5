import { expect, test } from 'vitest';
import { describeOnGpu } from '../../experiments/testDevice.ts';
import { FREE_SLOT, SIDE } from '../../market/columns.ts';
import { DrawSequence, STREAM } from '../core/rng.ts';
import { Batch } from '../engines/webgpu/batch.ts';
import { TALLY } from '../engines/webgpu/gathered.ts';
import { wordsOfWorld } from '../engines/webgpu/mirror.ts';
import { PARITY_CASES, runCase } from '../engines/webgpu/parityWorlds.ts';
import { compiled } from '../engines/webgpu/phaseParity.ts';
import { DEVICE_PHASES } from '../engines/webgpu/phases/index.ts';
import { encodePhase } from '../engines/webgpu/program.ts';
import { TALLIES_TAKEN } from '../engines/webgpu/readouts.ts';
import type { World } from '../world.ts';
import { Tally } from './tally.ts';

/** Sums of agents, then those of the world. */
const WATCHES = ['tally', 'measure'].map((name) => DEVICE_PHASES.get(name)!);
/** The sums of the CPU are rounded at every step: so many terms, each to 2^-53. */
const ROUNDING = 1e-12;
/** A term that needs more bits behind the point than the device keeps, half a unit of 2^-40. */
const SMALLEST = 2 ** -41;

const draws = new DrawSequence();

/** Gives agents machines, rented compute and tasks of all sizes, so that size saves energy in some worlds. */
function trade({ columns, parameters }: World, seed: number): void {
  const { opened, offerSold, served, orderFilled, orderSide } = columns;
  draws.at(seed, 1, 0, STREAM.scripted);
  served.fill(0);
  for (let i = 0; i < parameters.slots; i++) {
    opened[i] = draws.below(200);
    offerSold[i] = draws.below(2) * draws.below(30);
    served[i % served.length]! += offerSold[i]!;
    orderFilled[i] = draws.below(2) * draws.below(100);
    // a seller in every world, or nobody could have rented anything
    orderSide[i] = i === 0 ? SIDE.sell : [SIDE.none, SIDE.buy, SIDE.sell][draws.below(3)]!;
  }
  orderFilled[0] = 1 + draws.below(100);
}

/** Gives agents profits and rewards of all sizes and signs, from denormal to 2^43. */
function scatter(world: World, seed: number): void {
  const { profit } = world.agents;
  const { reward } = world.brain.columns;
  draws.at(seed, 0, 0, STREAM.scripted);
  const edges = [
    0,
    -0,
    2 ** -149,
    -(2 ** -126),
    2 ** -41,
    -(2 ** -40),
    2 ** -17,
    1 - 2 ** -24,
    2 ** 43,
    -(2 ** 43),
  ];
  for (let i = 0; i < world.parameters.slots; i++) {
    profit[i] = i < edges.length ? edges[i]! : draws.normal() * 2 ** (draws.below(60) - 30);
    reward[i] = draws.normal();
  }
}

await describeOnGpu('sums over an interval', (gpu) => {
  for (const name of [
    'a plain market',
    'every kind of trader',
    'more agents than threads',
    'one slot',
    'every mechanism, staked contracts',
  ])
    test(`are on the device those of the CPU: ${name}`, async () => {
      const worlds = runCase(PARITY_CASES.find(({ what }) => what === name)!, 'sums');
      const batch = await Batch.allocate(
        gpu,
        worlds.map(({ parameters }) => parameters),
      );
      const phases = await Promise.all(WATCHES.map((phase) => compiled(gpu, phase, batch)));
      const tallies = worlds.map(({ parameters }) => new Tally(parameters.populations.length));
      const { tick } = worlds[0]!;
      // the same tick thrice, with other profits: sums go on from what is there
      for (let round = 0; round < 3; round++) {
        worlds.forEach((world, w) => {
          scatter(world, 10 * round + w);
          trade(world, 10 * round + w);
          tallies[w]!.addAgents(world, tick);
          tallies[w]!.addWorld(world);
          const { state } = wordsOfWorld(world, batch.layout);
          for (const column of batch.layout.columns)
            if (round === 0 || column.group !== 'device') batch.writeColumn(w, column, state, column.offset);
        });
        batch.setTick(tick);
        const encoder = gpu.device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        for (const phase of phases) encodePhase(pass, batch, phase);
        pass.end();
        gpu.device.queue.submit([encoder.finish()]);
      }
      await batch.assertWell();
      for (const [w, world] of worlds.entries()) {
        const got = new Tally(world.parameters.populations.length);
        TALLIES_TAKEN.take({ ...world, tally: got }, batch.layout, (await batch.downloadState(w)).state);
        const expected = tallies[w]!;
        for (const key of Object.keys(TALLY) as (keyof typeof TALLY)[])
          expect(got[key], key).toBe(expected[key]);
        const living = world.columns.population.filter((owner) => owner !== FREE_SLOT).length;
        // rewards are small, so that theirs shows any carry that is lost
        const toleranceOf = (terms: Iterable<number>): number =>
          3 * (ROUNDING * [...terms].reduce((sum, x) => sum + Math.abs(x), 0) + living * SMALLEST);
        const ofProfit = toleranceOf(world.agents.profit);
        const tolerances = {
          profit: ofProfit,
          matureProfit: ofProfit,
          reward: toleranceOf(world.brain.columns.reward),
        };
        expected.populations.forEach((own, p) => {
          const { agentTicks, matureTicks, modes } = got.populations[p]!;
          expect([agentTicks, matureTicks, ...modes]).toEqual([
            own.agentTicks,
            own.matureTicks,
            ...own.modes,
          ]);
          for (const key of ['profit', 'matureProfit', 'reward'] as const)
            expect(Math.abs(got.populations[p]![key] - own[key]), key).toBeLessThanOrEqual(tolerances[key]);
        });
      }
      batch.destroy();
    });

  /** What a world's end is said to be whose living agent has a profit and a reward. */
  const endWith = async (profit: number, reward: number): Promise<string> => {
    const [world] = runCase(PARITY_CASES[0]!, 'sums') as [World];
    const living = world.columns.population.findIndex((owner) => owner !== FREE_SLOT);
    world.agents.profit[living] = profit;
    world.brain.columns.reward[living] = reward;
    const batch = await Batch.allocate(gpu, [world.parameters]);
    batch.upload(0, wordsOfWorld(world, batch.layout));
    batch.setTick(world.tick);
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    encodePhase(pass, batch, await compiled(gpu, WATCHES[0]!, batch));
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const end = await batch.assertWell().then(
      () => 'none',
      (error: Error) => error.message,
    );
    batch.destroy();
    return end.replace(`tick ${world.tick}, world 0, agent ${living}`, 'PLACE');
  };

  test('end the run where a reward is no number', async () => {
    expect(await endWith(0, Number.NaN)).toBe('a number is not finite at PLACE');
    expect(await endWith(Number.NEGATIVE_INFINITY, 0)).toBe('a number is not finite at PLACE');
  });

  test('end the run in words of their own where a profit is more than they have room for', async () => {
    const before = 2 ** 44 - 2 ** 20;
    expect(await endWith(before, -before)).toBe('none');
    expect(await endWith(-(2 ** 44), 0)).toBe(
      'a profit or reward of -17592186044416 at PLACE is not below 2^44: sums of the webgpu engine end there',
    );
    expect(await endWith(0, 1e30)).toContain('is not below 2^44');
  });
});
