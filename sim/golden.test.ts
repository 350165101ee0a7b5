/**
 * Pins the whole model bit for bit: the state of `configs/ci.yaml` at sampled ticks, on any machine, Node
 * version and thread count. A change of the model changes it on purpose only: `npm run golden:accept`, with the
 * reason in the commit message.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { Shard } from './shard.ts';
import { combineHashes } from './stateHash.ts';

const GOLDEN = new URL('../configs/ci.golden.json', import.meta.url);
const SAMPLE_EVERY = 50;

interface Golden {
  /** Hash of balances and markets after every tick of every world, chained up to each sampled tick. */
  readonly ledger: Readonly<Record<string, string>>;
  /** Hash of all state, brains included, after the last tick. */
  readonly final: string;
}

function playCi(): Golden {
  const run = parseConfig(readFileSync(new URL('../configs/ci.yaml', import.meta.url), 'utf8'), {
    file: 'ci.yaml',
  });
  const { ticks, worlds } = run.arms[0]!;
  const chains = Array.from({ length: worlds * run.arms.length }, () => '0'.repeat(16));
  const shard = new Shard(
    run,
    chains.map((_, world) => world),
    {
      onTickHash: (world, _tick, hash) => {
        chains[world] = combineHashes([chains[world]!, hash]);
      },
    },
  );
  const ledger: Record<string, string> = {};
  for (let tick = SAMPLE_EVERY; tick <= ticks; tick += SAMPLE_EVERY) {
    shard.advance(tick);
    ledger[tick] = combineHashes(chains);
  }
  shard.advance(ticks);
  return { ledger, final: combineHashes(shard.hashes()) };
}

describe('configs/ci.yaml', () => {
  it('goes through exactly the recorded states', () => {
    const played = playCi();
    if (process.env.GOLDEN_ACCEPT === '1') writeFileSync(GOLDEN, `${JSON.stringify(played, null, 2)}\n`);
    expect(played).toEqual(JSON.parse(readFileSync(GOLDEN, 'utf8')));
  });
});
