/** What of an agent can be listed, drawn and sorted: recorded columns in readable units, and a few that follow from them. */
import type { TableFrame } from '../tableFrame.ts';
import { cellsOf } from './data.ts';

const MILLI = 1000;
const SKILLS = [0, 1, 2, 3];
/** What an agent does with its compute, by the column `mode`. */
export const MODES = ['rent out', 'serve', 'train', 'idle'];

export interface AgentColumn {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
  /** [rows] */
  of(table: TableFrame): ArrayLike<number>;
}

const plain = (key: string, label: string, unit: string): AgentColumn => ({
  key,
  label,
  unit,
  of: (table) => cellsOf(table, key),
});
const milli = (key: string, label: string, unit: string): AgentColumn => ({
  key,
  label,
  unit,
  of: (table) => Float64Array.from(cellsOf(table, key), (value) => value / MILLI),
});

/** All columns that hold numbers, for a run with these reward features. */
export function agentColumns(features: readonly string[]): AgentColumn[] {
  return [
    milli('wealth', 'wealth', 'cash'),
    milli('cash', 'cash', 'cash'),
    milli('token', 'token', 'token'),
    milli('stake', 'stake', 'token'),
    plain('capacity', 'capacity', 'cu'),
    plain('data', 'data', 'data units'),
    {
      key: 'bestSkill',
      label: 'best skill',
      unit: '',
      of: (table) => {
        const skills = SKILLS.map((c) => cellsOf(table, `skill_${c}`));
        return Float64Array.from({ length: table.rows }, (_, k) => Math.max(...skills.map((s) => s[k]!)));
      },
    },
    ...SKILLS.map((c) => plain(`skill_${c}`, `skill in class ${c}`, '')),
    plain('profit', 'profit of the tick', 'cash'),
    plain('life_profit', 'profit since birth', 'cash'),
    plain('life_reward', 'reward since birth', ''),
    {
      key: 'age',
      label: 'age',
      unit: 'ticks',
      of: (table) => {
        const [tick, born] = [cellsOf(table, 'tick'), cellsOf(table, 'born')];
        return Float64Array.from({ length: table.rows }, (_, k) => tick[k]! - born[k]!);
      },
    },
    plain('generation', 'generation', ''),
    ...features.map((feature) => plain(`gene_${feature}`, `gene ${feature}`, '')),
  ];
}

/** Such as `wealth (cash)`. */
export const titleOf = ({ label, unit }: AgentColumn): string => (unit === '' ? label : `${label} (${unit})`);
