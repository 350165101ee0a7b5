/** What of a run the device can do, how its worlds are dealt out to buffers, and how much memory that takes. */
import { type ResolvedRun, worldParameters } from '../../../configs/arms.ts';
import { inOrder, parametersAfter } from '../../../configs/interventions.ts';
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import { CapacityError, UsageError } from '../../core/errors.ts';
import { phasesOf } from '../../tick.ts';
import { batchBytes } from './batch.ts';
import { APART, type DeviceLayout, layOutDevice, WEIGHT_STRIDE } from './layout.ts';
import { CHOICES } from './parameters.ts';
import type { DevicePhase } from './phase.ts';
import { DEVICE_PHASES } from './phases/index.ts';

/** Worlds of one layout that share buffers, by their numbers. */
export interface BatchPlan {
  readonly layout: DeviceLayout;
  readonly worlds: readonly number[];
}

const WORD_BYTES = 4;
/** Workgroups in one dimension of a dispatch. */
const WORLDS_MAX = 65_535;

/** The phases of sim/tick.ts that no world of the device has; `refuse` sees to it. */
const ELSEWHERE = new Set(['double auction', 'exchange', 'contest']);

interface Refusal {
  readonly path: string;
  readonly why: string;
}

/** What of a world's config the device does not run; null where it runs all. */
function refusalOf(p: WorldParameters): Refusal | null {
  const not = (path: string, what: string): Refusal => ({ path, why: what });
  if (p.environment.kind !== 'none')
    return not('world.environment.kind', `environment ${p.environment.kind}`);
  if (p.doubleAuction.enabled) return not('world.doubleAuction.enabled', 'the continuous double auction');
  if (p.randomExchange.kind !== 'off') return not('world.randomExchange.kind', 'random exchange of money');
  if (p.contest.enabled) return not('world.contest.enabled', 'pairwise contests');
  if (p.ownMetrics !== undefined) return not('extensions.metrics', "metrics of one's own");
  if (p.ownFeatures !== undefined) return not('extensions.rewardFeatures', "reward features of one's own");
  for (const [k, { kind }] of p.populations.entries())
    if (kind === 'tabular' || !CHOICES.kind!.includes(kind))
      return not(`populations[${k}].kind`, `populations of kind ${kind}`);
  for (const phase of DEVICE_PHASES.values()) {
    const refused = phase.refuses?.(p);
    if (refused) return refused;
  }
  return null;
}

/** Phases behind those of sim/tick.ts: sums over the interval, and laws. */
const BEHIND = ['measure', 'laws'];

const NAMES: readonly string[] = [
  ...phasesOf({ environment: null }).map(({ name }) => name),
  ...BEHIND,
].filter((name) => !ELSEWHERE.has(name));

/** Phases of a tick that the device does not have; it runs no worlds while there are any. */
export const missingPhases = (): string[] => NAMES.filter((name) => !DEVICE_PHASES.has(name));

/** Phases of a tick of worlds of one batch, in order; those that all of them can do without are left out. */
export function devicePhases(worlds: readonly WorldParameters[]): DevicePhase[] {
  const [missing] = missingPhases();
  if (missing !== undefined)
    throw new UsageError(`the webgpu engine of this version has no phase '${missing}'`, '--engine cpu');
  return NAMES.map((name) => DEVICE_PHASES.get(name)!).filter(
    ({ idle }) => idle === undefined || !worlds.every(idle),
  );
}

/**
 * Refuses what the device would have to leave out.
 *
 * @throws UsageError naming the key of the config
 */
export function refuseElsewhere(run: ResolvedRun): void {
  for (const p of worldParameters(run)) {
    const refused = refusalOf(p);
    if (refused !== null)
      throw new UsageError(`${refused.path}: the webgpu engine has no ${refused.why}`, '--engine cpu');
    devicePhases([p]);
    const { interventions = [] } = run.arms[p.arm]!;
    const planned = inOrder(interventions);
    planned.forEach(({ path }, k) => {
      refuseChange(p, parametersAfter(run.arms[p.arm]!, p, planned.slice(0, k + 1)), path);
    });
  }
  if (run.arms[0]!.output.journalWorlds > 0)
    throw new UsageError(
      'output.journalWorlds: the webgpu engine records no ledger entries',
      '--set output.journalWorlds=0, or --engine cpu',
    );
}

/**
 * Refuses a change of parameters in flight for which buffers or shaders would have to be others.
 *
 * @param founded what the world was founded with
 * @throws UsageError naming the key of the config
 */
export function refuseChange(founded: WorldParameters, next: WorldParameters, path: string): void {
  const phases = new Set(devicePhases([founded]));
  const known = layOutDevice(founded).key === layOutDevice(next).key;
  if (known && devicePhases([next]).every((phase) => phases.has(phase))) return;
  throw new UsageError(
    `interventions: on the webgpu engine a change of ${path} cannot switch on what the run began without`,
    'begin with a value that is not 0, or --engine cpu',
  );
}

/** Bytes of the largest buffer that one world needs. */
const largestBuffer = (layout: DeviceLayout): number => WORD_BYTES * layout.worldWords;

/**
 * Deals worlds out to batches.
 *
 * @param bindingBytes the largest buffer that a shader of the device can see
 * @throws CapacityError with the figure and the nearest number of slots that fits
 */
export function planBatches(parameters: readonly WorldParameters[], bindingBytes: number): BatchPlan[] {
  const plans: { layout: DeviceLayout; worlds: number[]; most: number }[] = [];
  const open = new Map<string, (typeof plans)[number]>();
  for (const p of parameters) {
    const layout = layOutDevice(p);
    const bytes = largestBuffer(layout);
    if (bytes > bindingBytes) throw tooLarge(p, bytes, bindingBytes);
    const known = open.get(layout.key);
    if (known !== undefined && known.worlds.length < known.most) {
      known.worlds.push(p.world);
      continue;
    }
    const brainBytes = layout.brains ? WORD_BYTES * layout.slots * WEIGHT_STRIDE : 0;
    const most = Math.max(1, Math.min(WORLDS_MAX, Math.floor(bindingBytes / Math.max(bytes, brainBytes))));
    const plan = { layout, worlds: [p.world], most };
    plans.push(plan);
    open.set(layout.key, plan);
  }
  return plans;
}

function tooLarge(p: WorldParameters, bytes: number, most: number): CapacityError {
  const fits = (slots: number): boolean => largestBuffer(layOutDevice({ ...p, slots })) <= most;
  let low = 0;
  let high = p.slots;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  const gib = (x: number): string => (x / 2 ** 30).toFixed(2);
  return new CapacityError(
    `a world of ${p.slots} slots needs a buffer of ${gib(bytes)} GiB beside its brains, the GPU's end at ${gib(most)} GiB`,
    `what fits: slots: ${low}`,
  );
}

/** Bytes on the device that a run takes. */
export const plannedBytes = (plans: readonly BatchPlan[]): number =>
  plans.reduce((sum, { layout, worlds }) => sum + batchBytes(layout, worlds.length), 0);

/** Bytes that a step of one learner's brain reads and writes at least: weights and traces twice, its other columns. */
export function brainStepBytes(layout: DeviceLayout): number {
  const columns = layout.columns.filter(({ group }) => group === 'brain');
  const others = columns.reduce((sum, { words }) => sum + words, 0) / layout.slots;
  return WORD_BYTES * 2 * (APART.length * WEIGHT_STRIDE + others);
}
