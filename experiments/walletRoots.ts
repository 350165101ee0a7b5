/** What a run directory tells of its agents' wallets: extended public keys, where the environment holds a mnemonic. */
import process from 'node:process';

/** The one variable that a mnemonic is read from. */
export const MNEMONIC_VARIABLE = 'DARWIN_MNEMONIC';
/** Worlds whose wallets a manifest tells; each costs it 111 bytes. */
const WORLDS_MOST = 256;

/**
 * Extended public keys of the agents' wallets of the first worlds; null without a mnemonic.
 *
 * @param worlds of all arms
 * @throws UsageError for a mnemonic that is none
 */
export async function walletRoots(worlds: number): Promise<readonly string[] | null> {
  // most runs have no wallets: what derives them is not even loaded
  if ((process.env[MNEMONIC_VARIABLE] ?? '').trim() === '') return null;
  const { agentRoots, checkMnemonic } = await import('../agents/wallet.ts');
  const mnemonic = checkMnemonic(process.env[MNEMONIC_VARIABLE]!, MNEMONIC_VARIABLE);
  return agentRoots(mnemonic, Math.min(worlds, WORLDS_MOST));
}
