import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allPaths, formatPath, schemaTree } from '../configs/schemaTree.ts';
import { configReference } from './configReference.ts';
import { PACKAGE_ROOT } from './hardware.ts';

describe('the reference of configs', () => {
  it('in configs/REFERENCE.md is that of this program (npm run reference)', () => {
    expect(readFileSync(join(PACKAGE_ROOT, 'configs', 'REFERENCE.md'), 'utf8')).toBe(configReference());
  });

  it('names every key once, with its meaning', () => {
    const text = configReference();
    // a list of sections at the top is a heading, one within a section a row
    const keys = allPaths(schemaTree())
      .filter(
        ({ path, node }) => node.kind !== 'section' && (path.length > 1 || node.item?.kind !== 'section'),
      )
      .map(({ path }) => formatPath(path).replaceAll('[0]', '[]'));
    const rows = [...text.matchAll(/^\| `([^`]+)` \| (.*?) \|/gm)];
    expect(rows.map(([, key]) => key).sort()).toEqual(keys.sort());
    expect(rows.filter(([, , about]) => about!.trim() === '')).toEqual([]);
    expect(text).not.toMatch(/undefined|\[object/);
  });
});
