import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertCompiled, darwin } from '../compiled.ts';
import { assertTestChain, chainIdOf, givenMnemonic, weiOf } from '../replay/access.ts';
import { poolAddresses, shockOf } from '../replay/strategyCommand.ts';
import { recordRun } from '../replay/testRun.ts';

/** Known to everybody; its first private key begins like this. */
const MNEMONIC = 'test test test test test test test test test test test junk';
const KEY = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';

let directory: string;
/** Says that it is a main network, and counts what else it is asked. */
let mainNetwork: Server;
let url: string;
const asked: string[] = [];
beforeAll(async () => {
  assertCompiled();
  ({ directory } = await recordRun(`
ticks: 12
slots: 6
output: { metricsEvery: 12, journalWorlds: 1 }
`));
  mainNetwork = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const { id, method } = JSON.parse(text) as { id: number; method: string };
      asked.push(method);
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }));
    });
  });
  await new Promise<void>((resolve) => {
    mainNetwork.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(mainNetwork.address() as AddressInfo).port}`;
  process.env.DARWIN_MNEMONIC = MNEMONIC;
});
afterAll(() => {
  delete process.env.DARWIN_MNEMONIC;
  mainNetwork.close();
  rmSync(dirname(directory), { recursive: true });
});

describe('darwin replay', () => {
  it('answers with one JSON object that holds public keys and no secret', async () => {
    const { code, stdout, stderr } = await darwin(['replay', directory, '--ticks', '0..5', '--json'], '.');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).toMatchObject({ match: true, mismatch: null, ticks: { from: 0, to: 5 } });
    const { gas } = report as { gas: { perAgent: { publicKey: string }[] } };
    expect(gas.perAgent[0]!.publicKey).toMatch(/^0x04/);
    for (const secret of [KEY, 'junk', 'test test']) expect(`${stdout}${stderr}`).not.toContain(secret);
  });

  it('trades with a saved learner, and says so in one JSON object without a secret', async () => {
    const args = ['replay', directory, '--strategy', 'champion', '--trade-ticks', '4', '--json'];
    const { code, stdout, stderr } = await darwin(args, '.');
    expect(code).toBe(0);
    const { strategies } = JSON.parse(stdout) as { strategies: { gap: number }[] };
    expect(strategies).toMatchObject([{ gap: 0 }]);
    for (const secret of [KEY, 'junk', 'test test']) expect(`${stdout}${stderr}`).not.toContain(secret);
  });

  it('sends nothing to a main network, whatever it is called', async () => {
    for (const more of [
      ['--chain', '31337'],
      ['--strategy', 'champion'],
    ]) {
      const { code, stderr } = await darwin(['replay', directory, '--rpc', url, ...more], '.');
      expect(code).toBe(2);
      expect(stderr).toContain('Ethereum, a main network: nothing is ever sent there');
    }
    expect(new Set(asked)).toEqual(new Set(['eth_chainId']));
  });

  it('tells in a dry run what it would send, without a chain', async () => {
    const { code, stdout } = await darwin(['replay', directory, '--dry-run', '--json'], '.');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ dryRun: true, ticks: { from: 0, to: 11 } });
  });

  it.each([
    [['--ticks', '5..2'], 2, /--ticks 5..2 is no range/],
    [['--world', '3'], 2, /holds no journal of world 3/],
    [['--strategy', '77'], 2, /no learner 77 lives/],
    [['--rpc', 'http://127.0.0.1:1'], 3, /does not answer/],
    [['--cap', 'much'], 2, /--cap much is no amount of ether/],
  ])('refuses %j with exit code %i', async (args, exit, line) => {
    const { code, stderr } = await darwin(['replay', directory, ...args], '.');
    expect(stderr).toMatch(line);
    expect(code).toBe(exit);
  });
});

describe('a chain', () => {
  it('is a test network that is known, or asked for by its own id', async () => {
    expect(await assertTestChain(11155111, null)).toBe('Sepolia');
    expect(await assertTestChain(31337, null)).toMatch(/\S/);
    for (const main of [1, 10, 56, 137, 8453, 42161])
      await expect(assertTestChain(main, main)).rejects.toThrow(/a main network/);
    await expect(assertTestChain(987654321, null)).rejects.toThrow(/not known to be a test network/);
    expect(await assertTestChain(987654321, 987654321)).toBe('chain 987654321');
    await expect(assertTestChain(11155111, 17000)).rejects.toThrow(/--chain asks for 17000/);
  });

  it('has the id of its name', async () => {
    expect(await chainIdOf('sepolia')).toBe(11155111);
    expect(await chainIdOf('11155111')).toBe(11155111);
    expect(await chainIdOf(undefined)).toBe(null);
    await expect(chainIdOf('seploia')).rejects.toThrow(/no chain that is known/);
  });
});

describe('options', () => {
  it('read ether to the wei, and nothing that is none', () => {
    expect(weiOf('--cap', '0.05')).toBe(50_000_000_000_000_000n);
    expect(weiOf('--cap', '0.000000000000000001')).toBe(1n);
    for (const text of ['0', '-1', '1e3', '', '0.0000000000000000001'])
      expect(() => weiOf('--cap', text)).toThrow();
  });

  it('read shocks and pools', () => {
    expect(shockOf('10:-0.25')).toEqual({ tick: 10, share: -0.25 });
    for (const text of ['10', '10:0', '10:1.5', 'x:0.1'])
      expect(() => shockOf(text)).toThrow(/no tick and share/);
    const address = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
    expect(poolAddresses([address, address, address].join(','))).toMatchObject({ pair: address });
    expect(() => poolAddresses(address)).toThrow(/not three addresses/);
  });

  it('read a mnemonic from the one variable', () => {
    expect(givenMnemonic({})).toBe(null);
    expect(givenMnemonic({ DARWIN_MNEMONIC: MNEMONIC })).toBe(MNEMONIC);
    expect(() => givenMnemonic({ DARWIN_MNEMONIC: 'no' })).toThrow(/has 1 words/);
  });
});
