import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { assertRead, BENCHMARKS, benchmarkNamed } from './index.ts';
import { BENCH_FLAGS } from './measure.ts';

describe('options of benchmarks', () => {
  it('of a named one are refused exactly where it does not read them', () => {
    fc.assert(
      fc.property(fc.constantFrom(...BENCHMARKS), fc.constantFrom(...BENCH_FLAGS), (benchmark, flag) => {
        const check = () => assertRead([benchmark], [flag], true);
        if (benchmark.reads.includes(flag)) check();
        else expect(check).toThrow(UsageError);
      }),
    );
  });

  it('of several named ones are refused where one does not read them, and it is said which', () => {
    const both = [benchmarkNamed('run'), benchmarkNamed('clearing')];
    assertRead(both, ['agents', 'repeats'], true);
    expect(() => assertRead(both, ['agents', 'worlds'], true)).toThrow('--worlds is not read by clearing');
  });

  it('of all are refused only where none reads them', () => {
    const all = BENCHMARKS.filter(({ byNameOnly }) => !byNameOnly);
    assertRead(all, ['agents', 'hidden', 'worlds', 'repeats', 'threads', 'against'], false);
    expect(() => assertRead(all, ['bse'], false)).toThrow('--bse is read by no benchmark');
  });

  it('are each read by some benchmark', () => {
    for (const flag of BENCH_FLAGS) expect(BENCHMARKS.some(({ reads }) => reads.includes(flag))).toBe(true);
  });
});
