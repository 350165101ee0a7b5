/** WebGPU in Node: Dawn, from the optional package `webgpu`. */
import { existsSync, readdirSync } from 'node:fs';
import process from 'node:process';
import { EnvironmentError } from '../sim/core/errors.ts';
import { type GpuDevice, openDevice } from '../sim/engines/webgpu/device.ts';

// a collected instance of Dawn takes the process with it
let dawn: GPU | null = null;

/**
 * Dawn, loaded once.
 *
 * @param load the package, for tests of its absence
 * @throws EnvironmentError when the package is missing or its library does not load
 */
export async function loadWebGpu(
  load: () => Promise<typeof import('webgpu')> = () => import('webgpu'),
): Promise<GPU> {
  if (dawn !== null) return dawn;
  try {
    dawn = (await load()).create([]);
    return dawn;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
      throw new EnvironmentError("the package 'webgpu' is not installed", 'npm install webgpu', { cause });
    throw new EnvironmentError(
      `the package 'webgpu' does not load: ${message.split('\n')[0]}`,
      'reinstall it, or use --engine cpu',
      { cause },
    );
  }
}

/** Where Vulkan's loader looks for drivers on Linux. */
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/**
 * Whether this machine may have a GPU: Dawn prints warnings where it looks in vain, which whoever did not ask for a GPU
 * should not have to read.
 */
export function mayHaveGpu(): boolean {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  if (process.platform !== 'linux' || VK_ICD_FILENAMES || VK_DRIVER_FILES) return true;
  return DRIVER_FOLDERS.some((folder) => existsSync(folder) && readdirSync(folder).length > 0);
}

/**
 * Opens this machine's GPU.
 *
 * @throws EnvironmentError when Dawn or a GPU is missing
 */
export async function openGpu(): Promise<GpuDevice> {
  return openDevice(await loadWebGpu());
}
