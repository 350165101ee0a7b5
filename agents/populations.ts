/**
 * How the members of a population decide. Learners decide by their brains; all others by a function that
 * writes their action before the engine decodes it, in the same market and under the same limits.
 */

import { BUILT_IN_POPULATIONS, registerNames } from '../configs/registry.ts';
import type { PopulationConfig } from '../configs/schema.ts';
import type { WorldParameters } from '../configs/worldParameters.ts';
import { type ContinuousTraders, NO_QUOTE } from '../market/classic/doubleAuction.ts';
import { SIDE } from '../market/columns.ts';
import { ownCode } from '../sim/core/ownCode.ts';
import type { AgentWorld } from './columns.ts';
import { decideFixedMarkup } from './scripted/fixedMarkup.ts';
import { decideGvwy } from './scripted/gvwy.ts';
import { decidePassive } from './scripted/passive.ts';
import { decideRandom } from './scripted/random.ts';
import { decideRule } from './scripted/rule.ts';
import { decideTruthful } from './scripted/truthful.ts';
import { decideZiC, decideZiCTogether, quoteZiC } from './scripted/ziC.ts';
import { decideZip, hearZip, quoteZip } from './scripted/zip.ts';
import { decideZiU, quoteZiU } from './scripted/ziU.ts';
import { TABULAR } from './tabularLearner.ts';

/**
 * Decides for one living agent: sets heads by `chooseOption`, or quotes that no head can express in
 * `agents.scriptedAsk` and `agents.scriptedLevel` (each plus one). May read all columns and keep up to four
 * numbers in `agents.memory`; draws only by `STREAM.scripted`, so that nobody else's luck moves.
 */
export type Decide = (world: AgentWorld, tick: number, agent: number) => void;

/** The kind whose members decide by their brains. */
export const LEARNER = 'learner';

const deciders = new Map<string, Decide>([
  ['random', decideRandom],
  ['ziC', decideZiC],
  ['ziU', decideZiU],
  ['fixedMarkup', decideFixedMarkup],
  ['rule', decideRule],
  ['truthful', decideTruthful],
  ['zip', decideZip],
  ['gvwy', decideGvwy],
  // acts by its table where states are numbered, and nowhere else
  [TABULAR, decidePassive],
  ['passive', decidePassive],
]);

/**
 * Makes a kind of population usable in configs that are parsed from now on (`populations[].kind`).
 *
 * @throws RangeError when the name is taken
 */
export function registerPopulation(name: string, decide: Decide): void {
  if (deciders.has(name) || (BUILT_IN_POPULATIONS as readonly string[]).includes(name))
    throw new RangeError(`the population kind '${name}' is already registered`);
  registerNames({ populationKinds: [name] });
  deciders.set(name, ownCode(`population kind '${name}'`, decide));
}

/** Whether members of a population learn. */
export const isLearner = (population: PopulationConfig | undefined): boolean => population?.kind === LEARNER;

// The function of each population, by its index, null for learners; null where all learn.
const resolved = new WeakMap<readonly PopulationConfig[], readonly (Decide | null)[] | null>();

function decidersOf(populations: readonly PopulationConfig[]): readonly (Decide | null)[] | null {
  let list = resolved.get(populations);
  if (list === undefined) {
    const deciderOf = ({ kind }: PopulationConfig): Decide | null => {
      if (kind === LEARNER) return null;
      const decide = deciders.get(kind);
      if (decide === undefined)
        throw new RangeError(`no population kind '${kind}' is registered; call registerPopulation first`);
      return decide;
    };
    list = populations.every((population) => isLearner(population)) ? null : populations.map(deciderOf);
    resolved.set(populations, list);
  }
  return list;
}

/** Writes the actions of all living agents that do not learn. Throws RangeError for an unregistered kind. */
export function decideScripted(world: AgentWorld, tick: number): void {
  if (world.parameters.induced.enabled && decideTogether(world, tick)) return;
  const list = decidersOf(world.parameters.populations);
  if (list === null) return;
  const { population } = world.columns;
  for (let agent = 0; agent < population.length; agent++) {
    const decide = list[population[agent]!];
    if (decide !== undefined && decide !== null) decide(world, tick, agent);
  }
}

/** Kinds whose members, where values are induced, can decide in one loop without a call for each. */
const together = new Map<string, (world: AgentWorld, tick: number, population: number) => void>([
  ['ziC', decideZiCTogether],
]);

/** Decides for all agents at once where every population can, with the same results; returns whether it has. */
function decideTogether(world: AgentWorld, tick: number): boolean {
  const { populations } = world.parameters;
  for (let p = 0; p < populations.length; p++) if (!together.has(populations[p]!.kind)) return false;
  for (let p = 0; p < populations.length; p++) together.get(populations[p]!.kind)!(world, tick, p);
  return true;
}

/** How members of a population trade in a continuous double auction at induced values; see ContinuousTraders. */
export interface BookTrader {
  /** Level of a quote, NO_QUOTE for none. */
  readonly quote: (world: AgentWorld, tick: number, round: number, agent: number) => number;
  /** Told of every quote at the book, their own included. */
  readonly hear: BookHearing | null;
}
type BookHearing = (
  world: AgentWorld,
  tick: number,
  shout: number,
  agent: number,
  side: number,
  level: number,
  traded: boolean,
) => void;

const bookTraders = new Map<string, BookTrader>([
  ['ziC', { quote: quoteZiC, hear: null }],
  ['ziU', { quote: quoteZiU, hear: null }],
  ['zip', { quote: quoteZip, hear: hearZip }],
]);

/** All other kinds, and all kinds where values are not induced, quote all day what they decided for the tick. */
function quoteAsDecided({ columns }: AgentWorld, _tick: number, _round: number, agent: number): number {
  return columns.computeSide[agent] === SIDE.none ? NO_QUOTE : columns.computeLevel[agent]!;
}
const BY_DECISION: BookTrader = { quote: quoteAsDecided, hear: null };

const resolvedTraders = new WeakMap<WorldParameters, ContinuousTraders<AgentWorld>>();

/** How the agents of a world trade at the book. */
export function bookTradersOf({ parameters }: AgentWorld): ContinuousTraders<AgentWorld> {
  let resolved = resolvedTraders.get(parameters);
  if (resolved === undefined) {
    const { populations, induced } = parameters;
    resolved = resolveTraders(
      populations.map(({ kind }) => (induced.enabled && bookTraders.get(kind)) || BY_DECISION),
    );
    resolvedTraders.set(parameters, resolved);
  }
  return resolved;
}

/** @param traders by population */
function resolveTraders(traders: readonly BookTrader[]): ContinuousTraders<AgentWorld> {
  const quotes = traders.map(({ quote }) => quote);
  const [first] = quotes;
  return {
    // one kind of trader needs nobody to look up who is who
    quote:
      first !== undefined && quotes.every((quote) => quote === first)
        ? first
        : (world, tick, round, agent) => quotes[world.columns.population[agent]!]!(world, tick, round, agent),
    hear: traders.every(({ hear }) => hear === null)
      ? null
      : (world, tick, shout, side, level, traded) => {
          const { population } = world.columns;
          for (let agent = 0; agent < population.length; agent++) {
            const hear = traders[population[agent]!]?.hear;
            if (hear) hear(world, tick, shout, agent, side, level, traded);
          }
        },
  };
}
