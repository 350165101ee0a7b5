/**
 * A world as bytes, and back. Everything that decides its future is in its columns (randomness has no state), so
 * a checkpoint is the columns with their names, in plain agent order whatever lanes and memories the engine uses, the
 * environment's state where there is one, and the sums of the open metric interval. A large world is saved in pieces,
 * so that no copy of it is ever whole: the first holds all but the brains, each other one the brains of PIECE_AGENTS.
 *
 * Layout of a piece, little-endian: magic "DARWINCP" (8 bytes), header length (u32), padding (u32), header (JSON, UTF-8,
 * padded with spaces to 8 bytes), payload. The header gives version, world, tick, the checksum of the payload and,
 * for each column, its name, type, length and byte offset within the payload.
 */
import { BRAIN_ROWS, type BrainColumnName, blockCountOf, LANES } from '../agents/brain/layout.ts';
import { inBrief } from './core/brief.ts';
import { type AnyColumn, ColumnHash } from './core/columns.ts';
import { CheckpointError } from './core/errors.ts';
import type { World } from './world.ts';

/** Raised whenever the set or meaning of columns changes; older checkpoints are refused with this number. */
export const CHECKPOINT_VERSION = 3;
/** Agents whose brains make one piece of a larger world, about 230 MB. */
const PIECE_AGENTS = 16_384;
const MAGIC = 'DARWINCP';
const PREFIX_BYTES = 16;
const ALIGNMENT = 8;

interface ColumnEntry {
  readonly name: string;
  readonly type: 'u32' | 'i32' | 'f32' | 'f64';
  readonly length: number;
  readonly offset: number;
}

export interface CheckpointHeader {
  readonly version: number;
  readonly world: number;
  readonly tick: number;
  readonly slots: number;
  /** Which of the world's pieces this is, from 0. */
  readonly piece: number;
  /** Sixteen hexadecimal digits over the payload. */
  readonly checksum: string;
  readonly payloadBytes: number;
  readonly columns: readonly ColumnEntry[];
}

const typeOf = (column: AnyColumn): ColumnEntry['type'] => {
  if (column instanceof Uint32Array) return 'u32';
  if (column instanceof Int32Array) return 'i32';
  return column instanceof Float32Array ? 'f32' : 'f64';
};
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Pieces in which a world of `slots` agents is saved. */
export const pieceCount = (slots: number): number =>
  slots <= PIECE_AGENTS ? 1 : 1 + Math.ceil(slots / PIECE_AGENTS);

/** Agents whose brains a piece holds, whole blocks of them: [from, to). */
function brainsOf(slots: number, piece: number): [number, number] {
  const end = LANES * blockCountOf(slots);
  if (slots <= PIECE_AGENTS) return [0, end];
  return [Math.max(0, piece - 1) * PIECE_AGENTS, Math.min(end, piece * PIECE_AGENTS)];
}

const BRAIN_COLUMNS = Object.keys(BRAIN_ROWS) as BrainColumnName[];
const CONSTRUCTORS = { u32: Uint32Array, i32: Int32Array, f32: Float32Array, f64: Float64Array } as const;

/** A column on its way into bytes or out of them, in plain order. */
interface Place {
  readonly name: string;
  readonly type: ColumnEntry['type'];
  readonly length: number;
  readonly save: (target: AnyColumn) => void;
  readonly load: (source: AnyColumn) => void;
}

const placeOf = (name: string, column: AnyColumn): Place => ({
  name,
  type: typeOf(column),
  length: column.length,
  save: (target) => target.set(column),
  load: (source) => column.set(source),
});

/** The columns of one piece of a world by qualified name. */
function placesOf(world: World, piece: number): Place[] {
  const { brain, parameters } = world;
  const groups: [string, Readonly<Record<string, AnyColumn>>][] = [
    ['balances', world.balances],
    ['columns', world.columns],
    ['agents', world.agents],
    ['tabular', world.tabular.columns],
  ];
  const plain =
    piece > 0
      ? []
      : groups.flatMap(([group, columns]) =>
          Object.entries(columns).map(([name, column]) => placeOf(`${group}.${name}`, column)),
        );
  const [from, to] = brainsOf(parameters.slots, piece);
  if (from === to) return plain;
  const brains = BRAIN_COLUMNS.map((name): Place => {
    const [type, rows] = BRAIN_ROWS[name];
    return {
      name: `brain.${name}`,
      type,
      length: brain.lengthOf(name) === 0 ? 0 : (to - from) * rows,
      save: (target) => target.length > 0 && brain.readColumn(name, from, to, target),
      load: (source) => source.length > 0 && brain.writeColumn(name, from, to, source),
    };
  });
  return [...plain, ...brains];
}

/** What an environment keeps outside the columns. */
const environmentState = (world: World): Float64Array<ArrayBuffer> =>
  world.environment?.save?.() ?? new Float64Array(0);

function checksumOf(payload: Uint8Array): string {
  const hash = new ColumnHash();
  hash.add(
    new Uint32Array(payload.buffer, payload.byteOffset, payload.byteLength / 4) as Uint32Array<ArrayBuffer>,
  );
  return hash.digest();
}

/**
 * One piece of a world's complete state.
 *
 * @param interval totals at the start of the open metric interval
 * @param piece 0..pieceCount(slots)-1
 */
export function encodeWorld(world: World, interval: Float64Array, piece = 0): Uint8Array<ArrayBuffer> {
  const { world: number, slots } = world.parameters;
  const places = placesOf(world, piece);
  if (piece === 0)
    places.push(
      placeOf('interval', interval as Float64Array<ArrayBuffer>),
      placeOf('tally', world.tally.save()),
      placeOf('environment', environmentState(world)),
    );
  return encodePlaces({ world: number, tick: world.tick, slots, piece }, places);
}

/** Named columns in the layout above. */
export const encodeColumns = (
  what: Pick<CheckpointHeader, 'world' | 'tick' | 'slots'>,
  sources: readonly [string, AnyColumn][],
): Uint8Array<ArrayBuffer> =>
  encodePlaces(
    { ...what, piece: 0 },
    sources.map(([name, column]) => placeOf(name, column)),
  );

function encodePlaces(
  what: Pick<CheckpointHeader, 'world' | 'tick' | 'slots' | 'piece'>,
  places: readonly Place[],
): Uint8Array<ArrayBuffer> {
  const columns: ColumnEntry[] = [];
  let payloadBytes = 0;
  for (const { name, type, length } of places) {
    columns.push({ name, type, length, offset: payloadBytes });
    payloadBytes += aligned(length * CONSTRUCTORS[type].BYTES_PER_ELEMENT);
  }
  const encoder = new TextEncoder();
  // the checksum has one length, so that the header can be measured before the payload is there
  const headerOf = (checksum: string): Uint8Array => {
    const header: CheckpointHeader = {
      version: CHECKPOINT_VERSION,
      ...what,
      checksum,
      payloadBytes,
      columns,
    };
    return encoder.encode(JSON.stringify(header));
  };
  const headerBytes = aligned(headerOf(new ColumnHash().digest()).length);
  const start = PREFIX_BYTES + headerBytes;
  const bytes = new Uint8Array(start + payloadBytes).fill(0x20, PREFIX_BYTES, start);
  places.forEach(({ type, length, save }, k) => {
    save(new CONSTRUCTORS[type](bytes.buffer, start + columns[k]!.offset, length));
  });
  bytes.set(encoder.encode(MAGIC));
  new DataView(bytes.buffer).setUint32(MAGIC.length, headerBytes, true);
  bytes.set(headerOf(checksumOf(bytes.subarray(start))), PREFIX_BYTES);
  return bytes;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Whether a header says what can be read: its payload is proved by a checksum, the header by nothing else. */
function isSound({ world, tick, slots, piece, payloadBytes, columns }: CheckpointHeader): boolean {
  return (
    [world, tick, slots, piece, payloadBytes].every(isCount) &&
    payloadBytes % ALIGNMENT === 0 &&
    Array.isArray(columns) &&
    columns.every(
      (column: ColumnEntry | null) =>
        typeof column?.name === 'string' &&
        typeof column.type === 'string' &&
        Object.hasOwn(CONSTRUCTORS, column.type) &&
        isCount(column.offset) &&
        isCount(column.length) &&
        column.offset % ALIGNMENT === 0 &&
        column.offset + column.length * CONSTRUCTORS[column.type].BYTES_PER_ELEMENT <= payloadBytes,
    )
  );
}

/**
 * Reads a checkpoint's header and proves its payload whole.
 *
 * @param place file name for errors
 * @throws CheckpointError naming what is wrong: not a checkpoint, another version, truncated, corrupted
 */
export function readHeader(
  bytes: Uint8Array,
  place: string,
): { header: CheckpointHeader; payload: Uint8Array<ArrayBuffer> } {
  const refuse = (problem: string, hint = 'use an earlier checkpoint'): never => {
    throw new CheckpointError(`${place}: ${problem}`, hint);
  };
  const magic = new TextDecoder().decode(bytes.subarray(0, MAGIC.length));
  if (bytes.length < PREFIX_BYTES || magic !== MAGIC) refuse('is not a checkpoint of a world');
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  if (PREFIX_BYTES + headerBytes > bytes.length) refuse('is truncated within its header');
  let header: CheckpointHeader;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerBytes)));
  } catch {
    return refuse('has a corrupted header');
  }
  if (typeof header !== 'object' || header === null) return refuse('has a corrupted header');
  if (header.version !== CHECKPOINT_VERSION) {
    refuse(
      `has version ${inBrief(header.version)}, this program reads version ${CHECKPOINT_VERSION}`,
      'resume with the program that wrote it',
    );
  }
  if (!isSound(header)) return refuse('has a corrupted header');
  const start = PREFIX_BYTES + headerBytes;
  if (bytes.length !== start + header.payloadBytes) {
    refuse(`is truncated: ${bytes.length} bytes of ${start + header.payloadBytes}`);
  }
  // its columns want the alignment of doubles
  const payload =
    bytes.buffer instanceof ArrayBuffer && (bytes.byteOffset + start) % ALIGNMENT === 0
      ? (bytes.subarray(start) as Uint8Array<ArrayBuffer>)
      : bytes.slice(start);
  if (checksumOf(payload) !== header.checksum) refuse('is corrupted: its checksum does not match');
  return { header, payload };
}

/** The columns of a checkpoint by qualified name, such as `agents.genes`; brains in plain order [agent x rows]. */
export function readColumns(
  bytes: Uint8Array,
  place: string,
): { header: CheckpointHeader; columns: ReadonlyMap<string, AnyColumn> } {
  const { header, payload } = readHeader(bytes, place);
  const columns = header.columns.map(({ name, type, offset, length }): [string, AnyColumn] => {
    return [name, new CONSTRUCTORS[type](payload.buffer, payload.byteOffset + offset, length)];
  });
  return { header, columns: new Map(columns) };
}

/** How a saved state is taken up. */
export interface RestoreOptions {
  /** File name for errors. */
  readonly place?: string;
  /**
   * Whether mechanisms may have been switched on or off since: the columns of one that was off start as at genesis,
   * those of one that is off are left out. Default false: all columns must be there.
   */
  readonly branch?: boolean;
}

/**
 * Puts a piece of a saved state into a world of the same config; with all pieces there, the world goes on exactly as the
 * saved one would have. Returns the totals at the start of its open metric interval, which the first piece holds; null
 * for other pieces.
 *
 * @throws CheckpointError when the bytes are no whole checkpoint or of a world of another shape
 */
export function decodeWorld(
  world: World,
  bytes: Uint8Array,
  options: RestoreOptions = {},
): Float64Array | null {
  const { place = 'checkpoint', branch = false } = options;
  const { header, columns: saved } = readColumns(bytes, place);
  const refuse = (problem: string): never => {
    throw new CheckpointError(
      `${place}: ${problem}`,
      branch
        ? 'a branch keeps slots, kinds of population and environment'
        : 'resume with the config that the run was started with',
    );
  };
  const { slots } = world.parameters;
  if (header.slots !== slots) refuse(`is of a world of ${header.slots} slots, this world needs ${slots}`);
  if (header.piece > 0 && header.tick !== world.tick)
    refuse(`is of tick ${header.tick}, the pieces before it of tick ${world.tick}`);
  const places = placesOf(world, header.piece);
  if (header.piece === 0)
    places.push(placeOf('tally', world.tally.save()), placeOf('environment', environmentState(world)));
  const fits = ({ name, type, length }: Place, source: AnyColumn | undefined): source is AnyColumn => {
    const known = source !== undefined && typeOf(source) === type;
    if (known && source.length === length) return true;
    if (known && branch && (source.length === 0 || length === 0)) return false;
    return refuse(`column '${name}' has ${source?.length ?? 'no'} values, this world needs ${length}`);
  };
  const interval = saved.get('interval');
  if (header.piece === 0 && !(interval instanceof Float64Array))
    throw new CheckpointError(`${place}: has no open interval`, 'use an earlier checkpoint');
  const fitting = new Map(
    places.flatMap((where) => {
      const source = saved.get(where.name);
      return fits(where, source) ? [[where.name, source] as const] : [];
    }),
  );
  for (const { name, load } of places) {
    const source = fitting.get(name);
    if (source !== undefined) load(source);
  }
  if (header.piece > 0) return null;
  const tally = fitting.get('tally');
  const environment = fitting.get('environment');
  if (tally !== undefined) world.tally.load(tally as Float64Array);
  if (environment !== undefined) world.environment?.load?.(environment as Float64Array);
  world.tick = header.tick;
  return interval as Float64Array;
}
