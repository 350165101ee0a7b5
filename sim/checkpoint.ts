/**
 * A world as bytes, and back. Everything that decides its future is in its columns (randomness has no state), so
 * a checkpoint is the columns with their names, in plain agent order whatever lanes the engine uses, the
 * environment's state where there is one, and the sums of the open metric interval.
 *
 * Layout, little-endian: magic "DARWINCP" (8 bytes), header length (u32), padding (u32), header (JSON, UTF-8, padded
 * with spaces to 8 bytes), payload. The header gives version, world, tick, the checksum of the payload and,
 * for each column, its name, type, length and byte offset within the payload.
 */
import { BRAIN_ROWS, type BrainColumnName, LANES } from '../agents/brain/layout.ts';
import { type AnyColumn, ColumnHash } from './core/columns.ts';
import { CheckpointError } from './core/errors.ts';
import type { World } from './world.ts';

/** Raised whenever the set or meaning of columns changes; older checkpoints are refused with this number. */
export const CHECKPOINT_VERSION = 1;
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

/** Addresses of one memory; a world's kernel writes its own. */
const NOT_SAVED = new Set(['brain.descriptor']);

/** All columns of a world by qualified name. */
function columnsOf(world: World): [string, AnyColumn][] {
  const groups: [string, Readonly<Record<string, AnyColumn>>][] = [
    ['balances', world.balances],
    ['columns', world.columns],
    ['agents', world.agents],
    ['brain', world.brain.columns],
    ['tabular', world.tabular.columns],
  ];
  return groups
    .flatMap(([group, columns]) =>
      Object.entries(columns).map(([name, column]): [string, AnyColumn] => [`${group}.${name}`, column]),
    )
    .filter(([name]) => !NOT_SAVED.has(name));
}

/** What an environment keeps outside the columns. */
const environmentState = (world: World): Float64Array<ArrayBuffer> =>
  world.environment?.save?.() ?? new Float64Array(0);

/** Rows per agent of a lane-blocked column; 1 for every other column. */
function rowsOf(name: string): number {
  if (!name.startsWith('brain.')) return 1;
  return BRAIN_ROWS[name.slice('brain.'.length) as BrainColumnName]?.[1] ?? 1;
}

/** Copies between lane-blocked and plain order [agent x rows]. */
function transpose(from: AnyColumn, to: AnyColumn, rows: number, toPlain: boolean): void {
  const agents = from.length / rows;
  for (let agent = 0; agent < agents; agent++) {
    const block = Math.floor(agent / LANES) * rows * LANES + (agent % LANES);
    for (let row = 0; row < rows; row++) {
      const blocked = block + row * LANES;
      const plain = agent * rows + row;
      if (toPlain) to[plain] = from[blocked]!;
      else to[blocked] = from[plain]!;
    }
  }
}

function checksumOf(payload: Uint8Array): string {
  const hash = new ColumnHash();
  hash.add(
    new Uint32Array(payload.buffer, payload.byteOffset, payload.byteLength / 4) as Uint32Array<ArrayBuffer>,
  );
  return hash.digest();
}

/**
 * A world's complete state.
 *
 * @param interval totals at the start of the open metric interval
 */
export function encodeWorld(world: World, interval: Float64Array): Uint8Array<ArrayBuffer> {
  return encodeColumns({ world: world.parameters.world, tick: world.tick, slots: world.parameters.slots }, [
    ...columnsOf(world),
    ['interval', interval as Float64Array<ArrayBuffer>],
    ['tally', world.tally.save()],
    ['environment', environmentState(world)],
  ]);
}

/** Named columns in the layout above; those of brains come lane-blocked and are laid out plainly. */
export function encodeColumns(
  what: Pick<CheckpointHeader, 'world' | 'tick' | 'slots'>,
  sources: readonly [string, AnyColumn][],
): Uint8Array<ArrayBuffer> {
  const columns: ColumnEntry[] = [];
  let payloadBytes = 0;
  for (const [name, column] of sources) {
    columns.push({ name, type: typeOf(column), length: column.length, offset: payloadBytes });
    payloadBytes += aligned(column.byteLength);
  }
  const payload = new Uint8Array(payloadBytes);
  sources.forEach(([name, column], k) => {
    const Column = column.constructor as {
      new (buffer: ArrayBuffer, offset: number, length: number): AnyColumn;
    };
    const target = new Column(payload.buffer, columns[k]!.offset, column.length);
    const rows = rowsOf(name);
    if (rows === 1) target.set(column);
    else transpose(column, target, rows, true);
  });
  const header: CheckpointHeader = {
    version: CHECKPOINT_VERSION,
    ...what,
    checksum: checksumOf(payload),
    payloadBytes,
    columns,
  };
  const encoder = new TextEncoder();
  const text = encoder.encode(JSON.stringify(header));
  const headerBytes = aligned(text.length);
  const bytes = new Uint8Array(PREFIX_BYTES + headerBytes + payloadBytes).fill(
    0x20,
    PREFIX_BYTES,
    PREFIX_BYTES + headerBytes,
  );
  bytes.set(encoder.encode(MAGIC));
  new DataView(bytes.buffer).setUint32(MAGIC.length, headerBytes, true);
  bytes.set(text, PREFIX_BYTES);
  bytes.set(payload, PREFIX_BYTES + headerBytes);
  return bytes;
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
  if (header.version !== CHECKPOINT_VERSION) {
    refuse(
      `has version ${header.version}, this program reads version ${CHECKPOINT_VERSION}`,
      'resume with the program that wrote it',
    );
  }
  const start = PREFIX_BYTES + headerBytes;
  if (bytes.length !== start + header.payloadBytes) {
    refuse(`is truncated: ${bytes.length} bytes of ${start + header.payloadBytes}`);
  }
  const payload = bytes.slice(start);
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
    const Column = { u32: Uint32Array, i32: Int32Array, f32: Float32Array, f64: Float64Array }[type];
    return [name, new Column(payload.buffer, offset, length)];
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
 * Puts a saved state into a world of the same config; the world then goes on exactly as the saved one would have.
 * Returns the totals at the start of its open metric interval.
 *
 * @throws CheckpointError when the bytes are no whole checkpoint or of a world of another shape
 */
export function decodeWorld(world: World, bytes: Uint8Array, options: RestoreOptions = {}): Float64Array {
  const { place = 'checkpoint', branch = false } = options;
  const { header, columns: saved } = readColumns(bytes, place);
  const fits = (name: string, source: AnyColumn | undefined, target: AnyColumn): source is AnyColumn => {
    const known = source !== undefined && typeOf(source) === typeOf(target);
    if (known && source.length === target.length) return true;
    if (known && branch && (source.length === 0 || target.length === 0)) return false;
    throw new CheckpointError(
      `${place}: column '${name}' has ${source?.length ?? 'no'} values, this world needs ${target.length}`,
      branch
        ? 'a branch keeps slots, kinds of population and environment'
        : 'resume with the config that the run was started with',
    );
  };
  const tally = saved.get('tally');
  const environment = saved.get('environment');
  const interval = saved.get('interval');
  if (!(interval instanceof Float64Array))
    throw new CheckpointError(`${place}: has no open interval`, 'use an earlier checkpoint');
  const takesTally = fits('tally', tally, world.tally.save());
  const takesEnvironment = fits('environment', environment, environmentState(world));
  for (const [name, target] of columnsOf(world)) {
    const source = saved.get(name);
    if (!fits(name, source, target)) continue;
    const rows = rowsOf(name);
    if (rows === 1) target.set(source);
    else transpose(source, target, rows, false);
  }
  if (takesTally) world.tally.load(tally as Float64Array);
  if (takesEnvironment) world.environment?.load?.(environment as Float64Array);
  world.tick = header.tick;
  return interval;
}
