import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { numberToHex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentRoots, WorldWallets } from '../../agents/wallet.ts';
import { assertCompiled, darwin } from '../compiled.ts';
import { readManifest } from '../manifest.ts';
import { givenMnemonic, weiOf } from '../replay/access.ts';
import { type Anvil, startAnvil } from '../replay/anvil.ts';
import { recordRun } from '../replay/recordRun.ts';
import { Rpc } from '../replay/rpc.ts';
import { poolAddresses, shockOf } from '../replay/strategyCommand.ts';
import { filesWithSecrets } from '../secretSearch.ts';

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
    [['--rpc', '127.0.0.1:8545'], 2, /--rpc is no HTTP address/],
    [['--shock', '1:0.2', '--ticks', '0..1'], 2, /--shock is for --strategy alone/],
    [['--strategy', 'champion', '--ticks', '0..1'], 2, /--ticks is not for --strategy/],
    [['--cap', 'much'], 2, /--cap much is no amount of ether/],
  ])('refuses %j with exit code %i', async (args, exit, line) => {
    const { code, stderr } = await darwin(['replay', directory, ...args], '.');
    expect(stderr).toMatch(line);
    expect(code).toBe(exit);
  });
});

describe('a run with a mnemonic in the environment', () => {
  it('keeps public roots of its wallets in the manifest, and no file of it holds a key or words', async () => {
    const out = join(dirname(directory), 'named');
    const config = join(dirname(directory), 'named.yaml');
    writeFileSync(config, 'ticks: 6\nworlds: 2\nslots: 6\noutput: { metricsEvery: 6, journalWorlds: 1 }\n');
    expect((await darwin(['run', config, '--out', out], '.')).code).toBe(0);
    expect(readManifest(out).wallets).toEqual(agentRoots(MNEMONIC, 2));
    const { code, stderr } = await darwin(['replay', out, '--ticks', '0..1', '--json'], '.');
    expect(code).toBe(0);
    expect(stderr).not.toContain('other wallets');
    const wallets = new WorldWallets(MNEMONIC, 0);
    const keys = [wallets.agent(0), wallets.agent(1), wallets.operator, wallets.system(0)].map(
      ({ address }) => wallets.keyOf(address)!.slice(2),
    );
    expect(keys[0]).toBe(KEY);
    expect(readdirSync(out, { recursive: true }).length).toBeGreaterThan(4);
    expect(await filesWithSecrets(out, ['xprv', 'junk', 'test test', ...keys])).toEqual([]);
  });

  it('is refused before anything is written where that is none', async () => {
    const out = join(dirname(directory), 'wrong');
    const config = join(dirname(directory), 'named.yaml');
    process.env.DARWIN_MNEMONIC = 'abandon ability';
    try {
      const { code, stderr } = await darwin(['run', config, '--out', out], '.');
      expect(code).toBe(2);
      expect(stderr).toContain('DARWIN_MNEMONIC has 2 words');
      expect(existsSync(out)).toBe(false);
    } finally {
      process.env.DARWIN_MNEMONIC = MNEMONIC;
    }
  });
});

describe('a network of others', () => {
  const ETHER = 10n ** 18n;
  const GWEI = 10 ** 9;
  const SEPOLIA = 11155111;
  let anvil: Anvil;
  let rpc: Rpc;
  const operator = new WorldWallets(MNEMONIC, 0).operator.address;
  const purse = (): Promise<bigint> =>
    rpc.call<`0x${string}`>('eth_getBalance', [operator, 'latest']).then(BigInt);
  const trade = (...more: string[]) =>
    darwin(
      [
        'replay',
        directory,
        '--strategy',
        'champion',
        '--chain',
        'sepolia',
        '--rpc',
        anvil.url,
        '--trade-ticks',
        '3',
        ...more,
      ],
      '.',
    );
  const replay = (...more: string[]) =>
    darwin(['replay', directory, '--chain', 'sepolia', '--rpc', anvil.url, ...more], '.');
  beforeAll(async () => {
    anvil = await startAnvil({ chainId: SEPOLIA, automine: true, baseFee: GWEI, history: true });
    rpc = new Rpc(anvil.url);
    await rpc.call('anvil_setBalance', [operator, numberToHex(ETHER)]);
  });
  afterAll(() => anvil.stop(true));

  it('is not spent on at all where the cap does not reach what it takes', async () => {
    const before = await purse();
    for (const args of [() => trade('--cap', '0.005'), () => replay('--cap', '0.005')]) {
      const { code, stderr } = await args();
      expect(code).toBe(2);
      expect(stderr).toMatch(/this takes about [\d,]+ gas at [\d.]+ gwei, 0\.\d+ ether: the cap is 0\.005/);
    }
    expect(await purse()).toBe(before);
  });

  it('is refused by the address of the wallet that pays where that has no money, or too little', async () => {
    const before = await purse();
    for (const [wei, line] of [
      [0n, `the wallet that pays, ${operator}, holds no ether on Sepolia (send it test ether`],
      [10n ** 15n, `${operator} holds 0.001 on Sepolia (send it test ether`],
    ] as const) {
      await rpc.call('anvil_setBalance', [operator, numberToHex(wei)]);
      const { code, stderr } = await (wei === 0n ? trade() : replay());
      expect(stderr).toContain(line);
      expect(code).toBe(2);
      expect(await purse()).toBe(wei);
    }
    await rpc.call('anvil_setBalance', [operator, numberToHex(before)]);
  });

  it('carries a replay in which agents sign for themselves, who get their gas money out of the cap', async () => {
    const before = await purse();
    const { code, stdout, stderr } = await replay('--ticks', '0..1', '--signed', '1', '--json');
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as {
      match: boolean;
      signed: { transactions: number };
      gas: { perAgent: { address: string }[] };
    };
    expect(report.match).toBe(true);
    expect(report.signed.transactions).toBeGreaterThan(5);
    const wallet = new WorldWallets(MNEMONIC, 0).agent(1).address;
    expect(Number(await rpc.call('eth_getTransactionCount', [wallet, 'latest']))).toBeGreaterThan(0);
    const spent = before - (await purse());
    expect(spent > 0n && spent <= ETHER / 10n).toBe(true);
  });

  it('carries a fresh pool and live trades, within the cap, that end as predicted', async () => {
    const before = await purse();
    const { code, stdout, stderr } = await trade('--cap', '0.1', '--json');
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { strategies: { gap: number }[]; chain: object };
    expect(report.chain).toEqual({ id: SEPOLIA, name: 'Sepolia', own: false });
    expect(report.strategies).toMatchObject([{ gap: 0 }]);
    expect(before - (await purse()) <= ETHER / 10n).toBe(true);
    for (const secret of [KEY, 'junk', 'test test']) expect(`${stdout}${stderr}`).not.toContain(secret);
  });

  it('is not written to in a dry run, and refused under another name', async () => {
    const before = await rpc.call('eth_getTransactionCount', [operator, 'latest']);
    const { stderr } = await darwin(
      ['replay', directory, '--strategy', 'champion', '--chain', 'holesky', '--rpc', anvil.url],
      '.',
    );
    expect(stderr).toContain('the chain has id 11155111, --chain asks for 17000');
    const { code, stdout } = await trade('--dry-run', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      dryRun: true,
      pool: null,
      strategies: [{ trades: 0, fees: '0' }],
    });
    expect(await rpc.call('eth_getTransactionCount', [operator, 'latest'])).toBe(before);
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
