/**
 * The schema as a plain tree: what each path is called, means, defaults to and allows. Read from the JSON
 * Schema that zod publishes, so that error messages, `--set`, `config explain` and editor completion say
 * the same as the validation.
 */
import { z } from 'zod';
import { BUILT_IN, type Registry } from './registry.ts';
import { buildSchema } from './schema.ts';

export type PathSegment = string | number;

export interface SchemaNode {
  readonly kind: 'section' | 'list' | 'number' | 'integer' | 'boolean' | 'choice' | 'text';
  readonly about: string;
  readonly fallback: unknown;
  readonly min?: number;
  readonly max?: number;
  /** Allowed values of a choice. */
  readonly values?: readonly string[];
  /** Keys of a section. */
  readonly children?: ReadonlyMap<string, SchemaNode>;
  /** Entry of a list. */
  readonly item?: SchemaNode;
  readonly required: readonly string[];
  /** Whether a list with one value per arm may stand in its place. */
  readonly armable: boolean;
}

/** The part of JSON Schema that zod writes for a config. */
export interface JsonSchema {
  $schema?: string;
  title?: string;
  description?: string;
  type?: string;
  default?: unknown;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

/** JSON Schema of a config whose leaves are scalars, as zod sees it. */
export const scalarJsonSchema = (registry: Registry = BUILT_IN): JsonSchema => {
  const schema = z.toJSONSchema(buildSchema(registry), { io: 'input' }) as JsonSchema;
  const environment = schema.properties?.world?.properties?.environment?.properties?.kind;
  // the registry's names are checked after the schema, which alone would allow any text
  if (environment) environment.enum = ['none', ...registry.environments];
  return schema;
};

/**
 * Whether arms may differ in the leaf at `path`: every number, switch and choice of worlds and populations, and what
 * interventions make of them.
 */
const differsByArm = (path: readonly PathSegment[], schema: JsonSchema): boolean =>
  (path[0] === 'world' ||
    path[0] === 'populations' ||
    (path[0] === 'interventions' && path[2] === 'value')) &&
  (schema.enum !== undefined || ['number', 'integer', 'boolean'].includes(schema.type ?? ''));

/** Rebuilds a JSON Schema bottom-up; `leaf` is told whether arms may differ there. */
export function mapLeaves(
  schema: JsonSchema,
  leaf: (schema: JsonSchema, path: readonly PathSegment[], armable: boolean) => JsonSchema,
  path: readonly PathSegment[] = [],
): JsonSchema {
  if (schema.properties) {
    const properties = Object.entries(schema.properties).map(([key, child]) => [
      key,
      mapLeaves(child, leaf, [...path, key]),
    ]);
    return { ...schema, properties: Object.fromEntries(properties) };
  }
  if (schema.items) return { ...schema, items: mapLeaves(schema.items, leaf, [...path, 0]) };
  return leaf(schema, path, differsByArm(path, schema));
}

/** A JSON Schema as a tree, from the node at `path` down. */
export function toNode(schema: JsonSchema, path: readonly PathSegment[] = []): SchemaNode {
  const common = {
    about: schema.description ?? '',
    fallback: schema.default,
    required: schema.required ?? [],
    armable: differsByArm(path, schema),
  };
  if (schema.properties) {
    const children = new Map<string, SchemaNode>();
    for (const [key, child] of Object.entries(schema.properties))
      children.set(key, toNode(child, [...path, key]));
    return { ...common, kind: 'section', children };
  }
  if (schema.items) return { ...common, kind: 'list', item: toNode(schema.items, [...path, 0]) };
  // a map, whose keys are the user's
  if (schema.type === 'object') return { ...common, kind: 'section', children: new Map() };
  if (schema.enum) return { ...common, kind: 'choice', values: schema.enum };
  if (schema.type === 'boolean') return { ...common, kind: 'boolean' };
  if (schema.type === 'number' || schema.type === 'integer')
    return {
      ...common,
      kind: schema.type,
      min: schema.minimum ?? Number.NEGATIVE_INFINITY,
      max: schema.maximum ?? Number.POSITIVE_INFINITY,
    };
  return { ...common, kind: 'text' };
}

/** The tree of every key that a config may hold. */
export const schemaTree = (registry: Registry = BUILT_IN): SchemaNode =>
  toNode(scalarJsonSchema(registry), []);

/** The node at a path, list indices as numbers; undefined where the schema has no such key. */
export function nodeAt(root: SchemaNode, path: readonly PathSegment[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  for (const segment of path)
    node = typeof segment === 'number' ? node?.item : node?.children?.get(String(segment));
  return node;
}

/** `world.amm.token`, `populations[0].share`. */
export const formatPath = (path: readonly PathSegment[]): string =>
  path.map((s, k) => (typeof s === 'number' ? `[${s}]` : k === 0 ? s : `.${s}`)).join('');

/** A plain value as YAML writes it; a section that has a key `toString` could not be made a String. */
export function spelled(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && !Number.isFinite(value))
    return String(value).replace('NaN', '.nan').replace('Infinity', '.inf');
  return JSON.stringify(value);
}

/** Every path of the tree in writing order, list entries as `[0]`. */
export function allPaths(root: SchemaNode): { path: PathSegment[]; node: SchemaNode }[] {
  const found: { path: PathSegment[]; node: SchemaNode }[] = [];
  const visit = (node: SchemaNode, path: PathSegment[]): void => {
    if (path.length > 0 && typeof path.at(-1) !== 'number') found.push({ path, node });
    for (const [key, child] of node.children ?? []) visit(child, [...path, key]);
    if (node.item) visit(node.item, [...path, 0]);
  };
  visit(root, []);
  return found;
}

const number = (value: number): string =>
  Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential() : String(value);

/** Choices that a line names. */
const NAMED_MAX = 12;

const oneOf = (values: readonly string[]): string =>
  values.length <= NAMED_MAX
    ? `one of ${values.join(', ')}`
    : `one of ${values.length} names such as ${values.slice(0, 3).join(', ')}`;

/** What a value must be, in words: `a whole number from 0 to 31`. */
export function ruleOf(node: SchemaNode): string {
  switch (node.kind) {
    case 'section':
      return 'a section of keys';
    case 'list':
      return 'a list of entries';
    case 'boolean':
      return 'true or false';
    case 'choice':
      return oneOf(node.values!);
    case 'text':
      return 'text';
    default: {
      const kind = node.kind === 'integer' ? 'a whole number' : 'a number';
      // no kind of number has one bound alone
      return Number.isFinite(node.max!) ? `${kind} from ${number(node.min!)} to ${number(node.max!)}` : kind;
    }
  }
}
