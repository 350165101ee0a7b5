/** Fuzzes what reads messages between the server and its page, and the server itself over its port. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { RunFrame } from '../../sim/frame.ts';
import {
  parseChangeRequest,
  parseConfigRequest,
  parseNothing,
  parseResumeRequest,
  parseStartRequest,
} from '../../viz/controlApi.ts';
import { parseAddressQuery, parseFrameQuery, parseTable, parseTableQuery } from '../../viz/dataApi.ts';
import { decodeFrame, encodeFrame, joinFrames, splitFrames } from '../../viz/frameBytes.ts';
import { helloOf } from '../../viz/hello.ts';
import { parseControl, parseServerMessage } from '../../viz/protocol.ts';
import { sampleFrame, sampleHeader, sampleLaws } from '../../viz/sampleFrames.ts';
import { startServer } from '../../viz/server.ts';
import { decodeTable, encodeTable } from '../../viz/tableFrame.ts';
import { DirectoryCatalog } from '../runCatalog.ts';
import { type FuzzDraws, mutateBytes, mutateText, mutateValue } from './mutation.ts';
import type { FuzzTarget } from './target.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** Bytes on a buffer of their own, as they come out of a socket. */
const whole = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

const SMALL = { arms: 1, worlds: 2, ticks: 100, interval: 50 };
const frames = [0, 1].map((step): RunFrame => sampleFrame(step, SMALL));
const encoded = frames.map((frame) => encodeFrame(frame, { interval: 50, distributions: true }));
const table = encodeTable({
  rows: 3,
  total: 5,
  columns: [
    { name: 'tick', type: 'u32', cells: Uint32Array.of(1, 2, 3), words: [] },
    { name: 'price', type: 'f64', cells: Float64Array.of(0.5, 1, 2), words: [] },
    { name: 'share', type: 'f32', cells: Float32Array.of(0.5, 1, 2), words: [] },
    { name: 'event', type: 'words', cells: Uint32Array.of(0, 1, 0), words: ['birth', 'death'] },
  ],
});

const CONTROLS = [
  { type: 'pause' },
  { type: 'step', ticks: 100 },
  { type: 'speed', ticksPerSecond: 25 },
  { type: 'speed', ticksPerSecond: null },
];
const SERVER_MESSAGES = [
  helloOf(sampleHeader(SMALL)),
  {
    type: 'status',
    state: 'running',
    message: '',
    ticksPerSecond: 10,
    agentStepsPerSecond: 1000,
    speed: null,
    dropped: 0,
    thinned: 3,
  },
  { type: 'laws', tick: 50, laws: sampleLaws(50) },
  { type: 'ended', state: 'finished', message: 'hash 0123456789abcdef' },
];
const REQUEST = { text: 'ticks: 10', name: 'a.yaml', overrides: [{ path: 'ticks', value: 20 }] };
const REQUESTS: Readonly<Record<string, { read: (body: unknown) => unknown; body: unknown }>> = {
  check: { read: parseConfigRequest, body: REQUEST },
  start: { read: parseStartRequest, body: { ...REQUEST, paused: true } },
  resume: { read: parseResumeRequest, body: { run: 'quickstart-1' } },
  intervene: { read: parseChangeRequest, body: { path: 'world.energy.price', value: 0.4, arm: null } },
  stop: { read: parseNothing, body: {} },
};
const QUERIES: Readonly<
  Record<string, { read: (given: Record<string, unknown>) => unknown; query: object }>
> = {
  frames: { read: parseFrameQuery, query: { from: '0', to: '100' } },
  addresses: { read: parseAddressQuery, query: { world: '0', serial: '7,8' } },
  ticks: { read: ({ table: name }) => parseTable(name), query: { table: 'agents' } },
  rows: {
    read: (given) => parseTableQuery('agents', given),
    query: { columns: 'tick,world,wealth', from: '0', to: '9', world: '0,1', serial: '7', limit: '10' },
  },
};

const HANDSHAKE =
  'GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
/** `{"type":"pause"}` as a client sends it: final, text, masked by zeros. */
const PAUSE = new Uint8Array([0x81, 0x80 | 16, 0, 0, 0, 0, ...encode('{"type":"pause"}')]);
const RAW = [
  encode(HANDSHAKE),
  new Uint8Array([...encode(HANDSHAKE), ...PAUSE]),
  encode('GET /api/v1/runs?x=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'),
  encode(
    'GET /api/v1/runs/live/tables/agents?from=0&limit=3 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n',
  ),
  encode('GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
  encode(
    'POST /api/v1/control/check HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{"text":"a: "}',
  ),
];
/** One in so many inputs goes to the server's port, which takes a hundred times as long. */
const RAW_EVERY = 40;
/** An answer that takes longer counts as none. */
const ANSWER_MS = 5000;

const bytesFor: Readonly<Record<string, (draws: FuzzDraws) => Uint8Array>> = {
  control: (draws) => textOf(draws.from(CONTROLS), draws),
  server: (draws) => textOf(draws.from(SERVER_MESSAGES), draws),
  request: (draws) => {
    const [name, { body }] = draws.from(Object.entries(REQUESTS));
    return encode(JSON.stringify({ name, body: mutateValue(body, draws) }));
  },
  query: (draws) => {
    const [name, { query }] = draws.from(Object.entries(QUERIES));
    return encode(JSON.stringify({ name, body: mutateValue(query, draws) }));
  },
  frame: (draws) => mutateBytes(draws.from(encoded), draws),
  history: (draws) => mutateBytes(joinFrames(encoded), draws),
  table: (draws) => (draws.below(2) === 0 ? mutateBytes(table, draws) : headed(draws)),
  port: (draws) => mutateBytes(draws.from(RAW), draws),
};

const textOf = (value: unknown, draws: FuzzDraws): Uint8Array =>
  draws.below(2) === 0
    ? encode(JSON.stringify(mutateValue(value, draws)) ?? '')
    : encode(mutateText(JSON.stringify(value), draws));

/** The table with another heading, of the length that it says. */
function headed(draws: FuzzDraws): Uint8Array {
  const length = new DataView(table.buffer).getUint32(12, true);
  const heading = JSON.parse(decode(table.subarray(16, 16 + length)));
  const changed = encode(JSON.stringify(mutateValue(heading, draws)) ?? 'null');
  const bytes = new Uint8Array(
    16 + 8 * Math.ceil(changed.length / 8) + table.length - 16 - 8 * Math.ceil(length / 8),
  );
  bytes.set(table.subarray(0, 16));
  new DataView(bytes.buffer).setUint32(12, changed.length, true);
  bytes.set(changed, 16);
  bytes.set(table.subarray(16 + 8 * Math.ceil(length / 8)), 16 + 8 * Math.ceil(changed.length / 8));
  return bytes;
}

const named = (bytes: Uint8Array): { name: string; body: unknown } => JSON.parse(decode(bytes));

/** Everything that the server says to bytes on its port, to the end of the connection or of patience. */
async function answerTo(port: number, bytes: Uint8Array): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => {
    text += data.toString('latin1');
    // a watcher stays connected, and is told something at once
    if (text.includes('101 Switching') && text.includes('"hello"')) socket.destroy();
  });
  socket.on('error', () => {});
  socket.setTimeout(ANSWER_MS, () => socket.destroy());
  socket.end(bytes);
  await once(socket, 'close');
  return text;
}

export async function openMessages(folder: string): Promise<FuzzTarget> {
  const server = await startServer({ header: sampleHeader(SMALL), catalog: new DirectoryCatalog(folder) });
  const port = Number(new URL(server.url).port);
  const kinds = Object.keys(bytesFor).filter((kind) => kind !== 'port');
  const readers: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
    control: (bytes) => parseControl(decode(bytes)),
    server: (bytes) => parseServerMessage(decode(bytes)),
    request: (bytes) => REQUESTS[named(bytes).name]!.read(named(bytes).body),
    query: (bytes) => QUERIES[named(bytes).name]!.read((named(bytes).body ?? {}) as Record<string, unknown>),
    frame: (bytes) => decodeFrame(whole(bytes)),
    history: (bytes) => splitFrames(bytes),
    table: (bytes) => decodeTable(whole(bytes)),
    port: async (bytes) => {
      const answer = await answerTo(port, bytes);
      if (/^HTTP\/1\.1 5\d\d/.test(answer)) throw new Error(`the server answers ${answer.split('\r\n')[0]}`);
      const health = await fetch(`${server.url}api/health`);
      if (!health.ok) throw new Error(`the server is unwell: ${health.status}`);
    },
  };
  return {
    toPeople: false,
    make: (draws) => {
      const what = draws.below(RAW_EVERY) === 0 ? 'port' : draws.from(kinds);
      return { what, bytes: bytesFor[what]!(draws) };
    },
    read: async ({ what, bytes }) => {
      await readers[what]!(bytes);
    },
    close: () => server.close(),
  };
}
