import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { beforeAll, describe, expect, it } from 'vitest';
import { assertCompiled } from '../compiled.ts';
import { PACKAGE_ROOT } from '../hardware.ts';

const script = join(PACKAGE_ROOT, 'dist/experiments/calibration/report.js');

describe('the calibration report', () => {
  beforeAll(assertCompiled);

  it.each([
    ['an unknown option', ['--quik'], '--quik'],
    ['an argument that is none', ['quick'], 'quick'],
    ['a report below a file', ['--quick', '--out', join(script, 'report.md')], `cannot write ${script}`],
  ])('refuses %s with one line before any run', (_, args, part) => {
    const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toContain(part);
  });
});
