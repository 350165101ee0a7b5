/**
 * Wallets (MODEL 8): secp256k1 keys derived from one mnemonic by index (BIP-32, BIP-44), lazily, when a chain needs
 * them. Keys live in memory alone; what is written anywhere is addresses and public keys.
 */
import type { Address, Hex } from 'viem';
import {
  english,
  HDKey,
  mnemonicToAccount,
  type PrivateKeyAccount,
  privateKeyToAccount,
  publicKeyToAddress,
} from 'viem/accounts';
import { UsageError } from '../sim/core/errors.ts';

/** Children of a BIP-32 node that are not hardened. */
const INDEX_MAX = 2 ** 31 - 1;
const WORD_COUNTS: readonly number[] = [12, 15, 18, 21, 24];

/** Branch of agents below `m/44'/60'/world'`. */
const AGENTS = 0;
/**
 * The hardened account of wallets that hold the money of others. No world has its number and its extended public key is never
 * written, so that neither can be told from what manifests hold, not even together with an agent's private key.
 */
const KEEPERS = INDEX_MAX;

/** Where the wallet of the world's agent with a serial is derived, for other wallet programs. Serials begin at 1. */
export const agentPath = (world: number, serial: number): string => `m/44'/60'/${world}'/${AGENTS}/${serial}`;

/** Where the wallet is derived that keeps a system account of a world, such as SYSTEM.treasury. */
export const systemPath = (world: number, account: number): string =>
  `m/44'/60'/${KEEPERS}'/${world + 1}/${account}`;

/** The account that deploys, settles and pays. */
export const OPERATOR_PATH = `m/44'/60'/${KEEPERS}'/0/0`;

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

function assertIndex(index: number): void {
  if (!Number.isInteger(index) || index < 0 || index > INDEX_MAX)
    throw new UsageError(`no wallet has number ${index}`, `serials up to ${INDEX_MAX} have one`);
}

/** The prime of secp256k1's field (SEC 2, version 2, section 2.4.1), which is 3 modulo 4; the curve is y^2 = x^3 + 7. */
const FIELD = 2n ** 256n - 2n ** 32n - 977n;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base % FIELD; exponent > 0n; exponent >>= 1n, square = (square * square) % FIELD)
    if (exponent & 1n) result = (result * square) % FIELD;
  return result;
}

const hex64 = (value: bigint): string => value.toString(16).padStart(64, '0');

/** A public key of 33 bytes as one of 65: the root of x^3 + 7 whose parity the first byte tells (SEC 1, section 2.3.4). */
function uncompressed(key: Uint8Array): Hex {
  const x = key.subarray(1).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const root = power(x ** 3n + 7n, (FIELD + 1n) / 4n);
  const y = (root & 1n) === BigInt(key[0]! & 1) ? root : FIELD - root;
  return `0x04${hex64(x)}${hex64(y)}`;
}

/** Added to the number of a hardened child of a BIP-32 node. */
const HARDENED = 2 ** 31;

/**
 * The extended public keys (BIP-32) of the branches that all agents' wallets are children of, of the first worlds:
 * `addressOf` tells their addresses from them. They sign nothing; together with one private key of its branch, such a key would
 * give all others of it.
 *
 * @param mnemonic as `checkMnemonic` returns it
 */
export function agentRoots(mnemonic: string, worlds: number): string[] {
  const node = mnemonicToAccount(mnemonic, { path: "m/44'/60'" as never }).getHdKey();
  return Array.from(
    { length: worlds },
    (_, world) => node.deriveChild(HARDENED + world).deriveChild(AGENTS).publicExtendedKey,
  );
}

/**
 * The address of an agent, from public knowledge alone.
 *
 * @param root of its world, as a manifest keeps it (agentRoots)
 * @param serial the agent's number within its world
 * @throws UsageError for what is no extended public key, or a serial of 2^31 or more
 */
export function addressOf(root: string, serial: number): Address {
  assertIndex(serial);
  let branch: HDKey;
  try {
    branch = HDKey.fromExtendedKey(root);
  } catch (cause) {
    throw new UsageError(`${root.slice(0, 8)}... is no extended public key`, 'take one of a manifest', {
      cause,
    });
  }
  return publicKeyToAddress(uncompressed(branch.deriveChild(serial).publicKey!));
}

type Branch = ReturnType<ReturnType<typeof mnemonicToAccount>['getHdKey']>;

/** The wallets of one world of a run. */
export class WorldWallets {
  private readonly agents: Branch;
  private readonly keepers: Branch;
  private readonly world: number;
  private readonly known = new Map<string, PrivateKeyAccount>();
  private readonly keys = new Map<Address, Hex>();

  /**
   * @param mnemonic as `checkMnemonic` returns it
   * @throws UsageError for a world of 2^31 - 1 or more
   */
  constructor(mnemonic: string, world: number) {
    for (const index of [world, world + 1]) assertIndex(index);
    this.world = world;
    // the key derivation of BIP-39 is slow by design: once a world
    const ether = mnemonicToAccount(mnemonic, { path: "m/44'/60'" as never }).getHdKey();
    this.agents = ether.deriveChild(HARDENED + world).deriveChild(AGENTS);
    this.keepers = ether.deriveChild(HARDENED + KEEPERS);
  }

  /**
   * The wallet of an agent.
   *
   * @param serial the agent's number within its world
   * @throws UsageError for a serial of 2^31 or more, which BIP-32 has no plain child for
   */
  agent(serial: number): PrivateKeyAccount {
    assertIndex(serial);
    return this.at(agentPath(this.world, serial), () => this.agents.deriveChild(serial));
  }

  /** The public root of the agents' wallets, see agentRoots. */
  get agentRoot(): string {
    return this.agents.publicExtendedKey;
  }

  /** The wallet that keeps a system account such as SYSTEM.treasury. */
  system(account: number): PrivateKeyAccount {
    assertIndex(account);
    return this.at(systemPath(this.world, account), () =>
      this.keepers.deriveChild(this.world + 1).deriveChild(account),
    );
  }

  /** The wallet of OPERATOR_PATH, one for all worlds. */
  get operator(): PrivateKeyAccount {
    return this.at(OPERATOR_PATH, () => this.keepers.deriveChild(0).deriveChild(0));
  }

  /** The private key of a wallet that was asked for before; undefined for any other address. Never to be written. */
  keyOf(address: Address): Hex | undefined {
    return this.keys.get(address);
  }

  private at(path: string, derive: () => Branch): PrivateKeyAccount {
    let account = this.known.get(path);
    if (account === undefined) {
      const key = derive().privateKey!;
      const hex: Hex = `0x${Array.from(key, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
      account = privateKeyToAccount(hex);
      this.known.set(path, account);
      this.keys.set(account.address, hex);
    }
    return account;
  }
}
