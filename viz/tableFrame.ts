/**
 * Rows of a run's tables on their way to a page: columns as typed arrays, so that 10^5 agents arrive in
 * milliseconds and nothing is parsed number by number. Little-endian, every block a multiple of eight bytes:
 *
 *   0 u32 magic "DMT1"   4 u16 version   6 u16 zero   8 u32 rows   12 u32 bytes of the heading
 *   heading: JSON {columns: [{name, type, words?}], total}, zeros to a multiple of 8
 *   then each column, [rows] of its type: u32, f32, f64, or u32 indices into `words`
 */
import { ProtocolError } from './protocol.ts';

const TABLE_FRAME_VERSION = 1;
/** Longest table that a page reads, bytes. */
const TABLE_BYTES_MAX = 256 * 2 ** 20;

export type TableCells = Uint32Array | Float32Array | Float64Array;
export interface FrameColumn {
  readonly name: string;
  readonly type: 'u32' | 'f32' | 'f64' | 'words';
  /** [rows]; of a column of words, indices into `words`. */
  readonly cells: TableCells;
  readonly words: readonly string[];
}
export interface TableFrame {
  readonly rows: number;
  /** Rows that there are; more than `rows` where the answer was cut at its limit. */
  readonly total: number;
  readonly columns: readonly FrameColumn[];
}

const MAGIC = 0x31_54_4d_44;
const HEADER_BYTES = 16;
const WIDTH = { u32: 4, words: 4, f32: 4, f64: 8 } as const;
const align8 = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** The bytes of a table. Throws ProtocolError when its columns differ in length. */
export function encodeTable({ rows, total, columns }: TableFrame): Uint8Array<ArrayBuffer> {
  const heading = new TextEncoder().encode(
    JSON.stringify({
      columns: columns.map(({ name, type, words }) =>
        type === 'words' ? { name, type, words } : { name, type },
      ),
      total,
    }),
  );
  const body = columns.reduce((sum, { type }) => sum + align8(rows * WIDTH[type]), 0);
  const bytes = new Uint8Array(HEADER_BYTES + align8(heading.length) + body);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, TABLE_FRAME_VERSION, true);
  view.setUint32(8, rows, true);
  view.setUint32(12, heading.length, true);
  bytes.set(heading, HEADER_BYTES);
  let at = HEADER_BYTES + align8(heading.length);
  for (const { name, type, cells } of columns) {
    if (cells.length !== rows)
      throw new ProtocolError(`column ${name} has ${cells.length} cells in a table of ${rows} rows`);
    bytes.set(new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength), at);
    at += align8(rows * WIDTH[type]);
  }
  return bytes;
}

interface Heading {
  readonly columns: readonly { name: string; type: FrameColumn['type']; words?: readonly string[] }[];
  readonly total: number;
}

function readHeading(text: string): Heading {
  let heading: Heading;
  try {
    heading = JSON.parse(text) as Heading;
  } catch (cause) {
    throw new ProtocolError('the heading of a table is not JSON', 'reload the page', { cause });
  }
  const sound =
    Array.isArray(heading?.columns) &&
    Number.isSafeInteger(heading.total) &&
    heading.columns.every(
      (column) =>
        typeof column?.name === 'string' &&
        typeof column.type === 'string' &&
        Object.hasOwn(WIDTH, column.type) &&
        (column.type !== 'words' ||
          (Array.isArray(column.words) && column.words.every((word: unknown) => typeof word === 'string'))),
    );
  if (!sound) throw new ProtocolError('the heading of a table does not have its form', 'reload the page');
  return heading;
}

/** Reads a table. Throws ProtocolError when it is cut short, of another version or not a table. */
export function decodeTable(bytes: ArrayBuffer): TableFrame {
  const length = bytes.byteLength;
  if (length < HEADER_BYTES || length > TABLE_BYTES_MAX)
    throw new ProtocolError(`a table of ${length} bytes cannot be read`);
  const view = new DataView(bytes);
  if (view.getUint32(0, true) !== MAGIC) throw new ProtocolError('not a table: the first bytes are not DMT1');
  const version = view.getUint16(4, true);
  if (version !== TABLE_FRAME_VERSION)
    throw new ProtocolError(`table of version ${version}, not ${TABLE_FRAME_VERSION}`, 'reload the page');
  const rows = view.getUint32(8, true);
  const headingBytes = view.getUint32(12, true);
  if (HEADER_BYTES + headingBytes > length) throw new ProtocolError('the table is cut short');
  const { columns, total } = readHeading(
    new TextDecoder().decode(new Uint8Array(bytes, HEADER_BYTES, headingBytes)),
  );
  let at = HEADER_BYTES + align8(headingBytes);
  const expected = columns.reduce((sum, { type }) => sum + align8(rows * WIDTH[type]), at);
  if (expected !== length)
    throw new ProtocolError(`table of ${length} bytes should have ${expected}: cut short or damaged`);
  return {
    rows,
    total,
    columns: columns.map(({ name, type, words = [] }) => {
      const cells =
        type === 'f64'
          ? new Float64Array(bytes, at, rows)
          : type === 'f32'
            ? new Float32Array(bytes, at, rows)
            : new Uint32Array(bytes, at, rows);
      at += align8(rows * WIDTH[type]);
      return { name, type, cells, words };
    }),
  };
}
