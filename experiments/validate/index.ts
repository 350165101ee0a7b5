/** All validation cases, in the order in which `darwin validate` runs them. */
import { suggestName } from '../../configs/suggestions.ts';
import { UsageError } from '../../sim/core/errors.ts';
import type { ValidationCase } from './case.ts';
import { hawkDove, iteratedPrisoner } from './contests.ts';
import { intervalCoverage } from './coverage.ts';
import { doubleAuctionZi, doubleAuctionZip } from './doubleAuctions.ts';
import { engines } from './engines.ts';
import { moran, neutralShadow, priceEquation, wrightFisher } from './evolution.ts';
import { gamblersRuin, kineticExchange } from './exchange.ts';
import { gradients } from './gradients.ts';
import { hungryThirsty } from './gridWorld.ts';
import { legalThreshold, stakeThreshold } from './institutions.ts';
import { bandit } from './learning.ts';
import { amm, callAuctionTruthful, callAuctionZi, ledgerConservation } from './markets.ts';
import { kelly, savingPropensity, yardSale } from './wealth.ts';
import { yuma } from './yuma.ts';

export const CASES: readonly ValidationCase[] = [
  ledgerConservation,
  kineticExchange,
  savingPropensity,
  yardSale,
  gamblersRuin,
  kelly,
  callAuctionTruthful,
  callAuctionZi,
  doubleAuctionZi,
  doubleAuctionZip,
  amm,
  yuma,
  moran,
  wrightFisher,
  hawkDove,
  priceEquation,
  neutralShadow,
  iteratedPrisoner,
  gradients,
  engines,
  bandit,
  hungryThirsty,
  stakeThreshold,
  legalThreshold,
  intervalCoverage,
];

/** The case of a name. Throws UsageError with the nearest name when there is none. */
export function caseNamed(name: string): ValidationCase {
  const found = CASES.find((validationCase) => validationCase.name === name);
  if (found !== undefined) return found;
  const names = CASES.map((validationCase) => validationCase.name);
  throw new UsageError(`no validation case is called '${name}'`, suggestName(name, names, 'cases'));
}

export { runCase, type ValidationCase, type ValidationResult } from './case.ts';
