/**
 * Which numbers of a world may change while it runs: prices, fees, rates, probabilities and demands. The phases read them
 * anew in every tick, no column's size follows from them, and no state is measured in them (as prices are in levels of a
 * table).
 */
const METHOD_NUMBERS = ['eta', 'labels', 'environmentPrice', 'dataBought'] as const;

/** Keys by the section of `world` that they stand in. */
const BY_SECTION: Readonly<Record<string, readonly string[]>> = {
  consumers: ['swapShare'],
  treasury: ['reserveEndowments', 'releaseShift'],
  amm: ['redeemEvery'],
  computeMarket: ['bidShare', 'feeBps'],
  serviceMarket: ['demand', 'value', 'classSpread', 'maxTasks', 'feeBps', 'amplitude'],
  energy: ['price', 'subsistence'],
  training: ['maxCompute', 'depreciation', 'labelPrice', 'dataPerTask'],
  'training.supervised': METHOD_NUMBERS,
  'training.unsupervised': METHOD_NUMBERS,
  'training.semiSupervised': METHOD_NUMBERS,
  'training.reinforcement': METHOD_NUMBERS,
  dataOwnership: ['platform', 'budget', 'priceStep'],
  hardware: ['priceBase', 'priceScale', 'wearPerTick', 'runwayTicks', 'trainingRunwayTicks'],
  ownership: ['scaleEconomy', 'capitalCost', 'operatorShare'],
  policy: ['wealthTaxPerTick', 'financeStep', 'issuancePerTick', 'feeBurn', 'dividend'],
  demography: [
    'meanLife',
    'deathsPerTick',
    'birthsPerTick',
    'threshold',
    'kitCompute',
    'endowmentFloor',
    'crossover',
    'immigrationFloor',
    'immigrantsPerTick',
    'truncationShare',
  ],
  objectives: ['cooldown', 'placebo'],
  trust: [
    'effort',
    'sideGain',
    'reputationGain',
    'reputationLoss',
    'reputationWeight',
    'registrationFee',
    'legalCost',
    'recovery',
    'discountRate',
    'stakePerUnit',
    'audit',
    'falseAlarm',
    'auditCost',
    'slashToBuyer',
  ],
  randomExchange: ['stake', 'saving', 'stakeShare', 'winProbability'],
};

/** Paths whose numbers may change while a world runs, such as `world.energy.price`. */
export const PERMITTED: readonly string[] = Object.entries(BY_SECTION).flatMap(([section, keys]) =>
  keys.map((key) => `world.${section}.${key}`),
);
