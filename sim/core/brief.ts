/** Values that somebody else wrote, as errors repeat them. */

const ENTRIES_MAX = 8;

/** A list or section as text, anything else as it is. */
const folded = (value: unknown): unknown =>
  typeof value !== 'object' || value === null ? value : Array.isArray(value) ? '[...]' : '{...}';

/**
 * The outermost level of a value as JSON, cut at a number of characters. However deep the value is nested, where
 * JSON.stringify would recurse until the stack ends. Nothing at all is 'missing'.
 */
export function inBrief(value: unknown, most = 60): string {
  let shown = value;
  if (Array.isArray(value)) shown = value.slice(0, ENTRIES_MAX).map(folded);
  else if (typeof value === 'object' && value !== null)
    shown = Object.fromEntries(
      Object.entries(value)
        .slice(0, ENTRIES_MAX)
        .map(([key, entry]) => [key, folded(entry)]),
    );
  return (JSON.stringify(shown) ?? 'missing').slice(0, most);
}
