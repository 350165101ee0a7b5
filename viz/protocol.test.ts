import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunFrame, WorldFrame } from '../sim/frame.ts';
import { decodeFrame, encodeFrame, joinFrames, splitFrames } from './frameBytes.ts';
import {
  CONTROL_BYTES_MAX,
  type Control,
  PROTOCOL_VERSION,
  ProtocolError,
  parseControl,
  parseServerMessage,
  STEP_TICKS_MAX,
  TICKS_PER_SECOND_MAX,
} from './protocol.ts';
import { sampleFrame, sampleHeader } from './sampleFrames.ts';

const full = { interval: 50, distributions: true };
const bare = { interval: 50, distributions: false };

const floats = (length: number) =>
  fc
    .array(fc.double({ noDefaultInfinity: false }), { minLength: length, maxLength: length })
    .map((values) => Float64Array.from(values));
/** Frames of any shape, whose worlds agree on it. */
const anyFrame: fc.Arbitrary<RunFrame> = fc
  .record({
    worlds: fc.integer({ min: 0, max: 3 }),
    m: fc.integer({ min: 0, max: 5 }),
    p: fc.integer({ min: 1, max: 3 }),
    q: fc.integer({ min: 0, max: 4 }),
    f: fc.integer({ min: 0, max: 5 }),
    l: fc.integer({ min: 0, max: 5 }),
    k: fc.integer({ min: 0, max: 9 }),
    tick: fc.nat(),
  })
  .chain(({ worlds, m, p, q, f, l, k, tick }) => {
    const world: fc.Arbitrary<WorldFrame> = fc.record({
      world: fc.nat(),
      arm: fc.nat(),
      replicate: fc.nat(),
      tick: fc.constant(tick),
      metrics: floats(m),
      populations: fc.array(floats(q), { minLength: p, maxLength: p }),
      geneMean: floats(f),
      geneDeviation: floats(f),
      shadowMean: floats(f),
      lorenzWealth: floats(l),
      lorenzCompute: floats(l),
      bidHistogram: floats(k),
      askHistogram: floats(k),
    });
    return fc
      .array(world, { minLength: worlds, maxLength: worlds })
      .map((all) => ({ tick, ticks: tick + 1, worlds: all, laws: [] }));
  });
const single = (values: Float64Array): number[] => Array.from(values, Math.fround);

describe('frames', () => {
  test('a decoded frame is the encoded one: f64 exactly, f32 to its own precision', () => {
    fc.assert(
      fc.property(anyFrame, fc.boolean(), fc.nat(), (frame, distributions, interval) => {
        const decoded = decodeFrame(encodeFrame(frame, { interval, distributions }));
        expect([decoded.tick, decoded.ticks, decoded.interval]).toEqual([frame.tick, frame.ticks, interval]);
        expect(decoded.worlds.length).toBe(frame.worlds.length);
        for (const [k, world] of frame.worlds.entries()) {
          const got = decoded.worlds[k]!;
          expect([got.world, got.arm, got.replicate]).toEqual([world.world, world.arm, world.replicate]);
          expect([...got.metrics]).toEqual([...world.metrics]);
          expect([...got.populations]).toEqual(world.populations.flatMap((values) => [...values]));
          for (const gene of ['geneMean', 'geneDeviation', 'shadowMean'] as const) {
            expect([...got[gene]]).toEqual(single(world[gene]));
          }
          for (const name of ['lorenzWealth', 'lorenzCompute', 'bidHistogram', 'askHistogram'] as const) {
            expect([...got[name]]).toEqual(distributions ? single(world[name]) : []);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('the documented layout holds: magic, version, counts and the first metric at their offsets', () => {
    const bytes = encodeFrame(sampleFrame(3, { arms: 1, worlds: 2 }), full);
    const view = new DataView(bytes.buffer);
    expect(new TextDecoder().decode(bytes.subarray(0, 4))).toBe('DMF1');
    expect(view.getUint16(4, true)).toBe(PROTOCOL_VERSION);
    expect(view.getFloat64(8, true)).toBe(150);
    expect(view.getUint32(32, true)).toBe(2);
    expect(view.getUint32(48, true)).toBe(bytes.length);
    expect(bytes.length % 8).toBe(0);
    expect(view.getFloat64(56 + 16, true)).toBe(sampleFrame(3, { arms: 1, worlds: 2 }).worlds[0]!.metrics[0]);
  });

  test('a frame that is cut short anywhere is refused, and so is one with bytes to spare', () => {
    const bytes = encodeFrame(sampleFrame(1, { arms: 1, worlds: 1 }), bare);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeFrame(bytes.subarray(0, length))).toThrow(ProtocolError);
    }
    const longer = new Uint8Array(bytes.length + 8);
    longer.set(bytes);
    expect(() => decodeFrame(longer)).toThrow(/damaged/);
  });

  test('a damaged header is refused or read, but never anything else than a ProtocolError', () => {
    const bytes = encodeFrame(sampleFrame(1, { arms: 1, worlds: 1 }), bare);
    fc.assert(
      fc.property(fc.nat({ max: 55 }), fc.nat({ max: 255 }), (at, value) => {
        const damaged = bytes.slice();
        damaged[at] = value;
        try {
          decodeFrame(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(() => decodeFrame(noise)).toThrow(ProtocolError);
      }),
    );
  });

  test('a header that promises more worlds than there are bytes does not allocate them', () => {
    const bytes = encodeFrame(sampleFrame(1, { arms: 1, worlds: 1 }), bare);
    new DataView(bytes.buffer).setUint32(32, 0xffff_ffff, true);
    expect(() => decodeFrame(bytes)).toThrow(ProtocolError);
  });

  test('a frame of another protocol version says so and to reload', () => {
    const bytes = encodeFrame(sampleFrame(1), bare);
    new DataView(bytes.buffer).setUint16(4, PROTOCOL_VERSION + 1, true);
    expect(() => decodeFrame(bytes)).toThrow(`version ${PROTOCOL_VERSION + 1}, not ${PROTOCOL_VERSION}`);
  });

  test('worlds of different shapes are refused before anything is sent', () => {
    const frame = sampleFrame(1, { arms: 1, worlds: 2 });
    const worlds = [frame.worlds[0]!, { ...frame.worlds[1]!, metrics: new Float64Array(3) }];
    expect(() => encodeFrame({ ...frame, worlds }, bare)).toThrow('3 values where the first world has');
  });

  test('a joined history splits into the frames that were joined, and a cut one is refused', () => {
    const frames = [1, 2, 3].map((k) => encodeFrame(sampleFrame(k, { arms: 1, worlds: 1 }), bare));
    const joined = joinFrames(frames);
    expect(splitFrames(joined).map((frame) => frame.tick)).toEqual([50, 100, 150]);
    expect(splitFrames(new Uint8Array(0))).toEqual([]);
    for (const length of [1, 3, 4, frames[0]!.length, joined.length - 1]) {
      expect(() => splitFrames(joined.subarray(0, length))).toThrow(ProtocolError);
    }
  });
});

describe('controls', () => {
  test.each<Control>([
    { type: 'pause' },
    { type: 'resume' },
    { type: 'step', ticks: 1 },
    { type: 'step', ticks: STEP_TICKS_MAX },
    { type: 'speed', ticksPerSecond: null },
    { type: 'speed', ticksPerSecond: 0.5 },
    { type: 'speed', ticksPerSecond: TICKS_PER_SECOND_MAX },
  ])('$type is read as it was written: %o', (control) => {
    expect(parseControl(JSON.stringify(control))).toEqual(control);
  });

  test.each([
    ['', 'not JSON'],
    ['{', 'not JSON'],
    ['null', 'not a JSON object'],
    ['[]', 'not a JSON object'],
    ['"pause"', 'not a JSON object'],
    ['{}', 'message type'],
    ['{"type":"reset"}', 'message type'],
    ['{"type":"__proto__"}', 'message type'],
    ['{"type":"pause","now":true}', "unknown key 'now'"],
    ['{"type":"step"}', 'step.ticks'],
    ['{"type":"step","ticks":0}', 'step.ticks'],
    ['{"type":"step","ticks":-1}', 'step.ticks'],
    ['{"type":"step","ticks":1.5}', 'step.ticks'],
    ['{"type":"step","ticks":"1"}', 'step.ticks'],
    [`{"type":"step","ticks":${STEP_TICKS_MAX + 1}}`, 'step.ticks'],
    ['{"type":"speed"}', 'speed.ticksPerSecond'],
    ['{"type":"speed","ticksPerSecond":0}', 'speed.ticksPerSecond'],
    ['{"type":"speed","ticksPerSecond":1e999}', 'speed.ticksPerSecond'],
    ['{"type":"speed","ticksPerSecond":true}', 'speed.ticksPerSecond'],
  ])('%s is refused: %s', (message, reason) => {
    expect(() => parseControl(message)).toThrow(ProtocolError);
    expect(() => parseControl(message)).toThrow(reason);
  });

  test('a message is read up to the longest length and refused one character above', () => {
    const padded = (length: number): string => '{"type":"pause"}'.padEnd(length, ' ');
    expect(parseControl(padded(CONTROL_BYTES_MAX))).toEqual({ type: 'pause' });
    expect(() => parseControl(padded(CONTROL_BYTES_MAX + 1))).toThrow('longer than');
  });

  test('any JSON is a control or a ProtocolError', () => {
    fc.assert(
      fc.property(fc.json(), (message) => {
        try {
          expect(['pause', 'resume', 'step', 'speed']).toContain(parseControl(message).type);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });
});

describe('messages of the server', () => {
  test.each([
    ['a type of ten thousand letters', { type: 'x'.repeat(10_000) }, "unknown message type 'xxx"],
    ['a type that is no text', { type: { toString: 1 } }, `unknown message type '{"toString":1}'`],
    ['no type', {}, "unknown message type 'null'"],
    ['a version that is no number', { type: 'hello', version: { toString: 1 } }, 'version {"toString":1},'],
  ])('of %s are refused in a short line', (_, message, words) => {
    const read = () => parseServerMessage(JSON.stringify(message));
    expect(read).toThrow(ProtocolError);
    expect(read).toThrow(words);
    expect(read).toThrow(/^.{1,120}$/);
  });

  const hello = {
    type: 'hello',
    version: PROTOCOL_VERSION,
    run: sampleHeader(),
    watchedWorlds: 6,
    metrics: [{ name: 'alive', unit: 'agents', about: 'living agents' }],
    populationMetrics: [],
    rewardFeatures: ['profit'],
  };
  const status = {
    type: 'status',
    state: 'running',
    message: '',
    ticksPerSecond: 1,
    agentStepsPerSecond: 2,
    speed: null,
    dropped: 0,
    thinned: 0,
  };

  test.each([
    hello,
    status,
    { type: 'laws', tick: 1, laws: [] },
    { type: 'ended', state: 'failed', message: 'x' },
  ])('$type is read as it was written', (message) => {
    expect(parseServerMessage(JSON.stringify(message))).toEqual(message);
  });

  test('a hello of another version asks for a reload', () => {
    const other = JSON.stringify({ ...hello, version: PROTOCOL_VERSION + 1 });
    expect(() => parseServerMessage(other)).toThrow(ProtocolError);
    expect(() => parseServerMessage(other)).toThrow(`version ${PROTOCOL_VERSION + 1}`);
  });

  test.each([
    { type: 'unknown' },
    { type: 'toString' },
    { ...status, state: 'asleep' },
    { ...status, dropped: -1 },
    { ...status, message: null },
    { ...hello, run: { ...hello.run, arms: [{ label: 'a' }] } },
    { ...hello, run: null },
    { type: 'laws', tick: 1, laws: [{ name: 'x' }] },
    { type: 'ended', state: 'running', message: '' },
  ])('a message of the wrong form is refused: %o', (message) => {
    expect(() => parseServerMessage(JSON.stringify(message))).toThrow(ProtocolError);
  });
});
