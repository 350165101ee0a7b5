import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { assertCompiled, runProgram } from './compiled.ts';
import { PACKAGE_ROOT } from './hardware.ts';

const { scripts } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
/** Name and program of every `npm run NAME` beside the command line. */
const programs = Object.entries(scripts).flatMap(([name, command]) => {
  const file = /^node (dist\/experiments\/(?!cli\.js)\S+\.js)$/.exec(command)?.[1];
  return file === undefined ? [] : [[name, file] as const];
});

describe('the programs of npm run', { timeout: 60_000 }, () => {
  beforeAll(assertCompiled);

  it('are those that package.json names', () => {
    expect(programs.map(([name]) => name)).toEqual(expect.arrayContaining(['fuzz', 'faults', 'gallery']));
    expect(programs.length).toBeGreaterThanOrEqual(9);
  });

  it.each(programs)('%s tells its options with --help', (name, file) => {
    const { status, stdout, stderr } = runProgram(file, '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`Usage: npm run ${name} -- [options]`);
    // and does nothing else
    expect(stdout).toMatch(/-h, --help +display help for command\n$/);
  });

  it.each(programs)('%s refuses an option that it does not have in one line', (name, file) => {
    const { status, stdout, stderr } = runProgram(file, '--no-such-option');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(`error: unknown option '--no-such-option' (npm run ${name} -- --help)\n`);
  });

  it('suggest the option that was meant, and refuse arguments that they do not take', () => {
    const [fuzz] = programs.filter(([name]) => name === 'fuzz');
    expect(runProgram(fuzz![1], '--input', 'a', '--sed', '1').stderr).toBe(
      "error: unknown option '--sed' (did you mean --seed?)\n",
    );
    const { status, stderr } = runProgram(fuzz![1], 'configs');
    expect(status).toBe(2);
    expect(stderr).toBe('error: there is no use for configs (npm run fuzz -- --help)\n');
    const [gallery] = programs.filter(([name]) => name === 'gallery');
    expect(runProgram(gallery![1], 'trsut').stderr).toBe(
      "error: the gallery has no experiment 'trsut' (did you mean trust?)\n",
    );
  });
});
