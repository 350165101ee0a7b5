import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('./jaxTick.py', import.meta.url));
/** Python without site packages, so that JAX is missing wherever this runs. */
const python = (...args: string[]) => spawnSync('python3', ['-I', '-S', ...args], { encoding: 'utf8' });
const hasPython = python('--version').status === 0;

describe.runIf(hasPython)('the JAX peer', () => {
  it('says in one line that JAX is missing, and exits with 3', () => {
    const { status, stdout, stderr } = python(script, '--json');
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/^error: JAX is not installed: [^\n]+\n$/);
  });

  it.each([
    [['--what', 'brains'], 'brains is neither brain nor tick'],
    [['--agents', '0'], '0 is not a whole number from 1'],
    [['--tick', 'x'], 'invalid positive value'],
  ])('refuses %j with exit code 2', (args, why) => {
    const { status, stderr } = python(script, ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(why);
  });

  it('explains itself without JAX', () => {
    const { status, stdout } = python(script, '--help');
    expect(status).toBe(0);
    expect(stdout).toContain('--agents');
  });
});
