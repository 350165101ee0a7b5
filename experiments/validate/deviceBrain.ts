/** The brain of the webgpu engine, for trials of its gradients. */
import { headUse, logitMask } from '../../agents/actions.ts';
import { HEADS, OBSERVATION_COUNT, PARAMETER_COUNT } from '../../agents/brain/layout.ts';
import { worldParameters } from '../../configs/arms.ts';
import { parseConfig } from '../../configs/parse.ts';
import { Batch } from '../../sim/engines/webgpu/batch.ts';
import type { GpuDevice } from '../../sim/engines/webgpu/device.ts';
import { takeWords, wordsOfWorld } from '../../sim/engines/webgpu/mirror.ts';
import { BRAIN_PHASE } from '../../sim/engines/webgpu/phases/brain.ts';
import { Shadow } from '../../sim/engines/webgpu/shadow.ts';
import { Stretch } from '../../sim/engines/webgpu/stretch.ts';
import { type BrainOnTrial, GENES, type Lesson } from './brainOnTrial.ts';

const parametersOf = (slots: number) =>
  worldParameters(parseConfig(`slots: ${slots}\nticks: 2\npopulations: [{ name: l, kind: learner }]`))[0]!;

/** A brain on trial whose two ticks are computed on a device; heads are masked as in a plain market. */
export function deviceBrain(gpu: GpuDevice): BrainOnTrial {
  const p = parametersOf(1);
  return {
    name: 'webgpu',
    rules: { logitMask: logitMask(p), headUse: headUse(p) },
    learn: (lessons) => learnOnDevice(gpu, lessons),
  };
}

async function learnOnDevice(gpu: GpuDevice, lessons: readonly Lesson[]) {
  const p = parametersOf(lessons.length);
  const { world } = new Shadow(p).found(p, null, null);
  const { brain } = world;
  lessons.forEach(({ weights }, agent) => {
    brain.writeAgent(agent, weights);
    for (const [gene, value] of Object.entries(GENES))
      brain.columns[gene as keyof typeof GENES][agent] = value;
  });
  const batch = await Batch.allocate(gpu, [p]);
  try {
    const stretch = await Stretch.compile(batch, [BRAIN_PHASE]);
    const step = async (tick: 0 | 1): Promise<void> => {
      lessons.forEach(({ observation, reward }, agent) => {
        brain.writeRows('observation', agent, observation[tick]);
        brain.columns.reward[agent] = tick === 0 ? 0 : reward;
      });
      batch.upload(0, wordsOfWorld(world, batch.layout));
      await stretch.run(tick, tick + 1);
      await batch.assertWell();
      takeWords(world, batch.layout, await batch.download(0));
    };
    const rowsOf = (column: 'input' | 'action' | 'traces', agent: number, count: number): number[] => {
      const rows = new Array<number>(count);
      brain.readRows(column, agent, rows);
      return rows;
    };
    await step(0);
    const acted = lessons.map((_, agent) => ({
      input: rowsOf('input', agent, OBSERVATION_COUNT),
      action: rowsOf('action', agent, HEADS.length),
    }));
    await step(1);
    return lessons.map(({ weights }, agent) => ({
      weights,
      ...acted[agent]!,
      tdError: brain.columns.tdError[agent]!,
      traces: rowsOf('traces', agent, PARAMETER_COUNT),
    }));
  } finally {
    batch.destroy();
  }
}
