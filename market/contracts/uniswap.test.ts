import type { Address } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Contract, TestChain } from '../../experiments/replay/testChain.ts';
import { HostileToken, SwapRunner } from '../../experiments/replay/testing.generated.ts';
import { uniswap } from '../../experiments/replay/uniswap.ts';
import { DrawSequence } from '../../sim/core/rng.ts';
import { amountIn, amountOut, amountOutNumber } from '../amm.ts';

const ADMIN = TestChain.actor(0);
const published = uniswap();
const SECOND_IN = 1n << 255n;
const SWAPS = 2000;
/** Reserves of five pools: equal, lopsided, tiny, and up to the largest that a ledger holds beside what comes in. */
const POOLS: readonly (readonly [number, number])[] = [
  [200_000_000, 200_000_000],
  [2_000_000, 900_000_000_000],
  [5_000_000_000_000, 30_000_000],
  [20_000, 50_000],
  [900_000_000_000_000, 1_000_000_000_000_000],
];

let chain: TestChain;
let runner: Contract;
let factory: Contract;
let router: Contract;
beforeAll(async () => {
  chain = await TestChain.start();
  runner = await chain.deploy(SwapRunner, []);
  factory = await chain.deploy(published.factory, [ADMIN]);
  const weth = await chain.deploy(published.weth, []);
  router = await chain.deploy(published.router, [factory.address, weth.address]);
});
afterAll(async () => {
  await chain.anvil.stop();
});

async function pool(reserves: readonly [number, number]) {
  const made = [await chain.deploy(HostileToken, []), await chain.deploy(HostileToken, [])];
  const assets = made.sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1)) as [
    Contract,
    Contract,
  ];
  await chain.send(ADMIN, factory, 'createPair', [assets[0].address, assets[1].address]);
  const address = await chain.read<Address>(factory, 'getPair', [assets[0].address, assets[1].address]);
  const pair: Contract = { address, abi: published.pair.abi as Contract['abi'] };
  for (const [k, asset] of assets.entries()) {
    await chain.send(ADMIN, asset, 'mint', [pair.address, reserves[k]]);
    await chain.send(ADMIN, asset, 'mint', [runner.address, 10n ** 24n]);
  }
  await chain.send(ADMIN, pair, 'mint', [ADMIN]);
  return { assets, pair };
}

/** Inputs from a unit to twice a reserve, evenly on a log scale, in either direction; outputs by the simulator. */
function randomSwaps(seed: number, [first, second]: readonly [number, number]) {
  const draws = new DrawSequence().at(seed, 0, 0, 0);
  const inputs: bigint[] = [];
  const outputs: bigint[] = [];
  const reserves: [number, number] = [first, second];
  while (inputs.length < SWAPS) {
    const secondIn = draws.below(2) === 1;
    const [i, o] = secondIn ? [1, 0] : [0, 1];
    const share = 2 ** -((draws.below(2 ** 20) / 2 ** 20) * 30);
    const input = Math.max(1, Math.floor(2 * Math.min(first, reserves[i]!) * share));
    const out = amountOutNumber(input, reserves[i]!, reserves[o]!);
    // what pays nothing is not swapped
    if (out === 0) continue;
    expect(BigInt(out)).toBe(amountOut(BigInt(input), BigInt(reserves[i]!), BigInt(reserves[o]!)));
    reserves[i] = reserves[i]! + input;
    reserves[o] = reserves[o]! - out;
    inputs.push(BigInt(input) | (secondIn ? SECOND_IN : 0n));
    outputs.push(BigInt(out));
  }
  return { inputs, outputs, reserves };
}

describe('10,000 random swaps', () => {
  it.each(POOLS.map((reserves, k) => [k, reserves] as const))(
    'of pool %i give the simulator’s integers, and a unit more reverts',
    async (k, reserves) => {
      const { assets, pair } = await pool(reserves);
      const swaps = randomSwaps(k + 1, reserves);
      const BATCH = 250;
      for (let from = 0; from < SWAPS; from += BATCH) {
        const args = [
          pair.address,
          assets.map(({ address }) => address),
          swaps.inputs.slice(from, from + BATCH),
          swaps.outputs.slice(from, from + BATCH),
        ];
        // reverts where the pair pays a unit more, and where it does not pay what the simulator says
        await chain.send(ADMIN, runner, 'run', args);
      }
      const [first, second] = await chain.read<[bigint, bigint, number]>(pair, 'getReserves');
      expect([first, second]).toEqual(swaps.reserves.map(BigInt));
    },
  );
});

describe('the router', () => {
  it('quotes what the simulator quotes, and one more than the least input where the division is exact', async () => {
    const draws = new DrawSequence().at(99, 0, 0, 0);
    for (let k = 0; k < 200; k++) {
      const [a, b, x] = [1, 2, 3].map(() => BigInt(1 + draws.below(2 ** (1 + draws.below(31))))) as [
        bigint,
        bigint,
        bigint,
      ];
      expect(await chain.read(router, 'getAmountOut', [x, a, b])).toBe(amountOut(x, a, b));
      if (x >= b) continue;
      const exact = (1000n * a * x) % (997n * (b - x)) === 0n;
      expect(await chain.read(router, 'getAmountIn', [x, a, b])).toBe(amountIn(x, a, b) + (exact ? 1n : 0n));
    }
  });
});
