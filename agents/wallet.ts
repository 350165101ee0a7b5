/**
 * Wallets (MODEL 8): secp256k1 keys derived from one mnemonic by index (BIP-32, BIP-44), lazily, when a chain needs
 * them. Keys live in memory alone; what is written anywhere is addresses and public keys.
 */
import { english, mnemonicToAccount, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { UsageError } from '../sim/core/errors.ts';

/** Children of a BIP-32 node that are not hardened. */
const INDEX_MAX = 2 ** 31 - 1;
const WORD_COUNTS: readonly number[] = [12, 15, 18, 21, 24];

/** Branches below `m/44'/60'/world'`. */
const BRANCH = { agents: 0, system: 1 } as const;

/** Where the wallet of the world's agent with a serial is derived, for other wallet programs. */
export const agentPath = (world: number, serial: number): string =>
  `m/44'/60'/${world}'/${BRANCH.agents}/${serial}`;

/** The account that deploys and settles: the first one that any wallet program shows for the mnemonic. Serials begin at 1. */
export const OPERATOR_PATH = agentPath(0, 0);

/**
 * A mnemonic with single spaces. The words are never part of a message.
 *
 * @param origin what to name in errors, such as `DARWIN_MNEMONIC`
 * @throws UsageError unless it has 12, 15, 18, 21 or 24 words of the English list of BIP-39
 */
export function checkMnemonic(text: string, origin: string): string {
  const words = text.trim().split(/\s+/);
  if (!WORD_COUNTS.includes(words.length))
    throw new UsageError(
      `${origin} has ${words.length} words, a mnemonic has ${WORD_COUNTS.slice(0, -1).join(', ')} or 24`,
      'set it to the words of one mnemonic, separated by spaces',
    );
  const wrong = words.findIndex((word) => !english.includes(word));
  if (wrong >= 0)
    throw new UsageError(
      `word ${wrong + 1} of ${origin} is not in the English list of BIP-39`,
      'check its spelling',
    );
  return words.join(' ');
}

/** The wallets of one world of a run. */
export class WorldWallets {
  private readonly root: ReturnType<ReturnType<typeof mnemonicToAccount>['getHdKey']>;
  private readonly known = new Map<string, PrivateKeyAccount>();

  /** @param mnemonic as `checkMnemonic` returns it */
  constructor(mnemonic: string, world: number) {
    // the key derivation of BIP-39 is slow by design: once a world
    this.root = mnemonicToAccount(mnemonic, { path: `m/44'/60'/${world}'` as never }).getHdKey();
  }

  /**
   * The wallet of an agent.
   *
   * @param serial the agent's number within its world
   * @throws UsageError for a serial of 2^31 or more, which BIP-32 has no plain child for
   */
  agent(serial: number): PrivateKeyAccount {
    return this.child(BRANCH.agents, serial);
  }

  /** The wallet that keeps a system account such as SYSTEM.treasury. */
  system(account: number): PrivateKeyAccount {
    return this.child(BRANCH.system, account);
  }

  private child(branch: number, index: number): PrivateKeyAccount {
    if (!Number.isInteger(index) || index < 0 || index > INDEX_MAX)
      throw new UsageError(`no wallet has number ${index}`, `serials up to ${INDEX_MAX} have one`);
    const name = `${branch}/${index}`;
    let account = this.known.get(name);
    if (account === undefined) {
      const key = this.root.deriveChild(branch).deriveChild(index).privateKey!;
      account = privateKeyToAccount(
        `0x${Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join('')}`,
      );
      this.known.set(name, account);
    }
    return account;
  }
}
