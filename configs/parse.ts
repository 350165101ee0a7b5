/**
 * From YAML text and command-line overrides to a validated run. Every problem becomes one ConfigError that
 * names file, line, column, key, value and rule, and suggests what was probably meant.
 */
import { closest, distance } from 'fastest-levenshtein';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  parse as parseYaml,
} from 'yaml';
import type { z } from 'zod';
import { AssertionError, ConfigError } from '../sim/core/errors.ts';
import { layArms, type Refuse, type ResolvedRun } from './arms.ts';
import { deriveWorld } from './derive.ts';
import { BUILT_IN, type Registry } from './registry.ts';
import { buildSchema, type RunConfig, type RunSchema } from './schema.ts';
import {
  allPaths,
  formatPath,
  nodeAt,
  type PathSegment,
  ruleOf,
  type SchemaNode,
  schemaTree,
} from './schemaTree.ts';

/** A value given outside the file, such as `--set world.amm.token=5`; it wins over the file. */
export interface Override {
  /** What the user wrote, for error messages. */
  readonly origin: string;
  /** `world.amm.token`, `populations[0].share` or `populations.learners.share`. */
  readonly path: string;
  readonly value: unknown;
}

export interface ParseOptions {
  /** Name of the file, for error messages. */
  readonly file?: string;
  readonly overrides?: readonly Override[];
  readonly registry?: Registry;
}

/** The override that `--set path=value` asks for; the value is read as YAML. Throws ConfigError. */
export function parseSet(text: string): Override {
  const origin = `--set ${text}`;
  const equals = text.indexOf('=');
  if (equals < 1)
    throw new ConfigError(origin, 'is not of the form path=value', 'for example --set world.amm.token=50000');
  try {
    return { origin, path: text.slice(0, equals).trim(), value: parseYaml(text.slice(equals + 1)) };
  } catch (cause) {
    throw new ConfigError(
      origin,
      `the value is not YAML: ${firstLine(cause)}`,
      'quote text that holds : or #',
      { cause },
    );
  }
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

/** A YAML document as plain data, and where in the text each path of it stands. */
export interface YamlText {
  readonly raw: unknown;
  readonly place: Place;
}

/**
 * Reads one YAML document.
 *
 * @param file name for error messages
 * @throws ConfigError when the text is none, is empty or holds several
 */
export function readYaml(text: string, file: string): YamlText {
  assertText(text, file);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    const at = fault.linePos?.[0];
    const place = `${file}:${at?.line ?? 1}:${at?.col ?? 1}`;
    if (fault.code === 'MULTIPLE_DOCS')
      throw new ConfigError(
        place,
        'a second YAML document begins here, and a config is one document',
        'remove the line `---`, or give each document a file of its own',
      );
    // the parser recurses into what is nested
    if (fault.code === 'RESOURCE_EXHAUSTION') throw new ConfigError(place, TOO_DEEP, FLATTEN);
    throw new ConfigError(
      place,
      `not valid YAML: ${firstLine(fault)}`,
      'check indentation, colons and quotes',
    );
  }
  const place = (path: readonly PathSegment[], arm: number, atKey: boolean): string => {
    const { line, col } = lines.linePos(offsetOf(document, path, arm, atKey));
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  let raw: unknown;
  try {
    raw = document.toJS();
  } catch (cause) {
    throw new ConfigError(`${file}:1:1`, `not valid YAML: ${firstLine(cause)}`, 'use fewer aliases', {
      cause,
    });
  }
  if (raw === null || raw === undefined)
    throw new ConfigError(`${file}:1:1`, 'the config is empty', 'darwin config init writes a starter');
  return { raw, place };
}

/** YAML is text: of the control characters it may hold none but those that end lines and tabs. */
function assertText(text: string, file: string): void {
  const at = text.search(/(?![\t\n\r\u0085])\p{Cc}/u);
  if (at < 0) return;
  const before = text.slice(0, at).split('\n');
  throw new ConfigError(
    `${file}:${before.length}:${before.at(-1)!.length + 1}`,
    `not a text file: it holds the control character ${text[at]}`,
    'give a YAML file in UTF-8',
  );
}

/**
 * Validates a config given as a plain object, for programs that import the library.
 *
 * @throws ConfigError for the first problem
 */
export function resolveConfig(raw: unknown, options: ParseOptions = {}): ResolvedRun {
  return resolve(structuredClone(raw), () => options.file ?? 'config', options);
}

/** Where a path stands, as `file:line:column`; `arm` chooses an entry of a list of arms, -1 = none. */
export type Place = (path: readonly PathSegment[], arm: number, atKey: boolean) => string;

/** Schemas take milliseconds to build, and a program may resolve thousands of configs. */
const built = new WeakMap<Registry, { schema: RunSchema; tree: SchemaNode }>();

function schemaOf(registry: Registry): { schema: RunSchema; tree: SchemaNode } {
  const known = built.get(registry) ?? { schema: buildSchema(registry), tree: schemaTree(registry) };
  built.set(registry, known);
  return known;
}

function resolve(raw: unknown, place: Place, options: ParseOptions): ResolvedRun {
  const registry = options.registry ?? BUILT_IN;
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
    throw new ConfigError(where(path, -1, false), problem, hint);
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
  });
  return { arms: configs, armLabels: labels };
}

/** Levels of nesting; the deepest key of a config is at 5. */
const DEEPEST = 32;
const TOO_DEEP = `nested more than ${DEEPEST} levels deep`;
const FLATTEN = 'no key of a config is that deep';

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
        node ? `it is ${ruleOf(node)}` : '',
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

/** Names that the schema alone cannot judge. */
function assertNames(config: RunConfig, registry: Registry, refuse: Refuse): void {
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
}

function assertRelations(config: RunConfig, arm: number, refuse: Refuse): void {
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

// --- places ---

/** Offset in the text of the value (or the key) at a path; of the nearest parent where it is absent. */
function offsetOf(document: Document, path: readonly PathSegment[], arm: number, atKey: boolean): number {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  const descend = (segment: PathSegment, last: boolean): boolean => {
    if (isAlias(node)) node = (node.resolve(document) ?? null) as Node | null;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isScalar(item.key) && String(item.key.value) === String(segment),
      );
      if (!pair) return false;
      const key = pair.key as Node;
      node = pair.value as Node | null;
      offset = (last && atKey ? null : node?.range?.[0]) ?? key.range?.[0] ?? offset;
      return true;
    }
    if (!isSeq(node)) return false;
    node = (node.items[Number(segment)] ?? null) as Node | null;
    offset = node?.range?.[0] ?? offset;
    return node !== null;
  };
  const complete = path.every((segment, k) => descend(segment, k === path.length - 1));
  if (complete && arm >= 0 && isSeq(node)) descend(arm, true);
  return offset;
}

// --- messages ---

const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 3)}...` : text;

const firstLine = (error: unknown): string =>
  shortened(
    (error instanceof Error ? error.message : String(error)).split('\n')[0]!.replace(/ at line \d+.*$/, ''),
    200,
  );

/** A value as YAML writes it, in one line of bounded length. */
const shown = (value: unknown): string => {
  const text =
    typeof value === 'string'
      ? value
      : typeof value === 'number' && !Number.isFinite(value)
        ? String(value).replace('NaN', '.nan').replace('Infinity', '.inf')
        : JSON.stringify(value);
  return `\`${shortened(text, 60)}\``;
};

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
    );
  const rule = node ? `must be ${ruleOf(node)}` : issue.message;
  const limit = lengthRule(issue);
  return new ConfigError(
    locate(path, false),
    `\`${name}\` is ${found === null ? 'empty' : shown(found)}, ${limit ?? rule}`,
    suggestValue(node, found),
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

/** Whether a word may be a typing error for another: those change up to a third of a word, and never all of it. */
export function isNear(a: string, b: string): boolean {
  const length = Math.max(a.length, b.length);
  const changes = distance(a.toLowerCase(), b.toLowerCase());
  return changes < length && changes <= (length <= 3 ? 1 : Math.max(2, Math.floor(length / 3)));
}

function suggestKey(tree: SchemaNode, parent: readonly PathSegment[], key: string): string {
  const siblings = [...(nodeAt(tree, parent)?.children?.keys() ?? [])];
  const nearest = siblings.length > 0 ? closest(key, siblings) : '';
  if (nearest !== '' && isNear(key, nearest)) return `did you mean \`${nearest}\`?`;
  const elsewhere = allPaths(tree).filter(({ path }) => path.at(-1) === key);
  if (elsewhere.length > 0) return `did you mean \`${formatPath(elsewhere[0]!.path)}\`?`;
  return siblings.length > 0 ? `keys here: ${siblings.join(', ')}` : '';
}

function suggestValue(node: SchemaNode | undefined, found: unknown): string {
  if (!node) return '';
  if (found === null) return 'give a value or remove the line';
  if (node.kind === 'choice') {
    const nearest = closest(String(found), [...node.values!]);
    return isNear(String(found), nearest) ? `did you mean \`${nearest}\`?` : node.about;
  }
  if (typeof found === 'string' && (node.kind === 'number' || node.kind === 'integer')) {
    const plain = found.replaceAll(/[_,\s]/g, '');
    if (plain !== '' && Number.isFinite(Number(plain))) return `write ${plain}`;
  }
  if (typeof found === 'string' && node.kind === 'boolean')
    return ['yes', 'on'].includes(found.toLowerCase()) ? 'write true' : 'write true or false without quotes';
  if (Array.isArray(found) && !node.armable && node.kind !== 'section')
    return 'it holds for the whole run and cannot differ between arms';
  return node.about;
}

// --- overrides ---

/** Puts an override into `raw`, in place; returns the path it went to. Throws ConfigError for an unknown path. */
function applyOverride(raw: object, tree: SchemaNode, { origin, path, value }: Override): PathSegment[] {
  const segments = resolveSegments(raw, tree, origin, path);
  let target = raw as Record<PathSegment, unknown>;
  segments.slice(0, -1).forEach((segment) => {
    const next = target[segment];
    if (next === null || typeof next !== 'object') target[segment] = {};
    target = target[segment] as Record<PathSegment, unknown>;
  });
  target[segments.at(-1)!] = value;
  return segments;
}

function resolveSegments(raw: object, tree: SchemaNode, origin: string, path: string): PathSegment[] {
  const words = path.replaceAll(/\[([^\]]*)\]/g, '.$1').split('.');
  const segments: PathSegment[] = [];
  let node: SchemaNode | undefined = tree;
  for (const word of words) {
    if (node?.kind === 'list') {
      const key = formatPath(segments);
      const holder = raw as Record<string, unknown>;
      holder[key] ??= structuredClone(node.fallback);
      const entries: { name?: unknown }[] = Array.isArray(holder[key]) ? holder[key] : [];
      const index = /^\d+$/.test(word) ? Number(word) : entries.findIndex((entry) => entry?.name === word);
      if (index < 0 || index >= entries.length) {
        const names = entries.map((entry, k) => `${k} (${String(entry?.name)})`).join(', ');
        throw new ConfigError(origin, `\`${key}\` has no entry \`${word}\``, `entries: ${names}`);
      }
      segments.push(index);
      node = node.item;
    } else {
      segments.push(word);
      node = node?.children?.get(word);
    }
    if (!node) {
      const known = allPaths(tree).map((entry) => formatPath(entry.path));
      const sameKey = known.filter((candidate) => candidate.split('.').at(-1) === words.at(-1));
      const nearest = closest(path, known);
      const best = isNear(path, nearest) || sameKey.length === 0 ? nearest : closest(path, sameKey);
      throw new ConfigError(origin, `unknown path \`${path}\``, `did you mean \`${best}\`?`);
    }
  }
  return segments;
}

/** The rows of a file are read after the config is known to be right otherwise; until then one row stands for them. */
const withRows = (config: RunConfig): RunConfig =>
  config.demandSeries.file === '' || config.demandSeries.values.length > 0
    ? config
    : { ...config, demandSeries: { ...config.demandSeries, values: [1] } };
