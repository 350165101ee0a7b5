/** What a phase of a tick is on the device, and the shader that its passes run in. */
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import { BRAIN_THREADS, constantsOf } from './constants.ts';
import type { DeviceLayout } from './layout.ts';
import { brains, compose, type ShaderModule, state, together } from './modules.ts';

/**
 * One dispatch.
 *
 * - `worlds`: a workgroup a world; `entry(lane)` is called by its WORKGROUP threads.
 * - `agents`: a thread a slot, in any order; `entry(agent)`.
 * - `brains`: a workgroup of BRAIN_THREADS a slot; `entry(agent, brain, lane)`, the brain's numbers begin at
 *   brain * WEIGHT_STRIDE of `weights` and `traces`.
 */
export interface DevicePass {
  readonly entry: string;
  readonly over: 'worlds' | 'agents' | 'brains';
}

export interface DevicePhase {
  /** As in sim/tick.ts. */
  readonly name: string;
  /** Its text and what it needs; state.wgsl and workgroup.wgsl are always there. */
  readonly module: ShaderModule;
  readonly passes: readonly DevicePass[];
  /** Whether worlds with these parameters can do without it. Default: none can. */
  readonly idle?: (p: WorldParameters) => boolean;
  /** Why the device cannot run it in such a world: the path of a key of the config, and what of it; null where it can. */
  readonly refuses?: (p: WorldParameters) => { readonly path: string; readonly why: string } | null;
}

const BUILTINS = `@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32`;

/** The name of the entry point of a pass. */
export const entryPoint = ({ entry, over }: DevicePass): string => `${entry}_${over}`;

const ENTRY: Readonly<Record<DevicePass['over'], (entry: string) => string>> = {
  worlds: (entry) => `@compute @workgroup_size(WORKGROUP)
fn ${entry}_worlds(${BUILTINS}) {
  if (isHalted()) {
    return;
  }
  openWorld(group.x);
  ${entry}(lane);
}`,
  agents: (entry) => `@compute @workgroup_size(WORKGROUP)
fn ${entry}_agents(${BUILTINS}) {
  let thread = (group.y * groups.x + group.x) * WORKGROUP + lane;
  if (!isHalted() && thread < worldCount() * SLOTS) {
    openWorld(thread / SLOTS);
    ${entry}(thread % SLOTS);
  }
}`,
  brains: (entry) => `@compute @workgroup_size(${BRAIN_THREADS})
fn ${entry}_brains(${BUILTINS}) {
  let brain = group.y * groups.x + group.x;
  if (!isHalted() && brain < shard.count) {
    let agent = shard.first + brain;
    openWorld(agent / SLOTS);
    ${entry}(agent % SLOTS, brain, lane);
  }
}`,
};

/** The shader of a phase for worlds that lie as `layout` says. */
export function shaderOf(
  { module, passes }: Pick<DevicePhase, 'module' | 'passes'>,
  layout: DeviceLayout,
  p: WorldParameters,
): string {
  const base = passes.some(({ over }) => over === 'brains') ? [state, together, brains] : [state, together];
  return [
    constantsOf(layout, p),
    compose([...base, module]),
    ...passes.map(({ entry, over }) => ENTRY[over](entry)),
  ].join('\n');
}
