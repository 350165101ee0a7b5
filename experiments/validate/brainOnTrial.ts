/** What a brain has to show for its gradients to be tried (gradients.ts). */
import type { LearnerOptions } from '../../agents/brain/specification.ts';

/** Genes with which traces after one step from nothing are the gradients themselves. */
export const TAU = 0.1;
/** The learner genes of every trial. */
export const GENES = { gamma: 0.95, lambda: 0.5, tau: TAU, kappaActor: 3, kappaCritic: 2, alpha: 1 } as const;

/** What an agent is given: its parameters, and what it observes and earns in two ticks. */
export interface Lesson {
  readonly weights: Float32Array;
  readonly observation: readonly [Float32Array, Float32Array];
  readonly reward: number;
}

/** What a brain learned from in its second tick, and the traces that this left. */
export interface Learned {
  readonly weights: ArrayLike<number>;
  /** Normalised observation of the first tick [OBSERVATION_COUNT]. */
  readonly input: ArrayLike<number>;
  /** Options taken in the first tick [HEAD_COUNT]. */
  readonly action: ArrayLike<number>;
  readonly tdError: number;
  /** Gradient of log pi + tau sign(delta) H, then of V [PARAMETER_COUNT]. */
  readonly traces: ArrayLike<number>;
}

/** What a policy may choose. */
export type Rules = Pick<LearnerOptions, 'logitMask' | 'headUse'>;

/**
 * A brain whose gradients are on trial: it acts on the first observation, learns at the second one from traces that are
 * zero, and shows what it learned from. Another engine's brain joins by a line in `brainsOnTrial`.
 */
export interface BrainOnTrial {
  readonly name: string;
  /** Options that are open, bit by logit, and heads that each mode counts; LOGIT_MASK and HEAD_USE by default. */
  readonly rules?: Rules;
  readonly learn: (lessons: readonly Lesson[], seed: number) => Promise<readonly Learned[]>;
}
