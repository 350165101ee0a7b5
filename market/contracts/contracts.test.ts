import { createHash } from 'node:crypto';
import process from 'node:process';
import fc from 'fast-check';
import { type Abi, type Address, encodeFunctionData, keccak256, toHex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AgentRegistry,
  Escrow,
  MarketToken,
  Settlement,
} from '../../experiments/replay/contracts.generated.ts';
import { type Contract, TestChain } from '../../experiments/replay/testChain.ts';
import { HostileToken } from '../../experiments/replay/testing.generated.ts';

const CAP = 2n ** 53n - 1n;
const ADMIN = TestChain.actor(0);
const AUDITOR = TestChain.actor(1);
const SETTLER = TestChain.actor(2);
const PARTIES = [3, 4, 5].map((k) => TestChain.actor(k)) as [Address, Address, Address];
const START = 100_000n;
const UNSTAKE_DELAY = 100;
const TIMEOUT = 500;
const TOKEN = 0;
const CASH = 1;
/** The extended tier tries more sequences. */
const runs = (count: number): number => (process.env.CI === 'true' ? 4 * count : count);
const role = (name: string) => keccak256(toHex(name));

let chain: TestChain;
let token: Contract;
let cash: Contract;
let escrow: Contract;

beforeAll(async () => {
  chain = await TestChain.start();
  token = await chain.deploy(MarketToken, ['Token', 'TOK', CAP, ADMIN]);
  cash = await chain.deploy(MarketToken, ['Cash', 'CSH', CAP, ADMIN]);
  escrow = await chain.deploy(Escrow, [token.address, cash.address, UNSTAKE_DELAY, TIMEOUT, ADMIN]);
  await chain.send(ADMIN, escrow, 'grantRole', [role('AUDITOR_ROLE'), AUDITOR]);
  await chain.send(ADMIN, escrow, 'grantRole', [role('SETTLER_ROLE'), SETTLER]);
  for (const asset of [token, cash]) {
    await chain.send(ADMIN, asset, 'grantRole', [role('MINTER_ROLE'), ADMIN]);
    for (const party of PARTIES) {
      await chain.send(ADMIN, asset, 'mint', [party, START]);
      await chain.send(party, asset, 'approve', [escrow.address, 2n ** 256n - 1n]);
    }
  }
});
afterAll(async () => {
  await chain.anvil.stop();
});

const balanceOf = (asset: Contract, who: Address) => chain.read<bigint>(asset, 'balanceOf', [who]);
const stakeOf = (who: Address) => chain.read<bigint>(escrow, 'stakeOf', [who]);

describe('the artefacts', () => {
  it('are the same bytes on every machine', () => {
    const hash = ({ bytecode }: { bytecode: string }) =>
      createHash('sha256').update(bytecode).digest('hex').slice(0, 16);
    expect({
      AgentRegistry: hash(AgentRegistry),
      Escrow: hash(Escrow),
      MarketToken: hash(MarketToken),
      Settlement: hash(Settlement),
    }).toEqual({
      AgentRegistry: 'c4251622b6a84661',
      Escrow: 'a50ec6d579e2845f',
      MarketToken: 'ff2dad7ad247cd70',
      Settlement: '52fd0bd0dc3b0782',
    });
  });

  it('fit the size that a chain accepts, 24,576 bytes deployed', () => {
    for (const { bytecode } of [AgentRegistry, Escrow, MarketToken, Settlement])
      expect(bytecode.length / 2).toBeLessThan(24_576);
  });
});

describe('an asset', () => {
  it('is minted up to its cap and not a unit beyond', async () => {
    await chain.undone(async () => {
      const supply = await chain.read<bigint>(token, 'totalSupply');
      expect(await chain.attempt(ADMIN, token, 'mint', [PARTIES[0], CAP - supply + 1n])).toBe(
        'ERC20ExceededCap',
      );
      expect(await chain.attempt(ADMIN, token, 'mint', [PARTIES[0], CAP - supply])).toBe(null);
      expect(await chain.attempt(ADMIN, token, 'mint', [PARTIES[0], 1n])).toBe('ERC20ExceededCap');
    });
  });

  it('is minted by nobody without the role', async () => {
    expect(await chain.attempt(PARTIES[0], token, 'mint', [PARTIES[0], 1n])).toBe(
      'AccessControlUnauthorizedAccount',
    );
  });

  it('is burned by its holder up to what it holds', async () => {
    await chain.undone(async () => {
      expect(await chain.attempt(PARTIES[0], cash, 'burn', [START + 1n])).toBe('ERC20InsufficientBalance');
      expect(await chain.attempt(PARTIES[0], cash, 'burn', [START])).toBe(null);
      expect(await chain.read(cash, 'totalSupply')).toBe(2n * START);
    });
  });
});

interface Agreement {
  readonly buyer: number;
  readonly seller: number;
  readonly payment: bigint;
  readonly stake: bigint;
  readonly deadline: number;
  status: 'open' | 'active' | 'settled';
}

/** What escrow should hold, by the rules and not by its code. */
class Model {
  readonly balance = [START, START, START];
  readonly stake = [0n, 0n, 0n];
  readonly locked = [0n, 0n, 0n];
  readonly asked = [0n, 0n, 0n];
  readonly due = [0, 0, 0];
  readonly agreements: Agreement[] = [];
  burned = 0n;

  free(i: number): bigint {
    const rest = this.stake[i]! - this.locked[i]! - this.asked[i]!;
    return rest > 0n ? rest : 0n;
  }
}

const party = fc.integer({ min: 0, max: 2 });
const sum = fc.integer({ min: 0, max: 150_000 }).map(BigInt);
const nth = fc.nat(5);
const step = fc.oneof(
  fc.record({ kind: fc.constant('stake' as const), who: party, sum }),
  fc.record({ kind: fc.constant('requestUnstake' as const), who: party, sum }),
  fc.record({ kind: fc.constant('withdraw' as const), who: party }),
  fc.record({
    kind: fc.constant('open' as const),
    who: party,
    seller: party,
    sum,
    stake: fc.integer({ min: 0, max: 30_000 }).map(BigInt),
    life: fc.integer({ min: 50, max: 400 }),
  }),
  fc.record({ kind: fc.constant('accept' as const), nth, who: fc.option(party, { freq: 6 }) }),
  fc.record({ kind: fc.constant('cancel' as const), nth }),
  fc.record({ kind: fc.constant('verdict' as const), nth, delivered: fc.boolean(), slashed: sum, comp: sum }),
  fc.record({ kind: fc.constant('expire' as const), nth }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 300 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does a step on the chain; returns the error's name or null, and changes the model where the rules allow the step. */
async function take(model: Model, s: Step): Promise<{ allowed: boolean; error: string | null }> {
  // a call is tried in the block after the next
  const now = (await chain.now()) + 1;
  const send = (from: Address, name: string, args: readonly unknown[] = []) =>
    chain.attempt(from, escrow, name, args);
  if (s.kind === 'wait') {
    await chain.wait(s.seconds);
    return { allowed: true, error: null };
  }
  if (s.kind === 'stake') {
    const allowed = s.sum > 0n && s.sum <= model.balance[s.who]!;
    if (allowed) {
      model.balance[s.who]! -= s.sum;
      model.stake[s.who]! += s.sum;
    }
    return { allowed, error: await send(PARTIES[s.who]!, 'stake', [s.sum]) };
  }
  if (s.kind === 'requestUnstake') {
    const allowed = s.sum > 0n && model.asked[s.who] === 0n && s.sum <= model.free(s.who);
    const error = await send(PARTIES[s.who]!, 'requestUnstake', [s.sum]);
    if (allowed) {
      model.asked[s.who] = s.sum;
      model.due[s.who] = (await chain.now()) + UNSTAKE_DELAY;
    }
    return { allowed, error };
  }
  if (s.kind === 'withdraw') {
    // away from the border, which the test below tries: blocks are a second apart
    if (Math.abs(model.due[s.who]! - now) < 3) return { allowed: true, error: null };
    const allowed = model.asked[s.who]! > 0n && now >= model.due[s.who]!;
    if (allowed) {
      // no agreement can bind what has been asked back, and nothing else takes it
      const paid = model.asked[s.who]!;
      model.stake[s.who]! -= paid;
      model.balance[s.who]! += paid;
      model.asked[s.who] = 0n;
    }
    return { allowed, error: await send(PARTIES[s.who]!, 'withdraw') };
  }
  if (s.kind === 'open') {
    const allowed = s.sum > 0n && s.sum <= model.balance[s.who]!;
    const deadline = now + s.life;
    if (allowed) {
      model.balance[s.who]! -= s.sum;
      const { who: buyer, seller, sum: payment, stake } = s;
      model.agreements.push({ buyer, seller, payment, stake, deadline, status: 'open' });
    }
    const args = [PARTIES[s.seller], TOKEN, s.sum, s.stake, deadline];
    return { allowed, error: await send(PARTIES[s.who]!, 'open', args) };
  }
  return judge(model, s, now, send);
}

type Send = (from: Address, name: string, args?: readonly unknown[]) => Promise<string | null>;

/** The steps of an agreement that is there. */
async function judge(
  model: Model,
  s: Extract<Step, { nth: number }>,
  now: number,
  send: Send,
): Promise<{ allowed: boolean; error: string | null }> {
  const agreement = model.agreements[s.nth];
  if (agreement === undefined || Math.abs(agreement.deadline - now) < 3)
    return { allowed: true, error: null };
  const { buyer, seller, payment, stake, deadline, status } = agreement;
  if (s.kind === 'accept') {
    const by = s.who ?? seller;
    const allowed = status === 'open' && by === seller && now < deadline && stake <= model.free(seller);
    if (allowed) {
      model.locked[seller]! += stake;
      agreement.status = 'active';
    }
    return { allowed, error: await send(PARTIES[by]!, 'accept', [s.nth]) };
  }
  if (s.kind === 'cancel') {
    const allowed = status === 'open';
    if (allowed) {
      model.balance[buyer]! += payment;
      agreement.status = 'settled';
    }
    return { allowed, error: await send(PARTIES[buyer]!, 'cancel', [s.nth]) };
  }
  if (s.kind === 'expire') {
    const allowed = status === 'active' && now >= deadline;
    if (allowed) {
      model.locked[seller]! -= stake;
      model.balance[seller]! += payment;
      agreement.status = 'settled';
    }
    return { allowed, error: await send(AUDITOR, 'expire', [s.nth]) };
  }
  const slashed = s.delivered ? 0n : s.slashed;
  const compensation = s.delivered ? 0n : s.comp;
  const allowed = status === 'active' && now < deadline && slashed <= stake && compensation <= slashed;
  if (allowed) {
    model.locked[seller]! -= stake;
    model.stake[seller]! -= slashed;
    model.balance[s.delivered ? seller : buyer]! += payment;
    model.balance[buyer]! += compensation;
    model.burned += slashed - compensation;
    agreement.status = 'settled';
  }
  return { allowed, error: await send(AUDITOR, 'verdict', [s.nth, s.delivered, s.slashed, s.comp]) };
}

async function expectAsModelled(model: Model): Promise<void> {
  let waiting = 0n;
  for (const { status, payment } of model.agreements) if (status !== 'settled') waiting += payment;
  let owed = waiting;
  for (const [i, who] of PARTIES.entries()) {
    expect(await balanceOf(token, who)).toBe(model.balance[i]);
    expect(await stakeOf(who)).toBe(model.stake[i]);
    const locked = await chain.read<bigint>(escrow, 'lockedStakeOf', [who]);
    expect(locked).toBe(model.locked[i]);
    expect(locked <= model.stake[i]!).toBe(true);
    owed += model.stake[i]!;
  }
  expect(await balanceOf(token, escrow.address)).toBe(owed);
  expect(await chain.read(escrow, 'held', [TOKEN])).toBe(owed);
  expect(await chain.read(token, 'totalSupply')).toBe(3n * START - model.burned);
}

describe('escrow', () => {
  it('does what the rules allow and nothing else, conserves token, and never lets a stake below zero', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 30, size: 'max' }), async (steps) => {
        await chain.undone(async () => {
          const model = new Model();
          for (const s of steps) {
            const { allowed, error } = await take(model, s);
            expect(
              error === null,
              `${JSON.stringify(s, (_, v) => (typeof v === 'bigint' ? `${v}` : v))}: ${error}`,
            ).toBe(allowed);
          }
          await expectAsModelled(model);
        });
      }),
      { numRuns: runs(15) },
    );
  });

  it('releases a payment without a verdict at the deadline, not a second before', async () => {
    await chain.undone(async () => {
      const deadline = (await chain.now()) + 200;
      await chain.send(PARTIES[0], escrow, 'open', [PARTIES[1], CASH, 700, 0, deadline]);
      await chain.send(PARTIES[1], escrow, 'accept', [0]);
      // the call is tried at the time of the latest block and mined later
      await chain.rpc.call('evm_setNextBlockTimestamp', [deadline - 1]);
      await chain.rpc.call('evm_mine');
      const expire = {
        to: escrow.address,
        data: encodeFunctionData({ abi: escrow.abi, functionName: 'expire', args: [0] }),
      };
      await expect(chain.rpc.call('eth_call', [expire, 'latest'])).rejects.toThrow();
      await chain.rpc.call('evm_setNextBlockTimestamp', [deadline]);
      await chain.rpc.call('evm_mine');
      expect(await chain.attempt(PARTIES[2], escrow, 'expire', [0])).toBe(null);
      expect(await balanceOf(cash, PARTIES[1])).toBe(START + 700n);
    });
  });

  it('takes a verdict from auditors alone', async () => {
    await chain.undone(async () => {
      await chain.send(PARTIES[0], escrow, 'open', [PARTIES[1], CASH, 700, 0, (await chain.now()) + 200]);
      await chain.send(PARTIES[1], escrow, 'accept', [0]);
      expect(await chain.attempt(PARTIES[0], escrow, 'verdict', [0, true, 0, 0])).toBe(
        'AccessControlUnauthorizedAccount',
      );
      expect(await chain.attempt(AUDITOR, escrow, 'verdict', [0, true, 0, 0])).toBe(null);
      expect(await chain.attempt(AUDITOR, escrow, 'verdict', [0, true, 0, 0])).toBe('WrongStatus');
    });
  });
});

/** Sends milli-units to escrow and books them, as a settler does. */
const lock = async (asset: Contract, index: number, payer: Address, amount: number) => {
  await chain.send(payer, asset, 'transfer', [escrow.address, amount]);
  await chain.send(SETTLER, escrow, 'lock', [index, payer, amount]);
};

describe('a round of escrow', () => {
  it('books nothing that has not arrived', async () => {
    await chain.undone(async () => {
      await chain.send(PARTIES[0], token, 'transfer', [escrow.address, 99]);
      expect(await chain.attempt(SETTLER, escrow, 'lock', [TOKEN, PARTIES[0], 100])).toBe('NothingArrived');
      expect(await chain.attempt(SETTLER, escrow, 'lock', [TOKEN, PARTIES[0], 99])).toBe(null);
      expect(await chain.attempt(SETTLER, escrow, 'creditStake', [PARTIES[0], 1])).toBe('NothingArrived');
    });
  });

  it('without a verdict gives every payer its own back after the time-out, not before, and once', async () => {
    await chain.undone(async () => {
      await lock(token, TOKEN, PARTIES[0], 300);
      await lock(cash, CASH, PARTIES[1], 500);
      expect(await chain.attempt(PARTIES[0], escrow, 'reclaim', [TOKEN, PARTIES[0]])).toBe('TooEarly');
      await chain.wait(TIMEOUT);
      expect(await chain.attempt(SETTLER, escrow, 'award', [TOKEN, PARTIES[1], 300])).toBe('TooLate');
      expect(await chain.attempt(PARTIES[0], escrow, 'reclaim', [TOKEN, PARTIES[0]])).toBe(null);
      expect(await chain.attempt(PARTIES[0], escrow, 'reclaim', [TOKEN, PARTIES[0]])).toBe(
        'NothingToWithdraw',
      );
      expect(await chain.attempt(PARTIES[0], escrow, 'reclaim', [CASH, PARTIES[0]])).toBe(
        'NothingToWithdraw',
      );
      expect(await chain.attempt(PARTIES[2], escrow, 'reclaim', [CASH, PARTIES[1]])).toBe(null);
      expect(await balanceOf(token, PARTIES[0])).toBe(START);
      expect(await balanceOf(cash, PARTIES[1])).toBe(START);
    });
  });

  it('with a verdict awards all of it and not a unit more, and gives nothing back', async () => {
    await chain.undone(async () => {
      await lock(token, TOKEN, PARTIES[0], 300);
      await chain.send(SETTLER, escrow, 'award', [TOKEN, PARTIES[1], 100]);
      await chain.wait(TIMEOUT);
      expect(await chain.attempt(PARTIES[0], escrow, 'reclaim', [TOKEN, PARTIES[0]])).toBe('TooEarly');
      expect(await chain.attempt(SETTLER, escrow, 'award', [TOKEN, PARTIES[1], 201])).toBe('PoolTooSmall');
      expect(await chain.attempt(SETTLER, escrow, 'burnAward', [TOKEN, 200])).toBe(null);
      expect(await chain.read(escrow, 'held', [TOKEN])).toBe(0n);
    });
  });

  it('conserves token in any order of stakes, locks, slashes, awards and burns', async () => {
    const move = fc.record({
      name: fc.constantFrom('creditStake', 'lock', 'slashIntoRound', 'award', 'burnAward', 'releaseStake'),
      who: party,
      amount: fc.integer({ min: 1, max: 60_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 8, maxLength: 20, size: 'max' }), async (moves) => {
        await chain.undone(async () => {
          for (const { name, who, amount } of moves) {
            const agent = PARTIES[who]!;
            const before = {
              stake: await stakeOf(agent),
              pool: await chain.read<bigint>(escrow, 'pool', [TOKEN]),
            };
            const arrives = name === 'creditStake' || name === 'lock';
            if (arrives && (await chain.attempt(agent, token, 'transfer', [escrow.address, amount])) !== null)
              continue;
            const args = {
              creditStake: [agent, amount],
              lock: [TOKEN, agent, amount],
              slashIntoRound: [agent, amount],
              award: [TOKEN, agent, amount],
              burnAward: [TOKEN, amount],
              releaseStake: [agent, agent, amount],
            }[name];
            const error = await chain.attempt(SETTLER, escrow, name, args);
            const source = name === 'award' || name === 'burnAward' ? before.pool : before.stake;
            expect(error === null).toBe(arrives || BigInt(amount) <= source);
          }
          let owed = await chain.read<bigint>(escrow, 'pool', [TOKEN]);
          let held = 0n;
          for (const who of PARTIES) {
            owed += await stakeOf(who);
            held += await balanceOf(token, who);
          }
          expect(await balanceOf(token, escrow.address)).toBe(owed);
          expect(await chain.read(token, 'totalSupply')).toBe(held + owed);
        });
      }),
      { numRuns: runs(8) },
    );
  });
});

describe('escrow over a hostile asset', () => {
  const DEADLINE = 300;
  /** Everything that moves the asset, so that the asset can call back. */
  const outer = [
    'withdraw',
    'stake',
    'open',
    'cancel',
    'verdict',
    'expire',
    'award',
    'burnAward',
    'releaseStake',
  ];
  const inner = [...outer, 'requestUnstake', 'accept', 'creditStake', 'slashIntoRound', 'lock', 'reclaim'];

  it('refuses whatever is called back while money is on its way, even by an auditor and settler', async () => {
    await chain.undone(async () => {
      const hostile = await chain.deploy(HostileToken, []);
      const self = hostile.address;
      const trap = await chain.deploy(Escrow, [self, self, 0, TIMEOUT, ADMIN]);
      const now = await chain.now();
      const args: Record<string, readonly unknown[]> = {
        withdraw: [],
        stake: [1],
        open: [self, TOKEN, 1, 0, now + 10_000],
        cancel: [1],
        verdict: [0, false, 40, 30],
        expire: [0],
        award: [TOKEN, PARTIES[1], 20],
        burnAward: [TOKEN, 20],
        releaseStake: [self, self, 10],
        requestUnstake: [1],
        accept: [1],
        creditStake: [self, 1],
        slashIntoRound: [self, 1],
        lock: [TOKEN, self, 1],
        reclaim: [TOKEN, self],
      };
      const data = (abi: Abi, functionName: string, of: readonly unknown[]) =>
        encodeFunctionData({ abi, functionName, args: of });
      const act = (name: string, of = args[name]!) =>
        chain.send(PARTIES[0], hostile, 'act', [trap.address, data(trap.abi, name, of)]);
      const actOnAsset = (name: string, of: readonly unknown[]) =>
        chain.send(PARTIES[0], hostile, 'act', [self, data(hostile.abi, name, of)]);
      for (const name of ['AUDITOR_ROLE', 'SETTLER_ROLE'])
        await chain.send(ADMIN, trap, 'grantRole', [role(name), self]);
      await chain.send(ADMIN, hostile, 'mint', [self, 1000]);
      await actOnAsset('approve', [trap.address, 1000]);
      await act('stake', [600]);
      await act('requestUnstake', [100]);
      await act('open', [self, TOKEN, 50, 60, now + DEADLINE]);
      await act('accept', [0]);
      await act('open', [self, TOKEN, 70, 10, now + DEADLINE]);
      await actOnAsset('transfer', [trap.address, 80]);
      await act('lock', [TOKEN, self, 80]);
      const held = () => chain.read<bigint>(trap, 'held', [TOKEN]);
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...outer), fc.constantFrom(...inner), async (first, back) => {
          await chain.undone(async () => {
            if (first === 'expire') await chain.wait(DEADLINE);
            await chain.send(PARTIES[0], hostile, 'arm', [trap.address, data(trap.abi, back, args[back]!)]);
            await act(first);
            expect(await chain.read<bigint>(hostile, 'attempts')).toBeGreaterThan(0n);
            expect(await chain.read(hostile, 'successes'), `${back} within ${first}`).toBe(0n);
            expect(await chain.read(hostile, 'lastError')).toBe(
              keccak256(toHex('ReentrancyGuardReentrantCall()')).slice(0, 10),
            );
            expect(await balanceOf(hostile, trap.address)).toBe(await held());
          });
        }),
        { numRuns: runs(25) },
      );
    });
  });
});

describe('the registry', () => {
  const GENOME = keccak256('0x01');
  const identity = (serial: number, parent = 0) => ({
    world: 3,
    serial,
    parent,
    secondParent: 0,
    generation: 1,
    bornAt: 7,
    goneAt: 0,
    genomeHash: GENOME,
  });

  it('gives an identity once, to its wallet, and remembers the dead', async () => {
    await chain.undone(async () => {
      const registry = await chain.deploy(AgentRegistry, [ADMIN]);
      const register = (from: Address) =>
        chain.attempt(from, registry, 'register', [PARTIES[0], identity(9, 4)]);
      expect(await register(PARTIES[0])).toBe('AccessControlUnauthorizedAccount');
      await chain.send(ADMIN, registry, 'grantRole', [role('REGISTRAR_ROLE'), ADMIN]);
      expect(await register(ADMIN)).toBe(null);
      expect(await register(ADMIN)).toBe('ERC721InvalidSender');
      const agent = 3n * 2n ** 64n + 9n;
      expect((await chain.read<string>(registry, 'ownerOf', [agent])).toLowerCase()).toBe(PARTIES[0]);
      expect(await chain.read(registry, 'alive')).toBe(1n);
      const uri = await chain.read<string>(registry, 'tokenURI', [agent]);
      expect(JSON.parse(atob(uri.slice('data:application/json;base64,'.length)))).toEqual({
        name: 'agent 9',
        world: 3,
        parent: 4,
        secondParent: 0,
        generation: 1,
        bornAt: 7,
        genomeHash: GENOME,
      });
      await chain.send(ADMIN, registry, 'bury', [agent, 12]);
      expect(await chain.attempt(ADMIN, registry, 'bury', [agent, 12])).toBe('NotAlive');
      expect(await chain.read(registry, 'isAlive', [agent])).toBe(false);
      expect(await chain.read(registry, 'alive')).toBe(0n);
    });
  });

  it('counts one feedback a client, none of the owner, and lets the named validator answer', async () => {
    await chain.undone(async () => {
      const registry = await chain.deploy(AgentRegistry, [ADMIN]);
      await chain.send(ADMIN, registry, 'grantRole', [role('REGISTRAR_ROLE'), ADMIN]);
      await chain.send(ADMIN, registry, 'register', [PARTIES[0], identity(1)]);
      const agent = 3n * 2n ** 64n + 1n;
      const give = (from: Address, score: number) =>
        chain.attempt(from, registry, 'giveFeedback', [agent, score, toHex('task', { size: 32 })]);
      expect(await give(PARTIES[0], 90)).toBe('OwnFeedback');
      expect(await give(PARTIES[1], 101)).toBe('ScoreOutOfRange');
      expect(await give(PARTIES[1], 90)).toBe(null);
      expect(await give(PARTIES[2], -40)).toBe(null);
      expect(await give(PARTIES[1], 70)).toBe(null);
      expect(await chain.read(registry, 'reputations', [agent])).toEqual([2n, 30n]);
      const request = keccak256('0x02');
      const ask = (from: Address) =>
        chain.attempt(from, registry, 'requestValidation', [AUDITOR, agent, request]);
      expect(await ask(PARTIES[1])).toBe('NotOwner');
      expect(await ask(PARTIES[0])).toBe(null);
      expect(await chain.attempt(PARTIES[1], registry, 'respond', [request, 80])).toBe('NotValidator');
      expect(await chain.attempt(AUDITOR, registry, 'respond', [request, 80])).toBe(null);
      expect(await chain.attempt(AUDITOR, registry, 'respond', [request, 60])).toBe(null);
      expect(await chain.read(registry, 'validationSummary', [agent])).toEqual([1n, 60n]);
    });
  });
});
