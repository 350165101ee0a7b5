import { expect, it } from 'vitest';
import { ConfigError, UsageError } from './errors.ts';
import { ownCode } from './ownCode.ts';

const fails = (thrown: unknown) =>
  ownCode("metric 'ownShare'", (): number => {
    throw thrown;
  });

it('what a function of a user throws is told with its name and the place of its code', () => {
  const cause = new TypeError('x is undefined');
  expect(fails(cause)).toThrow(
    expect.objectContaining({
      name: 'UsageError',
      message: "metric 'ownShare' failed: x is undefined",
      hint: expect.stringMatching(/^it was thrown at .*ownCode\.test\.ts:\d+:\d+$/),
      cause,
    }),
  );
  cause.stack = 'elsewhere';
  expect(fails(cause)).toThrow(expect.objectContaining({ hint: 'look into the code that registers it' }));
  expect(fails('word')).toThrow(UsageError);
  expect(fails('word')).toThrow("metric 'ownShare' failed: word");
});

it('what a function of a user gives, and errors of this program, pass', () => {
  expect(ownCode('metric', (a: number, b: number) => a + b)(2, 3)).toBe(5);
  expect(fails(new ConfigError('a', 'b'))).toThrow(ConfigError);
});
