import { describe, expect, it } from 'vitest';
import { AssertionError, UsageError } from '../../sim/core/errors.ts';
import { FuzzDraws, mutateBytes, mutateText, mutateValue } from './mutation.ts';
import { judge } from './target.ts';

/** An error whose line is what it was given. */
class Unprintable extends UsageError {
  private readonly given: string;

  constructor(given: string) {
    super('');
    this.given = given;
  }

  override get line(): string {
    return this.given;
  }
}

describe('the judgement of an error', () => {
  it('lets the project refuse in one line that can be printed, of bounded length', () => {
    expect(judge(new UsageError('no such run', 'choose another'), false)).toEqual({ kind: 'refused' });
    expect(judge(new UsageError('x'.repeat(2000)), false)).toEqual({ kind: 'refused' });
    expect(judge(new UsageError('x'.repeat(2001)), false).kind).toBe('wrong');
    for (const line of ['two\nlines', '\u001b[31mred'])
      expect(judge(new Unprintable(line), false).kind).toBe('wrong');
  });

  it('wants something to try in what people read', () => {
    expect(judge(new UsageError('no such run', 'choose another'), true)).toEqual({ kind: 'refused' });
    expect(judge(new UsageError('no such run'), true)).toEqual({
      kind: 'wrong',
      problem: 'UsageError says nothing to try: no such run',
    });
    expect(judge(new UsageError('no such run'), false)).toEqual({ kind: 'refused' });
  });

  it('finds every other error wrong, assertions too, and says where it was thrown', () => {
    const verdict = judge(new TypeError('a is not a function'), false);
    expect(verdict).toMatchObject({
      kind: 'wrong',
      problem: expect.stringMatching(/^TypeError at [\w.]+:\d+: a is/),
    });
    expect(judge(new AssertionError('this holds'), false).kind).toBe('wrong');
    expect(judge('text', false)).toMatchObject({ kind: 'wrong' });
  });
});

describe('mutations', () => {
  const bytes = Uint8Array.from({ length: 50 }, (_, k) => k);
  const value = { a: 1, b: [true, { c: 'text' }], d: null };
  const text = 'ticks: 10\nslots: 5\n';

  it('are the same for the same seed and number, and leave what they change as it was', () => {
    for (let k = 0; k < 200; k++) {
      const [one, two] = [new FuzzDraws(7, k), new FuzzDraws(7, k)];
      expect(mutateBytes(bytes, one)).toEqual(mutateBytes(bytes, two));
      expect(mutateValue(value, one)).toEqual(mutateValue(value, two));
      expect(mutateText(text, one)).toBe(mutateText(text, two));
    }
    expect(bytes).toEqual(Uint8Array.from({ length: 50 }, (_, k) => k));
    expect(value).toEqual({ a: 1, b: [true, { c: 'text' }], d: null });
  });

  it('differ by number: most change something', () => {
    const draws = Array.from({ length: 200 }, (_, k) => new FuzzDraws(7, k));
    expect(new Set(draws.map((one) => mutateBytes(bytes, one).join())).size).toBeGreaterThan(150);
    expect(new Set(draws.map((one) => mutateText(text, one))).size).toBeGreaterThan(100);
  });
});
