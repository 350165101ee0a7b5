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
import { METHODS, PRICE_LEVELS, SCORE_BUCKETS, type WorldParameters } from '../../../configs/derive.ts';
import { CLASS_COUNT } from '../../../configs/taskClasses.ts';
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
import { type DeviceLayout, PREFIX, WEIGHT_STRIDE } from './layout.ts';
import { CHOICES, parameterNames } from './parameters.ts';

/** Threads of a workgroup. */
export const WORKGROUP = 256;

/** Threads of a brain. */
export const BRAIN_THREADS = 32;

/** What a word of `status` says: 0 while all is well, else FAIL + what. */
export const FAIL = {
  /** A balance would leave its range; the asset is added: token, cash, stake. */
  balance: 1,
  /** A number that is no balance left its range. */
  overflow: 4,
  /** A probability or weight is not finite. */
  notFinite: 5,
  /** An economic law; its place in the list of laws is added. */
  law: 64,
} as const;

/** Words of a world's status: code, tick, account, found (2), wanted (2), whether somebody has claimed them. */
export const STATUS_WORDS = 8;
const STATUS_CLAIM = 7;

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
  WEIGHT: { ...PARAMETERS },
  METHOD: Object.fromEntries(METHODS.map((name, k) => [name, k])),
  REWARD: Object.fromEntries(REWARD_FEATURES.map((name, k) => [name, k])),
  LOGIT: Object.fromEntries(HEADS.map(({ name, offset }) => [name, offset])),
};

const SINGLE: Readonly<Record<string, number>> = {
  WORKGROUP,
  BRAIN_THREADS,
  STATUS_WORDS,
  STATUS_CLAIM,
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

/** The constants of worlds that lie as `layout` says. */
export function constantsOf(layout: DeviceLayout, p: WorldParameters): string {
  const lines = Object.entries(SINGLE).map(([name, value]) => constant(name, value));
  for (const [name, value] of Object.entries(REAL)) lines.push(`const ${name} = ${value}f;`);
  for (const [table, entries] of Object.entries(TABLES))
    for (const [name, value] of Object.entries(entries)) lines.push(constant(`${table}_${name}`, value));
  for (const [name, values] of Object.entries(LISTS))
    lines.push(`const ${name} = array<u32, ${values.length}>(${values.map(literal).join(', ')});`);
  for (const [choice, options] of Object.entries(CHOICES))
    options.forEach((option, k) => {
      lines.push(constant(`CHOICE_${choice}_${option}`, k));
    });
  lines.push(constant('SLOTS', layout.slots), constant('WORLD_WORDS', layout.worldWords));
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
