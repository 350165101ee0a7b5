import { HDKey } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../sim/core/errors.ts';
import { agentPath, checkMnemonic, OPERATOR_PATH, WorldWallets } from './wallet.ts';

/** Known to everybody: the test mnemonic of Hardhat and Foundry, and its first addresses. */
const KNOWN = 'test test test test test test test test test test test junk';

describe('a wallet', () => {
  it('has the address that other wallet programs derive', () => {
    const wallets = new WorldWallets(KNOWN, 0);
    expect(OPERATOR_PATH).toBe("m/44'/60'/0'/0/0");
    expect(wallets.agent(0).address).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266');
    expect(wallets.agent(1).address).toBe('0x70997970C51812dc3A010C7d01b50e0d17dc79C8');
    expect(agentPath(0, 1)).toBe("m/44'/60'/0'/0/1");
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
