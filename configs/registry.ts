/**
 * Names that a config may use, given at run time: the schema knows the names of populations, environments, metrics and
 * reward features without importing the code that implements them.
 */
export interface Registry {
  /** Kinds of population, such as `learner`; each is implemented under agents/. */
  readonly populationKinds: readonly string[];
  /** Episodic or one-step environments that a world can hold instead of markets. */
  readonly environments: readonly string[];
  /** Metrics of one's own, beside those of sim/metrics/table.ts. */
  readonly metrics: readonly string[];
  /** Reward features of one's own, which take the place of built-in ones. */
  readonly rewardFeatures: readonly string[];
}

/** Built-in reward features, in the order of the genome; rewardGenome.ts says what each is. */
export const BUILT_IN_REWARD_FEATURES = [
  'wealthGain',
  'skillGain',
  'profit',
  'fill',
  'contractKept',
  'contractBreached',
  'slashed',
  'reputationGain',
  'transferGiven',
  'relativeWealth',
  'novelty',
  'forecastError',
  'computeSpent',
  'idle',
  'survival',
] as const;

export const BUILT_IN_POPULATIONS = [
  'learner',
  'random',
  'ziC',
  'ziU',
  'fixedMarkup',
  'rule',
  'truthful',
  'zip',
  'gvwy',
  'tabular',
  'passive',
] as const;

/** The names that every program knows before it registers its own. */
export const BUILT_IN: Registry = {
  populationKinds: BUILT_IN_POPULATIONS,
  environments: ['contextualBandit', 'gridWorld'],
  metrics: [],
  rewardFeatures: [],
};

/** The built-in names plus the given ones. Throws RangeError when a name is already taken. */
export function extendRegistry(base: Registry, added: Partial<Registry>): Registry {
  const join = (known: readonly string[], extra: readonly string[] = []): readonly string[] => {
    for (const name of extra)
      if (known.includes(name)) throw new RangeError(`the name '${name}' is already registered`);
    return [...known, ...extra];
  };
  return {
    populationKinds: join(base.populationKinds, added.populationKinds),
    environments: join(base.environments, added.environments),
    metrics: join(base.metrics, added.metrics),
    rewardFeatures: join(base.rewardFeatures, added.rewardFeatures),
  };
}

let registry = BUILT_IN;

/** All names that configs may use in this program: the built-in ones and those registered since it started. */
export const registeredNames = (): Registry => registry;

/** Makes names known to every config that is read from now on. Throws RangeError when one is already taken. */
export function registerNames(added: Partial<Registry>): void {
  registry = extendRegistry(registry, added);
}
