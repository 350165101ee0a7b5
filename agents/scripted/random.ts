import type { WorldParameters } from '../../configs/worldParameters.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { chooseOption, logitMask } from '../actions.ts';
import { HEADS } from '../brain/layout.ts';
import type { AgentWorld } from '../columns.ts';

const draws = new DrawSequence();
const masks = new WeakMap<WorldParameters, number>();

/** Chooses uniformly among the options that are not masked, in every head: a learner that never learns. */
export function decideRandom(world: AgentWorld, tick: number, agent: number): void {
  const { parameters } = world;
  let mask = masks.get(parameters);
  if (mask === undefined) {
    mask = logitMask(parameters);
    masks.set(parameters, mask);
  }
  draws.at(parameters.seed, tick, agent, STREAM.scripted);
  for (let h = 0; h < HEADS.length; h++) {
    const { offset, size } = HEADS[h]!;
    let allowed = 0;
    for (let k = 0; k < size; k++) allowed += (mask >>> (offset + k)) & 1;
    let pick = draws.below(Math.max(1, allowed));
    let option = 0;
    for (let k = 0; k < size; k++) {
      if (((mask >>> (offset + k)) & 1) === 0) continue;
      if (pick-- === 0) option = k;
    }
    chooseOption(world, agent, h, option);
  }
}
