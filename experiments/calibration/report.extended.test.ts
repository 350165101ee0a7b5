import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { assertCompiled } from '../compiled.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { LINES } from './criteria.ts';
import { GARDEN_POPULATIONS } from './garden.ts';
import { SELECTION_ARMS, SLOT_POPULATIONS } from './selection.ts';
import type { Studies } from './studies.ts';

const TIMEOUT_MS = 900_000;
const folder = mkdtempSync(join(tmpdir(), 'calibration-'));
const file = join(folder, 'report.md');
let report = '';

beforeAll(async () => {
  assertCompiled();
  const script = join(PACKAGE_ROOT, 'dist/experiments/calibration/report.js');
  const code = await new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, '--quick', '--out', file], { stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', resolve);
  });
  expect(code).toBe(0);
  report = readFileSync(file, 'utf8');
}, TIMEOUT_MS);
afterAll(() => rmSync(folder, { recursive: true }));

const section = (heading: string): string => {
  const found = report.split(/^#{2,3} /m).find((part) => part.startsWith(heading));
  expect(found, heading).toBeDefined();
  return found!;
};
const cells = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()));

describe('a quick calibration report', () => {
  it('goes through MODEL 12 line by line, for the baseline with its common garden and for the quickstart', () => {
    const baseline = cells(section('configs/baseline.yaml')).map((row) => row[1]);
    for (const line of Object.values(LINES)) expect(baseline).toContain(line);
    const quickstart = cells(section('configs/quickstart.yaml')).map((row) => row[1]);
    for (const [line, text] of Object.entries(LINES))
      if (line !== 'garden') expect(quickstart).toContain(text);
    // a run of two mean lives at most cannot show the turnover of five
    expect(section('configs/quickstart.yaml')).toMatch(/Not shown.*births and deaths/);
  });

  it('compares every population of the garden, every arm of evolution and the holders of slots', () => {
    const garden = cells(section('The common garden')).map((row) => row[1]);
    for (const { name } of GARDEN_POPULATIONS) expect(garden).toContain(name);
    const arms = cells(section('Arms of evolution')).map((row) => row[1]);
    for (const { name } of SELECTION_ARMS) expect(arms).toContain(name);
    const slots = cells(section('Who takes the slots'));
    for (const { name } of SLOT_POPULATIONS) expect(slots.filter((row) => row[2] === name)).toHaveLength(2);
  });

  it('has every study with a sentence about what breaks', () => {
    const { studies } = parse(
      readFileSync(join(PACKAGE_ROOT, 'experiments/calibration/studies.yaml'), 'utf8'),
    ) as Studies;
    for (const { name, why } of studies)
      expect(section(name)).toMatch(new RegExp(`${why.replaceAll('.', '\\.')}\\. .*(breaks|No value).*\\.`));
  });

  it('holds no value that is missing by accident, and tables of one width', () => {
    expect(report).not.toMatch(/undefined|NaN|Infinity|\[object/);
    for (const part of report.split('\n\n').filter((text) => text.startsWith('| ')))
      expect(
        new Set(
          part
            .trim()
            .split('\n')
            .map((line) => line.split('|').length),
        ).size,
        part,
      ).toBe(1);
  });
});
