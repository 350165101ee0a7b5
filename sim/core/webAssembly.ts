/** Loads the compiled kernels (experiments/buildKernels.mjs) the same way in Node, workers and browsers. */
import { assert } from './assert.ts';
import { EnvironmentError } from './errors.ts';

const compiled = {
  own: new Map<string, WebAssembly.Module>(),
  shared: new Map<string, WebAssembly.Module>(),
};

/**
 * The module of a kernel, compiled once.
 *
 * @param base64 KERNEL_BASE64 of a generated file
 * @param shared whether it is to import a memory that threads share
 * @throws EnvironmentError where there is no WebAssembly SIMD
 */
export function kernelModule(base64: string, shared = false): WebAssembly.Module {
  const modules = shared ? compiled.shared : compiled.own;
  const known = modules.get(base64);
  if (known !== undefined) return known;
  const own = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const bytes = shared ? importingShared(own) : own;
  try {
    const module = new WebAssembly.Module(bytes);
    modules.set(base64, module);
    return module;
  } catch (cause) {
    throw new EnvironmentError(
      'this machine cannot compile a WebAssembly SIMD kernel',
      'use Node 20 or newer, or a browser with WebAssembly SIMD',
      { cause },
    );
  }
}

const MAGIC_BYTES = 8;
const IMPORT_SECTION = 2;
/** `env.memory`, kind memory, unshared without a maximum: what the compiler writes before the initial size. */
const OWN_MEMORY = [3, 0x65, 0x6e, 0x76, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0];
/** A memory that is shared states its maximum. */
const SHARED_LIMITS = 3;
/** 65,536 pages, 4 GiB, as LEB128. */
const PAGES_MAX = [0x80, 0x80, 0x04];

/** Reads an unsigned LEB128 number; returns it and the place behind it. */
function leb128(bytes: Uint8Array, from: number): [number, number] {
  let value = 0;
  for (let at = from, shift = 0; ; at++, shift += 7) {
    value += (bytes[at]! & 0x7f) * 2 ** shift;
    if (bytes[at]! < 0x80) return [value, at + 1];
  }
}

function toLeb128(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...toLeb128(Math.floor(value / 0x80))];
}

/**
 * The same module with the memory that it imports declared shared (WebAssembly core specification 5.3.8 and 5.5.5, and
 * the threads proposal): the code, and so every bit that it computes, stays the same.
 */
function importingShared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  for (let at = MAGIC_BYTES; at < bytes.length; ) {
    const [size, start] = leb128(bytes, at + 1);
    if (bytes[at] !== IMPORT_SECTION) {
      at = start + size;
      continue;
    }
    const section = [...bytes.subarray(start, start + size)];
    const place = section.findIndex((_, k) => OWN_MEMORY.every((byte, j) => section[k + j] === byte));
    assert(place >= 0, 'a kernel imports its memory otherwise than the loader knows');
    const flag = place + OWN_MEMORY.length - 1;
    const [, end] = leb128(bytes, start + flag + 1);
    const initial = section.slice(flag + 1, end - start);
    const patched = [...section.slice(0, flag), SHARED_LIMITS, ...initial, ...PAGES_MAX];
    patched.push(...section.slice(end - start));
    return Uint8Array.from([
      ...bytes.subarray(0, at + 1),
      ...toLeb128(patched.length),
      ...patched,
      ...bytes.subarray(start + size),
    ]);
  }
  throw new EnvironmentError('a kernel imports no memory', 'npm run build:kernels');
}

/** Whether threads share a memory. */
export const isShared = (memory: WebAssembly.Memory): boolean =>
  typeof SharedArrayBuffer !== 'undefined' && (memory.buffer as unknown) instanceof SharedArrayBuffer;

/** Instantiates a kernel on a memory, synchronously; its exports, as the caller knows them. */
export const instantiate = <Exports>(base64: string, memory: WebAssembly.Memory): Exports =>
  new WebAssembly.Instance(kernelModule(base64, isShared(memory)), { env: { memory } }).exports as Exports;

const bound = new Map<string, WeakMap<WebAssembly.Memory, unknown>>();

/**
 * What a kernel is on a memory: instantiated and set up there once, however many worlds lie in it. Worlds of one
 * thread take turns with it.
 *
 * @param bind makes of the kernel's exports what its users hold
 */
export function kernelOn<Exports, Kernel>(
  base64: string,
  memory: WebAssembly.Memory,
  bind: (exports: Exports) => Kernel,
): Kernel {
  let memories = bound.get(base64);
  if (memories === undefined) {
    memories = new WeakMap();
    bound.set(base64, memories);
  }
  const known = memories.get(memory) as Kernel | undefined;
  if (known !== undefined) return known;
  const kernel = bind(instantiate<Exports>(base64, memory));
  memories.set(memory, kernel);
  return kernel;
}
