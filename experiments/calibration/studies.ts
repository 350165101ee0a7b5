/** What each criterion depends on: studies of one parameter each, as tables of the criteria that change. */
import { type Criterion, criteriaOf, differs, type Verdict } from './criteria.ts';
import type { ArmRecord } from './record.ts';

export interface Study {
  readonly name: string;
  readonly why: string;
  /** Values by path, one per arm; lists of one length are read in parallel. */
  readonly set: Readonly<Record<string, readonly unknown[]>>;
}
export interface Studies {
  readonly ticks: number;
  readonly worlds: number;
  readonly studies: readonly Study[];
}

/** The settings of each arm of a study. */
export const armsOfStudy = ({ set }: Study): Record<string, unknown>[] =>
  Object.values(set)[0]!.map((_, k) =>
    Object.fromEntries(Object.entries(set).map(([path, values]) => [path, values[k]])),
  );

/** An arm in words: the last segment of its first path, and the value. */
const labelOf = (settings: Readonly<Record<string, unknown>>): string => {
  const [path, value] = Object.entries(settings)[0]!;
  return `${path.split('.').at(-1)} ${value}`;
};

const MARK: Readonly<Record<Verdict, string>> = { yes: '', no: ' **no**', horizon: '' };

const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;

/** Which value breaks which criterion, in one sentence. */
export function breakingSentence(
  labels: readonly string[],
  results: readonly (readonly Criterion[])[],
): string {
  const broken = results.map((criteria) => criteria.filter(({ verdict }) => verdict === 'no'));
  const breaking = broken.flatMap((criteria, k) =>
    criteria.length === 0 ? [] : [`${labels[k]} breaks ${listed(criteria.map(({ name }) => `"${name}"`))}`],
  );
  const keeping = labels.filter((_, k) => broken[k]!.length === 0);
  if (breaking.length === 0) return `No value breaks a criterion that so short a run can show.`;
  const rest =
    keeping.length === 0 ? '' : `; ${listed(keeping)} ${keeping.length === 1 ? 'breaks' : 'break'} none`;
  return `${breaking.join('; ')}${rest}.`;
}

/**
 * A study's rows: the criteria that differ between its arms, and the sentence about what breaks.
 *
 * @param arms records in the order of armsOfStudy
 */
export function studyTable(
  study: Study,
  arms: readonly ArmRecord[],
): { sentence: string; header: string[]; rows: string[][] } {
  const labels = armsOfStudy(study).map(labelOf);
  const results = arms.map(criteriaOf);
  const rows = results[0]!.flatMap((criterion, row) => {
    const across = results.map((list) => list[row]!);
    if (!differs(across)) return [];
    return [
      [
        `${criterion.name} (${criterion.bound})`,
        ...across.map(({ found, verdict }) => `${found}${MARK[verdict]}`),
      ],
    ];
  });
  return { sentence: breakingSentence(labels, results), header: ['criterion', ...labels], rows };
}
