import * as known from 'viem/chains';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { type Asked, assertTestChain, chainIdOf, isLoopback, TEST_NETWORKS } from './testNetworks.ts';

const NOTHING: Asked = { chain: null, id: null };
const THERE = 'https://rpc.example.org/v1';
const HERE = 'http://127.0.0.1:8545';
const UNKNOWN = 987654321;

describe('a chain', () => {
  it('is a test network of the list, by its name', async () => {
    for (const [id, name] of Object.entries(TEST_NETWORKS))
      expect(await assertTestChain(Number(id), NOTHING, THERE)).toBe(name);
  });

  it('is one of the list where others call it a test network, by that name', () => {
    for (const [id, name] of Object.entries(TEST_NETWORKS)) {
      const same = Object.values(known).filter((chain) => chain.id === Number(id));
      expect(same.length, name).toBeGreaterThan(0);
      for (const chain of same) expect(chain).toMatchObject({ name, testnet: true });
    }
  });

  it('is refused where it is a main network, whatever it is asked for by', async () => {
    for (const main of [1, 10, 56, 137, 8453, 42161])
      await expect(assertTestChain(main, { chain: main, id: main }, HERE)).rejects.toThrow(/a main network/);
  });

  it('is refused where nobody knows it, unless --chain-id names it: --chain does not suffice', async () => {
    await expect(assertTestChain(UNKNOWN, NOTHING, HERE)).rejects.toThrow(/no test network that is known/);
    await expect(assertTestChain(UNKNOWN, { chain: UNKNOWN, id: null }, HERE)).rejects.toThrow(UsageError);
    expect(await assertTestChain(UNKNOWN, { chain: null, id: UNKNOWN }, THERE)).toBe(`chain ${UNKNOWN}`);
  });

  it('is local by its id on this machine alone', async () => {
    for (const id of [31337, 1337]) {
      expect(await assertTestChain(id, NOTHING, HERE)).toBe('local chain');
      await expect(assertTestChain(id, NOTHING, THERE)).rejects.toThrow(/is not on this machine/);
      expect(await assertTestChain(id, { chain: null, id }, THERE)).toBe(`chain ${id}`);
    }
  });

  it('is refused where another one is asked for', async () => {
    await expect(assertTestChain(11155111, { chain: 17000, id: null }, THERE)).rejects.toThrow(
      /has id 11155111, --chain asks for 17000/,
    );
    await expect(assertTestChain(11155111, { chain: null, id: 5 }, THERE)).rejects.toThrow(
      /--chain-id asks for 5/,
    );
  });

  it('has the id of its name', async () => {
    expect(await chainIdOf('sepolia')).toBe(11155111);
    expect(await chainIdOf('11155111')).toBe(11155111);
    expect(await chainIdOf('mainnet')).toBe(1);
    expect(await chainIdOf(undefined)).toBe(null);
    await expect(chainIdOf('seploia')).rejects.toThrow(/no chain that is known/);
  });
});

describe('an address of this machine', () => {
  it.each([
    ['http://127.0.0.1:8545', true],
    ['http://localhost:8545', true],
    ['http://[::1]:8545', true],
    ['http://127.0.0.1.example.org', false],
    ['https://localhost.example.org', false],
    ['https://rpc.example.org/127.0.0.1', false],
    ['http://127.0.0.1@example.org', false],
  ])('%s: %s', (url, here) => {
    expect(isLoopback(url)).toBe(here);
  });
});
