/** Observations inside whole worlds: what a phase writes must still be there when agents look. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LANES, laneIndex, OBSERVATION_COUNT } from '../agents/brain/layout.ts';
import { OBSERVATIONS } from '../agents/observation.ts';
import { parseSet } from '../configs/overrides.ts';
import { parseConfig } from '../configs/parse.ts';
import { Shard } from './shard.ts';

const every = readFileSync(new URL('../configs/ci.yaml', import.meta.url), 'utf8');

describe('what learners see in a world with every mechanism', () => {
  it.each([
    ['programmatic', ['claims']], // there is no court
    ['legal', []], // suits so cheap that small deals are worth one
  ])('changes in the course of a run, every feature of it: contracts %s', (regime, still) => {
    const run = parseConfig(every, {
      overrides: [`world.trust.regime=${regime}`, 'world.trust.legalCost=0.01'].map(parseSet),
    });
    const shard = new Shard(run, [0]);
    const range = OBSERVATIONS.map(() => ({ low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }));
    for (let tick = 1; tick <= 600; tick++) {
      shard.advance(tick);
      const { brain, parameters } = [...shard.inside()][0]!;
      for (let agent = 0; agent < parameters.slots; agent++) {
        if (brain.columns.active[agent] === 0) continue;
        const first = laneIndex(agent, OBSERVATION_COUNT);
        for (const [k, seen] of range.entries()) {
          const value = brain.columns.observation[first + k * LANES]!;
          seen.low = Math.min(seen.low, value);
          seen.high = Math.max(seen.high, value);
        }
      }
    }
    expect(OBSERVATIONS.filter((_, k) => !(range[k]!.high > range[k]!.low)).map(({ name }) => name)).toEqual(
      still,
    );
  });
});
