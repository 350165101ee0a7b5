/** What each engine tells about itself before it is opened. */
import type { EngineName } from '../../configs/schema.ts';
import type { Engine } from '../../sim/engine.ts';

/** A row of `darwin engines`. */
export interface EngineStatus {
  readonly name: EngineName;
  readonly available: boolean;
  /** What it would run on; null where it cannot. */
  readonly device: string | null;
  /** What it is, or why it is missing and what would bring it here. */
  readonly reason: string;
  /** A device that software imitates: correct, slow, and never taken by `--engine auto`. */
  readonly imitated?: true;
}

/** What decides about an engine beside what is here. */
export interface RunSize {
  /** Slots of all worlds. */
  readonly agents: number;
  /** Slots of a world. */
  readonly slots: number;
}

/** Runs that an engine is fast at. */
export interface AutoRange {
  readonly agentsFrom: number;
  readonly slotsMost: number;
}

/** An engine that may be here. */
export interface EngineOffer {
  readonly name: EngineName;
  /** Whether it is worth a look for who did not ask for it by name; absent = always. */
  readonly mayBeHere?: () => boolean;
  /** Looks for libraries and devices; loads them only where there is no other way to know. Never throws. */
  readonly probe: () => Promise<EngineStatus>;
  /** Opens the engine. Throws EnvironmentError where it is not available. */
  readonly open: () => Promise<Engine>;
  /** Runs for which `--engine auto` takes it where it is here; absent = only by name. */
  readonly auto?: AutoRange;
}
