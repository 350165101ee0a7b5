/** From an experiment file to its arms, each a validated config. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import type { Refuse } from '../../configs/arms.ts';
import {
  assertPlain,
  firstProblem,
  isNear,
  type Override,
  parseConfig,
  readYaml,
} from '../../configs/parse.ts';
import type { RunConfig } from '../../configs/schema.ts';
import { ConfigError, UsageError } from '../../sim/core/errors.ts';
import { GARDEN_POPULATIONS } from '../calibration/garden.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { readConfig } from '../loadConfig.ts';
import {
  EXPERIMENT_SCHEMA,
  type Experiment,
  experimentTree,
  type ScaleName,
  type Side,
} from './experimentSchema.ts';
import { assertOutcome, isOfPopulations } from './outcome.ts';
import { type Point, samplePoints } from './sampling.ts';
import { sha256 } from './sha256.ts';

/** An experiment as its author wrote it. */
export interface ExperimentFile {
  readonly file: string;
  readonly text: string;
  /** SHA-256 of the text. */
  readonly hash: string;
  readonly experiment: Experiment;
}

/** An arm at one scale. */
export interface Arm {
  readonly name: string;
  readonly about: string;
  readonly config: RunConfig;
  /** Where it lies in a sampled space; null for a named arm. */
  readonly point: Point | null;
}

/** Worlds that record fills: all, however many there are, so that cells do not depend on it. */
const EVERY_WORLD = 1_000_000;
/** Samples of a run that outcomes and trajectories are made of. */
const SAMPLES = 100;
const HOLDER = join(PACKAGE_ROOT, 'experiments');
const experimentNames = (): string[] =>
  readdirSync(HOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'));

/** The file that EXPERIMENT means: a path, or the name of one of the experiments of this program. */
function findExperiment(given: string): string {
  if (existsSync(given)) {
    if (statSync(given).isDirectory())
      throw new UsageError(`${given} is a directory, not an experiment`, 'give a YAML file');
    return given;
  }
  const known = join(HOLDER, `${given.replace(/^experiments\//, '').replace(/\.yaml$/, '')}.yaml`);
  if (existsSync(known)) return known;
  const names = experimentNames();
  const nearest = closest(basename(given, '.yaml'), names);
  throw new UsageError(
    `there is no experiment file ${given}`,
    isNear(basename(given, '.yaml'), nearest)
      ? `did you mean ${nearest}?`
      : `experiments: ${names.join(', ')}`,
  );
}

/**
 * Reads an experiment file.
 *
 * @throws UsageError when it is missing, ConfigError for what is wrong in it
 */
export function loadExperiment(given: string): ExperimentFile {
  const file = findExperiment(given);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${(cause as Error).message}`, 'check its permissions', {
      cause,
    });
  }
  return { file, text, hash: sha256(text), experiment: parseExperiment(text, file) };
}

/**
 * Validates an experiment: its keys, and that what it names exists.
 *
 * @throws ConfigError for the first problem
 */
export function parseExperiment(text: string, file: string): Experiment {
  const { raw, place } = readYaml(text, file);
  const tree = experimentTree();
  const refuse: Refuse = (path, problem, hint = '') => {
    throw new ConfigError(place(path, -1, false), problem, hint);
  };
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    refuse(
      [],
      'an experiment is a section of keys, such as `question: ...`',
      `see ${join('experiments', '*.yaml')}`,
    );
  assertPlain(raw, tree, refuse);
  const result = EXPERIMENT_SCHEMA.safeParse(raw);
  if (!result.success)
    throw firstProblem(result.error.issues, raw, tree, (path, atKey) => place(path, -1, atKey));
  assertNames(result.data, refuse);
  return result.data;
}

/** What the schema cannot judge: names that refer to each other. */
function assertNames(experiment: Experiment, refuse: Refuse): void {
  const { arms, sampling, outcomes, contrasts, garden, seeds } = experiment;
  if ((arms === undefined) === (sampling === undefined))
    refuse(['name'], 'an experiment has either `arms` or `sampling`', 'give one of them');
  if (sampling !== undefined && contrasts.length > 0)
    refuse(
      ['contrasts'],
      '`contrasts` compare arms, and points of `sampling` are none',
      'remove one of them',
    );
  if (garden !== undefined && seeds.evaluation === undefined)
    refuse(['seeds'], '`seeds.evaluation` is missing', 'the garden needs seeds that the search has not seen');
  if (seeds.evaluation === seeds.search)
    refuse(
      ['seeds', 'evaluation'],
      '`seeds.evaluation` is `seeds.search`',
      'judge with other seeds than were searched',
    );
  const unique = (key: 'arms' | 'outcomes' | 'contrasts', names: readonly string[]): void => {
    const twice = names.findIndex((one, k) => names.indexOf(one) !== k);
    if (twice >= 0)
      refuse([key, twice, 'name'], `\`${key}\` holds \`${names[twice]}\` twice`, 'choose another name');
  };
  const armNames = (arms ?? []).map((arm) => arm.name);
  const outcomeNames = outcomes.map((one) => one.name);
  unique('arms', armNames);
  unique('outcomes', outcomeNames);
  unique(
    'contrasts',
    contrasts.map((one) => one.name),
  );
  const homeless = outcomes.findIndex((one) => isOfPopulations(one) && one.population === undefined);
  if (sampling !== undefined && homeless >= 0)
    refuse(
      ['outcomes', homeless, 'metric'],
      `\`outcomes[${homeless}]\` names no population, and \`${outcomes[homeless]!.metric}\` is one of populations`,
      'add `population`',
    );
  outcomes.forEach((one, k) => {
    assertOutcome(one, garden !== undefined, (key, problem, hint) =>
      refuse(['outcomes', k, key], problem, hint),
    );
  });
  const known = (path: (string | number)[], what: string, found: string, names: readonly string[]): void => {
    if (names.includes(found)) return;
    const nearest = closest(found, [...names]);
    const hint = isNear(found, nearest) ? `did you mean \`${nearest}\`?` : `${what}s: ${names.join(', ')}`;
    refuse(path, `there is no ${what} \`${found}\``, hint);
  };
  contrasts.forEach((contrast, k) => {
    if (contrast.outcome !== undefined)
      known(['contrasts', k, 'outcome'], 'outcome', contrast.outcome, outcomeNames);
    const outcome = outcomes.find((one) => one.name === contrast.outcome) ?? outcomes[0]!;
    for (const key of ['of', 'against'] as const) {
      const { arm, population }: Side = contrast[key];
      if (arm === undefined && armNames.length > 1)
        refuse(
          ['contrasts', k, key],
          `\`contrasts[${k}].${key}\` names no arm`,
          `arms: ${armNames.join(', ')}`,
        );
      if (arm !== undefined) known(['contrasts', k, key, 'arm'], 'arm', arm, armNames);
      if (isOfPopulations(outcome) && population === undefined && outcome.population === undefined)
        refuse(
          ['contrasts', k, key],
          `\`contrasts[${k}].${key}\` names no population, and \`${outcome.metric}\` is one of populations`,
          'add `population`',
        );
    }
  });
}

/**
 * The arms of an experiment at a scale. Each is the base config with the experiment's, the scale's and the arm's own
 * changes, in this order.
 *
 * @throws ConfigError for a path or value that no config has
 */
export function armsAt({ file, experiment }: ExperimentFile, scale: ScaleName): Arm[] {
  const { set: common = {}, seeds, sampling, arms = [] } = experiment;
  const { worlds, ticks, slots, set: scaled = {} } = experiment.scales[scale];
  const base = baseOf(experiment.config, file);
  const overrides = (set: Readonly<Record<string, unknown>>, where: string): Override[] =>
    Object.entries(set).map(([path, value]) => ({ origin: `${file}: ${where}: ${path}`, path, value }));
  const size = {
    name: experiment.name,
    seed: seeds.search,
    ticks,
    worlds,
    ...(slots === undefined ? {} : { slots }),
    output: {
      metricsEvery: Math.max(1, Math.floor(ticks / SAMPLES)),
      agentsEvery: 0,
      tradesEvery: Math.max(1, Math.floor(ticks / SAMPLES)),
      tradesWorlds: EVERY_WORLD,
    },
  };
  const resolve = (name: string, set: Readonly<Record<string, unknown>>): RunConfig => {
    const run = parseConfig(base.text, {
      file: base.file,
      overrides: [
        ...overrides(common, 'set'),
        ...overrides(size, `scales.${scale}`),
        ...overrides(scaled, `scales.${scale}.set`),
        ...overrides(set, `arm '${name}'`),
      ],
    });
    if (run.arms.length > 1)
      throw new ConfigError(
        `${file}: arm '${name}'`,
        `has ${run.arms.length} settings: ${base.file} or its changes list values (${run.armLabels[0]}, ...)`,
        'set each of these paths to one value',
      );
    return run.arms[0]!;
  };
  const chosen =
    sampling === undefined
      ? arms.map((arm) => ({ ...arm, point: null }))
      : samplePoints(sampling, seeds.search).map((point, k) => ({
          name: `point ${k + 1}`,
          about: Object.entries(point.set)
            .map(([path, value]) => `${path} = ${value}`)
            .join(', '),
          set: point.set,
          point,
        }));
  return chosen.map(({ name, about, set, point }) => {
    const config = resolve(name, set);
    assertPopulations(file, experiment, name, config);
    return { name, about, config, point };
  });
}

/** A preset, or a file as seen from the experiment. */
function baseOf(config: string, file: string): { file: string; text: string } {
  const beside = join(dirname(file), config);
  return readConfig(existsSync(beside) && statSync(beside).isFile() ? beside : config);
}

/** Populations that outcomes, contrasts, interventions and the garden name must live in the arm. */
function assertPopulations(file: string, experiment: Experiment, arm: string, config: RunConfig): void {
  const living = config.populations.map((population) => population.name);
  const inGarden: readonly string[] = GARDEN_POPULATIONS.map((population) => population.name);
  const need = (population: string | undefined, names: readonly string[]): void => {
    if (population === undefined || names.includes(population)) return;
    throw new ConfigError(
      `${file}: arm '${arm}'`,
      `has no population \`${population}\``,
      `populations: ${names.join(', ')}`,
    );
  };
  const { outcomes, contrasts, interventions, garden } = experiment;
  const namesAt = (stage: string): readonly string[] => (stage === 'garden' ? inGarden : living);
  for (const { population, stage } of outcomes) need(population, namesAt(stage));
  for (const contrast of contrasts) {
    const { stage } = outcomes.find((one) => one.name === contrast.outcome) ?? outcomes[0]!;
    for (const side of [contrast.of, contrast.against])
      if (side.arm === undefined || side.arm === arm) need(side.population, namesAt(stage));
  }
  for (const { population } of interventions) need(population, living);
  need(garden?.population, living);
}
