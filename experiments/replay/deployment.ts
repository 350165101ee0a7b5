/** Puts the contracts of a world on a chain, and the wallets of its system accounts in their places. */
import {
  type Abi,
  type Address,
  decodeFunctionResult,
  encodeDeployData,
  type Hex,
  keccak256,
  toHex,
  zeroAddress,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { WorldWallets } from '../../agents/wallet.ts';
import { SYSTEM, SYSTEM_COUNT } from '../../market/accounts.ts';
import { AgentRegistry, Escrow, MarketToken, Settlement } from './contracts.generated.ts';
import { Sender } from './sender.ts';
import type { ChainAccess, SignedCall } from './transaction.ts';
import { encode } from './transaction.ts';
import { uniswap } from './uniswap.ts';

export const MAX_UINT = 2n ** 256n - 1n;
/** The ledger's range, milli-units. */
const SUPPLY_CAP = 2n ** 53n - 1n;
/** Seconds; the settler of a replay decides every round in the block that opens it. */
const UNSTAKE_DELAY = 3600n;
const VERDICT_TIMEOUT = 3600n;

/** Addresses of a world's contracts. */
export interface Deployed {
  readonly token: Address;
  readonly cash: Address;
  readonly escrow: Address;
  readonly registry: Address;
  readonly settlement: Address;
  /** Null where the world has no AMM. */
  readonly pair: Address | null;
}

const role = (name: string): Hex => keccak256(toHex(name));
const ABIS = [MarketToken.abi, Escrow.abi, AgentRegistry.abi, Settlement.abi];

/** A world's contracts, and who acts on them. */
export class Deployment {
  readonly sender: Sender;
  readonly operator: PrivateKeyAccount;
  readonly at: Deployed;

  private constructor(sender: Sender, operator: PrivateKeyAccount, at: Deployed) {
    this.sender = sender;
    this.operator = operator;
    this.at = at;
  }

  /**
   * Deploys everything.
   *
   * @param slots agent slots of the world
   * @param withPool whether the world has an AMM
   * @throws EnvironmentError where Uniswap's packages are missing
   */
  static async make(
    chain: ChainAccess,
    wallets: WorldWallets,
    slots: number,
    withPool: boolean,
  ): Promise<Deployment> {
    const { operator } = wallets;
    const published = withPool ? uniswap() : null;
    const sender = new Sender(chain, published === null ? ABIS : [...ABIS, published.pair.abi]);
    const create = async (
      what: string,
      { abi, bytecode }: { abi: readonly unknown[]; bytecode: string },
      args: readonly unknown[],
    ): Promise<Address> => {
      const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args });
      const [receipt] = await sender.send([{ from: operator, data, what: `the creation of ${what}` }]);
      return receipt!.contractAddress!;
    };
    const admin = operator.address;
    const token = await create('the token', MarketToken, ['Darwin Token', 'DTK', SUPPLY_CAP, admin]);
    const cash = await create('the cash', MarketToken, ['Darwin Cash', 'DCS', SUPPLY_CAP, admin]);
    const escrow = await create('escrow', Escrow, [token, cash, UNSTAKE_DELAY, VERDICT_TIMEOUT, admin]);
    const registry = await create('the registry', AgentRegistry, [admin]);
    let pair: Address | null = null;
    if (published !== null) {
      const factory = await create('the factory', published.factory, [admin]);
      const data = encode(published.factory.abi, 'createPair', [token, cash]);
      await sender.send([{ from: operator, to: factory, data, what: 'the creation of the pair' }]);

      pair = await readPair(chain, published.factory.abi, factory, token, cash);
    }
    const system = Array.from({ length: SYSTEM_COUNT }, (_, account): Address => {
      if (account === SYSTEM.amm) return pair ?? zeroAddress;
      return account === SYSTEM.escrow ? escrow : wallets.system(account).address;
    });
    const settlement = await create('settlement', Settlement, [
      token,
      cash,
      escrow,
      registry,
      pair ?? zeroAddress,
      BigInt(slots),
      system,
      admin,
    ]);
    const deployment = new Deployment(sender, operator, { token, cash, escrow, registry, settlement, pair });
    await deployment.grantRoles();
    await deployment.approveSystem(wallets);
    return deployment;
  }

  /** A call of the operator to one of the contracts. */
  call(
    contract: 'token' | 'cash' | 'escrow' | 'registry' | 'settlement',
    functionName: string,
    args: readonly unknown[],
    what: string,
  ): SignedCall {
    return { ...callTo(this.at, contract, functionName, args, what), from: this.operator };
  }

  /** The signed approvals of settlement by a wallet, for both assets; a wallet approves once in its life. */
  async approvalsOf(wallet: PrivateKeyAccount): Promise<{ v: number; r: Hex; s: Hex }[]> {
    const start = performance.now();
    const approvals = [];
    for (const [name, contract] of [
      ['Darwin Token', this.at.token],
      ['Darwin Cash', this.at.cash],
    ] as const) {
      const signature = await wallet.signTypedData({
        domain: { name, version: '1', chainId: this.sender.chain.chainId, verifyingContract: contract },
        types: {
          Permit: [
            { name: 'owner', type: 'address' },
            { name: 'spender', type: 'address' },
            { name: 'value', type: 'uint256' },
            { name: 'nonce', type: 'uint256' },
            { name: 'deadline', type: 'uint256' },
          ],
        },
        primaryType: 'Permit',
        message: {
          owner: wallet.address,
          spender: this.at.settlement,
          value: MAX_UINT,
          nonce: 0n,
          deadline: MAX_UINT,
        },
      });
      approvals.push({
        r: signature.slice(0, 66) as Hex,
        s: `0x${signature.slice(66, 130)}` as Hex,
        v: Number.parseInt(signature.slice(130), 16),
      });
    }
    this.sender.signingSeconds += (performance.now() - start) / 1000;
    return approvals;
  }

  private async grantRoles(): Promise<void> {
    const grant = (contract: 'token' | 'cash' | 'escrow' | 'registry', name: string): SignedCall =>
      this.call(contract, 'grantRole', [role(name), this.at.settlement], `the grant of ${name}`);
    await this.sender.send([
      grant('token', 'MINTER_ROLE'),
      grant('cash', 'MINTER_ROLE'),
      grant('escrow', 'SETTLER_ROLE'),
      grant('registry', 'REGISTRAR_ROLE'),
    ]);
  }

  private async approveSystem(wallets: WorldWallets): Promise<void> {
    const calls: SignedCall[] = [];
    for (let account = 0; account < SYSTEM_COUNT; account++) {
      if (account === SYSTEM.amm || account === SYSTEM.escrow) continue;
      const wallet = wallets.system(account);
      const args = [wallet.address, await this.approvalsOf(wallet)];
      calls.push(this.call('settlement', 'approve', args, 'the approval by a system account'));
    }
    await this.sender.send(calls);
  }
}

const CONTRACTS = {
  token: MarketToken,
  cash: MarketToken,
  escrow: Escrow,
  registry: AgentRegistry,
  settlement: Settlement,
} as const;

/** A call to one of a world's contracts, by whoever signs it. */
export const callTo = (
  at: Deployed,
  contract: keyof typeof CONTRACTS,
  functionName: string,
  args: readonly unknown[],
  what: string,
) => ({ to: at[contract], data: encode(CONTRACTS[contract].abi, functionName, args), what });

async function readPair(
  { rpc }: ChainAccess,
  abi: readonly unknown[],
  factory: Address,
  token: Address,
  cash: Address,
): Promise<Address> {
  const data = encode(abi, 'getPair', [token, cash]);
  const answer = await rpc.call<Hex>('eth_call', [{ to: factory, data }, 'latest']);
  return decodeFunctionResult({ abi: abi as Abi, functionName: 'getPair', data: answer }) as Address;
}
