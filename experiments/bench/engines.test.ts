import { describe, expect, it } from 'vitest';
import { worldParameters } from '../../configs/arms.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { benchEngines, enginesNamed, everyMechanism } from './engines.ts';

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

  it('are named as the schema names them', () => {
    expect(enginesNamed('webgpu,cpu')).toEqual(['webgpu', 'cpu']);
    expect(() => enginesNamed('gpu')).toThrow(UsageError);
    expect(() => enginesNamed('cpu,')).toThrow(UsageError);
  });
});
