import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { BATCH_ROWS } from './recorder.ts';
import { Shard } from './shard.ts';

const recorded = (slots: number, ticks: number, agentsEvery: number) => {
  const run = parseConfig(`
slots: ${slots}
ticks: ${ticks}
output: { metricsEvery: ${ticks}, agentsEvery: ${agentsEvery}, lineage: false, tradesWorlds: 0 }
world: { demography: { enabled: false } }
populations: [{ name: random, kind: random }]
`);
  return new Shard(run, [0]).advance(ticks).batches.filter(({ table }) => table === 'agents');
};

describe('rows of a run', () => {
  it('come in batches of bounded size, in order, none lost at a border', () => {
    const slots = BATCH_ROWS / 2 + 1;
    const batches = recorded(slots, 2, 1);
    expect(batches.map(({ rows }) => rows)).toEqual([BATCH_ROWS, 2]);
    const column = (name: string): number[] =>
      batches.flatMap(({ columns }) => Array.from(columns[name] as ArrayLike<number>));
    const agents = Array.from({ length: slots }, (_, slot) => slot);
    expect(column('slot')).toEqual([...agents, ...agents]);
    expect(column('tick')).toEqual([...agents.map(() => 1), ...agents.map(() => 2)]);
  });

  it('own the memory of their columns, so that batches can move between threads', () => {
    for (const slots of [1, 64, 65, 300])
      for (const { rows, columns } of recorded(slots, 3, 1))
        for (const values of Object.values(columns)) {
          expect(values.length).toBe(rows);
          if (ArrayBuffer.isView(values)) expect(values.buffer.byteLength).toBe(values.byteLength);
        }
  });
});
