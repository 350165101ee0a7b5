/**
 * What follows from a config: the integer parameters of one world, and the relations between constants
 * that must hold before anything is allocated. Configs hold choices; this file holds consequences.
 */
import { ConfigError } from '../sim/core/errors.ts';
import { exp2Integer, LOG2_ONE, log2Fixed } from '../sim/core/fixed.ts';
import { exp } from '../sim/core/floatMath.ts';
import {
  type Fraction32,
  fraction32,
  MILLI,
  type MilliCash,
  type MilliToken,
  milli,
  TWO_32,
} from '../sim/core/units.ts';
import { genesisCapacities } from './allotments.ts';
import { outsidePrice, relativeSeries } from './courses.ts';
import { relations } from './relations.ts';
import type { RunConfig, WorldConfig } from './schema.ts';
import { CLASS_COUNT } from './taskClasses.ts';
import {
  METHODS,
  PRICE_FRACTION_BITS,
  PRICE_LEVELS,
  type TrustParameters,
  type WorldParameters,
} from './worldParameters.ts';

/** A strictly increasing table of PRICE_LEVELS prices, geometric between two prices in milli-token. */
export function priceTable(min: number, max: number): Uint32Array {
  const low = log2Fixed(min);
  const span = log2Fixed(max) - low;
  const table = new Uint32Array(PRICE_LEVELS);
  for (let k = 0; k < PRICE_LEVELS; k++) {
    const price = exp2Integer(low + Math.floor((span * k) / (PRICE_LEVELS - 1)));
    table[k] = k === 0 ? min : Math.max(price, table[k - 1]! + 1);
  }
  return table;
}

/** log2 of a small positive real in 2^-16, through an integer number of 2^-32; -2^31 stands for zero. */
const log2Share = (value: number): number => {
  const scaled = fraction32(value);
  return scaled === 0 ? -(2 ** 31) : log2Fixed(scaled) - 32 * LOG2_ONE;
};

/**
 * The parameters of world `world` of a run.
 *
 * @param config the resolved config of the world's arm
 * @throws ConfigError when a relation between constants does not hold
 */
export function deriveWorld(
  config: RunConfig,
  place: { world: number; arm: number; replicate: number; seed: number },
): WorldParameters {
  const w = config.world;
  const slots = config.slots;
  const capacity = w.genesis.capacity;
  const spread = w.serviceMarket.classSpread;
  const subsistence = milli<MilliCash>(w.energy.subsistence);
  const parameters: WorldParameters = {
    ...place,
    slots,
    genesis: {
      token: milli<MilliToken>(w.genesis.token),
      cash: milli<MilliCash>(w.genesis.cash),
      capacity,
      skill: fraction32(w.genesis.skill),
      data: w.genesis.data,
    },
    consumers: {
      token: milli<MilliToken>(w.consumers.token),
      cash: milli<MilliCash>(w.consumers.cash),
      swapShare: fraction32(w.consumers.swapShare),
    },
    treasury: {
      tokenReserve: milli<MilliToken>(w.treasury.reserveEndowments * w.genesis.token),
      cashReserve: milli<MilliCash>(w.treasury.reserveEndowments * w.genesis.cash),
      releaseShift: w.treasury.releaseShift,
    },
    amm: {
      enabled: w.amm.enabled,
      token: milli<MilliToken>(w.amm.token),
      cash: milli<MilliCash>(w.amm.cash),
      redeemEvery: w.amm.redeemEvery,
      outside: w.amm.outsidePrice ? outsidePrice(config) : null,
    },
    computeMarket: {
      enabled: w.computeMarket.enabled,
      priceTable: priceTable(
        Math.max(1, milli<MilliToken>(w.computeMarket.priceMin)),
        Math.max(2, milli<MilliToken>(w.computeMarket.priceMax)),
      ),
      priceStart: milli<MilliToken>(w.computeMarket.priceStart) * 2 ** PRICE_FRACTION_BITS,
      bidShare: fraction32(w.computeMarket.bidShare),
      feeBps: w.computeMarket.feeBps,
    },
    serviceMarket: {
      enabled: w.serviceMarket.enabled,
      demand: Array.from({ length: CLASS_COUNT }, (_, c) =>
        Math.round(w.serviceMarket.demand * (1 + spread * ((2 * c) / (CLASS_COUNT - 1) - 1))),
      ),
      value: milli<MilliCash>(w.serviceMarket.value),
      cuPerTask: w.serviceMarket.cuPerTask,
      maxTasks: w.serviceMarket.maxTasks,
      feeBps: w.serviceMarket.feeBps,
      pricing: w.serviceMarket.pricing,
      shape: w.serviceMarket.shape,
      series: w.serviceMarket.shape === 'series' ? relativeSeries(config.demandSeries.values) : null,
      period: w.serviceMarket.shape === 'series' ? config.demandSeries.ticksPerRow : w.serviceMarket.period,
      amplitude: fraction32(w.serviceMarket.amplitude),
      networkEffect: fraction32(w.serviceMarket.networkEffect),
    },
    energy: { price: milli<MilliCash>(w.energy.price), subsistence },
    training: {
      enabled: w.training.enabled,
      maxCompute: w.training.maxCompute,
      depreciation: fraction32(w.training.depreciation),
      labelPrice: milli<MilliCash>(w.training.labelPrice),
      dataPerTask: w.training.dataPerTask,
      methods: METHODS.map((name) => {
        const m = w.training[name];
        return {
          etaLog2: log2Share(m.eta),
          computeExponent: Math.round(m.computeExponent * LOG2_ONE),
          dataExponent: Math.round(m.dataExponent * LOG2_ONE),
          labelExponent: Math.round(m.labelExponent * LOG2_ONE),
          labels: m.labels,
          dataBought: m.dataBought,
          environmentPrice: milli<MilliCash>(m.environmentPrice),
        };
      }),
    },
    dataOwnership: {
      poolShare: fraction32(1 - w.dataOwnership.platform),
      market: w.dataOwnership.market,
      price: milli<MilliCash>(w.dataOwnership.price) * 2 ** PRICE_FRACTION_BITS,
      budget: milli<MilliCash>(w.dataOwnership.budget),
      priceStep: fraction32(w.dataOwnership.priceStep),
    },
    hardware: {
      enabled: w.hardware.enabled,
      priceBase: milli<MilliCash>(w.hardware.priceBase),
      priceScale: milli<MilliCash>(w.hardware.priceScale),
      capacityMax: w.hardware.capacityMax,
      genesisStock: Math.max(1, slots * capacity),
      wear: fraction32(w.hardware.wearPerTick),
      runway: (w.hardware.runwayTicks * subsistence) as MilliCash,
      trainingRunway: (w.hardware.trainingRunwayTicks * subsistence) as MilliCash,
    },
    ownership: {
      capacities: genesisCapacities(w, slots, place.seed),
      device: capacity,
      scaleLog2: w.ownership.scaleEconomy === 0 ? 0 : log2Share(1 - w.ownership.scaleEconomy),
      capitalCost: milli<MilliCash>(w.ownership.capitalCost),
      operatorShare: fraction32(w.ownership.operatorShare),
    },
    policy: {
      wealthTax: fraction32(w.policy.wealthTaxPerTick),
      financeStep: fraction32(w.policy.financeStep),
      issuance: w.policy.issuance,
      issuancePerTick: milli<MilliToken>(w.policy.issuance === 'none' ? 0 : w.policy.issuancePerTick),
      epoch: w.policy.epoch,
      validators: w.policy.validators,
      consensus: {
        kappa: Math.floor(w.policy.kappa * TWO_32),
        bondsPenalty: Math.floor(w.policy.bondsPenalty * TWO_32),
        alpha: TWO_32 - Math.floor((1 - w.policy.bondsAlpha) * TWO_32),
      },
      feeBurn: fraction32(w.policy.feeBurn),
      dividend: fraction32(w.policy.dividend),
    },
    staking: {
      enabled: w.policy.staking || w.trust.regime === 'programmatic',
      delay: w.policy.unstakeDelay,
    },
    trust: deriveTrust(w.trust),
    learner: w.learner,
    objectives: { ...w.objectives, placebo: fraction32(w.objectives.placebo) },
    ownMetrics: config.extensions?.metrics,
    ownFeatures: config.extensions?.rewardFeatures,
    demography: {
      enabled: w.demography.enabled,
      hazard: w.demography.ageDeath ? fraction32(1 / w.demography.meanLife) : (0 as Fraction32),
      deathsPerTick: w.demography.deathsPerTick,
      birthsPerTick: w.demography.birthsPerTick,
      lottery: w.demography.lottery,
      sampling: w.demography.sampling,
      threshold: milli<MilliCash>(w.demography.threshold),
      kitCompute: w.demography.kitCompute,
      endowmentShare: fraction32(w.demography.endowmentShare),
      endowmentFloor: milli<MilliCash>(w.demography.endowmentFloor),
      parentPays: w.demography.parentPays,
      crossover: fraction32(w.demography.crossover),
      mutation: w.demography.mutation,
      sigma: w.demography.sigma,
      immigrationFloor: Math.floor(w.demography.immigrationFloor * slots),
      immigrantsPerTick: w.demography.immigrantsPerTick,
      quotas: w.demography.quotas,
      selection: w.demography.selection,
      generation: w.demography.generation,
      truncationShare: w.demography.truncationShare,
    },
    randomExchange: {
      kind: w.randomExchange.kind,
      stake: milli<MilliCash>(w.randomExchange.stake),
      saving: fraction32(w.randomExchange.saving),
      stakeShare: fraction32(w.randomExchange.stakeShare),
      winProbability: fraction32(w.randomExchange.winProbability),
      target: milli<MilliCash>(w.randomExchange.target),
      roundsPerTick: w.randomExchange.roundsPerTick,
    },
    contest: {
      enabled: w.contest.enabled,
      payoffs: [
        w.contest.firstFirst,
        w.contest.firstSecond,
        w.contest.secondFirst,
        w.contest.secondSecond,
      ].map((payoff) => Math.round(payoff * MILLI)),
      rounds: w.contest.rounds,
      meetings: w.contest.meetings,
      background: milli<MilliCash>(w.contest.background),
    },
    induced: w.induced,
    doubleAuction: w.doubleAuction,
    tabular: w.tabular,
    environment: w.environment,
    populations: config.populations,
  };
  for (const relation of relations(parameters, w)) {
    if (!relation.holds) throw new ConfigError(relation.path, relation.found, relation.hint);
  }
  return parameters;
}

/** Integer parameters of trust, and what follows from them: the smallest contract worth a suit, the cohorts. */
export function deriveTrust(t: WorldConfig['trust']): TrustParameters {
  const legalCost = milli<MilliCash>(t.legalCost);
  const stakePerUnit = milli<MilliToken>(t.stakePerUnit);
  const legal = t.regime === 'legal';
  return {
    regime: t.regime,
    effort: milli<MilliCash>(t.effort),
    sideGain: milli<MilliCash>(t.sideGain),
    reputationGain: fraction32(t.reputationGain),
    reputationLoss: fraction32(t.reputationLoss),
    reputationWeight: fraction32(t.reputationWeight),
    registrationFee: milli<MilliCash>(t.registrationFee),
    legalCost,
    recovery: fraction32(t.recovery),
    delay: t.delay,
    smallestContract:
      t.recovery === 0
        ? Number.POSITIVE_INFINITY
        : Math.ceil((legalCost * exp(t.discountRate * t.delay)) / t.recovery),
    cohorts: legal ? t.claimCohorts : 0,
    // so that no more than `claimCohorts` due ticks are ever open: claims of a tick t fall due within delay +
    // cohortTicks - 1 ticks
    cohortTicks: Math.ceil(t.delay / (t.claimCohorts - 1)),
    stakePerUnit,
    slashToBuyer: Math.floor(stakePerUnit * t.slashToBuyer) as MilliToken,
    burnsRest: t.slashRest === 'burned',
    audit: fraction32(t.audit),
    falseAlarm: fraction32(t.falseAlarm),
    auditFee: Math.ceil(milli<MilliCash>(t.auditCost) * t.audit) as MilliCash,
  };
}
