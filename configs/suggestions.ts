/** What was probably meant where a key, a path or a value is wrong. */
import { closest, distance } from 'fastest-levenshtein';
import { allPaths, formatPath, nodeAt, type PathSegment, type SchemaNode, spelled } from './schemaTree.ts';

/** Whether a word may be a typing error for another: those change up to a third of a word, and never all of it. */
export function isNear(a: string, b: string): boolean {
  const length = Math.max(a.length, b.length);
  const changes = distance(a.toLowerCase(), b.toLowerCase());
  return changes < length && changes <= (length <= 3 ? 1 : Math.max(2, Math.floor(length / 3)));
}

/**
 * The hint of a name that is not known: the nearest one where it may be a typing error, else all of them.
 *
 * @param what such as `presets`
 */
export function suggestName(name: string, known: readonly string[], what: string): string {
  const nearest = closest(name, known);
  return isNear(name, nearest) ? `did you mean ${nearest}?` : `${what}: ${known.join(', ')}`;
}

/** Places of a key elsewhere that a hint names; a key of more of them, such as `enabled`, says nothing of where it belongs. */
const ELSEWHERE_MAX = 2;

/** What to write instead of an unknown key below `parent`: a key like it there, the same key elsewhere, or all keys there. */
export function suggestKey(tree: SchemaNode, parent: readonly PathSegment[], key: string): string {
  const siblings = [...(nodeAt(tree, parent)?.children?.keys() ?? [])];
  const nearest = siblings.length > 0 ? closest(key, siblings) : '';
  if (nearest !== '' && isNear(key, nearest)) return `did you mean \`${nearest}\`?`;
  const elsewhere = allPaths(tree)
    .filter(({ path }) => path.at(-1) === key)
    .map(({ path }) => `\`${formatPath(path)}\``);
  if (elsewhere.length > 0 && (elsewhere.length <= ELSEWHERE_MAX || siblings.length === 0))
    return `did you mean ${elsewhere.slice(0, ELSEWHERE_MAX).join(' or ')}?`;
  return siblings.length > 0 ? `keys here: ${siblings.join(', ')}` : '';
}

/** How a value of each kind is written, for keys that say nothing about themselves. */
function formOf({ kind, children, values, min, max }: SchemaNode): string {
  switch (kind) {
    case 'section':
      return children !== undefined && children.size > 0
        ? `keys here: ${[...children.keys()].join(', ')}`
        : 'write one `key: value` a line';
    case 'list':
      return 'write each entry on a line of its own after `- `';
    case 'boolean':
      return 'write true or false';
    case 'choice':
      return `it is one of ${values!.join(', ')}`;
    case 'text':
      return 'put text that holds : or # into quotes';
    default:
      return `for example ${Math.min(max!, Math.max(min!, 1))}`;
  }
}

/** What to write instead of a value that `node` does not take; empty where nothing is known of it. */
export function suggestValue(node: SchemaNode | undefined, found: unknown): string {
  if (!node) return '';
  if (found === null) return 'give a value or remove the line';
  if (node.kind === 'choice') {
    const text = spelled(found);
    const nearest = closest(text, [...node.values!]);
    if (isNear(text, nearest)) return `did you mean \`${nearest}\`?`;
    return node.about || formOf(node);
  }
  if (typeof found === 'string' && (node.kind === 'number' || node.kind === 'integer')) {
    const plain = found.replaceAll(/[_,\s]/g, '');
    if (plain !== '' && Number.isFinite(Number(plain))) return `write ${plain}`;
  }
  if (node.kind === 'text' && (typeof found === 'number' || typeof found === 'boolean'))
    return `in quotes it is text: "${found}"`;
  if (typeof found === 'string' && node.kind === 'boolean')
    return ['yes', 'on'].includes(found.toLowerCase()) ? 'write true' : 'write true or false without quotes';
  if (Array.isArray(found) && !node.armable && node.kind !== 'section')
    return 'it holds for the whole run and cannot differ between arms';
  return node.about || formOf(node);
}
