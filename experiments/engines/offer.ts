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

/** An engine that may be here. */
export interface EngineOffer {
  readonly name: EngineName;
  /** Looks for libraries and devices; loads them only where there is no other way to know. Never throws. */
  readonly probe: () => Promise<EngineStatus>;
  /** Opens the engine. Throws EnvironmentError where it is not available. */
  readonly open: () => Promise<Engine>;
  /** Agents of a run from which on `--engine auto` takes it where it is here; absent = only by name. */
  readonly autoFromAgents?: number;
}
