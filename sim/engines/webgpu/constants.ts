/** Constants of shaders, generated from the tables that TypeScript reads: offsets of columns, indices, choices. */
import {
  ASK_SHARE_PERCENT,
  COMPUTE_ASK_PERCENT,
  COMPUTE_BID_PERCENT,
  INDUCED_SHADE_SIXTEENTHS,
} from '../../../agents/actions.ts';
import { DEFAULT_REWARD_DEVIATION_FLOOR } from '../../../agents/brain/brain.ts';
import {
  HEAD,
  HEAD_COUNT,
  HEADS,
  HIDDEN,
  LOGIT_COUNT,
  OBSERVATION_COUNT,
  PARAMETERS,
  REVISE_BIAS,
  REVISE_LOGIT,
} from '../../../agents/brain/layout.ts';
import {
  ENVELOPE_FLOOR,
  EXPONENT_FLOOR,
  INPUT_CLIP,
  INPUT_EPSILON,
  INPUT_HORIZON,
  LAYER_NORM_EPSILON,
  LEAK,
  RAW_LIMIT,
  REWARD_CLIP,
  REWARD_HORIZON,
} from '../../../agents/brain/specification.ts';
import {
  FEATURE_COUNT,
  GENE,
  GENE_COUNT,
  REWARD_FEATURES,
  REWARD_HIDDEN,
  TRIAL,
  TRIAL_TOTAL,
  UNIT_NORM_GENES,
} from '../../../agents/columns.ts';
import { OBSERVATION } from '../../../agents/observation.ts';
import { ZIP } from '../../../agents/scripted/zip.ts';
import { CLASS_COUNT } from '../../../configs/taskClasses.ts';
import {
  METHODS,
  PRICE_LEVELS,
  SCORE_BUCKETS,
  type WorldParameters,
} from '../../../configs/worldParameters.ts';
import {
  ASSET,
  DELIVER,
  FINANCE,
  FREE_SLOT,
  MODE,
  POOL_RECORD,
  SIDE,
  SPENDING,
  SWAP,
  SWAP_FIELDS,
  SYSTEM,
  SYSTEM_COUNT,
  TOTAL,
  TRUST_TOTAL,
  WORLD,
} from '../../../market/columns.ts';
import { EXP2_TABLE, LOG2_TABLE } from '../../core/fixed.ts';
import { STREAM } from '../../core/rng.ts';
import { MATURITY_TICKS } from '../../metrics/table.ts';
import { SCREENED_LAWS } from '../../screen.ts';
import {
  HALT_LIVES,
  LIFE,
  LIFE_WORDS,
  lifeSlack,
  MEMBER_SUMS,
  MEMBERS,
  REAL_BITS,
  TALLY,
} from './gathered.ts';
import { type DeviceLayout, PREFIX, WEIGHT_STRIDE } from './layout.ts';
import { CHOICES, doubleWords, parameterNames } from './parameters.ts';

/** Most threads of a workgroup: what every device that speaks WebGPU allows. */
export const WORKGROUP = 256;
/** Fewest: as many as run in step on most devices, and a thread for each word of sums.wgsl. */
const WORKGROUP_LEAST = 32;

/**
 * Threads that go through a world together: the least power of two that has one for each slot, within the limits. Those
 * without a slot would only wait, and where software imitates a device they cost as much as the others.
 */
export function threadsOf(slots: number): number {
  let threads = WORKGROUP_LEAST;
  while (threads < slots && threads < WORKGROUP) threads *= 2;
  return threads;
}

/** Threads of a brain. */
export const BRAIN_THREADS = 32;

/** What a word of `status` says: 0 while all is well, else FAIL + what. */
export const FAIL = {
  /** A balance would pass its range; the asset is added: token, cash, stake. */
  balance: 1,
  /** A number that is no balance left its range. */
  overflow: 4,
  /** A probability or weight is not finite. */
  notFinite: 5,
  /** What an agent claims, or owes, in a cohort would leave its range. */
  claims: 6,
  liabilities: 7,
  /** A balance cannot pay; the asset is added. */
  short: 8,
  /** A profit or reward, found by its bits, is larger than the sums of an interval have room for. */
  unsummable: 11,
} as const;

/** Words of a world's status: code, tick, account, found (2), wanted (2), whether somebody has claimed them, why it halts. */
export const STATUS_WORDS = 9;
const STATUS_CLAIM = 7;
export const STATUS_HALT = 8;

/** `data-conserved` as a shader's constants have it. */
const camelCase = (name: string): string =>
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

const TABLES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  WORLD,
  TOTAL,
  TRUST_TOTAL,
  SYSTEM,
  ASSET: { ...ASSET, stake: 2 },
  MODE,
  FINANCE,
  SIDE,
  DELIVER,
  SPENDING,
  SWAP,
  POOL_RECORD,
  STREAM,
  GENE,
  TRIAL,
  TRIAL_TOTAL,
  HEAD,
  OBSERVATION,
  FAIL,
  TALLY,
  MEMBERS,
  LIFE,
  LAW: Object.fromEntries(SCREENED_LAWS.map((name, bit) => [camelCase(name), bit])),
  WEIGHT: { ...PARAMETERS },
  METHOD: Object.fromEntries(METHODS.map((name, k) => [name, k])),
  REWARD: Object.fromEntries(REWARD_FEATURES.map((name, k) => [name, k])),
  LOGIT: Object.fromEntries(HEADS.map(({ name, offset }) => [name, offset])),
};

const SINGLE: Readonly<Record<string, number>> = {
  BRAIN_THREADS,
  STATUS_WORDS,
  STATUS_CLAIM,
  STATUS_HALT,
  HALT_LIVES,
  LIFE_WORDS,
  MEMBER_SUMS,
  REAL_BITS,
  MATURITY_TICKS,
  FREE_SLOT,
  CLASS_COUNT,
  PRICE_LEVELS,
  SCORE_BUCKETS,
  SYSTEM_COUNT,
  SWAP_FIELDS,
  GENE_COUNT,
  FEATURE_COUNT,
  REWARD_HIDDEN,
  HEAD_COUNT,
  OBSERVATION_COUNT,
  HIDDEN,
  LOGIT_COUNT,
  REVISE_LOGIT,
  UNIT_NORM_GENES,
  WEIGHT_STRIDE,
  LOG2_TABLE: 0,
  EXP2_TABLE: LOG2_TABLE.length,
  METHOD_COUNT: METHODS.length,
};

/** Of agents/brain/specification.ts. */
const REAL: Readonly<Record<string, number>> = {
  ENVELOPE_FLOOR,
  EXPONENT_FLOOR,
  INPUT_CLIP,
  INPUT_EPSILON,
  INPUT_HORIZON,
  LAYER_NORM_EPSILON,
  LEAK,
  RAW_LIMIT,
  REWARD_CLIP,
  REWARD_HORIZON,
  REVISE_BIAS,
  REWARD_DEVIATION_FLOOR: DEFAULT_REWARD_DEVIATION_FLOOR,
};

/** Doubles by their bits, for double.wgsl. */
const DOUBLES: Readonly<Record<string, Readonly<Record<string, number>>>> = { ZIP };

/** The tables of sim/core/fixed.ts in one run of words, at LOG2_TABLE and EXP2_TABLE. */
export const tableWords = (): Uint32Array<ArrayBuffer> =>
  Uint32Array.from([...LOG2_TABLE, ...Array.from(EXP2_TABLE, (x) => x >>> 0)]);

/** The head of each logit, four bits each in eighths of the logits. */
function headOfLogits(): number[] {
  const heads: number[] = HEADS.flatMap(({ size }, head) => Array.from({ length: size }, () => head));
  return Array.from({ length: heads.length / 8 }, (_, w) =>
    heads.slice(8 * w, 8 * w + 8).reduceRight((word, head) => word * 16 + head, 0),
  );
}

/** Lists that a shader indexes. */
const LISTS: Readonly<Record<string, readonly number[]>> = {
  /** First logit and options of each head. */
  HEAD_FIRST: HEADS.map(({ offset }) => offset),
  HEAD_SIZE: HEADS.map(({ size }) => size),
  HEAD_OF_LOGIT: headOfLogits(),
  ASK_SHARE_PERCENT,
  COMPUTE_ASK_PERCENT,
  COMPUTE_BID_PERCENT,
  INDUCED_SHADE_SIXTEENTHS,
};

const literal = (value: number): string => (value < 0 ? `${value}i` : `${value}u`);
const constant = (name: string, value: number): string => `const ${name} = ${literal(value)};`;

/**
 * The constants of worlds that lie as `layout` says.
 *
 * @param threads of a workgroup
 */
export function constantsOf(
  layout: DeviceLayout,
  p: WorldParameters,
  threads = threadsOf(layout.slots),
): string {
  const lines = Object.entries(SINGLE).map(([name, value]) => constant(name, value));
  for (const [name, value] of Object.entries(REAL)) lines.push(`const ${name} = ${value}f;`);
  for (const [table, entries] of Object.entries(TABLES))
    for (const [name, value] of Object.entries(entries)) lines.push(constant(`${table}_${name}`, value));
  for (const [table, entries] of Object.entries(DOUBLES))
    for (const [name, value] of Object.entries(entries)) {
      const [low, high] = doubleWords(value);
      lines.push(`const ${table}_${name} = vec2<u32>(${low}u, ${high}u);`);
    }
  for (const [name, values] of Object.entries(LISTS))
    lines.push(`const ${name} = array<u32, ${values.length}>(${values.map(literal).join(', ')});`);
  for (const [choice, options] of Object.entries(CHOICES))
    options.forEach((option, k) => {
      lines.push(constant(`CHOICE_${choice}_${option}`, k));
    });
  lines.push(constant('WORKGROUP', threads));
  lines.push(constant('SLOTS', layout.slots), constant('WORLD_WORDS', layout.worldWords));
  lines.push(constant('LIFE_SLACK', lifeSlack(layout.slots)));
  for (const { group, name, offset, length } of layout.columns)
    lines.push(
      constant(`${PREFIX[group]}_${name}`, offset),
      constant(`LENGTH_${PREFIX[group]}_${name}`, length),
    );
  lines.push(constant('PARAMETER_WORDS', layout.parameterWords));
  let next = 0;
  for (const [name, words] of parameterNames(p)) {
    lines.push(constant(`PARAMETER_${name}`, next), constant(`COUNT_${name}`, words / 2));
    next += words;
  }
  return lines.join('\n');
}
