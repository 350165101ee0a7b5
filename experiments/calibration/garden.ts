/**
 * The common garden (MODEL 12): genomes that evolved in one run compete, fixed, in fresh worlds with held-out seeds
 * beside genomes that did not and beside agents that do not learn. Each population keeps its own slots.
 */
import {
  FEATURE_COUNT,
  type Founders,
  GENE,
  GENE_COUNT,
  REWARD_FEATURES,
  REWARD_HIDDEN,
  UNIT_NORM_GENES,
} from '../../agents/columns.ts';
import type { FoundersByArm } from '../../agents/founders.ts';
import { normalise } from '../../agents/rewardGenome.ts';
import { THRESHOLD_MAX } from '../../agents/variation.ts';
import type { ResolvedRun } from '../../configs/arms.ts';
import { resolveConfig } from '../../configs/parse.ts';
import type { RunConfig } from '../../configs/schema.ts';
import { readColumns } from '../../sim/checkpoint.ts';
import { ConfigError } from '../../sim/core/errors.ts';
import { MILLI } from '../../sim/core/units.ts';
import { poolFounders, readFounders } from '../../sim/founders.ts';
import { type Criterion, differenceOf, lifeText, mean, round } from './criteria.ts';
import type { ArmRecord } from './record.ts';

/** What of the agents that evolved the members of a garden's population carry. */
export type GardenGenes = 'evolved' | 'rewards' | 'shadow';

/** A population of a garden: one of a config, and what of evolution it is founded with. */
export interface GardenPopulation {
  readonly name: string;
  readonly kind: string;
  readonly share: number;
  readonly reward?: string | undefined;
  readonly learner?: string | undefined;
  /**
   * evolved: all genes; rewards: the reward genes, and the learner genes (discount, traces, entropy, step) of genesis;
   * shadow: the neutral shadows of the same agents, which mutated as much and were never selected.
   */
  readonly genes?: GardenGenes | undefined;
  /** Reward features whose genes are silenced. */
  readonly without?: readonly (typeof REWARD_FEATURES)[number][];
  /** Whether members also have the brains and skills that those who evolved had learned; newborn ones otherwise. */
  readonly learned?: boolean;
}

/** The common garden of calibration: evolved genomes first, then what they are compared with. */
export const GARDEN_POPULATIONS = [
  { name: 'evolved', kind: 'learner', genes: 'evolved', share: 16 },
  { name: 'evolved-rewards', kind: 'learner', genes: 'rewards', share: 16 },
  { name: 'shadow', kind: 'learner', genes: 'shadow', share: 16 },
  { name: 'random-rewards', kind: 'learner', reward: 'random', share: 16 },
  { name: 'zero-reward', kind: 'learner', reward: 'zero', share: 16 },
  { name: 'log-wealth', kind: 'learner', reward: 'logWealth', share: 16 },
  { name: 'rule', kind: 'rule', share: 12 },
  { name: 'zero-intelligence', kind: 'ziC', share: 8 },
  { name: 'random', kind: 'random', share: 12 },
] as const satisfies readonly GardenPopulation[];
/** Evolved rewards, all else as in those that they are compared with. */
const TRIED = 'evolved-rewards';
/** Whom MODEL 12 wants evolved rewards to beat. */
const RIVALS = ['random-rewards', 'zero-reward', 'log-wealth'] as const;
/** Profits are compared over the second half: most agents of the first are not yet mature. */
const FROM_SHARE = 0.5;

/** Newcomers that the treasury can endow beyond its usual reserve, in deaths of old age: half of all die earlier. */
const NEWCOMERS_PER_LIFE = 2;

/**
 * A fresh world of the economy in which the genomes evolved, one for each world of evolution: the genomes of one
 * world compete in one world of their own, so that differences over worlds hold both the luck of evolution and that
 * of the garden. Nobody has children: who dies is replaced by a newcomer
 * of the same population with the same means as at genesis, so that every population stays a sample of its own
 * genomes to the end and selection within the garden sorts none of them. The treasury is given what all these
 * newcomers take, or slots would stay empty.
 *
 * @param seed phrase of the garden's worlds, not that of evolution
 */
export function gardenRun(
  base: RunConfig,
  world: number,
  ticks: number,
  seed = `${base.seed}, held out`,
  populations: readonly GardenPopulation[] = GARDEN_POPULATIONS,
): ResolvedRun {
  const { demography, treasury } = base.world;
  const newcomers = Math.ceil((NEWCOMERS_PER_LIFE * base.slots * ticks) / demography.meanLife);
  return resolveConfig(
    {
      ...base,
      ticks,
      worlds: 1,
      name: 'common-garden',
      seed: `${seed} ${world}`,
      world: {
        ...base.world,
        treasury: { ...treasury, reserveEndowments: treasury.reserveEndowments + newcomers },
        demography: {
          ...demography,
          threshold: THRESHOLD_MAX / MILLI,
          quotas: true,
          immigrationFloor: 1,
        },
      },
      populations: populations.map(({ genes: _, without: __, learned: ___, ...population }) => ({
        ...population,
        // no genome may change within the garden
        ...(population.kind === 'learner' ? { evolves: false } : {}),
      })),
    },
    { file: 'common garden' },
  );
}

/**
 * The founders of a garden's populations, from the last states of the worlds in which they evolved.
 *
 * @param states of each world all its pieces
 */
export function gardenFounders(
  states: readonly (readonly Uint8Array[])[],
  population: number,
  learner: RunConfig['world']['learner'],
  populations: readonly GardenPopulation[] = GARDEN_POPULATIONS,
): FoundersByArm {
  const pool = (learned: boolean): Founders =>
    childless(
      poolFounders(
        states.map((pieces) => readFounders(pieces, population, learned)),
        learned,
      ),
    );
  const pools = new Map<boolean, Founders>();
  return [
    populations.map(({ genes, without = [], learned = false }) => {
      if (genes === undefined) return null;
      const evolved = pools.get(learned) ?? pool(learned);
      pools.set(learned, evolved);
      if (genes === 'shadow')
        return silenced(
          { ...evolved, genes: shadowGenes(states, population, evolved.genes.length) },
          without,
        );
      return silenced(genes === 'rewards' ? withGenesisLearners(evolved, learner) : evolved, without);
    }),
  ];
}

/**
 * Without any reward for some features: what is left keeps its direction and gets the norm that all genomes have.
 *
 * @throws ConfigError where nothing is left
 */
function silenced(founders: Founders, without: NonNullable<GardenPopulation['without']>): Founders {
  if (without.length === 0) return founders;
  const genes = founders.genes.slice();
  const silent = without.map((feature) => REWARD_FEATURES.indexOf(feature));
  for (let at = 0; at < genes.length; at += GENE_COUNT) {
    for (const feature of silent) {
      genes[at + GENE.linear + feature] = 0;
      for (let unit = 0; unit < REWARD_HIDDEN; unit++)
        genes[at + GENE.hidden + unit * FEATURE_COUNT + feature] = 0;
    }
    if (genes.subarray(at, at + UNIT_NORM_GENES).every((gene) => gene === 0))
      throw new ConfigError(
        `without ${without.join(', ')}`,
        'some genomes value nothing else',
        'silence fewer features, or use `reward: zero`',
      );
    normalise(genes, at, 1);
  }
  return { ...founders, genes };
}

/** With a threshold that nobody's wealth passes. */
const childless = (founders: Founders): Founders => ({
  ...founders,
  thresholdGene: founders.thresholdGene.map(() => THRESHOLD_MAX),
});

function withGenesisLearners(founders: Founders, learner: RunConfig['world']['learner']): Founders {
  const genes = founders.genes.slice();
  for (let at = 0; at < founders.count; at++) {
    const start = at * GENE_COUNT;
    genes[start + GENE.gamma] = learner.gamma;
    genes[start + GENE.lambda] = learner.lambda;
    genes[start + GENE.tau] = learner.tau;
    genes[start + GENE.logKappa] = Math.log(learner.kappaActor);
  }
  return { ...founders, genes };
}

/** The neutral shadows of the same agents in the same order, [count x GENE_COUNT]. */
function shadowGenes(
  states: readonly (readonly Uint8Array[])[],
  population: number,
  length: number,
): Float32Array<ArrayBuffer> {
  const genes = new Float32Array(length);
  let next = 0;
  for (const [state] of states) {
    const { header, columns } = readColumns(state!, 'common garden');
    const owner = columns.get('columns.population')!;
    const shadow = columns.get('agents.shadowGenes')!;
    for (let slot = 0; slot < header.slots; slot++) {
      if (owner[slot] !== population) continue;
      for (let k = 0; k < GENE_COUNT; k++) genes[next++] = shadow[k * header.slots + slot]!;
    }
  }
  return genes;
}

const profitOf = (garden: ArmRecord, name: string): number[] => {
  const population = GARDEN_POPULATIONS.findIndex((entry) => entry.name === name);
  return garden.perWorld((w) => garden.after(w, FROM_SHARE, population, 'matureProfitPerTick'));
};

/** One criterion for each reward that evolved ones must beat. */
export const gardenCriteria = (garden: ArmRecord): Criterion[] =>
  RIVALS.map((rival): Criterion => {
    const { values, text, exceeds } = differenceOf(profitOf(garden, TRIED), profitOf(garden, rival));
    return {
      line: 'garden',
      name: `mature profit per tick of ${TRIED} less ${rival}, second half, cash`,
      values,
      found: text,
      bound: '> 2 s.e.',
      verdict: exceeds ? 'yes' : values.length < 2 ? 'horizon' : 'no',
    };
  });

/** Header and rows of the garden's table: every population, and what evolved genomes earn more than it. */
export function gardenTable(garden: ArmRecord): { header: string[]; rows: string[][] } {
  const evolved = profitOf(garden, 'evolved');
  const tried = profitOf(garden, TRIED);
  const rows = GARDEN_POPULATIONS.map(({ name }, population) => {
    const profit = profitOf(garden, name);
    const seen = profit.filter((value) => !Number.isNaN(value));
    const { insolvent } = garden.livesOf(population);
    return [
      name,
      `${round(mean(seen))} (${round(Math.min(...seen))} to ${round(Math.max(...seen))})`,
      name === TRIED ? '' : differenceOf(tried, profit).text,
      population === 0 ? '' : differenceOf(evolved, profit).text,
      lifeText(garden, population),
      round(100 * insolvent),
    ];
  });
  return {
    header: [
      'population',
      'mature profit per tick: mean over worlds (least to most)',
      `${TRIED} less this one: mean +- s.e.`,
      'evolved less this one: mean +- s.e.',
      'median life, ticks',
      'deaths by insolvency, %',
    ],
    rows,
  };
}
