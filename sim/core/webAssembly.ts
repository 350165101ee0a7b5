/** Loads the compiled kernels (experiments/buildKernels.mjs) the same way in Node, workers and browsers. */
import { EnvironmentError } from './errors.ts';

const compiled = new Map<string, WebAssembly.Module>();

/**
 * The module of a kernel, compiled once.
 *
 * @param base64 KERNEL_BASE64 of a generated file
 * @throws EnvironmentError where there is no WebAssembly SIMD
 */
export function kernelModule(base64: string): WebAssembly.Module {
  const known = compiled.get(base64);
  if (known !== undefined) return known;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  try {
    const module = new WebAssembly.Module(bytes);
    compiled.set(base64, module);
    return module;
  } catch (cause) {
    throw new EnvironmentError(
      'this machine cannot compile a WebAssembly SIMD kernel',
      'use Node 20 or newer, or a browser with WebAssembly SIMD',
      { cause },
    );
  }
}

/** Instantiates a kernel on a memory, synchronously; its exports, as the caller knows them. */
export const instantiate = <Exports>(base64: string, memory: WebAssembly.Memory): Exports =>
  new WebAssembly.Instance(kernelModule(base64), { env: { memory } }).exports as Exports;
