import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { HDKey, mnemonicToAccount, privateKeyToAddress } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../sim/core/errors.ts';
import {
  addressOf,
  agentPath,
  agentRoots,
  checkMnemonic,
  OPERATOR_PATH,
  systemPath,
  WorldWallets,
} from './wallet.ts';

/** Known to everybody: the test mnemonic of Hardhat and Foundry, and its first addresses. */
const KNOWN = 'test test test test test test test test test test test junk';

describe('a wallet', () => {
  it('has the address that other wallet programs derive', () => {
    const wallets = new WorldWallets(KNOWN, 0);
    expect(wallets.agent(0).address).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266');
    expect(wallets.agent(1).address).toBe('0x70997970C51812dc3A010C7d01b50e0d17dc79C8');
    expect(agentPath(0, 1)).toBe("m/44'/60'/0'/0/1");
    const there = (path: string) => mnemonicToAccount(KNOWN, { path: path as never }).address;
    expect(OPERATOR_PATH).toBe("m/44'/60'/2147483647'/0/0");
    expect(wallets.operator.address).toBe(there(OPERATOR_PATH));
    expect(new WorldWallets(KNOWN, 3).operator.address).toBe(wallets.operator.address);
    expect(new WorldWallets(KNOWN, 3).system(2).address).toBe(there(systemPath(3, 2)));
    expect(new WorldWallets(KNOWN, 3).agent(2).address).toBe(there(agentPath(3, 2)));
  });

  it('exists for worlds up to 2^31 - 2: the last hardened account is that of keepers', () => {
    expect(new WorldWallets(KNOWN, 2 ** 31 - 2).agent(1).address).toMatch(/^0x/);
    for (const world of [2 ** 31 - 1, -1, 0.5])
      expect(() => new WorldWallets(KNOWN, world)).toThrow(UsageError);
  });

  it('is the same whenever it is asked for, and another one for another agent, world or account', () => {
    const wallets = new WorldWallets(KNOWN, 2);
    const other = new WorldWallets(KNOWN, 3);
    const addresses = [wallets.agent(5), wallets.agent(6), wallets.system(5), other.agent(5)].map(
      ({ address }) => address,
    );
    expect(new Set(addresses).size).toBe(4);
    expect(new WorldWallets(KNOWN, 2).agent(5).address).toBe(addresses[0]);
    expect(wallets.agent(5).publicKey).toMatch(/^0x04[0-9a-f]{128}$/);
  });

  it('exists for serials up to 2^31 - 1', () => {
    const wallets = new WorldWallets(KNOWN, 0);
    expect(wallets.agent(2 ** 31 - 1).address).toMatch(/^0x/);
    for (const serial of [2 ** 31, -1, 0.5]) expect(() => wallets.agent(serial)).toThrow(UsageError);
  });

  it('is derived as BIP-32 says', () => {
    // test vector 1 of BIP-32, chain m/0H/1
    const root = HDKey.fromMasterSeed(Uint8Array.from({ length: 16 }, (_, k) => k));
    expect(root.derive("m/0'/1").publicExtendedKey).toBe(
      'xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ',
    );
  });
});

describe('an address', () => {
  it('follows from the public root of a world alone, whichever agent', () => {
    const [, , root] = agentRoots(KNOWN, 3);
    const wallets = new WorldWallets(KNOWN, 2);
    expect(root).toBe(wallets.agentRoot);
    expect(root).toMatch(/^xpub/);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (serial) => {
        expect(addressOf(root!, serial)).toBe(wallets.agent(serial).address);
      }),
      { numRuns: 20 },
    );
  });

  it('is that of other wallet programs', () => {
    expect(addressOf(agentRoots(KNOWN, 1)[0]!, 1)).toBe('0x70997970C51812dc3A010C7d01b50e0d17dc79C8');
  });

  it('is refused from what is no public root, without telling it', () => {
    expect(() => addressOf('xpub661MyMwAqRbcF', 1)).toThrow(/xpub661M\.\.\. is no extended public key/);
    expect(() => addressOf(agentRoots(KNOWN, 1)[0]!, 2 ** 31)).toThrow(UsageError);
  });
});

describe('a public root together with one private key of its branch', () => {
  const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const hex = (value: bigint) => value.toString(16).padStart(64, '0');
  /** The offset of a plain child's private key from its parent's, and its chain code (BIP-32). */
  function offset(root: HDKey, serial: number): bigint {
    const index = Buffer.alloc(4);
    index.writeUInt32BE(serial);
    const data = Buffer.concat([root.publicKey!, index]);
    const digest = createHmac('sha512', root.chainCode!).update(data).digest('hex');
    return BigInt(`0x${digest.slice(0, 64)}`);
  }

  it('gives the keys of all agents of the world, and neither the operator nor a system account', () => {
    const wallets = new WorldWallets(KNOWN, 1);
    const root = HDKey.fromExtendedKey(agentRoots(KNOWN, 2)[1]!);
    const stolen = BigInt(wallets.keyOf(wallets.agent(4).address)!);
    const branch = (stolen - offset(root, 4) + ORDER) % ORDER;
    const found = (serial: number) =>
      privateKeyToAddress(`0x${hex((branch + offset(root, serial)) % ORDER)}`);
    expect(found(9)).toBe(wallets.agent(9).address);
    const keepers = new Set(
      [wallets.operator, ...[0, 1, 2, 3].map((k) => wallets.system(k))].map((w) => w.address),
    );
    for (let serial = 0; serial < 40; serial++) expect(keepers.has(found(serial))).toBe(false);
  });

  it('is of another hardened account than the operator and every system account, whatever the world', () => {
    const account = (path: string) => path.split('/').slice(0, 4).join('/');
    const world = fc.integer({ min: 0, max: 2 ** 31 - 2 });
    fc.assert(
      fc.property(world, world, fc.nat(40), (root, other, k) => {
        for (const path of [OPERATOR_PATH, systemPath(other, k)]) {
          expect(account(path)).toMatch(/^m\/44'\/60'\/\d+'$/);
          expect(account(path)).not.toBe(account(agentPath(root, k)));
        }
      }),
    );
  });
});

describe('a mnemonic', () => {
  it('is taken with any spaces', () => {
    expect(checkMnemonic(`  ${KNOWN.replaceAll(' ', '\n')} `, 'X')).toBe(KNOWN);
  });

  it('is refused without being told, by its length or by the place of a wrong word', () => {
    expect(() => checkMnemonic(KNOWN.replace(' junk', ''), 'DARWIN_MNEMONIC')).toThrow(
      /DARWIN_MNEMONIC has 11 words/,
    );
    const wrong = KNOWN.replace('junk', 'jnuk');
    expect(() => checkMnemonic(wrong, 'DARWIN_MNEMONIC')).toThrow(/word 12 of DARWIN_MNEMONIC/);
    expect(() => checkMnemonic(wrong, 'DARWIN_MNEMONIC')).not.toThrow(/jnuk|test/);
  });
});
