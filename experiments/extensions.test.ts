import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { BUILT_IN, extendRegistry } from '../configs/registry.ts';
import { assertExtensionsHere, extensionsOf, loadExtensions } from './extensions.ts';

const { arms } = parseConfig(
  `populations: [{ name: mine, kind: turner }, { name: learners, kind: learner }]
extensions: { metrics: [ownShare], rewardFeatures: [{ name: thrift, replaces: slashed }] }`,
  {
    registry: extendRegistry(BUILT_IN, {
      populationKinds: ['turner'],
      metrics: ['ownShare'],
      rewardFeatures: ['thrift'],
    }),
  },
);

describe('extensions of a run', () => {
  it('that nobody has registered are told with both ways to register them', () => {
    expect(() => parseConfig('extensions: { metrics: [ownNothing] }')).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/--extend FILE .* before it parses/) }),
    );
  });

  it('are told by kind and name, and a run without any has none', () => {
    expect(extensionsOf(arms)).toEqual([
      'population kind turner',
      'metric ownShare',
      'reward feature thrift',
    ]);
    expect(extensionsOf(parseConfig('ticks: 5').arms)).toEqual([]);
  });

  it('are asked for where this program does not have them', () => {
    expect(() => assertExtensionsHere(arms, 'runs/own')).toThrow(
      expect.objectContaining({
        line: 'runs/own uses population kind turner, metric ownShare, reward feature thrift, which this program does not have (--extend FILE loads the file that registers them)',
      }),
    );
    expect(() => assertExtensionsHere(parseConfig('ticks: 5').arms, 'runs/own')).not.toThrow();
  });
});

describe('a file of extensions', () => {
  let work: string;
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'darwin-extension-'));
  });
  afterAll(() => rmSync(work, { recursive: true }));

  it.each([
    ['is missing', null, /^there is no file .*mine\.mjs$/],
    ['throws', "throw new Error('broken')", /mine\.mjs does not load: broken$/],
    ['registers nothing', 'export const nothing = 1;', /mine\.mjs registers nothing with this program$/],
  ])('that %s is refused in one line', async (what, text, message) => {
    const folder = join(work, what.replaceAll(' ', '-'));
    const file = `${folder}-mine.mjs`;
    if (text !== null) writeFileSync(file, text);
    await expect(loadExtensions([file])).rejects.toThrow(message);
  });
});
