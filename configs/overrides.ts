/** Values given outside of the file: what `--set` and `--intervene` mean, and where in a config they go. */
import { closest } from 'fastest-levenshtein';
import { parse as parseYaml } from 'yaml';
import { ConfigError } from '../sim/core/errors.ts';
import { firstLine, shown } from './problems.ts';
import { allPaths, formatPath, type PathSegment, type SchemaNode } from './schemaTree.ts';
import { isNear } from './suggestions.ts';

/** A value given outside the file, such as `--set world.amm.token=5`; it wins over the file. */
export interface Override {
  /** What the user wrote, for error messages. */
  readonly origin: string;
  /** `world.amm.token`, `populations[0].share` or `populations.learners.share`; `interventions[]` adds an entry. */
  readonly path: string;
  readonly value: unknown;
}

/** The override that `--set path=value` asks for; the value is read as YAML. Throws ConfigError. */
export function parseSet(text: string): Override {
  const origin = `--set ${text}`;
  const equals = text.indexOf('=');
  if (equals < 1)
    throw new ConfigError(origin, 'is not of the form path=value', 'for example --set world.amm.token=50000');
  return { origin, path: text.slice(0, equals).trim(), value: readValue(origin, text.slice(equals + 1)) };
}

/** A value as it would stand in a file. Throws ConfigError. */
function readValue(origin: string, text: string): unknown {
  try {
    return parseYaml(text);
  } catch (cause) {
    throw new ConfigError(
      origin,
      `the value is not YAML: ${firstLine(cause)}`,
      'quote text that holds : or #',
      { cause },
    );
  }
}

/** The override that `--intervene tick:path=value` asks for. Throws ConfigError. */
export function parseIntervene(text: string): Override {
  const origin = `--intervene ${text}`;
  const [, tick, path, value] = /^(\d+):([^=]+)=(.+)$/.exec(text) ?? [];
  if (tick === undefined)
    throw new ConfigError(
      origin,
      'is not of the form tick:path=value',
      'for example --intervene 5000:world.energy.price=0.3',
    );
  const change = { tick: Number(tick), path: path!.trim(), value: readValue(origin, value!) };
  return { origin, path: 'interventions[]', value: change };
}

/** Puts an override into `raw`, in place; returns the path it went to. Throws ConfigError for an unknown path. */
export function applyOverride(
  raw: object,
  tree: SchemaNode,
  { origin, path, value }: Override,
): PathSegment[] {
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
      holder[key] ??= structuredClone(node.fallback ?? []);
      const entries: { name?: unknown }[] = Array.isArray(holder[key]) ? holder[key] : [];
      const appends = word === '';
      const named = (): number => entries.findIndex((entry) => entry?.name === word);
      const index = appends ? entries.length : /^\d+$/.test(word) ? Number(word) : named();
      if (index < 0 || (index >= entries.length && !appends)) {
        const names = entries
          .map((entry, k) => (typeof entry?.name === 'string' ? `${k} (${entry.name})` : String(k)))
          .join(', ');
        throw new ConfigError(origin, `\`${key}\` has no entry ${shown(word)}`, `entries: ${names}`);
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
      throw new ConfigError(origin, `unknown path ${shown(path)}`, `did you mean \`${best}\`?`);
    }
  }
  return segments;
}
