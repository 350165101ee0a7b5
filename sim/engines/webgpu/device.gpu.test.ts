import { expect, test } from 'vitest';
import { parseConfig } from '../../../configs/parse.ts';
import { describeOnGpu } from '../../../experiments/testDevice.ts';
import { loadWebGpu } from '../../../experiments/webgpu.ts';
import { CapacityError, EngineError, EnvironmentError } from '../../core/errors.ts';
import { bindingsOf } from './batch.ts';
import { openDevice, USAGE } from './device.ts';
import { OPENING } from './phases/opening.ts';
import { GpuShard } from './shard.ts';

const error = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((caught: unknown) => caught);

await describeOnGpu('a device', (gpu) => {
  test('that is lost in the middle of a run ends it with an error that names it', async () => {
    const own = await openDevice(await loadWebGpu());
    const run = parseConfig('slots: 8\nticks: 100\noutput: { metricsEvery: 5 }');
    const shard = await GpuShard.create(own, run, [0], { laws: false, phases: OPENING.slice(0, 1) });
    expect((await shard.advance(7)).tick).toBe(7);
    own.device.destroy();
    const lost = await error(shard.advance(20));
    expect(lost).toBeInstanceOf(EngineError);
    expect((lost as EngineError).message).toContain(`the GPU '${own.status.name}' was lost`);
    expect((lost as EngineError).hint).toContain('resume from the last checkpoint');
    expect((lost as EngineError).exitCode).toBe(3);
  });

  test('that gives itself back is not lost', async () => {
    const own = await openDevice(await loadWebGpu());
    own.close();
    await own.device.lost;
    expect(() => own.assertWell()).not.toThrow();
  });

  test('refuses a shader that does not compile, with its name, the message and the line', async () => {
    const { plain: layout } = bindingsOf(gpu);
    const code = '@compute @workgroup_size(1) fn main() {\n  let x: u32 = 1.5;\n}';
    const refused = await error(gpu.pipelines('income', code, [{ entryPoint: 'main', layout }]));
    expect(refused).toBeInstanceOf(EngineError);
    expect((refused as Error).message).toMatch(
      /the shader 'income' does not compile .*abstract-float.* in 'let x: u32 = 1\.5;'/,
    );
    const missing = await error(
      gpu.pipelines('income', code.replace('1.5', '1u'), [{ entryPoint: 'other', layout }]),
    );
    expect(missing).toBeInstanceOf(EngineError);
    expect((missing as Error).message).toContain("the shader 'income' cannot run");
    expect(() => gpu.assertWell()).not.toThrow();
  });

  test('refuses a buffer beyond its limit with both figures, and one of that size is not refused for it', async () => {
    const { maxBufferSize } = gpu.device.limits;
    const refused = await error(gpu.buffer('worlds', maxBufferSize + 4, USAGE.storage));
    expect(refused).toBeInstanceOf(CapacityError);
    const gib = (maxBufferSize / 2 ** 30).toFixed(2);
    expect((refused as CapacityError).message).toContain(
      `a buffer of '${gpu.status.name}' ends at ${gib} GiB`,
    );
    (await gpu.storage('small', 64)).destroy();
  });

  test('tells what it was given wrongly at the next occasion, once', async () => {
    const buffer = await gpu.storage('small', 64);
    gpu.device.queue.writeBuffer(buffer, 0, new Uint32Array(100));
    await gpu.device.queue.onSubmittedWorkDone();
    expect(() => gpu.assertWell()).toThrow(EngineError);
    expect(() => gpu.assertWell()).not.toThrow();
  });

  test('reads back what it was given, from any word on', async () => {
    const buffer = await gpu.storage('words', 64);
    gpu.device.queue.writeBuffer(
      buffer,
      0,
      Uint32Array.from({ length: 16 }, (_, k) => k * k),
    );
    expect([...(await gpu.read(buffer, 12, 20))]).toEqual([25, 36, 49]);
  });
});

test('a machine without a driver is told what is missing', async () => {
  const none = { requestAdapter: async () => null } as unknown as GPU;
  const refused = await error(openDevice(none));
  expect(refused).toBeInstanceOf(EnvironmentError);
  expect((refused as EnvironmentError).line).toBe(
    'no GPU was found: no driver of Vulkan, Metal or Direct3D 12 answers (install the driver, or use --engine cpu)',
  );
});

test('an adapter that refuses a device is named', async () => {
  const adapter = {
    limits: {},
    features: new Set(),
    info: { vendor: 'acme', architecture: 'one', device: '', description: '' },
    requestDevice: async () => {
      throw new Error('busy');
    },
  };
  const refused = await error(openDevice({ requestAdapter: async () => adapter } as unknown as GPU));
  expect(refused).toBeInstanceOf(EnvironmentError);
  expect((refused as Error).message).toBe("the GPU 'acme one' refused a device: busy");
});
