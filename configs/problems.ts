/** What is wrong with a config, said in one line: the problem to report of several, and values as YAML writes them. */
import type { z } from 'zod';
import { ConfigError } from '../sim/core/errors.ts';
import { formatPath, nodeAt, type PathSegment, ruleOf, type SchemaNode, spelled } from './schemaTree.ts';
import { suggestKey, suggestValue } from './suggestions.ts';

/** A text cut to a length. */
const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 3)}...` : text;

/** The first line of what a parser threw, without the place, which ConfigError names itself. */
export const firstLine = (error: unknown): string =>
  shortened(
    (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/ at line \d+.*$/, ''),
    200,
  );

/** A value as YAML writes it, in one line of bounded length. */
export const shown = (value: unknown): string => `\`${shortened(spelled(value), 60)}\``;

type Issue = z.core.$ZodIssue;
/** Where a path stands, or its key. */
type Locate = (path: readonly PathSegment[], atKey: boolean) => string;

const rank: Partial<Record<Issue['code'], number>> = { unrecognized_keys: 0, invalid_type: 1 };

/** The problem to report: an unknown key before a wrong type before a value out of range. */
export function firstProblem(
  issues: readonly Issue[],
  value: unknown,
  tree: SchemaNode,
  locate: Locate,
): ConfigError {
  const ordered = [...issues].sort((a, b) => (rank[a.code] ?? 2) - (rank[b.code] ?? 2));
  const issue = ordered[0]!;
  const path = issue.path as PathSegment[];
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    return new ConfigError(
      locate([...path, key], true),
      `unknown key ${shown(formatPath([...path, key]))}`,
      suggestKey(tree, path, key),
      { path: formatPath([...path, key]) },
    );
  }
  const node = nodeAt(tree, path);
  const found = valueAt(value, path);
  const name = formatPath(path);
  if (found === undefined)
    return new ConfigError(
      locate(path, false),
      `\`${name}\` is missing`,
      node ? `it is ${ruleOf(node)}: ${node.about}` : '',
      { path: name },
    );
  const rule = node ? `must be ${ruleOf(node)}` : issue.message;
  const limit = lengthRule(issue);
  return new ConfigError(
    locate(path, false),
    `\`${name}\` is ${found === null ? 'empty' : shown(found)}, ${limit ?? rule}`,
    suggestValue(node, found),
    { path: name },
  );
}

/** Limits on the length of text and lists, which the tree does not hold. */
function lengthRule(issue: Issue): string | null {
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return null;
  if (issue.origin !== 'string' && issue.origin !== 'array') return null;
  const things = issue.origin === 'string' ? 'characters' : 'entries';
  return issue.code === 'too_small'
    ? `must have at least ${issue.minimum} ${things}`
    : `must have at most ${issue.maximum} ${things}`;
}

function valueAt(value: unknown, path: readonly PathSegment[]): unknown {
  let current = value;
  for (const segment of path) current = (current as Record<PathSegment, unknown> | undefined)?.[segment];
  return current;
}
