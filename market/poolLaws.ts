/** Laws of the automated market maker: its swaps, and what else may move its reserves. */
import { breach } from './breach.ts';
import { type MarketWorld, POOL_RECORD, SWAP, SWAP_FIELDS, SYSTEM, TOTAL } from './columns.ts';

const SWAPS = Object.entries(SWAP);

/**
 * The product of the AMM's reserves falls in no swap, and nothing else moves the reserves but a redemption: from the
 * opening of the tick to its end, each swap starts where the one before it ended. A redemption adds to no reserve and
 * leaves at least the product of genesis.
 */
export function checkAmm(world: MarketWorld): void {
  const { swapReserves } = world.columns;
  for (const [name, row] of SWAPS) {
    const at = row * SWAP_FIELDS;
    if (swapReserves[at] === 0 || productGrew(swapReserves, at)) continue;
    const before = BigInt(swapReserves[at]!) * BigInt(swapReserves[at + 1]!);
    const after = BigInt(swapReserves[at + 2]!) * BigInt(swapReserves[at + 3]!);
    if (after < before) breach(world, 'amm-k', `amm, swap '${name}'`, `k fell from ${before} to ${after}`);
  }
  // where an environment stands in for the markets no tick of theirs opens, and nothing is on record
  if (world.parameters.environment.kind === 'none') checkReserves(world);
}

/**
 * Whether the product of reserves before a swap is less than that after it, as far as doubles can tell: rounding is
 * monotone, so that a product which is larger when rounded is larger. Ties and fractions are left to big integers.
 */
function productGrew(record: Float64Array, at: number): boolean {
  for (let field = at; field < at + SWAP_FIELDS; field++) {
    if (!Number.isInteger(record[field])) return false;
  }
  return record[at + 2]! * record[at + 3]! > record[at]! * record[at + 1]!;
}

let reservedToken = 0;
let reservedCash = 0;

/** Goes on from the reserves before a swap, which must be those reached, to those after it; fields from `at` on. */
function follow(world: MarketWorld, name: string, record: Float64Array, at: number): void {
  if (record[at] === 0 && record[at + 1] === 0) return;
  expectReserves(world, `before ${name}`, record[at]!, record[at + 1]!);
  reservedToken = record[at + 2]!;
  reservedCash = record[at + 3]!;
}

function expectReserves(world: MarketWorld, when: string, token: number, cash: number): void {
  if (token === reservedToken && cash === reservedCash) return;
  const found = `${when}: ${token} milli-token and ${cash} milli-cash, swaps explain ${reservedToken} and ${reservedCash}`;
  breach(world, 'amm-k', 'amm', found);
}

function checkReserves(world: MarketWorld): void {
  const { columns, balances } = world;
  const { poolRecord, swapReserves, total } = columns;
  reservedToken = poolRecord[POOL_RECORD.openedToken]!;
  reservedCash = poolRecord[POOL_RECORD.openedCash]!;
  follow(world, 'the purchase of consumers', swapReserves, SWAP.consumers * SWAP_FIELDS);
  const at = POOL_RECORD.redemption;
  follow(world, 'the redemption', poolRecord, at);
  if (poolRecord[at] !== 0) {
    const root = BigInt(total[TOTAL.ammRootK]!);
    const k = BigInt(poolRecord[at + 2]!) * BigInt(poolRecord[at + 3]!);
    const adds = poolRecord[at + 2]! > poolRecord[at]! || poolRecord[at + 3]! > poolRecord[at + 1]!;
    if (adds || k < root * root) {
      breach(world, 'amm-k', 'amm, redemption', `k is ${k}, at genesis it was at least ${root * root}`);
    }
  }
  follow(world, 'the sale', swapReserves, SWAP.sale * SWAP_FIELDS);
  follow(world, 'the purchase', swapReserves, SWAP.purchase * SWAP_FIELDS);
  expectReserves(world, 'at the end', balances.systemToken[SYSTEM.amm]!, balances.systemCash[SYSTEM.amm]!);
}
