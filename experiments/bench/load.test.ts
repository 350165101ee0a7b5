import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { partsOf } from './load.ts';

describe('the parts of darwin bench load', () => {
  it('are all but the soak, which takes minutes that are given', () => {
    expect(partsOf({})).toEqual(['watchers', 'runs', 'directory']);
    expect(partsOf({ minutes: 2 })).toEqual(['watchers', 'runs', 'directory', 'soak']);
    expect(partsOf({ parts: 'soak,runs' })).toEqual(['soak', 'runs']);
  });

  it('are named, or refused with the nearest name', () => {
    expect(() => partsOf({ parts: 'run' })).toThrow(UsageError);
    expect(() => partsOf({ parts: 'run' })).toThrow('load has no part run');
  });
});
