/**
 * Lays a config out into its arms. A value under `world` or in a population that is given as a list holds one entry per
 * arm; all lists have the same length.
 */
import { formatPath, nodeAt, type PathSegment, type SchemaNode, spelled } from './schemaTree.ts';

/** Reports a problem with the value at a path; never returns. */
export type Refuse = (path: readonly PathSegment[], problem: string, hint?: string) => never;

interface ArmList {
  readonly path: readonly PathSegment[];
  readonly values: readonly unknown[];
}

/**
 * Lays lists out: a config with lists of length A becomes A configs without.
 *
 * @param raw the config as parsed, before validation
 * @param refuse called for an empty list or lists of unequal length
 */
export function layArms(
  raw: unknown,
  tree: SchemaNode,
  refuse: Refuse,
): { arms: unknown[]; labels: string[]; lists: readonly ArmList[] } {
  const lists: ArmList[] = [];
  collectLists(raw, [], tree, lists);
  const first = lists[0];
  if (!first) return { arms: [raw], labels: ['base'], lists };
  for (const { path, values } of lists) {
    if (values.length === 0)
      refuse(path, `\`${formatPath(path)}\` is an empty list`, 'give one value per arm');
    if (values.length !== first.values.length)
      refuse(
        path,
        `\`${formatPath(path)}\` lists ${values.length} values but \`${formatPath(first.path)}\` lists ${first.values.length}`,
        'lists hold one value per arm, so all of them need the same length',
      );
  }
  const arms = first.values.map((_, arm) => pickArm(raw, [], tree, arm));
  return { arms, labels: labelsOf(raw, lists, first.values.length), lists };
}

/** Only leaves that may differ between arms are searched, so that a list elsewhere stays a type error. */
function collectLists(value: unknown, path: PathSegment[], tree: SchemaNode, lists: ArmList[]): void {
  if (Array.isArray(value)) {
    if (nodeAt(tree, path)?.armable) lists.push({ path, values: value });
    else
      value.forEach((entry, k) => {
        collectLists(entry, [...path, k], tree, lists);
      });
  } else if (value !== null && typeof value === 'object') {
    for (const [key, child] of Object.entries(value)) collectLists(child, [...path, key], tree, lists);
  }
}

function pickArm(value: unknown, path: PathSegment[], tree: SchemaNode, arm: number): unknown {
  if (Array.isArray(value)) {
    if (nodeAt(tree, path)?.armable) return value[arm];
    return value.map((entry, k) => pickArm(entry, [...path, k], tree, arm));
  }
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, pickArm(child, [...path, key], tree, arm)]),
  );
}

function labelsOf(raw: unknown, lists: readonly ArmList[], armCount: number): string[] {
  const { populations = [], interventions = [] } = raw as {
    populations?: { name?: unknown }[];
    interventions?: { tick?: unknown; path?: unknown }[];
  };
  const name = (path: readonly PathSegment[]): string => {
    if (path[0] === 'world') return formatPath(path.slice(1));
    if (path[0] === 'interventions') {
      const { tick, path: changed } = interventions[path[1] as number]!;
      return `${spelled(changed).replace(/^world\./, '')}@${spelled(tick)}`;
    }
    const population = populations[path[1] as number]?.name;
    return typeof population === 'string' ? `${population}.${formatPath(path.slice(2))}` : formatPath(path);
  };
  const seen = new Map<string, number>();
  return Array.from({ length: armCount }, (_, arm) => {
    const label = lists.map(({ path, values }) => `${name(path)}=${spelled(values[arm])}`).join(', ');
    const times = (seen.get(label) ?? 0) + 1;
    seen.set(label, times);
    return times === 1 ? label : `${label} (${times})`; // an A/A comparison repeats its values
  });
}
