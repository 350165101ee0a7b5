/**
 * `npm run calibration [-- --quick] [--out FILE]`: holds configs/baseline.yaml against MODEL 12's criteria of a living
 * economy, grows its evolved genomes in a common garden, and shows what each criterion depends on. Everything in the
 * report comes from these runs; its text is chosen by their figures.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import type { ResolvedRun } from '../../configs/arms.ts';
import type { Override } from '../../configs/overrides.ts';
import { parseConfig } from '../../configs/parse.ts';
import type { RunConfig } from '../../configs/schema.ts';
import { assertWritable } from '../commandLine.ts';
import { makeDirectory } from '../makeDirectory.ts';
import { runScript, scriptOf } from '../script.ts';
import { STANDARD_ERRORS } from '../validate/case.ts';
import {
  type Criterion,
  criteriaOf,
  GENE_WORLDS_MIN,
  geneShifts,
  LINES,
  LIVES_MIN,
  type Line,
  type Verdict,
  verdictOf,
} from './criteria.ts';
import { gardenCriteria, gardenFounders, gardenRun, gardenTable } from './garden.ts';
import { ArmRecord, record } from './record.ts';
import {
  overridesOf,
  SELECTION_ARMS,
  SLOT_POPULATIONS,
  selectionTable,
  slotShares,
  slotTable,
} from './selection.ts';
import { armsOfStudy, type Studies, studyTable } from './studies.ts';

/** The sources, found from both the source tree and the build. */
const root = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url),
);
const configText = (name: string): string => readFileSync(`${root}configs/${name}.yaml`, 'utf8');
interface Options {
  readonly quick?: boolean;
  readonly out?: string;
}
const script = scriptOf(
  'calibration',
  'Holds configs/baseline.yaml against the criteria of a living economy and writes a report.',
)
  .option('--quick', 'a smoke run of the report itself')
  .option('--out <file>', 'where the report is written');

/** Where the report goes; throws UsageError before hours of runs where that cannot be written. */
function writableFile({ quick, out }: Options): string {
  const file = out ?? `${root}${quick ? 'runs/calibration-quick.md' : 'experiments/calibration/report.md'}`;
  makeDirectory(dirname(file));
  assertWritable('--out', file);
  return file;
}

/** Worlds of every arm of evolution. */
const SELECTION_WORLDS = 10;
/** Sizes of the runs beside the baseline; `--quick` is a smoke run of the report itself. */
const FULL = {
  base: [],
  garden: { ticks: 12_000 },
  selection: [{ path: 'worlds', value: SELECTION_WORLDS }],
  slots: { ticks: 18_000, worlds: 8 },
  studies: {},
} as const;
const QUICK = {
  // just long enough for mature agents
  base: [
    { path: 'ticks', value: 2200 },
    { path: 'worlds', value: 2 },
  ],
  garden: { ticks: 2200 },
  selection: [{ path: 'ticks', value: 200 }],
  slots: { ticks: 200, worlds: 2 },
  studies: { ticks: 100, worlds: 2 },
} as const;

/** A preset of which only what the criteria read is recorded, with further changes. */
function recordedPreset(name: string, overrides: readonly Override[]): ResolvedRun {
  const changes = { 'output.agentsEvery': 0, 'output.tradesWorlds': 0, 'output.metricsEvery': 100 };
  return parseConfig(configText(name), {
    file: `configs/${name}.yaml`,
    overrides: [...overridesOf(changes), ...overrides],
  });
}

const table = ({
  header,
  rows,
}: {
  header: readonly string[];
  rows: readonly (readonly string[])[];
}): string => [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const SAID: Readonly<Record<Verdict, string>> = { yes: 'yes', no: '**no**', horizon: 'not shown' };

/** MODEL 12 line by line. */
function summary(criteria: readonly Criterion[]): string {
  const rows = (Object.keys(LINES) as Line[]).flatMap((line) =>
    criteria
      .filter((criterion) => criterion.line === line)
      .map(({ name, found, bound, verdict }, k) => [
        k === 0 ? LINES[line] : '',
        name,
        bound,
        found,
        SAID[verdict],
      ]),
  );
  const header = [
    'line of MODEL 12',
    'criterion',
    'bound',
    'found: mean over worlds (least to most)',
    'holds',
  ];
  return table({ header, rows });
}

const namesOf = (criteria: readonly Criterion[], verdict: Verdict): string[] =>
  (Object.keys(LINES) as Line[])
    .filter((line) => verdictOf(criteria, line) === verdict)
    .map((line) => `"${LINES[line]}"`);

/** What holds and what does not, in words. */
function verdictSentences(criteria: readonly Criterion[]): string {
  const broken = namesOf(criteria, 'no');
  const open = namesOf(criteria, 'horizon');
  return [
    broken.length === 0
      ? 'Every line that these runs can show holds.'
      : `**Does not hold**: ${broken.join('; ')}.`,
    ...(open.length === 0
      ? []
      : [
          `Not shown, because the run spans fewer than ${LIVES_MIN} mean lives or has too few worlds: ${open.join('; ')}.`,
        ]),
  ].join(' ');
}

/** What the garden says, chosen by its figures. */
function gardenSentence(criteria: readonly Criterion[]): string {
  const beaten = criteria.filter(({ verdict }) => verdict === 'yes').length;
  if (criteria.some(({ verdict }) => verdict === 'horizon'))
    return 'Too short or too few worlds to compare profits.';
  if (beaten === criteria.length)
    return 'Evolved rewards earn more than random, zero and log-wealth rewards in fresh worlds.';
  return `**Evolved rewards beat ${beaten} of the ${criteria.length} rewards that MODEL 12 names**; the others are ahead or within two standard errors.`;
}

/** In which arms genes left their shadow, and in which they did not. */
function selectionSentence(arms: readonly ArmRecord[]): string {
  if (arms.some((arm) => arm.worlds.length < GENE_WORLDS_MIN))
    return `Fewer than ${GENE_WORLDS_MIN} worlds: too few to tell.`;
  const clearest = arms.map((arm) => geneShifts(arm)[0]!);
  return `${SELECTION_ARMS.map(({ name }, k) => {
    const { feature, ratio } = clearest[k]!;
    return ratio > STANDARD_ERRORS
      ? `${name}: genes leave their shadow, ${feature} most clearly`
      : `${name}: no gene leaves its shadow`;
  }).join('; ')}.`;
}

/** The garden's worlds, each with the genomes of one world of evolution; several at once, one a core. */
async function recordGarden(
  base: RunConfig,
  states: readonly Uint8Array[],
  ticks: number,
): Promise<ArmRecord> {
  const population = base.populations.findIndex(({ kind }) => kind === 'learner');
  const records = new Array<ArmRecord>(states.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < states.length) {
      const world = next++;
      const founders = gardenFounders([[states[world]!]], population, base.world.learner);
      const run = gardenRun(base, world, ticks);
      records[world] = (await record(`common garden ${world}`, run, { founders })).arms[0]!;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return ArmRecord.join(records);
}

async function main(options: Options): Promise<void> {
  const file = writableFile(options);
  const size = options.quick ? QUICK : FULL;
  const written = parse(readFileSync(`${root}experiments/calibration/studies.yaml`, 'utf8')) as Studies;
  const studies: Studies = { ...written, ...size.studies };
  const sizes = overridesOf(Object.fromEntries(size.base.map(({ path, value }) => [path, value])));
  const preset = (name: string, overrides: readonly Override[] = []): ResolvedRun =>
    recordedPreset(name, [...sizes, ...overrides]);
  const started = performance.now();
  const { arms, states } = await record('baseline', preset('baseline'), { states: true });
  const base = arms[0]!;
  const { ticks, worlds, slots, world, populations } = base.config;

  const evolved = base.populationOf('learner');
  const garden = await recordGarden(base.config, states, size.garden.ticks);
  const gardenFound = gardenCriteria(garden);

  const quickstart = (await record('quickstart', preset('quickstart'))).arms[0]!;

  // as many worlds as the other arms have, or it would be the surest by their number
  const selection: ArmRecord[] = [base.first(SELECTION_WORLDS, ticks)];
  for (const { name, set } of SELECTION_ARMS.slice(1)) {
    const changes = Object.fromEntries(size.selection.map(({ path, value }) => [path, value]));
    const run = preset('baseline', overridesOf({ ...changes, ...set }));
    selection.push((await record(name, run)).arms[0]!);
  }
  const competition = await record(
    'protected and open slots',
    preset(
      'baseline',
      overridesOf({ ...size.slots, populations: SLOT_POPULATIONS, 'world.demography.quotas': [true, false] }),
    ),
  );
  const rule = SLOT_POPULATIONS.findIndex(({ name }) => name === 'rule');
  const ruleShare = competition.arms.map((arm) => slotShares(arm, rule, 1));
  const percent = (shares: readonly number[]): string =>
    `${((100 * shares.reduce((a, b) => a + b, 0)) / shares.length).toFixed(0)} %`;

  const reference = base.first(studies.worlds, studies.ticks);
  const studied: string[] = [];
  for (const study of studies.studies) {
    const records: ArmRecord[] = [];
    for (const settings of armsOfStudy(study)) {
      const run = preset(
        'baseline',
        overridesOf({ ticks: studies.ticks, worlds: studies.worlds, ...settings }),
      );
      const same = isDeepStrictEqual(run.arms[0], reference.config);
      records.push(same ? reference : (await record(study.name, run)).arms[0]!);
    }
    const { sentence, ...rows } = studyTable(study, records);
    studied.push(`### ${study.name}`, `${study.why}. ${sentence}`);
    if (rows.rows.length > 0) studied.push(table(rows));
  }

  const criteria = [...criteriaOf(base), ...gardenFound];
  const quickCriteria = criteriaOf(quickstart);
  const parts = [
    '# Calibration',
    'Written by `npm run calibration`; change the configs, not this file. The replicate is a world, never an agent: s.e. are standard errors over worlds, differences are paired by world. Profits are in cash per agent and tick, of agents older than 2,000 ticks. Median lives count those that had not ended (Kaplan and Meier).',
    `## configs/baseline.yaml: ${worlds} worlds x ${slots} slots, ${ticks} ticks, ${ticks / world.demography.meanLife} mean lives`,
    verdictSentences(criteria),
    summary(criteria),
    `## The common garden: ${garden.worlds.length} fresh worlds with held-out seeds, ${garden.config.ticks} ticks`,
    `Each world of the baseline has a fresh world of its own: the genomes of all ${populations[evolved]!.name} that lived there at the last tick (the richest few would be chosen by luck and age too) are put into newborns and stay fixed; so differences over worlds hold the luck of evolution and that of the garden. Populations hold slots of their own (${garden.config.populations.map(({ name, share }) => `${name} ${share}`).join(', ')}). Nobody has children there: who dies is replaced by a newcomer of the same population with the same means as at genesis, so that no genome spreads within the garden. \`evolved-rewards\` has evolved reward genes and the learner genes of genesis, \`shadow\` the neutral shadows of the evolved agents: as much mutation, no selection. ${gardenSentence(gardenFound)}`,
    table(gardenTable(garden)),
    '## Arms of evolution',
    `Reward genes of the learners less their neutral shadow at the last tick. ${SELECTION_ARMS.map(({ name, about }) => `*${name}*: ${about}`).join('; ')}. A gene leaves its shadow from ${STANDARD_ERRORS} s.e. over worlds on. ${selectionSentence(selection)}`,
    table(selectionTable(selection)),
    '## Who takes the slots',
    `The baseline with the \`rule\` agent in the mix (${competition.arms[0]!.worlds.length} worlds an arm): slots protected by quota, or open to whoever has children. Percent of all slots. At the end the rule agent holds ${percent(ruleShare[0]!)} of the slots where they are protected and ${percent(ruleShare[1]!)} where they are open.`,
    table(slotTable(competition.arms, ['protected', 'open'])),
    `## configs/quickstart.yaml: ${quickstart.worlds.length} worlds x ${quickstart.config.slots} slots, ${quickstart.config.ticks} ticks, ${(quickstart.config.ticks / quickstart.config.world.demography.meanLife).toFixed(2)} mean lives`,
    verdictSentences(quickCriteria),
    summary(quickCriteria),
    '## What each criterion depends on',
    `One parameter of the baseline at a time, ${reference.worlds.length} worlds an arm with paired seeds, ${reference.config.ticks} ticks; shown are the criteria whose verdict changes, or whose mean does by more than ${STANDARD_ERRORS} s.e. Births, deaths and genes count from ${LIVES_MIN} mean lives on.`,
    ...studied,
  ];
  writeFileSync(file, `${parts.join('\n\n')}\n`);
  process.stderr.write(`${file} after ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
}

await runScript(script, main);
