/**
 * Opens a chain for a replay: anvil where no address is given, else one that is no main network. Mnemonics come from
 * the environment, or are made for a local chain and forgotten with it; they are never written anywhere.
 */
import process from 'node:process';
import { formatEther, formatGwei, type Hex, numberToHex } from 'viem';
import { english, generateMnemonic } from 'viem/accounts';
import { checkMnemonic, WorldWallets } from '../../agents/wallet.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { wholeOf } from '../commandLine.ts';
import { figure } from '../terminal.ts';
import { MNEMONIC_VARIABLE } from '../walletRoots.ts';
import { type AnvilOptions, startAnvil } from './anvil.ts';
import { Purse } from './purse.ts';
import { hostOf, Rpc } from './rpc.ts';
import { Sender } from './sender.ts';
import { type Asked, assertNoMainNetwork, assertTestChain, chainIdOf, LOCAL_IDS } from './testNetworks.ts';
import type { ChainAccess, SignedCall } from './transaction.ts';

const WEI_PER_ETHER = 10n ** 18n;
/** Spent at most on a chain of others where no cap is given, wei. */
const DEFAULT_CAP = WEI_PER_ETHER / 10n;

export interface AccessOptions {
  /** Address of a chain; absent = anvil. */
  readonly rpc?: string;
  /** Name or id that the chain must have. */
  readonly chain?: string;
  /** Id of a chain that nobody knows, named on purpose. */
  readonly chainId?: string;
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

/** Ether as wei. Throws UsageError for anything but a positive decimal. */
export function weiOf(option: string, text: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,18}))?$/.exec(text.trim());
  const wei =
    match === null ? 0n : BigInt(match[1]!) * WEI_PER_ETHER + BigInt((match[2] ?? '').padEnd(18, '0'));
  if (wei > 0n) return wei;
  throw new UsageError(`${option} ${text} is no amount of ether`, `for example ${option} 0.05`);
}

/** The mnemonic of the environment, or null. Throws UsageError for one that is none. */
export function givenMnemonic(environment: NodeJS.ProcessEnv = process.env): string | null {
  const text = environment[MNEMONIC_VARIABLE];
  return text === undefined || text.trim() === '' ? null : checkMnemonic(text, MNEMONIC_VARIABLE);
}

/** The wallet of OPERATOR_PATH. */
const operatorOf = (mnemonic: string): SignedCall['from'] => new WorldWallets(mnemonic, 0).operator;

/**
 * Opens what the options ask for.
 *
 * @throws UsageError for a chain that is refused or a mnemonic that is missing, EnvironmentError without anvil,
 * NodeDownError where nobody answers
 */
export async function openChain(options: AccessOptions): Promise<OpenChain> {
  const { rpc: url, chain, cap, anvil } = options;
  const asked: Asked = {
    chain: await chainIdOf(chain),
    id: options.chainId === undefined ? null : wholeOf('--chain-id', options.chainId),
  };
  const spendingCap = cap === undefined ? DEFAULT_CAP : weiOf('--cap', cap);
  for (const id of [asked.chain, asked.id]) if (id !== null) await assertNoMainNetwork(id);
  if (url === undefined) {
    if (asked.chain !== null && !LOCAL_IDS.includes(asked.chain))
      throw new UsageError(`--chain ${chain} needs --rpc`, 'give the address of a node of that network');
    if (asked.id !== null)
      throw new UsageError('--chain-id needs --rpc', 'give the address of a node of that chain');
    return openOwn(anvil);
  }
  if (!/^https?:\/\//.test(url))
    throw new UsageError('--rpc is no HTTP address', 'for example --rpc http://127.0.0.1:8545');
  const rpc = new Rpc(url);
  const chainId = await chainIdAt(rpc);
  const name = await assertTestChain(chainId, asked, url);
  const mnemonic = givenMnemonic();
  if (mnemonic === null)
    throw new UsageError(
      `${MNEMONIC_VARIABLE} is not set`,
      `a chain of others needs a funded wallet: read -rs ${MNEMONIC_VARIABLE} && export ${MNEMONIC_VARIABLE}`,
    );
  const operator = operatorOf(mnemonic);
  return {
    rpc,
    chainId,
    own: false,
    purse: new Purse(spendingCap),
    name,
    mnemonic,
    operator,
    close: async () => {},
  };
}

/** What a chain says its id is. Throws UsageError where that is none. */
async function chainIdAt(rpc: Rpc): Promise<number> {
  const answer = await rpc.call('eth_chainId');
  if (typeof answer === 'string' && /^0x[0-9a-f]+$/i.test(answer)) return Number(answer);
  throw new UsageError(`${hostOf(rpc.url)} tells no chain id`, 'is --rpc the address of an Ethereum node?');
}

/** Throws UsageError where the wallet that pays on a chain of others holds nothing; names it, so that it can be funded. */
async function assertFunded({ rpc, name, operator }: OpenChain): Promise<void> {
  if (BigInt(await rpc.call<Hex>('eth_getBalance', [operator.address, 'latest'])) > 0n) return;
  throw new UsageError(
    `the wallet that pays, ${operator.address}, holds no ether on ${name}`,
    'send it test ether, from a faucet for example',
  );
}

/**
 * Says what work on a chain of others will cost at the price of now, and refuses what the cap or the wallet that pays do not
 * reach, before anything is sent.
 *
 * @param gas of all transactions
 * @param handed wei that other wallets are given on top
 * @throws UsageError where it is too much
 */
export async function assertAffordable(
  chain: OpenChain,
  gas: number,
  handed: bigint,
  say: (line: string) => void,
): Promise<void> {
  await assertFunded(chain);
  const { rpc, purse, operator, name } = chain;
  const { price } = await new Sender(chain, []).prices();
  const cost = BigInt(gas) * price + handed;
  const about = `about ${figure(gas)} gas at ${formatGwei(price)} gwei, ${ether(cost)} ether`;
  say(`${about}, of which the cap allows ${purse.cap === null ? 'any' : formatEther(purse.cap)}`);
  if (!purse.allows(cost))
    throw new UsageError(
      `this takes ${about}: the cap is ${formatEther(purse.cap!)}`,
      'raise --cap, or do less',
    );
  const balance = BigInt(await rpc.call<Hex>('eth_getBalance', [operator.address, 'latest']));
  if (balance < cost)
    throw new UsageError(
      `this takes ${about}: ${operator.address} holds ${ether(balance)} on ${name}`,
      'send it test ether, or do less',
    );
}

/** Ether to four digits. */
const ether = (wei: bigint): string => String(Number(Number(formatEther(wei)).toPrecision(4)));

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
    purse: new Purse(null),
    name: 'anvil',
    mnemonic,
    operator,
    close: () => anvil.stop(),
  };
}
