/** What is wrong with data that somebody else wrote, in words for one line. */
import type { z } from 'zod';
import { inBrief } from '../sim/core/brief.ts';

/** The first place where a value is not of a shape; null where readers can rely on it. */
export function shapeProblem(shape: z.ZodType, value: unknown): string | null {
  const issue = shape.safeParse(value).error?.issues[0];
  if (issue === undefined) return null;
  const place = issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  const wrong = issue.path.reduce<unknown>(
    (node, part) => (node as Record<PropertyKey, unknown> | null | undefined)?.[part],
    value,
  );
  return `\`${place.join('').slice(1)}\` is ${inBrief(wrong)}: ${issue.message.replaceAll(/\s+/g, ' ')}`;
}
