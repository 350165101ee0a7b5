import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { worldCount } from './arms.ts';
import { parseConfig } from './parse.ts';

const folder = new URL('.', import.meta.url);
const presets = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

describe.each(presets)('the preset %s', (name) => {
  const text = readFileSync(new URL(name, folder), 'utf8');

  it('is valid and describes itself', () => {
    const run = parseConfig(text, { file: name });
    expect(worldCount(run)).toBeGreaterThan(0);
    expect(run.arms[0]!.name).toBe(name.replace('.yaml', ''));
    expect(run.arms[0]!.description.length).toBeGreaterThan(20);
  });

  it('points editors at the schema and is listed in the README', () => {
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./schema.json');
    expect(readFileSync(new URL('README.md', folder), 'utf8')).toContain(`\`${name}\``);
  });
});

it('the preset for continuous integration is quick and has no mechanism off', () => {
  const [arm] = parseConfig(readFileSync(new URL('ci.yaml', folder), 'utf8')).arms;
  expect(arm!.ticks * arm!.worlds * arm!.slots).toBeLessThan(100_000);
  for (const mechanism of [
    'amm',
    'computeMarket',
    'serviceMarket',
    'training',
    'hardware',
    'demography',
  ] as const)
    expect(arm!.world[mechanism].enabled).toBe(true);
});
