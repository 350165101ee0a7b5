import { expect, test } from 'vitest';
import { EnvironmentError, EXIT } from '../sim/core/errors.ts';
import { loadWebGpu } from './webgpu.ts';

const failing = (failure: Error) =>
  loadWebGpu(() => Promise.reject(failure)).catch((error: unknown) => error as EnvironmentError);

test.each(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'])(
  'a missing package is named with what installs it (%s)',
  async (code) => {
    const error = await failing(Object.assign(new Error('no such thing'), { code }));
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({ exitCode: EXIT.environment });
    expect((error as EnvironmentError).line).toBe(
      "the package 'webgpu' is not installed (npm install webgpu)",
    );
  },
);

test('a library that does not load is an error of one line', async () => {
  const error = await failing(new Error('libstdc++.so.6: version not found\nmore'));
  expect(error).toBeInstanceOf(EnvironmentError);
  expect((error as EnvironmentError).line).toBe(
    "the package 'webgpu' does not load: libstdc++.so.6: version not found (reinstall it, or use --engine cpu)",
  );
});
