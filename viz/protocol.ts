/**
 * What the server of a live run and its page say to each other, in one place and versioned. Text messages
 * are JSON objects with a `type`; frames are binary. Both sides read whatever arrives through the parsers
 * below, which accept a message or throw a ProtocolError, and never anything else.
 *
 * Paths: `/api/live` (WebSocket), `/api/run` (the hello as JSON), `/api/history` (past frames, each
 * preceded by its length as u32), `/api/health`.
 *
 * A binary frame, little-endian, every block a multiple of eight bytes:
 *
 *   header, 56 bytes
 *     0 u32 magic "DMF1"      4 u16 version            6 u16 flags (1 = distributions present)
 *     8 f64 tick             16 f64 ticks of the run  24 f64 ticks that the counts cover
 *    32 u32 worlds           36 u16 metrics (M)       38 u16 populations (P)
 *    40 u16 population metrics (Q)                    42 u16 reward features (F)
 *    44 u16 Lorenz points (L)                         46 u16 price levels (K)
 *    48 u32 bytes of the whole frame                  52 u32 zero
 *   then per world
 *     u32 world, u32 arm, u32 replicate, u32 zero
 *     f64 metrics [M], f64 populations [P x Q]
 *     f32 geneMean [F], geneDeviation [F], shadowMean [F]
 *     f32 lorenzWealth [L], lorenzCompute [L], bidHistogram [K], askHistogram [K], with flag 1 only
 *     zeros to a multiple of 8
 */
import { DarwinError, EXIT } from '../sim/core/errors.ts';
import type { LawStatus, RunFrame } from '../sim/frame.ts';
import type { Metric } from '../sim/metrics/table.ts';

export const PROTOCOL_VERSION = 3;
/** Longest text message that the server accepts from a page, bytes. */
export const CONTROL_BYTES_MAX = 1024;
/** Longest binary frame that either side accepts, bytes. */
const FRAME_BYTES_MAX = 64 * 2 ** 20;
/** Most ticks of one step, and fastest speed that can be asked for. */
export const STEP_TICKS_MAX = 1_000_000;
export const TICKS_PER_SECOND_MAX = 1_000_000;

/** A message or frame that does not follow this file. Exit code 2. */
export class ProtocolError extends DarwinError {
  readonly code = 'protocol';
  readonly exitCode = EXIT.badInput;
}

/** What is fixed for a run; the command line fills it in from the config. */
export interface RunHeader {
  readonly name: string;
  readonly description: string;
  /** Ticks that the run is to have. */
  readonly ticks: number;
  /** Worlds (seeds) of each arm. */
  readonly worlds: number;
  /** Agent slots of each world. */
  readonly slots: number;
  /** Ticks of an interval of the metrics: what is counted per interval starts anew at its multiples. */
  readonly metricsEvery: number;
  readonly arms: readonly ArmHeader[];
  readonly populations: readonly PopulationHeader[];
  /** Metrics of the run's own, which follow the built-in ones in a frame. */
  readonly ownMetrics: readonly Metric[];
}
export interface ArmHeader {
  /** What sets the arm apart, such as `demography.lottery = uniform`. */
  readonly label: string;
  /** Token per cu at each level of the compute auction, increasing, [PRICE_LEVELS]. */
  readonly computePrices: readonly number[];
}
export interface PopulationHeader {
  readonly name: string;
  readonly kind: string;
}

/** First message on a connection, and again when another run begins in the place of the one before. */
export interface Hello {
  readonly type: 'hello';
  readonly version: typeof PROTOCOL_VERSION;
  readonly run: RunHeader;
  /** Worlds whose frames are sent; fewer than arms x worlds in a very large run. */
  readonly watchedWorlds: number;
  /** What the numbers of a frame are, in order. */
  readonly metrics: readonly Metric[];
  readonly populationMetrics: readonly Metric[];
  readonly rewardFeatures: readonly string[];
}

/** stopped: somebody ended it before its last tick, and it can go on. */
export const RUN_STATES = ['running', 'paused', 'finished', 'stopped', 'failed'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** How the run stands; sent when it changes and a few times a second. */
export interface Status {
  readonly type: 'status';
  readonly state: RunState;
  /** What the terminal says, such as the line of an error; empty when there is nothing to say. */
  readonly message: string;
  readonly ticksPerSecond: number;
  readonly agentStepsPerSecond: number;
  /** Speed limit in force; null = as fast as it goes. */
  readonly speed: number | null;
  /** Frames that this connection was too slow for. */
  readonly dropped: number;
  /** Frames left out for everybody because they came faster than a page redraws. */
  readonly thinned: number;
}

/** How each economic law stands at a tick. */
export interface Laws {
  readonly type: 'laws';
  readonly tick: number;
  readonly laws: readonly LawStatus[];
}

/** Last message of a run; the connection stays open so that the result can be looked at. */
export interface Ended {
  readonly type: 'ended';
  readonly state: 'finished' | 'stopped' | 'failed';
  readonly message: string;
}

export type ServerMessage = Hello | Status | Laws | Ended;

/** What a watcher may ask for. */
export type Control =
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Advance so many ticks, then pause. */
  | { readonly type: 'step'; readonly ticks: number }
  /** Limit the speed; null = as fast as it goes. */
  | { readonly type: 'speed'; readonly ticksPerSecond: number | null };

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('message is not JSON', 'send one JSON object per message', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('message is not a JSON object');
  }
  return value as JsonObject;
}

function requireKeys(message: JsonObject, keys: readonly string[]): void {
  for (const key of Object.keys(message)) {
    if (!keys.includes(key)) throw new ProtocolError(`message has an unknown key '${key.slice(0, 40)}'`);
  }
}

const isCount = (value: unknown, max = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;

/** Reads a control message. Throws ProtocolError for anything that is not exactly one of Control. */
export function parseControl(text: string): Control {
  if (text.length > CONTROL_BYTES_MAX) {
    throw new ProtocolError(`message of ${text.length} characters is longer than ${CONTROL_BYTES_MAX}`);
  }
  const message = parseObject(text);
  switch (message.type) {
    case 'pause':
    case 'resume':
      requireKeys(message, ['type']);
      return { type: message.type };
    case 'step': {
      requireKeys(message, ['type', 'ticks']);
      if (!isCount(message.ticks, STEP_TICKS_MAX) || message.ticks === 0) {
        throw new ProtocolError(`step.ticks must be a whole number from 1 to ${STEP_TICKS_MAX}`);
      }
      return { type: 'step', ticks: message.ticks };
    }
    case 'speed': {
      requireKeys(message, ['type', 'ticksPerSecond']);
      const speed = message.ticksPerSecond;
      if (speed === null) return { type: 'speed', ticksPerSecond: null };
      if (typeof speed !== 'number' || !(speed > 0 && speed <= TICKS_PER_SECOND_MAX)) {
        throw new ProtocolError(
          `speed.ticksPerSecond must be null or above 0, at most ${TICKS_PER_SECOND_MAX}`,
        );
      }
      return { type: 'speed', ticksPerSecond: speed };
    }
    default:
      throw new ProtocolError('message type must be one of pause, resume, step, speed');
  }
}

/** Whether a value has the form that a message needs. */
type Check = (value: unknown) => boolean;
const text: Check = (value) => typeof value === 'string';
const count: Check = (value) => isCount(value);
const rate: Check = (value) => typeof value === 'number' && value >= 0;
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shape =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(checks).every(([key, check]) => check((value as JsonObject)[key]));
const either =
  (...checks: Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const exactly =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);
const finite: Check = (value) => Number.isFinite(value);

const metric = shape({ name: text, unit: text, about: text });
const SERVER_MESSAGES: Readonly<Record<ServerMessage['type'], Check>> = {
  hello: shape({
    run: shape({
      name: text,
      description: text,
      ticks: count,
      worlds: count,
      slots: count,
      metricsEvery: count,
      arms: listOf(shape({ label: text, computePrices: listOf(finite) })),
      populations: listOf(shape({ name: text, kind: text })),
      ownMetrics: listOf(metric),
    }),
    watchedWorlds: count,
    metrics: listOf(metric),
    populationMetrics: listOf(metric),
    rewardFeatures: listOf(text),
  }),
  status: shape({
    state: exactly(...RUN_STATES),
    message: text,
    ticksPerSecond: rate,
    agentStepsPerSecond: rate,
    speed: either(exactly(null), rate),
    dropped: count,
    thinned: count,
  }),
  laws: shape({
    tick: count,
    laws: listOf(
      shape({
        name: text,
        about: text,
        checks: count,
        lastTick: finite,
        violated: either(exactly(null), text),
        margin: either(
          exactly(undefined),
          shape({ what: text, unit: text, largest: either(exactly(null), finite), limit: finite }),
        ),
        noMargin: either(exactly(undefined), text),
      }),
    ),
  }),
  ended: shape({ state: exactly('finished', 'stopped', 'failed'), message: text }),
};

/** What somebody sent, for an error of one line. */
const brief = (value: unknown): string =>
  (typeof value === 'string' ? value : JSON.stringify(value ?? null)).slice(0, 40);

/** Reads a text message of the server. Throws ProtocolError when it is malformed or of another version. */
export function parseServerMessage(message: string): ServerMessage {
  const value = parseObject(message);
  const type = brief(value.type);
  if (!Object.hasOwn(SERVER_MESSAGES, type)) throw new ProtocolError(`unknown message type '${type}'`);
  if (type === 'hello' && value.version !== PROTOCOL_VERSION) {
    throw new ProtocolError(
      `the server speaks protocol version ${brief(value.version)}, this page version ${PROTOCOL_VERSION}`,
      'reload the page',
    );
  }
  if (!SERVER_MESSAGES[type as ServerMessage['type']](value)) {
    throw new ProtocolError(
      `message '${type}' does not have the form of protocol version ${PROTOCOL_VERSION}`,
    );
  }
  return value as unknown as ServerMessage;
}

/** One world of a decoded frame; the distributions are empty in frames that were sent without them. */
export interface WatchedWorld {
  readonly world: number;
  readonly arm: number;
  readonly replicate: number;
  /** [M] */
  readonly metrics: Float64Array;
  /** [P x Q], population-major. */
  readonly populations: Float64Array;
  /** [F] each. */
  readonly geneMean: Float32Array;
  readonly geneDeviation: Float32Array;
  readonly shadowMean: Float32Array;
  /** [L] each, or empty. */
  readonly lorenzWealth: Float32Array;
  readonly lorenzCompute: Float32Array;
  /** [K] each, or empty. */
  readonly bidHistogram: Float32Array;
  readonly askHistogram: Float32Array;
}

export interface WatchedFrame {
  readonly tick: number;
  readonly ticks: number;
  /** Ticks that the values per interval cover. */
  readonly interval: number;
  readonly worlds: readonly WatchedWorld[];
}

const MAGIC = 0x31_46_4d_44;
const HEADER_BYTES = 56;
const WORLD_HEADER_BYTES = 16;
const FLAG_DISTRIBUTIONS = 1;

interface Dimensions {
  readonly metrics: number;
  readonly populations: number;
  readonly populationMetrics: number;
  readonly features: number;
  readonly lorenzPoints: number;
  readonly priceLevels: number;
}

const align8 = (bytes: number): number => Math.ceil(bytes / 8) * 8;

function worldBytes(d: Dimensions, distributions: boolean): number {
  const doubles = d.metrics + d.populations * d.populationMetrics;
  const floats = 3 * d.features + (distributions ? 2 * d.lorenzPoints + 2 * d.priceLevels : 0);
  return align8(WORLD_HEADER_BYTES + 8 * doubles + 4 * floats);
}

/** How a frame is sent: how many ticks it covers, and whether with Lorenz curves and order histograms. */
export interface FrameOptions {
  readonly interval: number;
  readonly distributions: boolean;
}

const NOTHING = new Float64Array(0);

/** The bytes of a frame. Throws ProtocolError when its worlds differ in shape or it would be too long. */
export function encodeFrame(frame: RunFrame, options: FrameOptions): Uint8Array<ArrayBuffer> {
  const { worlds } = frame;
  const first = worlds[0];
  const own = first?.ownMetrics?.length ?? 0;
  const d: Dimensions = {
    metrics: (first?.metrics.length ?? 0) + own,
    populations: first?.populations.length ?? 0,
    populationMetrics: first?.populations[0]?.length ?? 0,
    features: first?.geneMean.length ?? 0,
    lorenzPoints: first?.lorenzWealth.length ?? 0,
    priceLevels: first?.bidHistogram.length ?? 0,
  };
  const total = HEADER_BYTES + worlds.length * worldBytes(d, options.distributions);
  if (total > FRAME_BYTES_MAX) {
    throw new ProtocolError(
      `frame of ${total} bytes is longer than ${FRAME_BYTES_MAX}`,
      'watch fewer worlds',
    );
  }
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, PROTOCOL_VERSION, true);
  view.setUint16(6, options.distributions ? FLAG_DISTRIBUTIONS : 0, true);
  view.setFloat64(8, frame.tick, true);
  view.setFloat64(16, frame.ticks, true);
  view.setFloat64(24, options.interval, true);
  view.setUint32(32, worlds.length, true);
  const sizes = [d.metrics, d.populations, d.populationMetrics, d.features, d.lorenzPoints, d.priceLevels];
  sizes.forEach((size, k) => {
    if (size > 0xffff) throw new ProtocolError(`frame has ${size} values in a row; at most 65535`);
    view.setUint16(36 + 2 * k, size, true);
  });
  view.setUint32(48, total, true);

  let at = HEADER_BYTES;
  const put = (values: Float64Array, size: number, width: 4 | 8, world: number): void => {
    if (values.length !== size) {
      throw new ProtocolError(`world ${world} has ${values.length} values where the first world has ${size}`);
    }
    for (let k = 0; k < size; k++, at += width) {
      if (width === 8) view.setFloat64(at, values[k]!, true);
      else view.setFloat32(at, values[k]!, true);
    }
  };
  for (const w of worlds) {
    view.setUint32(at, w.world, true);
    view.setUint32(at + 4, w.arm, true);
    view.setUint32(at + 8, w.replicate, true);
    at += WORLD_HEADER_BYTES;
    put(w.metrics, d.metrics - own, 8, w.world);
    put(w.ownMetrics ?? NOTHING, own, 8, w.world);
    if (w.populations.length !== d.populations) {
      throw new ProtocolError(
        `world ${w.world} has ${w.populations.length} populations, not ${d.populations}`,
      );
    }
    for (const p of w.populations) put(p, d.populationMetrics, 8, w.world);
    put(w.geneMean, d.features, 4, w.world);
    put(w.geneDeviation, d.features, 4, w.world);
    put(w.shadowMean, d.features, 4, w.world);
    if (options.distributions) {
      put(w.lorenzWealth, d.lorenzPoints, 4, w.world);
      put(w.lorenzCompute, d.lorenzPoints, 4, w.world);
      put(w.bidHistogram, d.priceLevels, 4, w.world);
      put(w.askHistogram, d.priceLevels, 4, w.world);
    }
    at = align8(at);
  }
  return bytes;
}

/** Reads a frame. Throws ProtocolError when it is cut short, too long, or its counts do not add up to its length. */
export function decodeFrame(bytes: ArrayBuffer | Uint8Array): WatchedFrame {
  const view =
    bytes instanceof Uint8Array
      ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      : new DataView(bytes);
  const length = view.byteLength;
  if (length < HEADER_BYTES) throw new ProtocolError(`frame of ${length} bytes has no header`);
  if (length > FRAME_BYTES_MAX) throw new ProtocolError(`frame of ${length} bytes is too long`);
  if (view.getUint32(0, true) !== MAGIC) throw new ProtocolError('not a frame: the first bytes are not DMF1');
  const version = view.getUint16(4, true);
  if (version !== PROTOCOL_VERSION) {
    throw new ProtocolError(
      `frame of protocol version ${version}, not ${PROTOCOL_VERSION}`,
      'reload the page',
    );
  }
  const flags = view.getUint16(6, true);
  if ((flags & ~FLAG_DISTRIBUTIONS) !== 0) throw new ProtocolError(`frame has unknown flags ${flags}`);
  const distributions = (flags & FLAG_DISTRIBUTIONS) !== 0;
  const [tick, ticks, interval] = [8, 16, 24].map((at) => view.getFloat64(at, true)) as [
    number,
    number,
    number,
  ];
  if (!isCount(tick) || !isCount(ticks) || !isCount(interval)) {
    throw new ProtocolError('tick, ticks and interval of a frame must be whole numbers');
  }
  const worldCount = view.getUint32(32, true);
  const size = (k: number): number => view.getUint16(36 + 2 * k, true);
  const d: Dimensions = {
    metrics: size(0),
    populations: size(1),
    populationMetrics: size(2),
    features: size(3),
    lorenzPoints: size(4),
    priceLevels: size(5),
  };
  const expected = HEADER_BYTES + worldCount * worldBytes(d, distributions);
  if (view.getUint32(48, true) !== length || expected !== length) {
    throw new ProtocolError(`frame of ${length} bytes should have ${expected}: cut short or damaged`);
  }

  let at = HEADER_BYTES;
  const doubles = (n: number): Float64Array => {
    const values = new Float64Array(n);
    for (let k = 0; k < n; k++, at += 8) values[k] = view.getFloat64(at, true);
    return values;
  };
  const floats = (n: number): Float32Array => {
    const values = new Float32Array(n);
    for (let k = 0; k < n; k++, at += 4) values[k] = view.getFloat32(at, true);
    return values;
  };
  const lorenz = distributions ? d.lorenzPoints : 0;
  const levels = distributions ? d.priceLevels : 0;
  const worlds: WatchedWorld[] = [];
  for (let k = 0; k < worldCount; k++) {
    const place = {
      world: view.getUint32(at, true),
      arm: view.getUint32(at + 4, true),
      replicate: view.getUint32(at + 8, true),
    };
    at += WORLD_HEADER_BYTES;
    worlds.push({
      ...place,
      metrics: doubles(d.metrics),
      populations: doubles(d.populations * d.populationMetrics),
      geneMean: floats(d.features),
      geneDeviation: floats(d.features),
      shadowMean: floats(d.features),
      lorenzWealth: floats(lorenz),
      lorenzCompute: floats(lorenz),
      bidHistogram: floats(levels),
      askHistogram: floats(levels),
    });
    at = align8(at);
  }
  return { tick, ticks, interval, worlds };
}

/** Frames one after another, each preceded by its length as u32: the body of `/api/history`. */
export function joinFrames(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(frames.reduce((sum, frame) => sum + 4 + frame.length, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const frame of frames) {
    view.setUint32(at, frame.length, true);
    joined.set(frame, at + 4);
    at += 4 + frame.length;
  }
  return joined;
}

/** Reads the body of `/api/history`. Throws ProtocolError when it is cut short. */
export function splitFrames(bytes: ArrayBuffer | Uint8Array): WatchedFrame[] {
  const all = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
  const frames: WatchedFrame[] = [];
  let at = 0;
  while (at < all.length) {
    const length = at + 4 <= all.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > all.length) throw new ProtocolError(`history is cut short at byte ${at}`);
    frames.push(decodeFrame(all.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return frames;
}
