/** Phases allocate nothing per agent: garbage would be collected in the middle of every run. */
import { readFileSync } from 'node:fs';
import { memoryUsage } from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { Shard } from './shard.ts';
import { type Phase, phasesOf } from './tick.ts';
import type { World } from './world.ts';

const SLOTS = 256;
/** Ticks until the compiler has seen enough, and ticks that are measured. */
const WARM_TICKS = 400;
const TICKS = 51;
/** The compiler works beside the ticks and may be late on a busy machine: the least of so many measurements counts. */
const ROUNDS = 10;
/** Half of the smallest object: a phase may allocate a few for the world, none per agent. */
const BYTES_PER_AGENT = 8;

/** Bytes of objects and of typed arrays, which lie outside the heap. */
const allocated = (): number => {
  const { heapUsed, arrayBuffers } = memoryUsage();
  return heapUsed + arrayBuffers;
};

/** Median growth of memory in one run of each phase, bytes; a collection shrinks it in a few ticks only. */
function growthOf(world: World, phases = phasesOf(world)): Map<string, number> {
  const growths = phases.map(() => [] as number[]);
  for (let k = 0; k < TICKS; k++) {
    const now = world.tick;
    world.ledger.tick = now;
    phases.forEach(({ run }, phase) => {
      const before = allocated();
      run(world, now);
      growths[phase]!.push(allocated() - before);
    });
    world.tick = now + 1;
  }
  return new Map(phases.map(({ name }, phase) => [name, growths[phase]!.sort((a, b) => a - b)[TICKS >> 1]!]));
}

describe('a tick of 256 agents with every mechanism on', () => {
  let world: World;
  beforeAll(() => {
    const run = parseConfig(readFileSync(new URL('../configs/ci.yaml', import.meta.url), 'utf8'), {
      file: 'ci.yaml',
      // as many agents as a run has, nothing recorded
      overrides: Object.entries({
        slots: SLOTS,
        worlds: 1,
        'output.journalWorlds': 0,
        'output.tradesWorlds': 0,
        'world.hardware.capacityMax': 512,
        'world.serviceMarket.demand': 100,
      }).map(([path, value]) => ({ origin: 'test', path, value })),
    });
    const shard = new Shard(run, [0], { laws: false });
    shard.advance(WARM_TICKS);
    [world] = [...shard.inside()] as [World];
  });

  it('allocates less than eight bytes an agent in any phase but that of scripted traders', () => {
    // their functions hand each other random words, which JavaScript boxes; they are baselines, few and cheap
    const phases = phasesOf(world).filter(({ name }) => name !== 'scripted');
    const least = new Map(phases.map(({ name }) => [name, Infinity]));
    const wasteful = (): string[] =>
      [...least]
        .filter(([, bytes]) => bytes >= BYTES_PER_AGENT * SLOTS)
        .map(([name, bytes]) => `${name}: ${bytes} bytes a tick`);
    for (let round = 0; round < ROUNDS && wasteful().length > 0; round++)
      for (const [name, bytes] of growthOf(world)) {
        const before = least.get(name);
        if (before !== undefined) least.set(name, Math.min(bytes, before));
      }
    expect(wasteful()).toEqual([]);
  });

  it('would be seen to allocate one number for every second agent', () => {
    const kept: { agent: number }[] = [];
    const wasteful: Phase = {
      name: 'wasteful',
      run: ({ parameters }) => {
        kept.length = 0;
        for (let i = 0; i < parameters.slots; i += 2) kept.push({ agent: i });
      },
    };
    const bytes = growthOf(world, [wasteful]).get('wasteful');
    expect(bytes).toBeGreaterThanOrEqual(BYTES_PER_AGENT * SLOTS);
  });

  it('would be seen to allocate a typed array in every tick', () => {
    const kept: Uint8Array[] = [];
    const wasteful: Phase = {
      name: 'wasteful',
      run: ({ parameters }) => {
        kept.push(new Uint8Array(BYTES_PER_AGENT * parameters.slots));
      },
    };
    const bytes = growthOf(world, [wasteful]).get('wasteful');
    expect(bytes).toBeGreaterThanOrEqual(BYTES_PER_AGENT * SLOTS);
  });
});
