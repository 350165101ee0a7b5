import { describe, expect, it } from 'vitest';
import { configJsonSchema } from './jsonSchema.ts';
import { resolveConfig } from './parse.ts';
import { BUILT_IN, extendRegistry } from './registry.ts';
import { allPaths, formatPath, type JsonSchema, nodeAt, ruleOf, schemaTree } from './schemaTree.ts';

const at = (schema: JsonSchema, ...path: string[]): JsonSchema =>
  path.reduce((node, key) => (key === '[]' ? node.items! : node.properties![key]!), schema);

describe('the JSON Schema', () => {
  const schema = configJsonSchema();

  it('lets a list with one value per arm stand where arms may differ, and only there', () => {
    const token = at(schema, 'world', 'amm', 'token');
    expect(token.anyOf).toEqual([
      { type: 'number', minimum: 0, maximum: 1e9 },
      { type: 'array', minItems: 1, items: { type: 'number', minimum: 0, maximum: 1e9 } },
    ]);
    expect(token).toMatchObject({ default: 200_000, title: 'world.amm.token' });
    expect(at(schema, 'populations', '[]', 'kind').anyOf).toHaveLength(2);
    expect(at(schema, 'populations', '[]', 'name').anyOf).toBeUndefined();
    expect(at(schema, 'ticks').anyOf).toBeUndefined();
  });

  it('documents every key', () => {
    for (const { path, node } of allPaths(schemaTree()))
      expect(node.about, formatPath(path)).toMatch(/\S{3}/);
  });

  it('refuses keys that the validation refuses', () => {
    const visit = (node: JsonSchema): void => {
      if (node.properties) expect(node.additionalProperties).toBe(false);
      for (const child of Object.values(node.properties ?? {})) visit(child);
      if (node.items) visit(node.items);
    };
    visit(schema);
  });

  it('knows names that were registered at run time', () => {
    const extended = configJsonSchema(extendRegistry(BUILT_IN, { environments: ['customWorld'] }));
    expect(JSON.stringify(at(extended, 'world', 'environment', 'kind'))).toContain('customWorld');
  });
});

describe('the schema tree', () => {
  const tree = schemaTree();

  it('states as default what the validation fills in', () => {
    const resolved = resolveConfig({}).arms[0]!;
    for (const { path, node } of allPaths(tree)) {
      if (node.kind === 'section' || node.kind === 'list' || path.includes(0)) continue;
      const value = path.reduce<unknown>((v, key) => (v as Record<string, unknown>)[key], resolved);
      expect(value, formatPath(path)).toEqual(node.fallback);
    }
  });

  it('states the limits that the validation keeps, on both sides', () => {
    for (const { path, node } of allPaths(tree)) {
      if (path[0] !== 'world' || (node.kind !== 'number' && node.kind !== 'integer')) continue;
      const accepts = (value: number): boolean => {
        const config = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
        try {
          resolveConfig(config);
          return true;
        } catch (error) {
          // a value inside its range may still break a relation with another
          return !(error as Error).message.includes(ruleOf(node));
        }
      };
      const step = node.kind === 'integer' ? 1 : 1e-6 * Math.max(1, Math.abs(node.max!));
      expect([formatPath(path), accepts(node.min!), accepts(node.max!)]).toEqual([
        formatPath(path),
        true,
        true,
      ]);
      expect([formatPath(path), accepts(node.min! - step), accepts(node.max! + step)]).toEqual([
        formatPath(path),
        false,
        false,
      ]);
    }
  });

  it('has no node outside the schema', () => {
    expect(nodeAt(tree, ['world', 'amm', 'tokne'])).toBeUndefined();
    expect(nodeAt(tree, ['populations', 3, 'share'])?.kind).toBe('number');
  });
});
