/**
 * From YAML text and command-line overrides to a validated run. Every problem becomes one ConfigError that
 * names file, line, column, key, value and rule, and suggests what was probably meant.
 */
import { ConfigError } from '../sim/core/errors.ts';
import type { ResolvedRun } from './arms.ts';
import { layArms, type Refuse } from './layArms.ts';
import { applyOverride, type Override } from './overrides.ts';
import { firstProblem } from './problems.ts';
import { type Registry, registeredNames } from './registry.ts';
import { assertInterventions, assertNames, assertPlain, assertRelations } from './rules.ts';
import { buildSchema, type RunSchema } from './schema.ts';
import { formatPath, type PathSegment, type SchemaNode, schemaTree } from './schemaTree.ts';
import { type Place, readYaml } from './yamlText.ts';

export interface ParseOptions {
  /** Name of the file, for error messages. */
  readonly file?: string;
  readonly overrides?: readonly Override[];
  readonly registry?: Registry;
}

/**
 * Parses and validates a config.
 *
 * @param text YAML
 * @throws ConfigError for the first problem in the order of the file
 */
export function parseConfig(text: string, options: ParseOptions = {}): ResolvedRun {
  const { raw, place } = readYaml(text, options.file ?? 'config');
  return resolve(raw, place, options);
}

/**
 * Validates a config given as a plain object, for programs that import the library.
 *
 * @throws ConfigError for the first problem
 */
export function resolveConfig(raw: unknown, options: ParseOptions = {}): ResolvedRun {
  return resolve(structuredClone(raw), () => options.file ?? 'config', options);
}

/** Schemas take milliseconds to build, and a program may resolve thousands of configs. */
const built = new WeakMap<Registry, { schema: RunSchema; tree: SchemaNode }>();

function schemaOf(registry: Registry): { schema: RunSchema; tree: SchemaNode } {
  const known = built.get(registry) ?? { schema: buildSchema(registry), tree: schemaTree(registry) };
  built.set(registry, known);
  return known;
}

function resolve(raw: unknown, place: Place, options: ParseOptions): ResolvedRun {
  const registry = options.registry ?? registeredNames();
  const { schema, tree } = schemaOf(registry);
  const origins = new Map<string, string>();
  const where: Place = (path, arm, atKey) => {
    for (let n = path.length; n > 0; n--) {
      const origin = origins.get(formatPath(path.slice(0, n)));
      if (origin !== undefined) return origin;
    }
    return place(path, arm, atKey);
  };
  const refuse: Refuse = (path, problem, hint = '') => {
    throw new ConfigError(where(path, -1, false), problem, hint, { path: formatPath(path) });
  };
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    refuse([], 'a config is a section of keys, such as `ticks: 2000`', 'darwin config init writes a starter');
  for (const override of options.overrides ?? [])
    origins.set(formatPath(applyOverride(raw as object, tree, override)), override.origin);
  assertPlain(raw, tree, refuse);

  const { arms, labels, lists } = layArms(raw, tree, refuse);
  const configs = arms.map((value, arm) => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const listed = (path: readonly PathSegment[]): boolean =>
      lists.some((list) => formatPath(list.path) === formatPath(path));
    throw firstProblem(result.error.issues, value, tree, (path, atKey) =>
      where(path, listed(path) ? arm : -1, atKey),
    );
  });
  configs.forEach((config, arm) => {
    assertNames(config, registry, refuse);
    assertRelations(config, arm, refuse);
    assertInterventions(config, arm, tree, refuse);
  });
  return { arms: configs, armLabels: labels };
}
