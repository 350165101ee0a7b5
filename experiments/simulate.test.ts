import { expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { createSimulation } from '../sim/run.ts';
import { lateLines } from './simulate.ts';

const runOf = (tick: number) =>
  parseConfig(`ticks: 5\nslots: 8\ninterventions: [{ tick: ${tick}, path: world.energy.price, value: 0.9 }]`);
const hashOf = async (tick: number): Promise<string> => {
  const simulation = createSimulation(runOf(tick));
  await simulation.advance(5);
  const hash = await simulation.finalHash();
  await simulation.close();
  return hash;
};

it('a change in flight that comes after the last tick is told, and the one before it changes the run', async () => {
  expect(lateLines(runOf(4))).toEqual([]);
  expect(lateLines(runOf(5))).toEqual([
    'world.energy.price=0.9 at tick 5 does not happen in a run of 5 ticks, unless it goes on',
  ]);
  expect(lateLines(parseConfig('ticks: 5'))).toEqual([]);
  const untouched = await hashOf(4_000_000);
  expect(await hashOf(5)).toBe(untouched);
  expect(await hashOf(4)).not.toBe(untouched);
});
