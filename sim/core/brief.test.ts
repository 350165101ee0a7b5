import { expect, it } from 'vitest';
import { inBrief } from './brief.ts';

it.each([
  [undefined, 'missing'],
  [null, 'null'],
  [3, '3'],
  ['a', '"a"'],
  [[], '[]'],
  [[1, [2], { three: 3 }], '[1,"[...]","{...}"]'],
  [{ a: { b: 1 }, c: 2 }, '{"a":"{...}","c":2}'],
])('shows %j as %s', (value, text) => {
  expect(inBrief(value)).toBe(text);
});

it('cuts what is long, and ends with what is nested deeper than the stack', () => {
  expect(inBrief('x'.repeat(100), 10)).toBe(`"${'x'.repeat(9)}`);
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`);
  expect(() => JSON.stringify(deep)).toThrow(RangeError);
  expect(inBrief(deep)).toBe('{"a":"{...}"}');
});
