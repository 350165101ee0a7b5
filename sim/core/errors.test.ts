import { describe, expect, it } from 'vitest';
import { assert } from './assert.ts';
import {
  AssertionError,
  CapacityError,
  ConfigError,
  DarwinError,
  EngineError,
  EnvironmentError,
  EXIT,
  InterruptedError,
  LawViolation,
  MismatchError,
  OverflowError,
  UsageError,
} from './errors.ts';

it('an error is one line that can be printed, whatever it repeats', () => {
  const { message, hint, line } = new UsageError('two\nlines \u001b[31m', 'and\ta tab');
  expect([message, hint]).toEqual(['two\\x0alines \\x1b[31m', 'and\\x09a tab']);
  expect(line).not.toMatch(/\p{Cc}/u);
});

const at = { world: 3, tick: 17, account: 'agent 5 cash' };
const all: [DarwinError, string, number][] = [
  [new ConfigError('run.yaml:3:5', 'is not a number', 'give a number'), 'config', EXIT.badInput],
  [new UsageError('no such file'), 'usage', EXIT.badInput],
  [new CapacityError('needs 9 GiB'), 'capacity', EXIT.badInput],
  [new EnvironmentError('no device'), 'environment', EXIT.environment],
  [new EngineError('device lost'), 'engine', EXIT.environment],
  [new MismatchError('hashes differ'), 'mismatch', EXIT.checkFailed],
  [new InterruptedError('interrupted'), 'interrupted', EXIT.interrupted],
  [new AssertionError('cannot be'), 'assertion', EXIT.checkFailed],
  [new LawViolation('conservation', at, 'off by 1'), 'law', EXIT.checkFailed],
  [new OverflowError(at, 'balance 0 cannot pay 1'), 'overflow', EXIT.checkFailed],
];

describe('every expected failure', () => {
  it.each(all)('%s has a code, an exit code and its own name', (error, code, exitCode) => {
    expect(error).toBeInstanceOf(DarwinError);
    expect(error.code).toBe(code);
    expect(error.exitCode).toBe(exitCode);
    expect(error.name).toBe(error.constructor.name);
    expect(error.toJSON()).toEqual({ error: { code, message: error.message, hint: error.hint } });
  });

  it('shows its hint on the same line, or none', () => {
    expect(new UsageError('no such file', 'check the path').line).toBe('no such file (check the path)');
    expect(new UsageError('no such file').line).toBe('no such file');
  });

  it('keeps its cause', () => {
    const cause = new Error('disk');
    expect(new EnvironmentError('cannot write', '', { cause }).cause).toBe(cause);
  });
});

describe('a law violation', () => {
  it('names law, tick, world and account', () => {
    const error = new LawViolation('conservation', at, 'off by 1');
    expect(error.message).toBe(
      "law 'conservation' broken at tick 17, world 3, account 'agent 5 cash': off by 1",
    );
    expect(error.law).toBe('conservation');
    expect(error.at).toEqual(at);
  });

  it('of a range is an overflow', () => {
    const error = new OverflowError(at, 'balance 0 cannot pay 1');
    expect(error).toBeInstanceOf(LawViolation);
    expect(error.law).toBe('balances-in-range');
  });
});

describe('a config error', () => {
  it('starts with the place', () => {
    const error = new ConfigError('run.yaml:3:5', 'is not a number');
    expect(error.message).toBe('run.yaml:3:5: is not a number');
    expect(error.place).toBe('run.yaml:3:5');
  });
});

describe('an assertion', () => {
  it('passes what holds and throws what does not', () => {
    expect(() => assert(true, 'fine')).not.toThrow();
    expect(() => assert(false, 'two is not one')).toThrow(new AssertionError('two is not one'));
  });
});
