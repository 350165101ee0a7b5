/**
 * Test support: a GPU to test with. A machine's own is taken where VK_ICD_FILENAMES names its driver; all others compute
 * on the processor by SwiftShader, which Chromium brings along: the system's, or the one from npm.
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'vitest';
import type { GpuDevice } from '../sim/engines/webgpu/device.ts';
import { PARITY_CASES } from '../sim/engines/webgpu/parityWorlds.ts';
import { expectPhaseParity, type ParityOptions } from '../sim/engines/webgpu/phaseParity.ts';
import { unpackedChromium } from '../viz/browser.ts';
import { openGpu } from './webgpu.ts';

const SYSTEM_DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';
/** glibc's flag for a library that stays although it turns out to be no module of Node. */
const RTLD_NODELETE = 0x1000;

/** The driver's description, beside its libraries; unpacks npm's Chromium where the system has none. */
export async function softwareDriver(): Promise<string> {
  if (existsSync(SYSTEM_DRIVER)) return SYSTEM_DRIVER;
  return join(await unpackedChromium(), 'vk_swiftshader_icd.json');
}

/** Makes Vulkan's loader known to this process; later it is found by its name. */
function loadVulkan(directory: string): void {
  try {
    process.dlopen(
      { exports: {} },
      join(directory, 'libvulkan.so.1'),
      constants.dlopen.RTLD_NOW | RTLD_NODELETE,
    );
  } catch {
    // it is no module of Node, which Node says once it has loaded it
  }
}

let opened: Promise<GpuDevice> | null = null;

/** The GPU that this process tests with. */
function testDevice(): Promise<GpuDevice> {
  opened ??= open();
  return opened;
}

async function open(): Promise<GpuDevice> {
  if (process.env.VK_ICD_FILENAMES === undefined && process.platform === 'linux') {
    const driver = await softwareDriver();
    process.env.VK_ICD_FILENAMES = driver;
    loadVulkan(dirname(driver));
  }
  return openGpu();
}

/**
 * Tests that need a GPU. Where there is none they are skipped, and their title says why; under CI=true that is a failure.
 *
 * @param body declares tests with the device
 */
export async function describeOnGpu(title: string, body: (gpu: GpuDevice) => void): Promise<void> {
  let gpu: GpuDevice;
  try {
    gpu = await testDevice();
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    describe.skip(`${title} (no GPU: ${(error as Error).message})`, () => {});
    return;
  }
  describe(`${title}, on ${gpu.status.name}`, () => body(gpu));
}

/** Every kind of world is compiled and compared anew: the fast tier does so with the first ones and one seed. */
const THOROUGH = process.env.CI === 'true';
const FEW = 2;

/** Declares a test for each kind of world that a phase does on the device what it does on the CPU. */
export function testPhaseParity(
  gpu: GpuDevice,
  phase: string,
  { cases = PARITY_CASES, seeds = [1, 2], ...rest }: ParityOptions = {},
): void {
  const options = { ...rest, seeds: THOROUGH ? seeds : seeds.slice(0, 1) };
  for (const each of THOROUGH ? cases : cases.slice(0, FEW))
    test(`'${phase}' leaves the columns that it leaves on the CPU: ${each.what}`, () =>
      expectPhaseParity(gpu, phase, { ...options, cases: [each] }));
}
