/**
 * The schema of an experiment file: a question, the arms that answer it, and what is compared, stated before any of it
 * is run. Types, validation, error messages and editor completion come from here.
 */
import { z } from 'zod';
import { REWARD_FEATURES } from '../../agents/columns.ts';
import { type JsonSchema, type SchemaNode, toNode } from '../../configs/schemaTree.ts';

export const SCALES = ['smoke', 'modest', 'full'] as const;
export type ScaleName = (typeof SCALES)[number];
/** Which ticks of a run an outcome looks at. */
export const WINDOWS = ['whole', 'secondHalf', 'lastFifth', 'end'] as const;

const name = (about: string) => z.string().min(1).max(60).describe(about);
const text = (about: string) => z.string().min(1).describe(about);
const settings = z
  .record(z.string(), z.unknown())
  .describe('values by config path, such as `world.amm.token: 50000`, `populations.learners.share: 3`');
const count = (about: string) => z.number().int().min(1).max(4_000_000_000).describe(about);

const side = z
  .strictObject({
    arm: name('arm whose worlds are meant').optional(),
    population: name('population within these worlds, where the outcome is one of populations').optional(),
  })
  .describe('one side of a contrast; what is left out is the only arm, or the world as a whole');

const outcome = z.strictObject({
  name: name('name in tables and figures'),
  metric: text(
    'a metric of worlds or of populations, or what is made of a whole run: sellerHhi, topSellerShare, marketShare, meanGeneration, medianLife, insolventShare, geneShift',
  ),
  stage: name('run: the run of the arm; else the name of the garden after it').default('run'),
  population: name('whose metric it is, where contrasts do not say').optional(),
  gene: text('reward feature, for geneShift').optional(),
  per: text(
    'another metric that it is divided by, sum by sum, or `tick` for what is counted per interval',
  ).optional(),
  window: z.enum(WINDOWS).default('lastFifth').describe('samples of the run that are averaged'),
  unit: z.string().default('').describe('unit in figures; by default that of the metric'),
  about: z.string().default('').describe('what it says, where the name does not'),
});

const contrast = z.strictObject({
  name: name('what is compared, in a few words'),
  of: side,
  against: side,
  outcome: name('outcome that is compared; by default the primary one').optional(),
  expect: z.enum(['higher', 'lower', 'different']).describe('what the hypothesis says about the first side'),
});

const scale = z
  .strictObject({
    worlds: count('seeds of every arm'),
    ticks: count('ticks of every world'),
    slots: count('agent slots of every world').optional(),
    gardenTicks: count('ticks of each garden after it').optional(),
    set: settings.optional(),
  })
  .describe('how large the experiment is run');

const gardenPopulation = z.strictObject({
  name: name('name of the population'),
  kind: text('how its members decide, as in a config').default('learner'),
  share: z.number().min(0).max(1e6).default(1).describe('share of the slots, relative to the others'),
  reward: text('reward of learners without `genes`, as in a config').optional(),
  learner: text('how learners learn, as in a config; `frozen` ones act by what they have learned').optional(),
  genes: z
    .enum(['evolved', 'rewards', 'shadow'])
    .describe(
      'whose genes its newborn members carry: evolved ones, their reward genes alone, or their neutral shadows',
    )
    .optional(),
  without: z.array(z.enum(REWARD_FEATURES)).default([]).describe('reward features whose genes are silenced'),
  learned: z
    .boolean()
    .default(false)
    .describe('whether members have the brains and skills of those who evolved, too'),
});

const tried = name('learners whose genomes are tried');
const gardenOfItsOwn = z
  .strictObject({
    name: name('name of the stage, for outcomes'),
    population: tried,
    size: z
      .number()
      .min(1)
      .max(64)
      .default(1)
      .describe('slots and demand relative to those of the arms, for many populations'),
    set: settings.default({}).describe('what differs from the economy of the first arm'),
    populations: z.array(gardenPopulation).min(1).describe('who competes'),
  })
  .describe('a garden with populations or an economy of its own');

const parameter = z.strictObject({
  path: text('config path that is varied'),
  values: z.array(z.unknown()).min(2).describe('values of a grid').optional(),
  low: z.number().describe('least value').optional(),
  high: z.number().describe('greatest value').optional(),
  spacing: z.enum(['linear', 'log']).default('linear').describe('how values lie between low and high'),
  integer: z.boolean().default(false).describe('whether values are rounded to whole numbers'),
});

const sampling = z
  .strictObject({
    method: z
      .enum(['grid', 'random', 'latinHypercube', 'morris', 'sobol'])
      .describe(
        'how points are chosen; morris ranks parameters by their elementary effects, sobol divides the variance among them',
      ),
    points: count(
      'points; trajectories for morris, pairs for sobol (each 2 + parameters points); unused by a grid',
    ).default(8),
    levels: z.number().int().min(4).max(64).default(4).describe('levels of a parameter, for morris; even'),
    parameters: z.array(parameter).min(1).describe('what is varied'),
  })
  .describe('points of a parameter space instead of named arms');

export const EXPERIMENT_SCHEMA = z.strictObject({
  name: name('name of the experiment, of its directory and report').regex(
    /^[\w.-]+$/,
    'must be made of letters, digits, dots and dashes',
  ),
  title: z.string().default('').describe('title of the report'),
  question: text('what is asked'),
  hypothesis: text('what is expected, and why, stated before the run'),
  config: text('base config: a preset, or a file beside the experiment'),
  set: settings.default({}).describe('changes of the base config in all arms'),
  arms: z
    .array(
      z.strictObject({
        name: name('name of the arm'),
        about: z.string().default('').describe('what is different here'),
        set: settings.default({}),
      }),
    )
    .min(1)
    .describe('what is compared; each arm gets the same seeds')
    .optional(),
  sampling: sampling.optional(),
  seeds: z
    .strictObject({
      search: text('seed phrase of the worlds of the arms'),
      evaluation: text(
        'seed phrase of the common garden, and of whatever judges what the search has found',
      ).optional(),
    })
    .describe('seed phrases; what was found with one is never judged with the same'),
  garden: z
    .strictObject({ population: tried })
    .describe('a common garden after each world: its evolved genomes, fixed, beside others in a fresh world')
    .optional(),
  gardens: z.array(gardenOfItsOwn).default([]).describe('further gardens after each world'),
  axis: z
    .strictObject({
      path: text('config path that the arms set'),
      label: text('what it is, with its unit'),
      lines: text('config path whose values get a line each').optional(),
      log: z.boolean().default(false).describe('logarithmic axis'),
      marks: z
        .array(z.strictObject({ at: z.number(), label: text('what stands there') }))
        .default([])
        .describe('places on the axis that theory names'),
    })
    .describe('a parameter along which arms lie: every outcome is drawn over it')
    .optional(),
  interventions: z
    .array(
      z.strictObject({
        at: z.number().min(0).max(1).describe('when, as a share of the run'),
        population: name('whose members are changed'),
        skill: z.number().min(0).max(1).describe('skill that they are given in every class'),
      }),
    )
    .default([])
    .describe('what is done to worlds from outside; never touches money'),
  outcomes: z.array(outcome).min(1).describe('what is measured; the first is primary, the others explore'),
  contrasts: z
    .array(contrast)
    .default([])
    .describe('what is compared, adjusted by Holm as one family per outcome'),
  threats: z.array(z.string()).default([]).describe('what could make the answer wrong'),
  scales: z
    .strictObject({ smoke: scale, modest: scale, full: scale })
    .describe('sizes: a minute, a gallery, a GPU'),
});

export type Experiment = z.infer<typeof EXPERIMENT_SCHEMA>;
export type OutcomeSpec = Experiment['outcomes'][number];
export type Contrast = Experiment['contrasts'][number];
export type Side = z.infer<typeof side>;
export type Sampling = NonNullable<Experiment['sampling']>;
export type Intervention = Experiment['interventions'][number];

/** JSON Schema of experiment files, for editors. */
export const experimentJsonSchema = (): JsonSchema => ({
  ...(z.toJSONSchema(EXPERIMENT_SCHEMA, { io: 'input' }) as JsonSchema),
  title: 'darwin-market experiment',
  description: 'A question, its arms, seeds, outcomes and contrasts, stated before the run.',
});

export const experimentTree = (): SchemaNode =>
  toNode(z.toJSONSchema(EXPERIMENT_SCHEMA, { io: 'input' }) as JsonSchema);

/** The name of the common garden among the stages of a cell. */
export const COMMON_GARDEN = 'garden';
/** Stages that outcomes can name. */
export const stageNames = ({ garden, gardens }: Pick<Experiment, 'garden' | 'gardens'>): string[] => [
  'run',
  ...(garden === undefined ? [] : [COMMON_GARDEN]),
  ...gardens.map(({ name }) => name),
];
