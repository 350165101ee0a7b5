/** Numbers of the world that changed while a run was under way, planned or asked for, as charts and lists show them. */
import type { RunDetail } from '../dataApi.ts';

export interface Change {
  /** From which on it holds. */
  readonly tick: number;
  /** Such as `world.energy.price`. */
  readonly path: string;
  readonly value: number;
  /** The only arm that it concerns; null = all. */
  readonly arm: number | null;
}

const sameChange = (a: Omit<Change, 'arm'>, b: Omit<Change, 'arm'>): boolean =>
  a.tick === b.tick && a.path === b.path && a.value === b.value;

/** The interventions of all arms in order of tick; one that befell every arm is one change. */
export function changesOf(interventions: RunDetail['interventions']): Change[] {
  const rows = interventions.flatMap((list, arm) => list.map((one) => ({ ...one, arm })));
  const isOfAll = (row: (typeof rows)[number]): boolean =>
    interventions.every((list) => list.some((other) => sameChange(row, other)));
  return rows
    .filter((row) => !isOfAll(row) || row.arm === 0)
    .map(({ tick, path, value, arm }): Change => {
      const ofAll = isOfAll({ tick, path, value, arm });
      return { tick, path, value, arm: ofAll ? null : arm };
    })
    .sort((a, b) => a.tick - b.tick);
}

/** `energy.price 0.3` */
export const changeLabel = ({ path, value }: Change): string => `${path.replace(/^world\./, '')} ${value}`;
