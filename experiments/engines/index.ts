/** The engines, which of them are here, and which one a run gets. */
import type { EngineName } from '../../configs/schema.ts';
import { EnvironmentError } from '../../sim/core/errors.ts';
import type { Engine } from '../../sim/engine.ts';
import { CPU } from './cpu.ts';
import type { EngineOffer, EngineStatus, RunSize } from './offer.ts';
import { TENSORFLOW } from './tensorflow.ts';
import { WEBGPU } from './webgpu.ts';

/** All engines; `auto` takes the first that is for so many agents, and cpu where none is. */
export const ENGINES: readonly EngineOffer[] = [CPU, WEBGPU, TENSORFLOW];

/** What is here and why not, in the order of `ENGINES`. */
export const engineStatuses = (): Promise<EngineStatus[]> =>
  Promise.all(ENGINES.map((engine) => engine.probe()));

/** An engine, and why it is this one. */
export interface ChosenEngine {
  readonly engine: Engine;
  readonly why: string;
}

/**
 * Opens the engine that is asked for by name, or with `auto` the fastest that is here for so many agents. One that is
 * named is never replaced by another.
 *
 * @param size of the run
 * @throws EnvironmentError when the named engine is not available
 */
export async function openEngine(
  asked: EngineName | 'auto',
  size: RunSize,
  offers: readonly EngineOffer[] = ENGINES,
): Promise<ChosenEngine> {
  if (asked !== 'auto') {
    const offer = offers.find(({ name }) => name === asked)!;
    const { available, reason } = await offer.probe();
    if (!available)
      throw new EnvironmentError(`engine ${asked} is not available: ${reason}`, '--engine auto chooses one');
    return { engine: await offer.open(), why: 'asked for by name' };
  }
  const passedOver: string[] = [];
  for (const { name, mayBeHere, probe, open, auto } of offers) {
    if (auto === undefined) continue;
    if (size.agents < auto.agentsFrom) {
      passedOver.push(`${name} pays from ${auto.agentsFrom} agents on`);
      continue;
    }
    if (size.slots > auto.slotsMost) {
      passedOver.push(`${name} pays in worlds of up to ${auto.slotsMost} slots`);
      continue;
    }
    if (mayBeHere?.() === false) {
      passedOver.push(`${name} finds no driver of a GPU`);
      continue;
    }
    const { available, reason, imitated } = await probe();
    if (available && !imitated)
      return { engine: await open(), why: `auto: ${size.agents} agents in worlds of ${size.slots}` };
    passedOver.push(
      `${name} ${available ? 'would run on a device that software imitates' : `is not here: ${reason}`}`,
    );
  }
  const engine = await offers.find(({ name }) => name === 'cpu')!.open();
  return { engine, why: `auto: ${passedOver.join('; ')}` };
}

export type { EngineOffer, EngineStatus, RunSize } from './offer.ts';
