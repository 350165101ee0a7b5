import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../configs/parse.ts';
import { ASSET, SYSTEM } from '../../market/accounts.ts';
import { Shard } from '../../sim/shard.ts';
import type { World } from '../../sim/world.ts';
import { type ChainState, differences } from './comparison.ts';

const SLOTS = 6;
const worldOf = (): World => {
  const run = parseConfig(`ticks: 4\nslots: ${SLOTS}\noutput: { metricsEvery: 4 }\n`);
  const shard = new Shard(run, [0], { laws: false });
  shard.advance(3);
  return [...shard.inside()][0]!;
};

/** What contracts that agree with a world would tell. */
function stateOf({ ledger, balances, agents, parameters }: World): ChainState {
  const accounts = Array.from({ length: parameters.slots + balances.systemToken.length }, (_, k) =>
    k < parameters.slots ? k : ledger.system(k - parameters.slots),
  );
  const column = (asset: 0 | 1) => accounts.map((account) => BigInt(ledger.balance(asset, account)));
  const both = (of: (asset: 0 | 1) => bigint): [bigint, bigint] => [of(ASSET.token), of(ASSET.cash)];
  return {
    token: column(ASSET.token),
    cash: column(ASSET.cash),
    stake: accounts.slice(0, parameters.slots).map((_, slot) => BigInt(balances.stake[slot]!)),
    reserveToken: BigInt(balances.systemToken[SYSTEM.amm]!),
    reserveCash: BigInt(balances.systemCash[SYSTEM.amm]!),
    supply: both((asset) => BigInt(ledger.supply(asset))),
    escrowHolds: [0n, 0n],
    escrowOwes: [0n, 0n],
    alive: BigInt([...agents.serial].slice(0, parameters.slots).filter((serial) => serial > 0).length),
  };
}

describe('the comparison of a chain with a world', () => {
  const world = worldOf();
  const state = stateOf(world);

  it('finds nothing where they agree', () => {
    expect(state.alive).toBeGreaterThan(0n);
    expect(differences(state, world)).toEqual([]);
  });

  it.each([
    ['registry', 'agents', { alive: state.alive + 1n }],
    ['registry', 'agents', { alive: state.alive - 1n }],
    ['agent 2', 'token', { token: state.token.with(2, state.token[2]! + 1n) }],
    ['stake of agent 1', 'token', { stake: state.stake.with(1, state.stake[1]! + 1n) }],
    ['reserve of the pool', 'cash', { reserveCash: state.reserveCash - 1n }],
    ['supply', 'cash', { supply: [state.supply[0], state.supply[1] + 1n] }],
    ['escrow contract', 'token', { escrowHolds: [1n, 0n] }],
  ] as const)('finds a unit of %s in %s', (account, asset, change) => {
    const found = differences({ ...state, ...change } as ChainState, world);
    expect(found).toMatchObject([{ account, asset }]);
    expect(Math.abs(found[0]!.chain - found[0]!.ledger)).toBe(1);
  });

  it('counts who lives in the world itself, whatever the replay believes', () => {
    const other = worldOf();
    other.agents.serial[0] = 0;
    expect(differences(state, other)).toMatchObject([
      { account: 'registry', asset: 'agents', ledger: Number(state.alive) - 1, chain: Number(state.alive) },
    ]);
  });
});
