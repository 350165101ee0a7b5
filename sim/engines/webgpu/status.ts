/** What went wrong in a world on the device, as the error that the CPU's engine throws for it. */
import type { WorldParameters } from '../../../configs/derive.ts';
import { ASSET_NAMES, SYSTEM_NAMES } from '../../../market/accounts.ts';
import {
  AssertionError,
  type DarwinError,
  LawViolation,
  OverflowError,
  type RunPlace,
} from '../../core/errors.ts';
import { LAWS } from '../../invariants.ts';
import { FAIL } from './constants.ts';

const TWO_32 = 0x1_0000_0000;
const BALANCES = [...ASSET_NAMES, 'stake'] as const;

/** `agent 12`, `treasury`: by the numbers of market/ledger.ts. */
function accountName(slots: number, account: number): string {
  if (account < 2 * slots) return `agent ${account % slots}`;
  return SYSTEM_NAMES[account - 2 * slots] ?? `account ${account}`;
}

/**
 * The error that a world's words of status stand for, or null while all is well.
 *
 * @param words [STATUS_WORDS]
 */
export function problemOf(p: WorldParameters, words: Uint32Array): DarwinError | null {
  const [code, tick, account] = words as unknown as [number, number, number];
  if (code === 0) return null;
  const found = words[3]! + words[4]! * TWO_32;
  const wanted = words[5]! + words[6]! * TWO_32;
  const at = (what: string): RunPlace => ({
    world: p.world,
    tick,
    account: `${accountName(p.slots, account)}${what}`,
  });
  if (code >= FAIL.law) {
    const law = LAWS[code - FAIL.law]?.name ?? `number ${code - FAIL.law}`;
    return new LawViolation(law, at(''), `${found}, where ${wanted} was due`);
  }
  const balance = BALANCES[code - FAIL.balance];
  if (balance !== undefined)
    return new OverflowError(at(` ${balance}`), `balance ${found} cannot take an entry of ${wanted}`);
  const what = code === FAIL.notFinite ? 'a number is not finite' : `${found} passes ${wanted}`;
  return new AssertionError(`${what} at tick ${tick}, world ${p.world}, agent ${account}`);
}
