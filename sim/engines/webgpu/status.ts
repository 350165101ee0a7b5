/** What went wrong in a world on the device, as the error that the CPU's engine throws for it. */
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import { ASSET_NAMES, SYSTEM_NAMES } from '../../../market/accounts.ts';
import {
  AssertionError,
  type DarwinError,
  EngineError,
  OverflowError,
  type RunPlace,
} from '../../core/errors.ts';
import { FAIL } from './constants.ts';

const TWO_32 = 0x1_0000_0000;
const RINGS: ReadonlyMap<number, string> = new Map([
  [FAIL.claims, 'claims'],
  [FAIL.liabilities, 'liabilities'],
]);
/** What a balance holds, in the order of the codes of FAIL, and whose it is where it is a stake. */
const BALANCES = [
  { asset: ASSET_NAMES[0], of: '' },
  { asset: ASSET_NAMES[1], of: '' },
  { asset: ASSET_NAMES[0], of: 'stake of ' },
] as const;

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
  const at = (what: string, of = ''): RunPlace => ({
    world: p.world,
    tick,
    account: `${of}${accountName(p.slots, account)} ${what}`.trimEnd(),
  });
  const passed = BALANCES[code - FAIL.balance];
  const short = BALANCES[code - FAIL.short];
  const balance = passed ?? short;
  if (balance !== undefined) {
    const { asset, of } = balance;
    const range = account < p.slots ? '2^32 - 1' : '2^53 - 1';
    const what =
      passed === undefined
        ? `balance ${found} cannot pay ${wanted}`
        : `balance ${found + wanted} passes ${range}`;
    return new OverflowError(at(asset, of), `${what} milli-${asset}`);
  }
  const ring = RINGS.get(code);
  if (ring !== undefined) return new OverflowError(at(ring), `${found} milli-cash passes 2^32 - 1`);
  const where = `tick ${tick}, world ${p.world}, agent ${account}`;
  if (code === FAIL.unsummable)
    return new EngineError(
      `a profit or reward of ${realOf(words[3]!)} at ${where} is not below 2^44: sums of the webgpu engine end there`,
      'use --engine cpu, whose sums have no such end',
    );
  const what = code === FAIL.notFinite ? 'a number is not finite' : `${found} passes ${wanted}`;
  return new AssertionError(`${what} at ${where}`);
}

/** An f32 by its bits. */
const realOf = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0]!;
