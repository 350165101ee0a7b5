/**
 * Opens a chain for a replay: anvil where no address is given, else one that is no main network. Mnemonics come from
 * the environment, or are made for a local chain and forgotten with it; they are never written anywhere.
 */
import process from 'node:process';
import { type Hex, numberToHex } from 'viem';
import { english, generateMnemonic } from 'viem/accounts';
import { checkMnemonic, WorldWallets } from '../../agents/wallet.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { type AnvilOptions, startAnvil } from './anvil.ts';
import { hostOf, Rpc } from './rpc.ts';
import type { ChainAccess, SignedCall } from './sender.ts';

/** The one variable that a mnemonic is read from. */
export const MNEMONIC_VARIABLE = 'DARWIN_MNEMONIC';
/** Ids of chains that run on one's own machine: anvil and hardhat, ganache. */
const LOCAL_IDS = [31337, 1337];
const WEI_PER_ETHER = 10n ** 18n;
/** Spent at most on a chain of others where no cap is given, wei. */
const DEFAULT_CAP = WEI_PER_ETHER / 10n;

export interface AccessOptions {
  /** Address of a chain; absent = anvil. */
  readonly rpc?: string;
  /** Name or id that the chain must have. */
  readonly chain?: string;
  /** Most ether to spend. */
  readonly cap?: string;
  readonly anvil?: AnvilOptions;
}

export interface OpenChain extends ChainAccess {
  readonly name: string;
  readonly mnemonic: string;
  readonly operator: SignedCall['from'];
  close(): Promise<void>;
}

/** Chains that viem knows. */
async function knownChains(): Promise<{ id: number; name: string; testnet?: boolean | undefined }[]> {
  // hundreds of modules, for chains of others alone
  return Object.values(await import('viem/chains')) as never;
}

/** Ether as wei. Throws UsageError for anything but a positive decimal. */
export function weiOf(option: string, text: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,18}))?$/.exec(text.trim());
  const wei =
    match === null ? 0n : BigInt(match[1]!) * WEI_PER_ETHER + BigInt((match[2] ?? '').padEnd(18, '0'));
  if (wei > 0n) return wei;
  throw new UsageError(`${option} ${text} is no amount of ether`, `for example ${option} 0.05`);
}

/**
 * The id that a chain is asked for by name or number; null where none is.
 *
 * @throws UsageError for a name that no test network has
 */
export async function chainIdOf(asked: string | undefined): Promise<number | null> {
  if (asked === undefined) return null;
  if (/^\d+$/.test(asked)) return Number(asked);
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  if (plain(asked) === 'mainnet') return 1;
  const found = (await knownChains()).find(({ name }) => plain(name) === plain(asked));
  if (found !== undefined) return found.id;
  throw new UsageError(
    `--chain ${asked} is no chain that is known`,
    'for example --chain sepolia, or its id',
  );
}

/**
 * Throws UsageError for main networks, for chains that nobody knows unless they are asked for by their id, and for
 * another chain than the one that was asked for.
 */
export async function assertTestChain(id: number, asked: number | null): Promise<string> {
  const known = (await knownChains()).filter((chain) => chain.id === id);
  const [chain] = known;
  if (chain !== undefined && !LOCAL_IDS.includes(id) && !known.every(({ testnet }) => testnet === true))
    throw new UsageError(
      `chain ${id} is ${chain.name}, a main network: nothing is ever sent there`,
      'use a test network such as sepolia',
    );
  if (asked !== null && asked !== id)
    throw new UsageError(`the chain has id ${id}, --chain asks for ${asked}`, 'check --rpc');
  if (chain === undefined && asked === null)
    throw new UsageError(
      `chain ${id} is not known to be a test network`,
      `if it is one of yours, say --chain ${id}`,
    );
  return chain?.name ?? `chain ${id}`;
}

/** The mnemonic of the environment, or null. Throws UsageError for one that is none. */
export function givenMnemonic(environment: NodeJS.ProcessEnv = process.env): string | null {
  const text = environment[MNEMONIC_VARIABLE];
  return text === undefined || text.trim() === '' ? null : checkMnemonic(text, MNEMONIC_VARIABLE);
}

/** The wallet of OPERATOR_PATH. */
const operatorOf = (mnemonic: string): SignedCall['from'] => new WorldWallets(mnemonic, 0).agent(0);

/**
 * Opens what the options ask for.
 *
 * @throws UsageError for a chain that is refused or a mnemonic that is missing, EnvironmentError without anvil,
 * NodeDownError where nobody answers
 */
export async function openChain({ rpc: url, chain, cap, anvil }: AccessOptions): Promise<OpenChain> {
  const asked = await chainIdOf(chain);
  const spendingCap = cap === undefined ? DEFAULT_CAP : weiOf('--cap', cap);
  if (asked !== null) await assertTestChain(asked, asked);
  if (url === undefined) {
    if (asked !== null && !LOCAL_IDS.includes(asked))
      throw new UsageError(`--chain ${chain} needs --rpc`, 'give the address of a node of that network');
    return openOwn(anvil);
  }
  if (!/^https?:\/\//.test(url))
    throw new UsageError(
      `--rpc ${hostOf(url)} is no HTTP address`,
      'for example --rpc http://127.0.0.1:8545',
    );
  const rpc = new Rpc(url);
  const chainId = Number(await rpc.call<Hex>('eth_chainId'));
  const name = await assertTestChain(chainId, asked);
  const mnemonic = givenMnemonic();
  if (mnemonic === null)
    throw new UsageError(
      `${MNEMONIC_VARIABLE} is not set`,
      `a chain of others needs a funded wallet: read its words into ${MNEMONIC_VARIABLE}`,
    );
  const operator = operatorOf(mnemonic);
  return {
    rpc,
    chainId,
    own: false,
    spendingCap,
    name,
    mnemonic,
    operator,
    close: async () => {},
  };
}

async function openOwn(options?: AnvilOptions): Promise<OpenChain> {
  const mnemonic = givenMnemonic() ?? generateMnemonic(english);
  const anvil = await startAnvil(options);
  const rpc = new Rpc(anvil.url);
  const operator = operatorOf(mnemonic);
  await rpc.call('anvil_setBalance', [operator.address, numberToHex(1_000_000n * WEI_PER_ETHER)]);
  return {
    rpc,
    chainId: Number(await rpc.call<Hex>('eth_chainId')),
    own: true,
    // twice the base fee at the beginning, which only demand can raise
    ownFee: 2n * BigInt(options?.baseFee ?? 0),
    spendingCap: null,
    name: 'anvil',
    mnemonic,
    operator,
    close: () => anvil.stop(),
  };
}
