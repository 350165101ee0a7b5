/** One YAML document as plain data that knows where in the text each part of it stands. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ConfigError } from '../sim/core/errors.ts';
import { firstLine } from './problems.ts';
import type { PathSegment } from './schemaTree.ts';

/** Where a path stands, as `file:line:column`; `arm` chooses an entry of a list of arms, -1 = none. */
export type Place = (path: readonly PathSegment[], arm: number, atKey: boolean) => string;

/** Levels of nesting; the deepest key of a config is at 5. */
export const DEEPEST = 32;
/** The problem of a text or value that goes deeper, and what to do about it. */
export const TOO_DEEP = `nested more than ${DEEPEST} levels deep`;
export const FLATTEN = 'no key of a config is that deep';

/** A file name that no YAML and no JSON has. */
const NAMED_OTHERWISE = /\.(?!ya?ml$|json$)[^./\\]+$/i;

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
      `check indentation, colons and quotes${NAMED_OTHERWISE.test(file) ? '; or is another file meant? configs and experiments end in .yaml' : ''}`,
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
