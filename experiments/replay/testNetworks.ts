/** Which chains are allowed: one's own, and test networks that are known or named twice. */
import { UsageError } from '../../sim/core/errors.ts';
import { hostOf } from './rpc.ts';

/** Test networks of the Ethereum Virtual Machine, by chain id (EIP-155); ether on them is worth nothing. */
export const TEST_NETWORKS: Readonly<Record<number, string>> = {
  97: 'BNB Smart Chain Testnet',
  10200: 'Gnosis Chiado',
  17000: 'Holesky',
  43113: 'Avalanche Fuji',
  59141: 'Linea Sepolia Testnet',
  80002: 'Polygon Amoy',
  84532: 'Base Sepolia',
  421614: 'Arbitrum Sepolia',
  534351: 'Scroll Sepolia',
  560048: 'Hoodi',
  11155111: 'Sepolia',
  11155420: 'OP Sepolia',
};
/** Ids that chains on one's own machine have: anvil and hardhat, ganache. */
export const LOCAL_IDS: readonly number[] = [31337, 1337];
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/** What the command line says of the chain that it means. */
export interface Asked {
  /** Id that --chain names; null = none. */
  readonly chain: number | null;
  /** Id that --chain-id names, of a chain that nobody knows; null = none. */
  readonly id: number | null;
}

/** Chains that viem knows, main networks among them. */
async function knownChains(): Promise<{ id: number; name: string; testnet?: boolean | undefined }[]> {
  // hundreds of modules, for chains of others alone
  return Object.values(await import('viem/chains')) as never;
}

/** Whether an address is on this machine. */
export const isLoopback = (url: string): boolean => LOOPBACK.test(hostOf(url));

/**
 * The id that a chain is asked for by name or number; null where none is.
 *
 * @throws UsageError for a name that no network has
 */
export async function chainIdOf(asked: string | undefined): Promise<number | null> {
  if (asked === undefined) return null;
  if (/^\d+$/.test(asked)) return Number(asked);
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  if (plain(asked) === 'mainnet') return 1;
  const own = Object.entries(TEST_NETWORKS).find(([, name]) => plain(name) === plain(asked));
  if (own !== undefined) return Number(own[0]);
  const found = (await knownChains()).find(({ name }) => plain(name) === plain(asked));
  if (found !== undefined) return found.id;
  throw new UsageError(
    `--chain ${asked} is no chain that is known`,
    `for example --chain sepolia; known are ${Object.values(TEST_NETWORKS).join(', ')}`,
  );
}

/** Throws UsageError for a main network, and for what may be one. */
export async function assertNoMainNetwork(id: number): Promise<void> {
  if (TEST_NETWORKS[id] !== undefined || LOCAL_IDS.includes(id)) return;
  const known = (await knownChains()).filter((chain) => chain.id === id);
  if (known.every(({ testnet }) => testnet === true)) return;
  throw new UsageError(
    `chain ${id} is ${known[0]!.name}, a main network: nothing is ever sent there`,
    'use a test network such as sepolia',
  );
}

/**
 * The name of a chain that may be sent to.
 *
 * @param id that it says it has
 * @throws UsageError for a main network, for another chain than the one that is asked for, and for any that is neither
 * known nor one's own unless --chain-id names it
 */
export async function assertTestChain(id: number, asked: Asked, url: string): Promise<string> {
  await assertNoMainNetwork(id);
  for (const [option, wanted] of [
    ['--chain', asked.chain],
    ['--chain-id', asked.id],
  ] as const)
    if (wanted !== null && wanted !== id)
      throw new UsageError(`the chain has id ${id}, ${option} asks for ${wanted}`, 'check --rpc');
  const name = TEST_NETWORKS[id];
  if (name !== undefined) return name;
  const local = LOCAL_IDS.includes(id);
  if (local && isLoopback(url)) return 'local chain';
  if (asked.id === id) return `chain ${id}`;
  throw new UsageError(
    local
      ? `chain ${id} at ${hostOf(url)} is not on this machine`
      : `chain ${id} is no test network that is known`,
    `if nothing there is worth anything, add --chain-id ${id}`,
  );
}
