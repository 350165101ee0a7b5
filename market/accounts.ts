/** The accounts of a world and the columns that hold their balances. */
import { type Columns, f64, u32 } from '../sim/core/columns.ts';

/** System accounts of a world, in the order of the `system*` columns. */
export const SYSTEM = {
  consumers: 0,
  treasury: 1,
  amm: 2,
  escrow: 3,
  court: 4,
  supplier: 5,
  labour: 6,
  operators: 7,
} as const;
export const SYSTEM_NAMES = Object.keys(SYSTEM) as (keyof typeof SYSTEM)[];
export const SYSTEM_COUNT = SYSTEM_NAMES.length;

export const ASSET = { token: 0, cash: 1 } as const;
export type Asset = (typeof ASSET)[keyof typeof ASSET];
export const ASSET_NAMES = ['token', 'cash'] as const;

/** Balances. Written by ledger.ts alone. */
export const ledgerColumnSpec = (slots: number) => ({
  /** Free token, milli-token, [N]. */
  token: u32(slots),
  /** Cash, milli-cash, [N]. */
  cash: u32(slots),
  /** Staked token, milli-token, [N]. */
  stake: u32(slots),
  /** Token of the system accounts, milli-token, [SYSTEM_COUNT]. */
  systemToken: f64(SYSTEM_COUNT),
  /** Cash of the system accounts, milli-cash, [SYSTEM_COUNT]. */
  systemCash: f64(SYSTEM_COUNT),
  /** Token at genesis, minted, burned, then cash likewise: the right-hand side of conservation, [6]. */
  supply: f64(6),
});
export type LedgerColumns = Columns<ReturnType<typeof ledgerColumnSpec>>;
