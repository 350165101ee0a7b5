/** From an experiment file to its arms, each a validated config. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import type { Refuse } from '../../configs/layArms.ts';
import type { Override } from '../../configs/overrides.ts';
import { parseConfig } from '../../configs/parse.ts';
import { firstProblem } from '../../configs/problems.ts';
import { assertPlain } from '../../configs/rules.ts';
import type { RunConfig } from '../../configs/schema.ts';
import { isNear, suggestName } from '../../configs/suggestions.ts';
import { readYaml } from '../../configs/yamlText.ts';
import { ConfigError, UsageError } from '../../sim/core/errors.ts';
import { GARDEN_POPULATIONS } from '../calibration/garden.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { presetNames, readConfig } from '../loadConfig.ts';
import type { Garden } from './cell.ts';
import {
  COMMON_GARDEN,
  EXPERIMENT_SCHEMA,
  type Experiment,
  experimentTree,
  type ScaleName,
  type Side,
  stageNames,
} from './experimentSchema.ts';
import { assertOutcome, isOfPopulations, ownMetricsOf } from './outcome.ts';
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
/** Names of the experiments of this program. */
export const experimentNames = (): string[] =>
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
  const name = basename(given, '.yaml');
  if (presetNames().includes(name))
    throw new UsageError(`${name} is a config, not an experiment`, `darwin run ${name}`);
  throw new UsageError(
    `there is no experiment file ${given}`,
    suggestName(name, experimentNames(), 'experiments'),
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
  if (isConfig(text)) throw new UsageError(`${file} is a config, not an experiment`, `darwin run ${file}`);
  return { file, text, hash: sha256(text), experiment: parseExperiment(text, file) };
}

/** Whether a text has sections that a config has, and none that every experiment has. */
const isConfig = (text: string): boolean =>
  /^(world|populations|slots|worlds|ticks):/m.test(text) &&
  !/^(question|hypothesis|outcomes|scales|arms):/m.test(text);

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
  const { arms, sampling, outcomes, contrasts, gardens, axis, seeds } = experiment;
  const stages = stageNames(experiment);
  if ((arms === undefined) === (sampling === undefined))
    refuse(['name'], 'an experiment has either `arms` or `sampling`', 'give one of them');
  if (sampling !== undefined && contrasts.length > 0)
    refuse(
      ['contrasts'],
      '`contrasts` compare arms, and points of `sampling` are none',
      'remove one of them',
    );
  if (stages.length > 1 && seeds.evaluation === undefined)
    refuse(['seeds'], '`seeds.evaluation` is missing', 'a garden needs seeds that the search has not seen');
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
  // `run` and the common garden have names already
  const twice = gardens.findIndex(({ name }) => stages.indexOf(name) !== stages.lastIndexOf(name));
  if (twice >= 0)
    refuse(
      ['gardens', twice, 'name'],
      `there are two stages \`${gardens[twice]!.name}\``,
      'choose another name',
    );
  const astray = axis === undefined ? -1 : (arms ?? []).findIndex((arm) => !(axis.path in arm.set));
  if (astray >= 0)
    refuse(
      ['arms', astray, 'set'],
      `arm \`${arms![astray]!.name}\` does not set \`${axis!.path}\`, along which the arms lie`,
      'set it in every arm, or leave out `axis`',
    );
  const homeless = outcomes.findIndex((one) => isOfPopulations(one) && one.population === undefined);
  if (sampling !== undefined && homeless >= 0)
    refuse(
      ['outcomes', homeless, 'metric'],
      `\`outcomes[${homeless}]\` names no population, and \`${outcomes[homeless]!.metric}\` is one of populations`,
      'add `population`',
    );
  outcomes.forEach((one, k) => {
    assertOutcome(one, stages, (key, problem, hint) => refuse(['outcomes', k, key], problem, hint));
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
export function armsAt(source: ExperimentFile, scale: ScaleName): Arm[] {
  const { file, experiment } = source;
  const { seeds, sampling, arms = [] } = experiment;
  const resolve = resolverOf(source, scale);
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
    assertOwnMetrics(file, experiment, name, config);
    return { name, about, config, point };
  });
}

/** Makes the config of an arm at a scale from its name and changes. */
function resolverOf(
  { file, experiment }: ExperimentFile,
  scale: ScaleName,
): (name: string, set: Readonly<Record<string, unknown>>) => RunConfig {
  const { set: common = {}, seeds } = experiment;
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
  return (name, set) => {
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
}

/**
 * The gardens after every world, the common one first. Their economy is that of the first arm, with their own changes.
 *
 * @throws ConfigError for a path or value that no config has
 */
export function gardensAt(source: ExperimentFile, scale: ScaleName, first: Arm): Garden[] {
  const { arms = [], garden, gardens, seeds, scales } = source.experiment;
  const ticks = scales[scale].gardenTicks ?? scales[scale].ticks;
  const resolve = resolverOf(source, scale);
  const common = {
    ticks,
    slots: first.config.slots,
    seed: seeds.evaluation ?? '',
    world: first.config.world,
  };
  return [
    ...(garden === undefined
      ? []
      : [{ ...common, ...garden, name: COMMON_GARDEN, populations: GARDEN_POPULATIONS }]),
    ...gardens.map(({ name, population, size, set, populations }): Garden => {
      const { demand } = first.config.world.serviceMarket;
      const changes = { ...arms[0]?.set, 'world.serviceMarket.demand': Math.round(demand * size), ...set };
      const { world } = resolve(`garden '${name}'`, changes);
      return { ...common, name, population, slots: Math.round(common.slots * size), world, populations };
    }),
  ];
}

/** A preset, or a file as seen from the experiment. */
function baseOf(config: string, file: string): { file: string; text: string } {
  const beside = join(dirname(file), config);
  return readConfig(existsSync(beside) && statSync(beside).isFile() ? beside : config);
}

/** Populations that outcomes, contrasts, interventions and the garden name must live in the arm. */
function assertPopulations(file: string, experiment: Experiment, arm: string, config: RunConfig): void {
  const living = config.populations.map((population) => population.name);
  const need = (population: string | undefined, names: readonly string[]): void => {
    if (population === undefined || names.includes(population)) return;
    throw new ConfigError(
      `${file}: arm '${arm}'`,
      `has no population \`${population}\``,
      `populations: ${names.join(', ')}`,
    );
  };
  const { outcomes, contrasts, interventions, garden, gardens } = experiment;
  const namesAt = (stage: string): readonly string[] => {
    if (stage === 'run') return living;
    const own = gardens.find((one) => one.name === stage)?.populations ?? GARDEN_POPULATIONS;
    return own.map(({ name }) => name);
  };
  for (const { population, stage } of outcomes) need(population, namesAt(stage));
  for (const contrast of contrasts) {
    const { stage } = outcomes.find((one) => one.name === contrast.outcome) ?? outcomes[0]!;
    for (const side of [contrast.of, contrast.against])
      if (side.arm === undefined || side.arm === arm) need(side.population, namesAt(stage));
  }
  for (const { population } of interventions) need(population, living);
  for (const { population } of [...(garden === undefined ? [] : [garden]), ...gardens])
    need(population, living);
}

/** Metrics of one's own must be recorded in every arm. */
function assertOwnMetrics(file: string, { outcomes }: Experiment, arm: string, config: RunConfig): void {
  const recorded = config.extensions?.metrics ?? [];
  const missing = outcomes.flatMap(ownMetricsOf).find((name) => !recorded.includes(name));
  if (missing === undefined) return;
  throw new ConfigError(
    `${file}: arm '${arm}'`,
    `does not record \`${missing}\`, of which an outcome is made`,
    `name it in \`extensions.metrics\` of the config, and give --extend FILE`,
  );
}
