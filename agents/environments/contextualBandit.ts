/**
 * Linear contextual bandit: each tick every agent sees a fresh context x ~ N(0, I_8) and picks one of four
 * arms; arm a pays theta_a . x plus noise. The thetas are unit vectors drawn once per world. The arms are
 * the options of the mode head, so the learner under test is the one that the economy uses.
 */
import type { WorldParameters } from '../../configs/worldParameters.ts';
import { DrawSequence, STREAM } from '../../sim/core/rng.ts';
import { HEAD_COUNT, HEADS, LANES, laneIndex, OBSERVATION_COUNT } from '../brain/layout.ts';
import type { AgentWorld } from '../columns.ts';
import type { Environment } from './environment.ts';

const CONTEXT = 8;
const ARMS = HEADS[0].size;
/** Agent index under which the thetas are drawn; no slot has it. */
const THETA_AGENT = 0xffff_fff0;
/** Least distance of a uniform from 0 and 1 in the inverse of Student's t2, half a grid step of 24 bits. */
const UNIFORM_EDGE = 2 ** -25;

export function contextualBandit(parameters: WorldParameters): Environment {
  const { noise, noiseShape, rewardScale, scaleTick } = parameters.environment;
  const { seed } = parameters;
  const draws = new DrawSequence();
  const theta = drawArms(draws, seed);
  const context = new Float64Array(CONTEXT);
  let chosenSum = 0;
  let oracleSum = 0;
  let steps = 0;

  /** The context of an agent, drawn again wherever it is needed: nothing is stored. */
  const drawContext = (tick: number, agent: number): void => {
    draws.at(seed, tick, agent, STREAM.environment);
    for (let k = 0; k < CONTEXT; k++) context[k] = draws.normal();
  };
  const payOf = (arm: number): number => {
    let sum = 0;
    for (let k = 0; k < CONTEXT; k++) sum += theta[arm * CONTEXT + k]! * context[k]!;
    return sum;
  };
  // Student's t with two degrees of freedom has a closed inverse distribution function.
  const drawNoise = (): number => {
    if (noiseShape === 'gaussian') return draws.normal();
    const u = Math.min(1 - UNIFORM_EDGE, Math.max(UNIFORM_EDGE, draws.unit()));
    return (2 * u - 1) / Math.sqrt(2 * u * (1 - u));
  };

  return {
    logitMask: (1 << ARMS) - 1,
    observe(world: AgentWorld, tick: number): void {
      const { observation } = world.brain.columns;
      for (let agent = 0; agent < parameters.slots; agent++) {
        drawContext(tick, agent);
        const at = laneIndex(agent, OBSERVATION_COUNT);
        for (let k = 0; k < CONTEXT; k++) observation[at + k * LANES] = context[k]!;
      }
    },
    step(world: AgentWorld, tick: number): void {
      const { action, reward } = world.brain.columns;
      const scale = tick >= scaleTick ? rewardScale : 1;
      for (let agent = 0; agent < parameters.slots; agent++) {
        drawContext(tick, agent);
        const chosen = payOf(action[laneIndex(agent, HEAD_COUNT)]!);
        let best = payOf(0);
        for (let arm = 1; arm < ARMS; arm++) best = Math.max(best, payOf(arm));
        chosenSum += chosen;
        oracleSum += best;
        reward[agent] = scale * (chosen + noise * drawNoise());
      }
      steps++;
    },
    measure() {
      const result = { oracleShare: chosenSum / oracleSum, steps };
      chosenSum = 0;
      oracleSum = 0;
      steps = 0;
      return result;
    },
  };
}

function drawArms(draws: DrawSequence, seed: number): Float64Array {
  const theta = new Float64Array(ARMS * CONTEXT);
  draws.at(seed, 0, THETA_AGENT, STREAM.environment);
  for (let arm = 0; arm < ARMS; arm++) {
    let square = 0;
    for (let k = 0; k < CONTEXT; k++) {
      const x = draws.normal();
      theta[arm * CONTEXT + k] = x;
      square += x * x;
    }
    for (let k = 0; k < CONTEXT; k++) theta[arm * CONTEXT + k]! /= Math.sqrt(square);
  }
  return theta;
}
