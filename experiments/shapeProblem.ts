/** What is wrong with data that somebody else wrote, in words for one line. */
import type { z } from 'zod';

/** Characters of a wrong value that an error repeats. */
const VALUE_SHOWN_MAX = 60;

/** The first place where a value is not of a shape; null where readers can rely on it. */
export function shapeProblem(shape: z.ZodType, value: unknown): string | null {
  const issue = shape.safeParse(value).error?.issues[0];
  if (issue === undefined) return null;
  const place = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  const wrong = issue.path.reduce<unknown>(
    (node, part) => (node as Record<PropertyKey, unknown> | null | undefined)?.[part],
    value,
  );
  const shown = (JSON.stringify(wrong) ?? 'missing').slice(0, VALUE_SHOWN_MAX);
  return `\`${place.join('').slice(1)}\` is ${shown}: ${issue.message.replaceAll(/\s+/g, ' ')}`;
}
