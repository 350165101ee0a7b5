/**
 * Names that a config may use, given at run time: the schema knows the names of populations and
 * environments without importing the code that implements them.
 */
export interface Registry {
  /** Kinds of population, such as `learner`; each is implemented under agents/. */
  readonly populationKinds: readonly string[];
  /** Episodic or one-step environments that a world can hold instead of markets. */
  readonly environments: readonly string[];
}

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

export const BUILT_IN: Registry = {
  populationKinds: BUILT_IN_POPULATIONS,
  environments: ['contextualBandit', 'gridWorld'],
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
  };
}
