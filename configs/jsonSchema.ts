/** JSON Schema of a config file, for editors: completion, documentation on hover, errors while typing. */
import { BUILT_IN, type Registry } from './registry.ts';
import { formatPath, type JsonSchema, mapLeaves, scalarJsonSchema } from './schemaTree.ts';

/** Where arms may differ, a list with one value per arm stands beside the value itself. */
export function configJsonSchema(registry: Registry = BUILT_IN): JsonSchema {
  const schema = mapLeaves(scalarJsonSchema(registry), (leaf, path, armable) => {
    const { description = '', default: fallback, ...rule } = leaf;
    const about = {
      title: formatPath(path),
      description,
      ...(fallback === undefined ? {} : { default: fallback }),
    };
    if (!armable) return { ...about, ...rule };
    return { ...about, anyOf: [rule, { type: 'array', minItems: 1, items: rule }] };
  });
  return {
    ...schema,
    title: 'darwin-market config',
    description:
      'A run: its worlds, who lives in them, what is written. Lists in world and populations are arms.',
  };
}
