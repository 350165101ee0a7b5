/** What readers of a sweep's directory rely on, whoever wrote it. */
import { z } from 'zod';
import { SCALES } from './experimentSchema.ts';

const count = z.number().int().min(0);
const text = z.string();

/** `sweep.json`. Arms are named once, and cells are of them and of seeds that the sweep has. */
export const SWEEP_SHAPE = z
  .looseObject({
    name: text,
    scale: z.enum(SCALES),
    file: text,
    statements: z.array(z.looseObject({ hash: text, at: text, finished: count })).min(1),
    arms: z.array(z.looseObject({ name: text, about: text, differs: text })).min(1),
    cells: z.array(z.looseObject({ hash: text.regex(/^[0-9a-f]{64}$/), arm: text, replicate: count })).min(1),
    worlds: count.min(1),
    ticks: count,
    batches: count,
    version: text,
    commit: text.nullable(),
    hardware: z.looseObject({
      cpu: text,
      cores: z.number(),
      memoryGiB: z.number(),
      os: text,
      node: text,
    }),
    threads: count,
    startedAt: text,
    finishedAt: text.nullable(),
    seconds: z.number().min(0),
    status: z.enum(['running', 'submitted', 'finished', 'interrupted', 'failed']),
  })
  .superRefine(({ arms, cells, worlds }, context) => {
    const names = new Set(arms.map(({ name }) => name));
    const refuse = (path: PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (names.size < arms.length) refuse(['arms'], 'two of its arms have one name');
    if (worlds > cells.length) refuse(['worlds'], `there are ${cells.length} cells`);
    const strange = cells.findIndex(({ arm, replicate }) => !names.has(arm) || replicate >= worlds);
    if (strange >= 0) refuse(['cells', strange], 'the sweep has no such arm or seed');
  });

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'number');
const isTable = (value: unknown): boolean => Array.isArray(value) && value.every(isNumbers);
const areNumbers = (value: unknown): boolean => isFields(value) && Object.values(value).every(isNumbers);
/** Fields of a life (stage.ts). */
const LIFE_FIELDS = 6;

function isStage(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { populations, slots, interval, ticks, metrics, members, sellers, genes, lives, lineage } = value;
  return (
    Array.isArray(populations) &&
    populations.every((name) => typeof name === 'string') &&
    [slots, interval, value.lawsChecked].every((one) => typeof one === 'number') &&
    [ticks, value.lorenzWealth, value.lorenzCompute].every(isNumbers) &&
    typeof value.finalHash === 'string' &&
    areNumbers(metrics) &&
    ['births', 'meanGeneration'].every((name) => Object.hasOwn(metrics as Fields, name)) &&
    Array.isArray(members) &&
    members.every(areNumbers) &&
    isFields(sellers) &&
    [sellers.hhi, sellers.top].every(isNumbers) &&
    isTable(sellers.share) &&
    isFields(genes) &&
    isNumbers(genes.ticks) &&
    [genes.mean, genes.shadow].every(isTable) &&
    Array.isArray(lives) &&
    lives.every((one) => isFields(one) && Object.values(one).every((part) => typeof part === 'number')) &&
    isTable(lineage) &&
    (lineage as number[][]).every(({ length }) => length === LIFE_FIELDS)
  );
}

/** Whether a value can be read as the result of a cell; numbers may be NaN. By hand, since it has 10^5 of them. */
export const isResult = (value: unknown): boolean =>
  isFields(value) &&
  [value.hash, value.arm].every((one) => typeof one === 'string') &&
  [value.replicate, value.seconds].every((one) => typeof one === 'number') &&
  isStage(value.run) &&
  isFields(value.gardens) &&
  Object.values(value.gardens).every((stage) => stage === null || isStage(stage));
