import { describe, expect, it } from 'vitest';
import { allPaths, formatPath, type SchemaNode, schemaTree } from './schemaTree.ts';
import { suggestValue } from './suggestions.ts';

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
