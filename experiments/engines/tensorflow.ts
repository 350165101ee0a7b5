/**
 * The engine whose brains are TensorFlow.js tensors. The library is looked for where it is fastest first: on CUDA, in its
 * native library, in plain JavaScript.
 */
import process from 'node:process';
import type { Tf } from '../../agents/brain/tensorflow.ts';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { tensorflowEngine } from '../../sim/engines/tensorflow.ts';
import type { EngineOffer } from './offer.ts';

/** Where TensorFlow.js may be, the fastest first. */
export const TENSORFLOW_PACKAGES = [
  { name: '@tensorflow/tfjs-node-gpu', what: 'CUDA' },
  { name: '@tensorflow/tfjs-node', what: 'native library' },
  { name: '@tensorflow/tfjs', what: 'plain JavaScript, slow' },
] as const;

/** A loaded library. */
export interface LoadedTensorflow {
  readonly tf: Tf;
  /** Package, version, backend. */
  readonly device: string;
  /** Why faster packages are not it. */
  readonly missing: readonly string[];
}

/** Why a package did not load, as one says it: not there, or there without the library that its install step fetches. */
export function whyNotLoaded(name: string, cause: unknown): string {
  const { code, message = String(cause) } = (cause ?? {}) as { code?: string; message?: string };
  const notInstalled = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
  if (/tfjs_binding\.node|libtensorflow/.test(message))
    return `${name} is there without its native library (npm rebuild ${name} --build-addon-from-source)`;
  if (notInstalled) return `${name} is not installed (npm install --no-save ${name})`;
  return `${name} does not load: ${message.split('\n')[0]}`;
}

/**
 * Loads TensorFlow.js from the first package that works.
 *
 * @param load how a package is loaded
 * @returns null where none works, with the reasons
 */
export async function loadTensorflow(
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<LoadedTensorflow | { readonly tf: null; readonly missing: readonly string[] }> {
  const missing: string[] = [];
  for (const { name, what } of TENSORFLOW_PACKAGES) {
    try {
      const tf = await quietly(async () => {
        const module = (await load(name)) as Tf & { readonly default?: Tf };
        // packages of the older module format come as the default export
        const library = module.default?.version === undefined ? module : module.default;
        await library.ready();
        library.scalar(0).dispose();
        return library;
      });
      return { tf, device: `${name} ${tf.version.tfjs}, backend ${tf.getBackend()} (${what})`, missing };
    } catch (cause) {
      missing.push(whyNotLoaded(name, cause));
    }
  }
  return { tf: null, missing };
}

/** Keeps the advertisement to itself that plain TensorFlow.js prints in Node with its first tensor. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => {};
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}

let loading: ReturnType<typeof loadTensorflow> | null = null;
/** The library of this process, loaded once. */
const tensorflow = (): ReturnType<typeof loadTensorflow> => (loading ??= loadTensorflow());

export const TENSORFLOW: EngineOffer = {
  name: 'tensorflow',
  probe: async () => {
    const { tf, missing, ...found } = await tensorflow();
    const available = tf !== null;
    return {
      name: 'tensorflow',
      available,
      device: available ? (found as LoadedTensorflow).device : null,
      reason: [
        ...(available ? ['brains as tensors, all else as cpu; the oracle of gradients'] : []),
        ...missing,
      ].join('; '),
    };
  },
  open: async () => {
    const loaded = await tensorflow();
    if (loaded.tf === null)
      throw new EnvironmentError(
        `engine tensorflow is not available: ${loaded.missing.join('; ')}`,
        'npm install --no-save @tensorflow/tfjs',
      );
    return tensorflowEngine(loaded.tf, loaded.device, () => process.availableMemory());
  },
};
