/** The state of the contracts beside the ledger: one view call a tick, every balance, to the unit. */
import { type Abi, type Address, decodeFunctionResult, type Hex } from 'viem';
import { ASSET, ASSET_NAMES, type Asset, SYSTEM } from '../../market/accounts.ts';
import type { World } from '../../sim/world.ts';
import { Settlement } from './contracts.generated.ts';
import type { Entry } from './operations.ts';
import type { Rpc } from './rpc.ts';
import { encode } from './transaction.ts';

/** Twin of the struct State of Settlement.sol. */
export interface ChainState {
  readonly token: readonly bigint[];
  readonly cash: readonly bigint[];
  readonly stake: readonly bigint[];
  readonly reserveToken: bigint;
  readonly reserveCash: bigint;
  readonly supply: readonly [bigint, bigint];
  readonly escrowHolds: readonly [bigint, bigint];
  readonly escrowOwes: readonly [bigint, bigint];
  readonly alive: bigint;
}

/** One account that differs, milli-units. */
export interface Difference {
  /** `agent 12`, `stake of agent 12`, `treasury`, `reserve of the pool`, `supply`. */
  readonly account: string;
  readonly asset: 'token' | 'cash' | 'agents';
  readonly ledger: number;
  readonly chain: number;
}

/** Reads everything that the contracts of a world hold. */
export async function readState(rpc: Rpc, settlement: Address): Promise<ChainState> {
  const data = encode(Settlement.abi, 'state', []);
  const answer = await rpc.call<Hex>('eth_call', [{ to: settlement, data }, 'latest']);
  return decodeFunctionResult({
    abi: Settlement.abi as Abi,
    functionName: 'state',
    data: answer,
  }) as ChainState;
}

/** Every account whose balance differs, in the order of the accounts; none = equal to the unit. */
export function differences(state: ChainState, world: World): Difference[] {
  const { ledger, parameters, balances } = world;
  const { slots } = parameters;
  const found: Difference[] = [];
  const compare = (account: string, asset: Difference['asset'], expected: number, chain: bigint): void => {
    // a ledger's balances are below 2^53; what the chain holds may be more
    if (BigInt(expected) !== chain) found.push({ account, asset, ledger: expected, chain: Number(chain) });
  };
  const each = (asset: Asset, column: readonly bigint[]): void => {
    column.forEach((balance, k) => {
      const account = k < slots ? k : ledger.system(k - slots);
      compare(ledger.accountName(account), ASSET_NAMES[asset], ledger.balance(asset, account), balance);
    });
  };
  each(ASSET.token, state.token);
  state.stake.forEach((stake, agent) => {
    compare(ledger.accountName(ledger.stakeOf(agent)), 'token', balances.stake[agent]!, stake);
  });
  each(ASSET.cash, state.cash);
  compare('reserve of the pool', 'token', balances.systemToken[SYSTEM.amm]!, state.reserveToken);
  compare('reserve of the pool', 'cash', balances.systemCash[SYSTEM.amm]!, state.reserveCash);
  for (const asset of [ASSET.token, ASSET.cash] as const) {
    compare('supply', ASSET_NAMES[asset], ledger.supply(asset), state.supply[asset]);
    compare('escrow contract', ASSET_NAMES[asset], Number(state.escrowOwes[asset]), state.escrowHolds[asset]);
  }
  const living = world.agents.serial
    .subarray(0, slots)
    .reduce((sum, serial) => sum + (serial === 0 ? 0 : 1), 0);
  compare('registry', 'agents', living, state.alive);
  return found;
}

/** Where a recorded journal leaves the one that the engine makes: both entries, null where one ends. */
export interface EntryDifference {
  readonly entry: number;
  readonly recorded: Entry | null;
  readonly made: Entry | null;
}

/** The first entry of a tick that was recorded otherwise than it is made. */
export function firstOddEntry(recorded: readonly Entry[], made: readonly Entry[]): EntryDifference | null {
  const length = Math.max(recorded.length, made.length);
  for (let k = 0; k < length; k++) {
    const a = recorded[k];
    const b = made[k];
    const same =
      a !== undefined &&
      b !== undefined &&
      a.from === b.from &&
      a.to === b.to &&
      a.asset === b.asset &&
      a.amount === b.amount &&
      a.reason === b.reason;
    if (!same) return { entry: k, recorded: a ?? null, made: b ?? null };
  }
  return null;
}
