import { describe, expect, it } from 'vitest';
import { allPaths, formatPath, type SchemaNode, schemaTree } from './schemaTree.ts';
import { suggestKey, suggestName, suggestValue } from './suggestions.ts';

describe('a value that a key does not take', () => {
  it('comes with something to write instead, whatever the key and the value', () => {
    const silent = allPaths(schemaTree()).flatMap(({ path, node }) =>
      [null, 'x', -1e300, true, [], [1], {}].some((found) => suggestValue(node, found) === '')
        ? [formatPath(path)]
        : [],
    );
    expect(silent).toEqual([]);
  });

  const common = { about: '', armable: true, required: [], fallback: undefined };
  it.each<[Omit<SchemaNode, keyof typeof common>, string]>([
    [{ kind: 'section', children: new Map() }, 'write one `key: value` a line'],
    [{ kind: 'section', children: new Map([['a', { kind: 'text', ...common }]]) }, 'keys here: a'],
    [{ kind: 'list' }, 'write each entry on a line of its own after `- `'],
    [{ kind: 'boolean' }, 'write true or false'],
    [{ kind: 'choice', values: ['none', 'legal'] }, 'it is one of none, legal'],
    [{ kind: 'text' }, 'put text that holds : or # into quotes'],
    [{ kind: 'number', min: 0.5, max: 0.9 }, 'for example 0.9'],
    [{ kind: 'integer', min: 0, max: 9 }, 'for example 1'],
  ])('of a key that says nothing of itself is told by its form: %o', (node, hint) => {
    expect(suggestValue({ ...common, ...node }, {})).toBe(hint);
  });
});

describe('a key that a section does not have', () => {
  it.each([
    ['like one of its own', ['world', 'amm'], 'tokne', 'did you mean `token`?'],
    [
      'that stands elsewhere',
      ['world', 'amm'],
      'reputationLoss',
      'did you mean `world.trust.reputationLoss`?',
    ],
    [
      'of two others',
      ['world', 'amm'],
      'feeBps',
      'did you mean `world.computeMarket.feeBps` or `world.serviceMarket.feeBps`?',
    ],
  ])('%s is told as that', (_, parent, key, hint) => {
    expect(suggestKey(schemaTree(), parent, key)).toBe(hint);
  });

  it('and many others have is told with those that it has', () => {
    expect(suggestKey(schemaTree(), ['world', 'trust'], 'enabled')).toMatch(/^keys here: regime, effort/);
  });
});

describe('a name', () => {
  it.each([
    ['quikstart', 'did you mean quickstart?'],
    ['nope', 'presets: quickstart, amm'],
  ])('%s is told with the nearest or, where none is near, with all', (name, hint) => {
    expect(suggestName(name, ['quickstart', 'amm'], 'presets')).toBe(hint);
  });
});

it('a number where text belongs is told how to become text', () => {
  const seed = allPaths(schemaTree()).find(({ path }) => formatPath(path) === 'seed')!.node;
  expect(suggestValue(seed, 42)).toBe('in quotes it is text: "42"');
});
