/** `darwin bench ledger`: entries a second of single transfers, and of the passes that move everybody's balance. */
import { SwapRate } from '../../market/amm.ts';
import { ASSET, ledgerColumnSpec, SYSTEM } from '../../market/columns.ts';
import { Ledger, type LevyLeg, REASON } from '../../market/ledger.ts';
import { Arena, columnBytes } from '../../sim/core/columns.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { type BenchOptions, type BenchRow, type Contender, spreadOf, takeTurns } from './measure.ts';

/** An arbitrary seed: the figures do not depend on it. */
const SEED = 20_26;
/** Milli-units of each agent at first, and the most that one entry moves. */
const BALANCE = 1_000_000_000;
const AMOUNT_MAX = 1000;
/** 2^-32: about one in a thousand. */
const SHARE = 2 ** 22;
/** Entries of a portion of work. */
const ENTRIES = 2 ** 18;

/** One ledger with its tape of amounts; every way of moving money brings it back, so that no balance leaves its range. */
function bench(agents: number) {
  const spec = ledgerColumnSpec(agents);
  const balances = new Arena(columnBytes(spec)).columns(spec);
  const ledger = new Ledger(0, balances);
  const supplier = ledger.system(SYSTEM.supplier);
  const draws = new DrawSequence().at(SEED, 0, 0, STREAM.environment);
  const amounts = Uint32Array.from({ length: agents }, () => 1 + draws.below(AMOUNT_MAX));
  const others = Uint32Array.from({ length: agents }, () => draws.below(agents));
  const sum = amounts.reduce((total, amount) => total + amount, 0);
  const leg: LevyLeg = { to: SYSTEM.supplier, reason: REASON.energy, amounts, sum };
  const even = new SwapRate().set(1, 1);
  for (let i = 0; i < agents; i++) {
    ledger.mint(ASSET.token, i, BALANCE, REASON.genesis);
    ledger.mint(ASSET.cash, i, BALANCE, REASON.genesis);
  }
  for (const account of [SYSTEM.supplier, SYSTEM.amm]) {
    ledger.mint(ASSET.token, ledger.system(account), agents * BALANCE, REASON.genesis);
    ledger.mint(ASSET.cash, ledger.system(account), agents * BALANCE, REASON.genesis);
  }
  return {
    ledger,
    ways: [
      [
        'transfer, from agent to agent',
        () => {
          for (let i = 0; i < agents; i++)
            ledger.transfer(ASSET.token, i, others[i]!, amounts[i]!, REASON.task);
          for (let i = 0; i < agents; i++)
            ledger.transfer(ASSET.token, others[i]!, i, amounts[i]!, REASON.task);
        },
      ],
      [
        'transfer, to a system account',
        () => {
          for (let i = 0; i < agents; i++)
            ledger.transfer(ASSET.cash, i, supplier, amounts[i]!, REASON.energy);
          for (let i = 0; i < agents; i++)
            ledger.transfer(ASSET.cash, supplier, i, amounts[i]!, REASON.energy);
        },
      ],
      [
        'collect and distribute',
        () => {
          ledger.collect(ASSET.cash, amounts, [leg]);
          ledger.distribute(ASSET.cash, SYSTEM.supplier, amounts, REASON.dividend);
        },
      ],
      [
        'levy of a share, and distribute',
        () => {
          ledger.levy(ASSET.cash, SYSTEM.supplier, SHARE, REASON.tax);
          ledger.distribute(ASSET.cash, SYSTEM.supplier, amounts, REASON.dividend);
        },
      ],
      [
        'swapEach, there and back',
        () => {
          ledger.swapEach(SYSTEM.amm, ASSET.token, amounts, even, REASON.ammSell);
          ledger.swapEach(SYSTEM.amm, ASSET.cash, amounts, even, REASON.ammBuy);
        },
      ],
    ] as const satisfies readonly (readonly [string, () => void])[],
  };
}

/** Entries that one round of each way stands for, by agent: both ways; a swap has two entries. */
const ENTRIES_PER_AGENT = [2, 2, 2, 2, 4];

/**
 * Measures a ledger without a journal, one thread; the ways take turns. A pass counts the entries that a journal would
 * have seen.
 *
 * @throws LawViolation when money was made or lost
 */
export async function benchLedger(options: BenchOptions = {}): Promise<BenchRow[]> {
  const { agents = 256, repeats = 15 } = options;
  const { ledger, ways } = bench(agents);
  const contenders = ways.map(([, move], k): Contender => {
    const perRound = agents * ENTRIES_PER_AGENT[k]!;
    const rounds = Math.max(1, Math.round(ENTRIES / perRound));
    return {
      advance: () => {
        for (let round = 0; round < rounds; round++) move();
        return rounds * perRound;
      },
    };
  });
  // engines optimise code while it runs
  await takeTurns(contenders, 2);
  const rates = await takeTurns(contenders, repeats);
  ledger.checkConservation();
  return ways.map(([name], k) => ({
    name: `ledger ${name}`,
    engine: 'cpu',
    threads: 1,
    agents,
    worlds: 1,
    entriesPerSecond: spreadOf(rates[k]!),
  }));
}
