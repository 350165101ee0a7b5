import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveConfig } from '../../configs/parse.ts';
import { EngineError, EnvironmentError, EXIT } from '../../sim/core/errors.ts';
import type { Engine } from '../../sim/engine.ts';
import { createShard } from '../../sim/shard.ts';
import { checkpointTicks } from '../checkpoints.ts';
import { simulate } from '../commands/run.ts';
import { readManifest } from '../manifest.ts';
import { recordedFrames } from '../recordedRun.ts';
import { startBranch, startFresh, startResumed } from '../starts.ts';
import { cpuEngine } from './cpu.ts';
import { ENGINES, type EngineOffer, engineStatuses, openEngine } from './index.ts';

/** An engine in this thread whose device is lost in tick `lostIn`. */
const losing = (name: 'webgpu' | 'tensorflow', lostIn: number): Engine => ({
  ...cpuEngine(),
  name,
  device: 'a device of glass',
  createShards: async (run, _, options) => {
    const worlds = Array.from({ length: run.arms.length * run.arms[0]!.worlds }, (_, w) => w);
    const shard = createShard(run, worlds, options);
    return [
      {
        ...shard,
        advance: async (toTick) => {
          if (toTick > lostIn) throw new EngineError(`device lost in tick ${lostIn}`, 'restart the machine');
          return shard.advance(toTick);
        },
      },
    ];
  },
});

const run = resolveConfig({
  name: 'lost',
  ticks: 40,
  worlds: 2,
  slots: 12,
  output: { metricsEvery: 5, checkpointEvery: 10, agentsEvery: 0 },
});
const quiet = { json: true } as const;

let work: string;
beforeEach(() => {
  // the answer of the command and its notes
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  work = mkdtempSync(join(tmpdir(), 'darwin-engines-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(work, { recursive: true });
});

describe('a device that is lost in the middle of a run', () => {
  const lost = async (out: string, config = run): Promise<unknown> =>
    simulate(
      await startFresh(config),
      { ...quiet, out },
      { engine: losing('webgpu', 23), why: 'asked for' },
    ).catch((error: unknown) => error);

  it('ends it with exit code 3, and the directory keeps metrics and the checkpoint before', async () => {
    const out = join(work, 'lost');
    const error = await lost(out);
    expect(error).toBeInstanceOf(EngineError);
    expect((error as EngineError).exitCode).toBe(EXIT.environment);
    const manifest = readManifest(out);
    expect(manifest).toMatchObject({
      status: 'failed',
      engine: 'webgpu',
      device: 'a device of glass',
      error: 'device lost in tick 23 (restart the machine)',
      finalHash: null,
    });
    expect(manifest.ticks).toBeGreaterThanOrEqual(20);
    expect(manifest.ticks).toBeLessThanOrEqual(23);
    expect(checkpointTicks(out)).toEqual([10, 20]);
    const { frames } = await recordedFrames(out);
    expect(frames.map(({ tick }) => tick)).toEqual([0, 5, 10, 15, 20]);
  });

  it('leaves metrics where no checkpoint was asked for', async () => {
    const out = join(work, 'bare');
    const [arm] = run.arms;
    const bare = { ...run, arms: [{ ...arm!, output: { ...arm!.output, checkpointEvery: 0 } }] };
    expect(await lost(out, bare)).toBeInstanceOf(EngineError);
    expect(checkpointTicks(out)).toEqual([]);
    expect((await recordedFrames(out)).frames.length).toBeGreaterThan(1);
  });

  it('is no end: the run goes on from there, on the same engine or as a branch on another', async () => {
    const out = join(work, 'lost');
    await lost(out);
    const straight = join(work, 'straight');
    const healthy = { engine: losing('webgpu', 99), why: 'asked for' };
    await simulate(await startFresh(run), { ...quiet, out: straight }, healthy);
    const resumed = await startResumed(out, []);
    expect(resumed.run.arms[0]!.engine).toBe('webgpu');
    await simulate(resumed, quiet, healthy);
    expect(readManifest(out)).toMatchObject({
      status: 'finished',
      finalHash: readManifest(straight).finalHash,
    });
    const toCpu = { origin: '--engine cpu', path: 'engine', value: 'cpu' };
    const branch = await startBranch(`${out}@30`, [toCpu]);
    await simulate(
      branch,
      { ...quiet, out: join(work, 'branch') },
      { engine: cpuEngine(), why: 'asked for' },
    );
    expect(readManifest(join(work, 'branch'))).toMatchObject({ status: 'finished', engine: 'cpu' });
  });
});

describe('which engine a run gets', () => {
  const offer = (name: 'cpu' | 'webgpu' | 'tensorflow', more: Partial<EngineOffer> = {}): EngineOffer => ({
    name,
    probe: async () => ({ name, available: true, device: name, reason: 'here' }),
    open: async () => ({ ...losing('webgpu', 0), name }),
    ...more,
  });
  const auto = { agentsFrom: 100, slotsMost: 50 };
  const chosen = async (
    asked: 'auto' | 'cpu' | 'webgpu',
    agents: number,
    offers: EngineOffer[],
    slots = 10,
  ) => {
    const { engine, why } = await openEngine(asked, { agents, slots }, offers);
    return [engine.name, why];
  };
  const cpu = offer('cpu');

  it('is the named one, whatever its size', async () => {
    expect(await chosen('webgpu', 1, [cpu, offer('webgpu', { auto })])).toEqual([
      'webgpu',
      'asked for by name',
    ]);
  });

  it('is never another than the named one', async () => {
    const probe: EngineOffer['probe'] = async () => ({
      name: 'webgpu',
      available: false,
      device: null,
      reason: 'no adapter',
    });
    const missing = openEngine('webgpu', { agents: 1e6, slots: 10 }, [cpu, offer('webgpu', { probe })]);
    await expect(missing).rejects.toThrow(EnvironmentError);
    await expect(missing).rejects.toThrow('engine webgpu is not available: no adapter');
    expect(await chosen('auto', 1e6, [cpu, offer('webgpu', { auto, probe })])).toEqual([
      'cpu',
      'auto: webgpu is not here: no adapter',
    ]);
  });

  it('is decided by size, at the boundary to the agent', async () => {
    const offers = [cpu, offer('webgpu', { auto }), offer('tensorflow')];
    expect(await chosen('auto', 99, offers)).toEqual(['cpu', 'auto: webgpu pays from 100 agents on']);
    expect(await chosen('auto', 100, offers)).toEqual(['webgpu', 'auto: 100 agents in worlds of 10']);
  });

  it('is decided by the size of a world, too: one huge one has a single workgroup for its markets', async () => {
    const offers = [cpu, offer('webgpu', { auto })];
    expect((await chosen('auto', 1000, offers, 50))[0]).toBe('webgpu');
    expect(await chosen('auto', 1000, offers, 51)).toEqual([
      'cpu',
      'auto: webgpu pays in worlds of up to 50 slots',
    ]);
    expect((await chosen('webgpu', 1000, offers, 51))[0]).toBe('webgpu');
  });

  it('is looked for in vain, with what its library prints then, only where it is named', async () => {
    const webgpu = offer('webgpu', { auto, mayBeHere: () => false });
    expect(await chosen('auto', 1000, [cpu, webgpu])).toEqual([
      'cpu',
      'auto: webgpu finds no driver of a GPU',
    ]);
    expect((await chosen('webgpu', 1000, [cpu, webgpu]))[0]).toBe('webgpu');
  });

  it('is never a device that software imitates unless it is named', async () => {
    const probe: EngineOffer['probe'] = async () => ({
      name: 'webgpu',
      available: true,
      device: 'imitation',
      reason: 'here',
      imitated: true,
    });
    const offers = [cpu, offer('webgpu', { auto, probe })];
    expect((await chosen('auto', 1000, offers))[0]).toBe('cpu');
    expect((await chosen('webgpu', 1000, offers))[0]).toBe('webgpu');
  });
});

describe('the engines of this program', () => {
  it('say what they run on or what is missing, and refuse to open where they are not available', async () => {
    const statuses = await engineStatuses();
    expect(statuses.map(({ name }) => name)).toEqual(['cpu', 'webgpu', 'tensorflow']);
    for (const [k, { available, device, reason }] of statuses.entries()) {
      expect(device === null).toBe(!available);
      expect(reason).not.toBe('');
      if (!available) await expect(ENGINES[k]!.open()).rejects.toThrow(EnvironmentError);
    }
  });
});
