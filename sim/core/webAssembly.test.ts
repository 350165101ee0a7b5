import { describe, expect, it } from 'vitest';
import { instantiateKernel } from '../../agents/brain/brain.ts';
import { KERNEL_BASE64 } from '../../agents/brain/kernel.generated.ts';
import { Arena, ColumnHash, f32, u32 } from './columns.ts';
import { isShared, kernelModule, kernelOn } from './webAssembly.ts';

describe('a kernel on a memory that threads share', () => {
  it('is the same module but for the memory that it imports', () => {
    const [own, shared] = [kernelModule(KERNEL_BASE64), kernelModule(KERNEL_BASE64, true)];
    expect(WebAssembly.Module.exports(shared)).toEqual(WebAssembly.Module.exports(own));
    expect(WebAssembly.Module.imports(shared)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
    const memory = (isIt: boolean) => new WebAssembly.Memory({ initial: 4, maximum: 4, shared: isIt });
    expect(() => new WebAssembly.Instance(own, { env: { memory: memory(true) } })).toThrow(
      WebAssembly.LinkError,
    );
    expect(() => new WebAssembly.Instance(shared, { env: { memory: memory(false) } })).toThrow(
      WebAssembly.LinkError,
    );
  });

  it('computes the same bits', () => {
    const count = 4096;
    const results = [false, true].map((shared) => {
      const arena = new Arena(2 * 4 * count, shared);
      expect(isShared(arena.memory)).toBe(shared);
      const [input, output] = [arena.column(f32(count)), arena.column(f32(count))];
      input.forEach((_, k) => {
        input[k] = (k - count / 2) / 40;
      });
      instantiateKernel(arena.memory).exponentials(input.byteOffset, output.byteOffset, count / 4);
      expect(output[0]).toBeGreaterThan(0);
      return new ColumnHash().add(output).digest();
    });
    expect(results[1]).toBe(results[0]);
  });

  it('a module without the memory import is refused', () => {
    const empty = btoa(String.fromCharCode(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(() => kernelModule(empty, true)).toThrow('imports no memory');
  });
});

describe('a kernel that worlds share', () => {
  it('is set up once on a memory, and apart on another', () => {
    const memory = () => new WebAssembly.Memory({ initial: 4, maximum: 4 });
    const [here, there] = [memory(), memory()];
    let times = 0;
    const bind = (exports: object) => ({ exports, time: ++times });
    const first = kernelOn(KERNEL_BASE64, here, bind);
    expect(kernelOn(KERNEL_BASE64, here, bind)).toBe(first);
    const second = kernelOn(KERNEL_BASE64, there, bind);
    expect([first.time, second.time]).toEqual([1, 2]);
    expect(second.exports).not.toBe(first.exports);
  });
});

describe('an arena over the memory of another', () => {
  it('finds the columns that were made there in the same order', () => {
    const first = new Arena(4096, true);
    const [a, b] = [first.column(u32(10)), first.column(f32(7))];
    const second = new Arena(first.memory);
    const [c, d] = [second.column(u32(10)), second.column(f32(7))];
    a[9] = 5;
    d[0] = 0.5;
    expect([c[9], b[0]]).toEqual([5, 0.5]);
    expect([c.byteOffset, d.byteOffset]).toEqual([a.byteOffset, b.byteOffset]);
  });
});

describe('the hash of a column in pieces', () => {
  it('is that of the whole, wherever it is cut', () => {
    const whole = Uint32Array.from({ length: 20 }, (_, k) => k * 7919);
    for (const cut of [0, 1, 10, 20])
      expect(new ColumnHash().add(whole.slice(0, cut), whole.slice(cut)).digest()).toBe(
        new ColumnHash().add(whole).digest(),
      );
    expect(new ColumnHash().add(whole.slice(0, 10)).add(whole.slice(10)).digest()).not.toBe(
      new ColumnHash().add(whole).digest(),
    );
  });
});
