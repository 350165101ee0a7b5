/** The laws over a million agent-ticks of worlds with mechanisms drawn at random; a part of it is in tokenEconomy.test.ts. */
import { expect, it } from 'vitest';
import { lawfulAgentTicks } from './testWorlds.ts';

const TIMEOUT_MS = 600_000;

it(
  'no law breaks in a million agent-ticks of random mechanisms and random actions',
  () => {
    expect(lawfulAgentTicks({ slots: 64, ticks: 150, runs: 190 })).toBeGreaterThan(1_000_000);
  },
  TIMEOUT_MS,
);
