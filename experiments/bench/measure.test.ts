import { describe, expect, it } from 'vitest';
import { ratioOf, spreadOf, takeTurns } from './measure.ts';
import { benchPage } from './reportPage.ts';
import { scalingSeries, withGrowth } from './scaling.ts';

describe('spreads', () => {
  it('the median of an even number is the mean of the two in the middle', () => {
    expect(spreadOf([4, 1, 3, 2]).median).toBe(2.5);
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });

  it('a ratio compares the same repeats', () => {
    expect(ratioOf([2, 4, 60], [1, 2, 3])).toBe(2);
  });
});

describe('takeTurns', () => {
  it('lets every contender work once a repeat, in turning order', async () => {
    const order: string[] = [];
    const contender = (name: string) => ({
      advance: () => {
        order.push(name);
        return 10;
      },
    });
    const rates = await takeTurns([contender('a'), contender('b')], 3);
    expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect(rates.map((row) => row.length)).toEqual([3, 3]);
    expect(rates.flat().every((rate) => rate > 0)).toBe(true);
  });
});

describe('scaling', () => {
  it('every series ends at the size that was asked for', () => {
    const [inWorlds, inOne, worlds, threads] = scalingSeries(10_000, 100, 3);
    expect(inWorlds!.points.at(-1)!.x).toBe(39 * 256);
    expect(inOne!.points.at(-1)).toMatchObject({ slots: 10_000, worlds: 1 });
    expect(worlds!.points.at(-1)).toMatchObject({ worlds: 100 });
    expect(threads!.points.map(({ threads: count }) => count)).toEqual([1, 2, 3]);
  });

  it('growth is told between the first size of a thousand agents and the last, and of series of agents alone', () => {
    const spread = { median: 1e6, min: 1e6, max: 1e6 };
    const row = { engine: 'cpu', threads: 1, agents: 256, worlds: 1, agentStepsPerSecond: spread };
    const at = (name: string, x: number, ratio: number) => ({ ...row, name: `scaling ${name}`, x, ratio });
    const one = 'agents in one world';
    const rows = [at(one, 100, 3), at(one, 1000, 1), at(one, 10_000, 0.8), at(one, 100_000, 1.2)];
    const grown = withGrowth(rows);
    expect(grown.slice(0, 3)).toEqual(rows.slice(0, 3));
    expect(grown[3]!.note).toBe(
      'an agent-step takes 1.20 times as long at 100,000 agents as at 1,000, the dearest size 1.50 times what the cheapest takes',
    );
    expect(withGrowth(rows.slice(0, 2))).toEqual(rows.slice(0, 2));
    const worlds = [at('worlds of 16 agents', 1000, 1), at('worlds of 16 agents', 4096, 2)];
    expect(withGrowth(worlds)).toEqual(worlds);
  });

  it('the page draws a figure per axis and keeps other rows in a table', () => {
    const hardware = { cpu: 'cpu', cores: 2, memoryGiB: 8, os: 'linux', node: 'v20' };
    const spread = { median: 1e6, min: 1e6, max: 1e6 };
    const row = { engine: 'cpu', threads: 1, agents: 256, worlds: 1, agentStepsPerSecond: spread };
    const scaled = (name: string, x: number) => ({ ...row, name, x, ratio: 1, nsPerAgentStep: 1000 });
    const page = benchPage(hardware, [
      { ...row, name: 'tick', nsPerAgentStep: 1000, phases: { observe: 1 } },
      scaled('scaling agents in one world', 128),
      scaled('scaling agents in worlds of 256', 256),
      scaled('scaling worlds of 16 agents', 8),
    ]);
    expect(page.match(/<figure>/g)).toHaveLength(2);
    expect(page).toContain('agents in one world');
    expect(page).toContain('100.0 %');
  });

  it('the page draws brains beside the whole tick where their share is known, and memory over ticks', () => {
    const hardware = { cpu: 'cpu', cores: 2, memoryGiB: 8, os: 'linux', node: 'v20' };
    const spread = { median: 1e6, min: 1e6, max: 1e6 };
    const row = { engine: 'cpu', threads: 1, agents: 256, worlds: 1, agentStepsPerSecond: spread };
    const point = { ...row, name: 'scaling agents in one world', x: 128, ratio: 1.5, nsPerAgentStep: 1000 };
    expect(benchPage(hardware, [point])).not.toContain('learning and acting alone');
    const page = benchPage(hardware, [
      { ...point, brainShare: 0.8 },
      {
        ...row,
        name: 'memory',
        mebibytes: spread,
        samples: [{ x: 1, y: 90 }],
        ratio: 1,
        bytesPerAgent: 14_000,
      },
    ]);
    expect(page).toContain('agents in one world: learning and acting alone: 128, 1.2');
    expect(page).toContain('<td>800</td>');
    expect(page).toContain('columns are 14000 bytes an agent');
    expect(page.match(/<figure>/g)).toHaveLength(2);
  });
});
