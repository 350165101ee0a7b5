import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TensorBrain, tensorBrains } from '../../agents/brain/tensorBrain.ts';
import { resolveConfig } from '../../configs/parse.ts';
import { TOTAL } from '../../market/columns.ts';
import { CapacityError } from '../core/errors.ts';
import { createSimulation, type Simulation } from '../run.ts';
import { Shard } from '../shard.ts';
import { ledgerHash } from '../stateHash.ts';
import { tick } from '../tick.ts';
import type { World } from '../world.ts';
import { tensorflowEngine } from './tensorflow.ts';

const run = resolveConfig({
  seed: 'tensors',
  ticks: 24,
  worlds: 2,
  slots: 11,
  output: { metricsEvery: 8, agentsEvery: 0 },
  world: {
    demography: { meanLife: 15, threshold: 200, endowmentFloor: 100, immigrationFloor: 0.5 },
    objectives: { enabled: true, trialBlock: 2 },
  },
  populations: [
    { name: 'learners', kind: 'learner', share: 2, inheritance: 'lamarckian', revises: true },
    { name: 'fixed markup', kind: 'fixedMarkup' },
  ],
});
const engine = tensorflowEngine(tf, 'plain', () => 2 ** 32);

async function open(): Promise<Simulation> {
  const shards = await engine.createShards(run, engine.plan(run, 0), {});
  return createSimulation(run, { shards });
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the tensorflow engine', () => {
  it('runs a market with births, deaths and trials under all laws, twice to the same hash, and frees its tensors', async () => {
    const outside = tf.memory().numTensors;
    const hashes: string[] = [];
    for (let k = 0; k < 2; k++) {
      const simulation = await open();
      const { frame, agentSteps } = await simulation.advance(24);
      expect(agentSteps).toBeGreaterThan(0);
      expect(frame.laws.every(({ checks, violated }) => checks > 0 && violated === null)).toBe(true);
      hashes.push(await simulation.finalHash());
      await simulation.close();
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(tf.memory().numTensors).toBe(outside);
  });

  it('goes on from its checkpoint as if it had never stopped, and the cpu engine holds the same state', async () => {
    const straight = await open();
    await straight.advance(10);
    const saved = new Map<number, Uint8Array<ArrayBuffer>>();
    await straight.save(async (world, state) => void saved.set(world, state.slice()));
    const hash = await straight.finalHash();
    const resumed = await open();
    const onCpu = createSimulation(run);
    for (const simulation of [resumed, onCpu]) {
      await simulation.restore(async (world) => saved.get(world)!.slice());
      expect(await simulation.finalHash()).toBe(hash);
      await simulation.advance(24);
    }
    await straight.advance(24);
    expect(await resumed.finalHash()).toBe(await straight.finalHash());
    for (const simulation of [straight, resumed, onCpu]) await simulation.close();
  });

  it('keeps money and markets to the bit when it is fed the actions of the cpu engine', () => {
    const brains: TensorBrain[] = [];
    const bindBrain = tensorBrains(tf, (brain) => brains.push(brain));
    const [cpu] = [...new Shard(run, [0]).inside()];
    const [tensors] = [...new Shard(run, [0], { bindBrain }).inside()];
    let flips = 0;
    for (let now = 0; now < 60; now++) {
      let taken = new Uint32Array(0);
      const acting = (hook: (world: World) => void) => ({
        laws: null,
        afterPhase: (world: World, phase: string) => phase === 'learn and act' && hook(world),
      });
      tick(
        cpu!,
        acting(({ brain }) => {
          taken = brain.columns.action.slice();
        }),
      );
      tick(
        tensors!,
        acting(({ brain }) => {
          flips += taken.filter((option, k) => option !== brain.columns.action[k]).length;
          brain.columns.action.set(taken);
        }),
      );
      expect(ledgerHash(tensors!)).toBe(ledgerHash(cpu!));
    }
    expect(cpu!.columns.total[TOTAL.births]).toBeGreaterThan(0);
    expect(flips).toBeLessThan(20);
    for (const brain of brains) brain.dispose();
  });

  it('says what it needs before it allocates, and refuses a byte less', () => {
    const { bytes, threads } = engine.plan(run, 0);
    expect(threads).toBe(1);
    expect(tensorflowEngine(tf, 'plain', () => bytes).plan(run, 0).bytes).toBe(bytes);
    expect(() => tensorflowEngine(tf, 'plain', () => bytes - 1).plan(run, 0)).toThrow(CapacityError);
  });

  it('refuses worlds whose brains do not lie in one memory', () => {
    const large = resolveConfig({ slots: 400_000, populations: [{ name: 'learners', kind: 'learner' }] });
    expect(() => tensorflowEngine(tf, 'plain', () => 2 ** 50).plan(large, 0)).toThrow('one memory of 4 GiB');
  });
});
