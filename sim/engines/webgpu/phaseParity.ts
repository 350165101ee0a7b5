/** Test support: one phase on both engines, from the same columns. */
import { OverflowError } from '../../core/errors.ts';
import { phasesOf } from '../../tick.ts';
import type { World } from '../../world.ts';
import { Batch } from './batch.ts';

import type { GpuDevice } from './device.ts';
import { APART, type DeviceColumn, type DeviceLayout, layOutDevice, WEIGHT_STRIDE } from './layout.ts';
import { createWords, takeWords, type WorldWords, wordsOfWorld } from './mirror.ts';
import { PARITY_CASES, type ParityCase, perturb, runCase, runUpTo } from './parityWorlds.ts';
import type { DevicePhase } from './phase.ts';
import { DEVICE_PHASES } from './phases/index.ts';
import { type CompiledPhase, compilePhase, encodePhase } from './program.ts';

/** How far floats may be apart: absolute + relative x size. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

export interface ParityOptions {
  /** Seeds of the worlds and of what is perturbed in them. */
  readonly seeds?: readonly number[];
  readonly cases?: readonly ParityCase[];
  /** Of every f32 column; integers are always equal. */
  readonly tolerance?: Tolerance;
  /** Of single columns, by name. */
  readonly tolerances?: Readonly<Record<string, Tolerance>>;
  /** Columns that the device need not have: scratch that nothing reads later. */
  readonly ignore?: readonly string[];
  /** Agents whose brains share a buffer; as many as fit by default. */
  readonly brainsPerShard?: number;
  /** Called right before the phase. */
  readonly disturb?: (world: World, seed: number) => void;
}

/** Lists that passes of the CPU leave behind for nobody. */
const CPU_SCRATCH: ReadonlySet<string> = new Set(['order']);

const DEFAULT_TOLERANCE: Tolerance = { absolute: 2e-6, relative: 4e-6 };

const floats = new Float32Array(1);
const floatBits = new Uint32Array(floats.buffer);
const asFloat = (word: number): number => {
  floatBits[0] = word;
  return floats[0]!;
};

/** The first number in which two worlds differ and how many do, in words; null where none does. */
export function differenceOf(
  layout: DeviceLayout,
  expected: WorldWords,
  got: WorldWords,
  { tolerance = DEFAULT_TOLERANCE, tolerances = {}, ignore = [] }: ParityOptions = {},
): string | null {
  const found: string[] = [];
  const compareFloats = (
    name: string,
    a: Uint32Array,
    b: Uint32Array,
    placeOf: (k: number) => string,
  ): void => {
    const { absolute, relative } = tolerances[name] ?? tolerance;
    for (let k = 0; k < a.length; k++) {
      if (a[k] === b[k]) continue;
      const x = asFloat(a[k]!);
      const y = asFloat(b[k]!);
      if (!(Math.abs(x - y) <= absolute + relative * Math.abs(x)))
        found.push(`${name}${placeOf(k)} is ${y}, expected ${x}`);
    }
  };
  const compareColumn = ({ group, name, type, offset, words }: DeviceColumn): void => {
    if (group === 'device' || CPU_SCRATCH.has(name) || ignore.includes(name)) return;
    const a = expected.state.subarray(offset, offset + words);
    const b = got.state.subarray(offset, offset + words);
    if (type === 'f32') compareFloats(name, a, b, (k) => `[${k}]`);
    else if (type === 'f64') {
      for (let k = 0; k < words; k += 2)
        if (a[k] !== b[k] || a[k + 1] !== b[k + 1])
          found.push(`${name}[${k / 2}] is ${wideOf(b, k)}, expected ${wideOf(a, k)}`);
    } else
      for (let k = 0; k < words; k++)
        if (a[k] !== b[k]) found.push(`${name}[${k}] is ${b[k]}, expected ${a[k]}`);
  };
  layout.columns.forEach(compareColumn);
  APART.forEach((name, n) => {
    if (!ignore.includes(name))
      compareFloats(
        name,
        expected.apart[n]!,
        got.apart[n]!,
        (k) => `[agent ${Math.floor(k / WEIGHT_STRIDE)}, ${k % WEIGHT_STRIDE}]`,
      );
  });
  if (found.length === 0) return null;
  return `${found[0]}${found.length > 1 ? `, and ${found.length - 1} more: ${found.slice(1, 6).join('; ')}` : ''}`;
}

const wideOf = (words: Uint32Array, k: number): number => (words[k + 1]! | 0) * 2 ** 32 + words[k]!;

/** Runs a phase in a world on the CPU; the error of a number that left its range, or null. */
function overflowOf(world: World, name: string): OverflowError | null {
  try {
    phasesOf(world)
      .find((phase) => phase.name === name)!
      .run(world, world.tick);
    return null;
  } catch (error) {
    if (error instanceof OverflowError) return error;
    throw error;
  }
}

/** What an error says without its numbers and account: where many overflow at once, engines meet another one first. */
const wordsOf = ({ message, at }: OverflowError): string =>
  message.replace(at.account, '').replaceAll(/(?<![\^\d])\d+(?![\^\d])/g, '#');

const programs = new Map<string, Promise<CompiledPhase>>();

/** A phase compiled for the layout of a batch, once in a process. */
export function compiled(
  gpu: GpuDevice,
  phase: DevicePhase,
  { bindings, layout, parameters }: Batch,
): Promise<CompiledPhase> {
  const key = `${phase.name} ${layout.key}`;
  const known = programs.get(key) ?? compilePhase(gpu, bindings, phase, layout, parameters[0]!);
  programs.set(key, known);
  return known;
}

/** Puts worlds of one config on the device and runs a phase of their next tick there. */
async function phaseOnDevice(
  gpu: GpuDevice,
  name: string,
  worlds: readonly World[],
  brainsPerShard?: number,
): Promise<Batch | null> {
  const phase = DEVICE_PHASES.get(name);
  if (phase === undefined) throw new Error(`no phase '${name}' on the device`);
  const parameters = worlds.map((world) => world.parameters);
  if (phase.idle?.(parameters[0]!)) return null;
  const batch = await Batch.allocate(gpu, parameters, brainsPerShard);
  batch.setTick(worlds[0]!.tick);
  worlds.forEach((world, w) => {
    batch.upload(w, wordsOfWorld(world, batch.layout));
  });
  const program = await compiled(gpu, phase, batch);
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  encodePhase(pass, batch, program);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
  return batch;
}

/** Runs a phase of the next tick of worlds of one config on the device, and takes the worlds back. */
export async function runOnDevice(gpu: GpuDevice, name: string, worlds: readonly World[]): Promise<void> {
  const batch = await phaseOnDevice(gpu, name, worlds);
  if (batch === null) return;
  await batch.assertWell();
  for (const [w, world] of worlds.entries()) takeWords(world, batch.layout, await batch.download(w));
  batch.destroy();
}

/**
 * Runs a phase of the next tick on worlds of one config, on the CPU and on the device, and compares all columns. The
 * worlds are left as the CPU's phase leaves them.
 *
 * @param between called when the device has the worlds and the CPU's have not moved on, for tests of the comparison
 * @returns what the device reports where a number left its range on both; null where none did
 * @throws Error naming phase, world, column, number, what was expected and found
 */
export async function comparePhase(
  gpu: GpuDevice,
  name: string,
  worlds: readonly World[],
  what: string,
  options: ParityOptions = {},
  between: () => void = () => {},
): Promise<OverflowError | null> {
  const batch = await phaseOnDevice(gpu, name, worlds, options.brainsPerShard);
  if (batch === null) {
    expectIdle(name, worlds, what, options);
    return null;
  }
  try {
    between();
    const overflows = worlds.map((world) => overflowOf(world, name)).filter((error) => error !== null);
    const problem = await batch.assertWell().then(
      () => null,
      (error: unknown) => error,
    );
    if (overflows.length > 0) {
      const words = overflows.map(wordsOf);
      if (!(problem instanceof OverflowError) || !words.includes(wordsOf(problem)))
        throw new Error(`${name}, ${what}: the device says ${problem}, the CPU ${words.join(', ')}`);
      return problem;
    }
    if (problem !== null) throw problem;
    const expected = createWords(batch.layout);
    for (const [w, world] of worlds.entries()) {
      const got = await batch.download(w);
      const difference = differenceOf(
        batch.layout,
        wordsOfWorld(world, batch.layout, expected),
        got,
        options,
      );
      if (difference !== null)
        throw new Error(`phase '${name}', ${what}, world ${w}, tick ${world.tick}: ${difference}`);
    }
    gpu.assertWell();
    return null;
  } finally {
    batch.destroy();
  }
}

/** A phase that a device leaves out must leave worlds alone on the CPU too. */
function expectIdle(name: string, worlds: readonly World[], what: string, options: ParityOptions): void {
  for (const world of worlds) {
    const layout = layOutDevice(world.parameters);
    const before = wordsOfWorld(world, layout);
    overflowOf(world, name);
    const difference = differenceOf(layout, wordsOfWorld(world, layout), before, options);
    if (difference !== null) throw new Error(`phase '${name}' is left out in ${what}, but: ${difference}`);
  }
}

/**
 * Compares a phase on both engines in worlds of every case: some ticks into a run, with possessions perturbed, after all
 * earlier phases of the tick.
 *
 * @throws Error for the first difference
 */
export async function expectPhaseParity(
  gpu: GpuDevice,
  name: string,
  options: ParityOptions = {},
): Promise<void> {
  const { seeds = [1, 2], cases = PARITY_CASES, disturb } = options;
  for (const each of cases)
    for (const seed of seeds) {
      const worlds = runCase(each, `parity ${seed}`);
      for (const world of worlds) {
        perturb(world, seed);
        runUpTo(world, name);
        disturb?.(world, seed);
      }
      await comparePhase(gpu, name, worlds, `${each.what}, seed ${seed}`, options);
    }
}
