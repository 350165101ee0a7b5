/**
 * The model in the ODD protocol (Grimm et al. 2020, "The ODD protocol for describing agent-based and other simulation
 * models: a second update", JASSS 23(2) 7), made of the tables that the program runs by.
 */
import { HEADS } from '../agents/brain/layout.ts';
import { REWARD_FEATURES } from '../agents/columns.ts';
import { OBSERVATIONS } from '../agents/observation.ts';
import { BUILT_IN_POPULATIONS } from '../configs/registry.ts';
import { schemaTree } from '../configs/schemaTree.ts';
import { LAWS } from '../sim/invariants.ts';
import { METRICS, POPULATION_METRICS } from '../sim/metrics/table.ts';
import { TABLES } from '../sim/tables.ts';
import { phasesOf } from '../sim/tick.ts';
import { parametersUnder, tableOf } from './configReference.ts';

/** Sections of `world`, one a mechanism. */
const mechanisms = (): { readonly name: string; readonly about: string }[] =>
  [...(schemaTree().children?.get('world')?.children ?? [])].map(([name, { about }]) => ({ name, about }));

/** The description as Markdown. */
export function oddProtocol(): string {
  const phases = phasesOf({ environment: null });
  return `${[
    '# The model, by the ODD protocol',
    'Made by `darwin config odd` of the schema and the tables that the program runs by; not written by hand.',
    '## 1. Purpose and patterns',
    'The model asks which rewards are worth having: machines that own wallets, hardware and skill learn, within their lives, from reward functions that are genomes, while selection acts on money alone. Patterns that it is held against are in experiments/validate/README.md (closed forms and published results) and experiments/calibration/report.md (a living economy).',
    '## 2. Entities, state variables and scales',
    'A world is a closed economy of agent slots and of system accounts (consumers, treasury, pool, escrow, court, supplier, labour, operators). Worlds do not meet. A tick is one round of all markets. Money, compute, data and prices are integers; policies, rewards and observations are 32-bit floats. State variables of an agent:',
    tableOf(
      ['variable', 'unit', 'meaning'],
      TABLES.agents.map(({ name, unit, about }) => [name, unit, about]),
    ),
    `Kinds of population: ${BUILT_IN_POPULATIONS.join(', ')}.`,
    '## 3. Process overview and scheduling',
    'Phases of a tick, in this order; within a phase all agents act on the same state, and order matters only where a draw says so:',
    phases.map(({ name }, k) => `${k + 1}. ${name}`).join('\n'),
    '## 4. Design concepts',
    '**Objectives and learning.** Each learner has an actor and a critic of its own, trained at every tick by the reward that its genome makes of these features:',
    REWARD_FEATURES.map((name) => `- ${name}`).join('\n'),
    '**Sensing.** What an agent observes:',
    tableOf(
      ['feature', 'formula', 'least', 'most'],
      OBSERVATIONS.map(({ name, formula, range }) => [name, formula, ...range]),
    ),
    '**Adaptation.** What it decides, one option of each:',
    tableOf(
      ['decision', 'options'],
      HEADS.map(({ name, size }) => [name, size]),
    ),
    '**Interaction.** By auctions, contracts, the pool of token and cash, and the demand that all share. **Stochasticity.** Every draw is a function of seed, tick, agent and stream, so that runs repeat to the bit. **Emergence.** Prices, specialisation, concentration and what rewards come to value. **Collectives.** Populations, which differ in how their members decide and inherit. **Observation.** Metrics of worlds and populations:',
    tableOf(
      ['metric', 'unit', 'meaning'],
      [...METRICS, ...POPULATION_METRICS].map(({ name, unit, about }) => [name, unit, about]),
    ),
    'Laws that are checked in every run:',
    tableOf(
      ['law', 'says'],
      LAWS.map(({ name, about }) => [name, about]),
    ),
    '## 5. Initialization',
    parametersUnder('populations[]'),
    '## 6. Input data',
    'None by default; demand and outside prices may come from recorded series (configs/README.md), which become part of the config.',
    '## 7. Submodels',
    ...mechanisms().flatMap(({ name, about }) => [`### ${name}`, about, parametersUnder(`world.${name}`)]),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}
