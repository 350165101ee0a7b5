/** Rules of a config that its schema cannot state: plain values, names, relations between constants, interventions. */
import { closest } from 'fastest-levenshtein';
import { AssertionError, ConfigError } from '../sim/core/errors.ts';
import { deriveWorld } from './derive.ts';
import { type Intervention, inOrder, withInterventions } from './interventions.ts';
import type { Refuse } from './layArms.ts';
import { shown } from './problems.ts';
import type { Registry } from './registry.ts';
import type { RunConfig } from './schema.ts';
import { formatPath, nodeAt, type PathSegment, ruleOf, type SchemaNode } from './schemaTree.ts';
import { isNear } from './suggestions.ts';
import { DEEPEST, FLATTEN, TOO_DEEP } from './yamlText.ts';

/** What YAML and JavaScript can write but no config may hold: values inside themselves, and numbers that are none. */
export function assertPlain(raw: unknown, tree: SchemaNode, refuse: Refuse): void {
  const around: unknown[] = [];
  const visit = (value: unknown, path: PathSegment[]): void => {
    const name = formatPath(path);
    if (typeof value === 'number' && !Number.isFinite(value)) {
      const node = nodeAt(tree, path);
      const text = shown(value);
      refuse(
        path,
        `\`${name}\` is ${text}: ${text} is not a number here`,
        node ? `it is ${ruleOf(node)}` : 'give a finite number',
      );
    }
    if (value === null || typeof value !== 'object') return;
    if (around.includes(value))
      refuse(path, `\`${name}\` contains itself`, 'an alias may not stand inside its own anchor');
    if (around.length === DEEPEST) refuse(path.slice(0, 1), TOO_DEEP, FLATTEN);
    around.push(value);
    if (Array.isArray(value))
      value.forEach((entry, k) => {
        visit(entry, [...path, k]);
      });
    else for (const [key, child] of Object.entries(value)) visit(child, [...path, key]);
    around.pop();
  };
  visit(raw, []);
}

/** Names that the schema alone cannot judge: of environments, populations and extensions. */
export function assertNames(config: RunConfig, registry: Registry, refuse: Refuse): void {
  const environments = ['none', ...registry.environments];
  const kind = config.world.environment.kind;
  const nearest = closest(kind, environments);
  if (!environments.includes(kind))
    refuse(
      ['world', 'environment', 'kind'],
      `\`world.environment.kind\` is \`${kind}\`, must be one of ${environments.join(', ')}`,
      isNear(kind, nearest) ? `did you mean \`${nearest}\`?` : '',
    );
  config.populations.forEach(({ name }, k) => {
    const first = config.populations.findIndex((p) => p.name === name);
    if (first !== k)
      refuse(
        ['populations', k, 'name'],
        `\`populations[${k}].name\` is \`${name}\`, the name of \`populations[${first}]\` too`,
        'names tell populations apart in metrics: choose another',
      );
  });
  assertExtensions(config, registry, refuse);
}

/** Extensions are registered, and each of them and each place stands once. */
function assertExtensions({ extensions }: RunConfig, registry: Registry, refuse: Refuse): void {
  const features = extensions?.rewardFeatures ?? [];
  const check = (path: PathSegment[], given: readonly string[], known: readonly string[] | null): void =>
    given.forEach((name, k) => {
      const at = path.map((segment) => (segment === '#' ? k : segment));
      if (known !== null && !known.includes(name))
        refuse(
          at,
          `\`${formatPath(at)}\` is \`${name}\`, which is not registered`,
          known.length === 0
            ? '--extend FILE loads what registers it; a program registers it before it parses, and leaves `registry` out'
            : `registered: ${known.join(', ')}`,
        );
      if (given.indexOf(name) !== k)
        refuse(at, `\`${formatPath(at)}\` is \`${name}\` a second time`, 'name each once');
    });
  check(['extensions', 'metrics', '#'], extensions?.metrics ?? [], registry.metrics);
  const names = features.map(({ name }) => name);
  check(['extensions', 'rewardFeatures', '#', 'name'], names, registry.rewardFeatures);
  const places = features.map(({ replaces }) => replaces);
  check(['extensions', 'rewardFeatures', '#', 'replaces'], places, null);
}

/** The relations between constants that derive.ts states hold for an arm. */
export function assertRelations(config: RunConfig, arm: number, refuse: Refuse): void {
  try {
    deriveWorld(withRows(config), { world: 0, arm, replicate: 0, seed: 0 });
  } catch (cause) {
    if (cause instanceof ConfigError) {
      const path = cause.place.split('.');
      refuse(path, cause.message.replace(`${cause.place}: `, `\`${cause.place}\`: `), cause.hint);
    }
    if (cause instanceof AssertionError)
      refuse(['world'], `\`world\`: ${cause.message}`, 'lower the amounts of money');
    throw cause;
  }
}

/** Interventions keep to the rules of what they change, and leave all relations between constants in place. */
export function assertInterventions(config: RunConfig, arm: number, tree: SchemaNode, refuse: Refuse): void {
  const listed = config.interventions ?? [];
  const before: Intervention[] = [];
  for (const intervention of inOrder(listed)) {
    const { path, value } = intervention;
    const place = ['interventions', listed.indexOf(intervention), 'value'];
    const node = nodeAt(tree, path.split('.'))!;
    const fits =
      value >= node.min! && value <= node.max! && (node.kind === 'number' || Number.isInteger(value));
    if (!fits)
      refuse(
        place,
        `\`${formatPath(place)}\` is ${shown(value)}, \`${path}\` must be ${ruleOf(node)}`,
        node.about,
      );
    before.push(intervention);
    assertRelations(withInterventions(config, before), arm, (_path, problem, hint) =>
      refuse(place, problem, hint),
    );
  }
}

/** The rows of a file are read after the config is known to be right otherwise; until then one row stands for them. */
function withRows(config: RunConfig): RunConfig {
  const filled = <T extends RunConfig['demandSeries']>(series: T): T =>
    series.file === '' || series.values.length > 0 ? series : { ...series, values: [1] };
  const { demandSeries, priceSeries } = config;
  return { ...config, demandSeries: filled(demandSeries), priceSeries: filled(priceSeries) };
}
