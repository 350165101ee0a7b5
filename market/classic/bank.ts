/** The court as a bank: where agents bet against it or are paid for contests, it keeps its money. */
import type { WorldParameters } from '../../configs/worldParameters.ts';
import { U32_MAX } from '../../sim/core/units.ts';

type BankParameters = Pick<WorldParameters, 'randomExchange' | 'contest' | 'slots'>;

/** Most that a bank is given, milli-cash, so that sums stay exact. */
const FLOAT_MAX = 2 ** 52;

/** Whether the court keeps what it receives instead of returning it to the consumers. */
export const courtIsBank = ({ randomExchange: { kind }, contest }: BankParameters): boolean =>
  kind === 'bets' || kind === 'kelly' || contest.enabled;

/** What the bank opens with, milli-cash: all that gamblers can win, or as much as there can be for contests. */
export function bankFloat(parameters: BankParameters): number {
  const { randomExchange, contest, slots } = parameters;
  if (!courtIsBank(parameters)) return 0;
  if (contest.enabled) return FLOAT_MAX;
  const each =
    randomExchange.kind === 'kelly' || randomExchange.target === 0 ? U32_MAX : randomExchange.target;
  return Math.min(FLOAT_MAX, slots * each);
}
