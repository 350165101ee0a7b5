import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { assertCompiled, runProgram } from '../compiled.ts';
import { PACKAGE_ROOT } from '../hardware.ts';

const file = 'dist/experiments/calibration/report.js';
const script = join(PACKAGE_ROOT, file);

describe('the calibration report', () => {
  beforeAll(assertCompiled);

  it.each([
    ['an unknown option', ['--quik'], '--quik'],
    ['an argument that is none', ['quick'], 'quick'],
    ['a report below a file', ['--quick', '--out', join(script, 'report.md')], `cannot write ${script}`],
  ])('refuses %s with one line before any run', (_, args, part) => {
    const { status, stderr } = runProgram(file, ...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toContain(part);
  });
});
