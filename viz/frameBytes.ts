/**
 * Frames as bytes, as the server of a live run sends them to its page (protocol.ts).
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
import type { RunFrame } from '../sim/frame.ts';
import { isCount, PROTOCOL_VERSION, ProtocolError } from './protocol.ts';

/** Longest binary frame that either side accepts, bytes. */
const FRAME_BYTES_MAX = 64 * 2 ** 20;

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
