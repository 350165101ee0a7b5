import { describe, expect, it } from 'vitest';
import { worldParameters } from '../../configs/arms.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { benchEngines, crossingLines, crossingOf, enginesNamed, everyMechanism } from './engines.ts';

describe('engines beside each other', () => {
  it('are rows of the same sizes, the last engine named being what the others are compared with', async () => {
    const rows = await benchEngines({
      agentCounts: [16],
      steps: 60,
      worlds: 2,
      repeats: 1,
      engine: 'tensorflow,cpu',
    });
    expect(rows.map(({ engine, agents, worlds }) => [engine, agents, worlds])).toEqual([
      ['tensorflow', 32, 2],
      ['cpu', 32, 2],
    ]);
    expect(rows[0]!.ratioTo).toBe('cpu');
    expect(rows[1]!.ratio).toBeUndefined();
    for (const { agentStepsPerSecond, bytesPerAgent } of rows) {
      expect(agentStepsPerSecond!.min).toBeGreaterThan(0);
      expect(bytesPerAgent).toBeGreaterThan(0);
    }
  });

  it.each([10, 14, 17, 20, 22])('have an economy of 2^%i agents whose derived relations hold', (power) => {
    const run = everyMechanism(2 ** power, 1);
    expect(run.arms[0]!.slots).toBe(2 ** power);
    expect(worldParameters(run)[0]!.slots).toBe(2 ** power);
  });

  it('cross where the ratio of their rates passes 1, and stays there', () => {
    const at = (...ratios: number[]) => ratios.map((ratio, k) => ({ agents: 100 * 4 ** k, ratio }));
    expect(crossingOf(at(0.5, 2))).toBe(200);
    expect(crossingOf(at(0.25, 2))).toBe(Math.round(100 * 4 ** (2 / 3)));
    // faster, slower, faster: only the last passing counts
    expect(crossingOf(at(2, 0.5, 2))).toBe(800);
    expect(crossingOf(at(1, 3))).toBe(100);
    expect(crossingOf(at(3, 0.99))).toBeNull();
    const row = (agents: number, engine: string, ratio?: number) => ({
      name: 'engines',
      engine,
      threads: 1,
      agents,
      worlds: 1,
      ...(ratio === undefined ? {} : { ratio, ratioTo: 'cpu' }),
    });
    const rows = [row(64, 'webgpu', 0.5), row(64, 'cpu'), row(256, 'webgpu', 2), row(256, 'cpu')];
    expect(crossingLines(rows)).toEqual(['webgpu beside cpu: as fast from 128 agents on']);
    expect(crossingLines(rows.slice(0, 2))).toEqual([
      'webgpu beside cpu: slower at 64 agents, the most measured',
    ]);
    expect(crossingLines(rows.slice(2))).toEqual([
      'webgpu beside cpu: as fast from 256 agents on, the fewest measured',
    ]);
    expect(crossingLines([row(64, 'cpu')])).toEqual([]);
  });

  it('are named as the schema names them', () => {
    expect(enginesNamed('webgpu,cpu')).toEqual(['webgpu', 'cpu']);
    expect(() => enginesNamed('gpu')).toThrow(UsageError);
    expect(() => enginesNamed('cpu,')).toThrow(UsageError);
  });
});
