/** configs/ci.yaml promises every mechanism at once; a golden hash of paths that never run would pin nothing. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { SWAP, SWAP_FIELDS, TOTAL } from '../market/columns.ts';
import { type REASON, REASON_NAMES } from '../market/ledger.ts';
import { Shard } from './shard.ts';

/** Why money moves in classic mechanisms, which stand in for the economy and are not part of it. */
const CLASSIC: readonly (keyof typeof REASON)[] = [
  'randomExchange',
  'contest',
  'orderLocked',
  'orderReleased',
];

/** Why money moves only where a recorded price is given, which a file of this folder alone cannot: market/outsidePrice.test.ts. */
const RECORDED: readonly (keyof typeof REASON)[] = ['outsideTrade'];

describe('configs/ci.yaml', () => {
  const run = parseConfig(readFileSync(new URL('../configs/ci.yaml', import.meta.url), 'utf8'));
  const { ticks, worlds } = run.arms[0]!;
  const shard = new Shard(
    run,
    Array.from({ length: worlds * run.arms.length }, (_, world) => world),
  );
  const moved = new Set<string>(['genesis']);
  const swapped = new Set<string>();
  for (const world of shard.inside()) {
    world.ledger.journal = {
      record: (_tick, _from, _to, _asset, _amount, reason) => {
        moved.add(REASON_NAMES[reason]!);
      },
    };
  }
  for (let tick = 1; tick <= ticks; tick++) {
    shard.advance(tick);
    for (const { columns } of shard.inside()) {
      for (const [name, row] of Object.entries(SWAP))
        if (columns.swapReserves[row * SWAP_FIELDS]! > 0) swapped.add(name);
    }
  }
  const total = (index: number): number =>
    [...shard.inside()].reduce((sum, world) => sum + world.columns.total[index]!, 0);

  it('moves money for every reason that the economy knows', () => {
    const elsewhere: readonly string[] = [...CLASSIC, ...RECORDED];
    const missing = REASON_NAMES.filter((reason) => !moved.has(reason) && !elsewhere.includes(reason));
    expect(missing).toEqual([]);
  });

  it('makes every kind of swap', () => {
    expect([...swapped].sort()).toEqual(Object.keys(SWAP).sort());
  });

  it('has births, deaths, immigrants, trades and labels', () => {
    for (const index of [
      TOTAL.births,
      TOTAL.deaths,
      TOTAL.immigrants,
      TOTAL.computeVolume,
      TOTAL.tasks,
      TOTAL.labels,
    ]) {
      expect(total(index)).toBeGreaterThan(0);
    }
  });
});
