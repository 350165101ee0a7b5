/** Test support: functions of shaders, called with given words. */

import { worldParameters } from '../../../configs/arms.ts';
import { parseConfig } from '../../../configs/parse.ts';
import { bindingsOf } from './batch.ts';
import { constantsOf, tableWords, WORKGROUP } from './constants.ts';
import type { GpuDevice } from './device.ts';
import { layOutDevice } from './layout.ts';
import { compose, type ShaderModule, state, together } from './modules.ts';

/** Words of one call: 16 in, then 16 out. */
const PROBE_WORDS = 16;

const parameters = worldParameters(parseConfig('slots: 1\nticks: 1'))[0]!;
const layout = layOutDevice(parameters);

/** Calls a shader function with words, once for each row or by all threads of one workgroup together. */
export type Probe = (rows: readonly (readonly number[])[]) => Promise<Uint32Array[]>;

/**
 * Compiles `fn probe(at: u32, lane: u32)`, which reads its words from `state[at]` on and writes up to PROBE_WORDS from
 * `state[at + 16]` on; row k has thread k.
 */
export async function compileProbe(
  gpu: GpuDevice,
  modules: readonly ShaderModule[],
  body: string,
): Promise<Probe> {
  const { device } = gpu;
  const code = [
    constantsOf(layout, parameters, WORKGROUP),
    compose([state, together, ...modules]),
    body,
    `@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  probe((group.x * WORKGROUP + lane) * ${2 * PROBE_WORDS}u, lane);
}`,
  ].join('\n');
  const bindings = bindingsOf(gpu);
  const [pipeline] = await gpu.pipelines('probe', code, [{ entryPoint: 'main', layout: bindings.plain }]);
  const tables = tableWords();
  return async (rows) => {
    const groups = Math.ceil(rows.length / WORKGROUP);
    const items = new Uint32Array(groups * WORKGROUP * 2 * PROBE_WORDS);
    rows.forEach((row, k) => {
      items.set(row, k * 2 * PROBE_WORDS);
    });
    const buffers = [
      await gpu.storage('items', items.byteLength),
      await gpu.storage('parameters', 16),
      await gpu.storage('tables', tables.byteLength),
      await gpu.storage('status', 64),
      await gpu.storage('control', 16),
    ];
    device.queue.writeBuffer(buffers[0]!, 0, items);
    device.queue.writeBuffer(buffers[2]!, 0, tables);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline!);
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    pass.setBindGroup(0, device.createBindGroup({ layout: bindings.world, entries }));
    pass.dispatchWorkgroups(groups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    const out = await gpu.read(buffers[0]!);
    for (const buffer of buffers) buffer.destroy();
    return rows.map((_, k) => out.slice(k * 2 * PROBE_WORDS + PROBE_WORDS, (k + 1) * 2 * PROBE_WORDS));
  };
}

/** The two words of an integer of up to 64 bits. */
export const limbs = (x: bigint): [number, number] => [
  Number(x & 0xffff_ffffn),
  Number((x >> 32n) & 0xffff_ffffn),
];

/** The integer of some words, least significant first. */
export const joined = (words: Iterable<number>): bigint =>
  [...words].reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
