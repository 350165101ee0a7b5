import { afterEach, describe, expect, test, vi } from 'vitest';
import { EnvironmentError } from '../sim/core/errors.ts';
import { findBrowser } from './browser.ts';

afterEach(() => vi.unstubAllEnvs());

describe('findBrowser', () => {
  test('CHROMIUM_PATH is taken at its word', async () => {
    vi.stubEnv('CHROMIUM_PATH', process.execPath);
    expect(await findBrowser()).toEqual({ path: process.execPath, environment: {} });
  });

  test('a CHROMIUM_PATH that names nothing is an error and no reason to look elsewhere', async () => {
    vi.stubEnv('CHROMIUM_PATH', '/nowhere/chromium');
    await expect(findBrowser()).rejects.toThrow(EnvironmentError);
    await expect(findBrowser()).rejects.toThrow("'/nowhere/chromium'");
  });

  test('the first of the usual places that exists is used', async () => {
    vi.stubEnv('CHROMIUM_PATH', '');
    expect((await findBrowser(['/nowhere/chromium', process.execPath])).path).toBe(process.execPath);
  });
});
