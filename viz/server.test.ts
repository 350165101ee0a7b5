import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { EXIT, UsageError } from '../sim/core/errors.ts';
import { METRIC_INDEX, METRICS } from '../sim/metrics/table.ts';
import { HISTORY_FRAMES_MAX } from './feed.ts';
import { decodeFrame, encodeFrame, splitFrames, type WatchedFrame } from './frameBytes.ts';
import { WATCHED_WORLDS_MAX } from './hello.ts';
import { CONTROL_BYTES_MAX, type Control, parseServerMessage, type ServerMessage } from './protocol.ts';
import { sampleFrame, sampleHeader, sampleLaws } from './sampleFrames.ts';
import {
  CONTROLS_RATE,
  defaultPageDirectory,
  type LiveServer,
  type ServerOptions,
  startServer,
} from './server.ts';

const RATES = { ticksPerSecond: 100, agentStepsPerSecond: 12_800 };
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(options: Partial<ServerOptions> = {}): Promise<LiveServer> {
  const server = await startServer({
    header: sampleHeader(),
    framesPerSecond: Number.POSITIVE_INFINITY,
    ...options,
  });
  closing.push(() => server.close());
  return server;
}

/** A watcher that keeps what it is sent. */
class Client {
  readonly messages: ServerMessage[] = [];
  readonly frames: WatchedFrame[] = [];
  closed: { code: number; reason: string } | null = null;
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.frames.push(decodeFrame(data));
      else this.messages.push(parseServerMessage(data.toString()));
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
  }

  static async connect(server: LiveServer, headers: Record<string, string> = {}): Promise<Client> {
    const url = server.url.replace('http', 'ws');
    const client = new Client(new WebSocket(`${url}api/live`, { headers }));
    closing.push(() => client.socket.terminate());
    await once(client.socket, 'open');
    return client;
  }

  last<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }> | undefined {
    return this.messages.findLast((m): m is Extract<ServerMessage, { type: T }> => m.type === type);
  }
}
const until = (check: () => unknown): Promise<unknown> =>
  vi.waitFor(() => expect(check()).toBeTruthy(), 10_000);

/** Status of an upgrade that is refused. */
async function refusal(server: LiveServer, path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`, { headers });
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  return response.statusCode;
}

/** GET with headers that fetch would not let us set. */
async function get(url: string, headers: Record<string, string>): Promise<number | undefined> {
  const sent = request(url, { headers }).end();
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode;
}

describe('frames', () => {
  test('a watcher is told of the run and gets each frame as it was published', async () => {
    const server = await serve();
    const client = await Client.connect(server);
    server.publish(sampleFrame(1), RATES);
    server.publish(sampleFrame(2), RATES);
    await until(() => client.frames.length === 2);
    const hello = client.last('hello')!;
    expect(hello.run).toEqual(sampleHeader());
    expect(hello.metrics.map((m) => m.name)).toEqual(METRICS.map((m) => m.name));
    expect(hello.watchedWorlds).toBe(6);
    expect(client.frames.map((f) => [f.tick, f.interval])).toEqual([
      [50, 50],
      [100, 50],
    ]);
    const sent = sampleFrame(2).worlds[4]!;
    expect([...client.frames[1]!.worlds[4]!.metrics]).toEqual([...sent.metrics]);
    expect([...client.frames[1]!.worlds[4]!.bidHistogram]).toEqual([...sent.bidHistogram]);
    expect(client.messages[0]?.type).toBe('hello');
  });

  test('two watchers get the same frames, and one that leaves does not disturb the other', async () => {
    const server = await serve();
    const stays = await Client.connect(server);
    const leaves = await Client.connect(server);
    await until(() => server.clients === 2);
    server.publish(sampleFrame(1), RATES);
    await until(() => stays.frames.length === 1 && leaves.frames.length === 1);
    leaves.socket.terminate();
    await until(() => server.clients === 1);
    server.publish(sampleFrame(2), RATES);
    await until(() => stays.frames.length === 2);
    expect(leaves.frames.length).toBe(1);
  });

  test('somebody who comes late gets the last frame at once and the past from /api/history', async () => {
    const server = await serve();
    for (let k = 1; k <= 5; k++) server.publish(sampleFrame(k), RATES);
    const client = await Client.connect(server);
    await until(() => client.frames.length === 1);
    expect(client.frames[0]!.tick).toBe(250);
    expect(client.frames[0]!.worlds[0]!.lorenzWealth.length).toBe(21);
    const past = splitFrames(await (await fetch(`${server.url}api/history`)).arrayBuffer());
    expect(past.map((f) => f.tick)).toEqual([50, 100, 150, 200, 250]);
    expect([...past[2]!.worlds[1]!.metrics]).toEqual([...sampleFrame(3).worlds[1]!.metrics]);
    expect(past[2]!.worlds[1]!.lorenzWealth.length).toBe(0);
  });

  test('a frame within an interval of the metrics says how many ticks it counts, and is not part of the past', async () => {
    const server = await serve();
    const client = await Client.connect(server);
    for (const tick of [0, 50, 51, 99, 100, 107]) server.publish({ ...sampleFrame(1), tick }, RATES);
    await until(() => client.frames.length === 6);
    expect(client.frames.map((f) => [f.tick, f.interval])).toEqual([
      [0, 0],
      [50, 50],
      [51, 1],
      [99, 49],
      [100, 50],
      [107, 7],
    ]);
    const past = splitFrames(await (await fetch(`${server.url}api/history`)).arrayBuffer());
    expect(past.map((f) => f.tick)).toEqual([0, 50, 100]);
  });

  test('the past stays bounded however long the run', async () => {
    const server = await serve();
    const options = { arms: 1, worlds: 1 };
    for (let k = 1; k <= 3 * HISTORY_FRAMES_MAX; k++) server.publish(sampleFrame(k, options), RATES);
    const past = splitFrames(await (await fetch(`${server.url}api/history`)).arrayBuffer());
    expect(past.length).toBeLessThanOrEqual(HISTORY_FRAMES_MAX);
    expect(past.length).toBeGreaterThanOrEqual(HISTORY_FRAMES_MAX / 2);
    expect(past[0]!.tick).toBe(50);
  });

  test('frames faster than the rate are thinned to the newest, which always arrives', async () => {
    const server = await serve({ framesPerSecond: 5 });
    const client = await Client.connect(server);
    await until(() => client.last('hello'));
    const frames = Array.from({ length: 10 }, (_, k) => sampleFrame(k + 1));
    for (const frame of frames) server.publish(frame, RATES);
    await until(() => client.frames.at(-1)?.tick === 500);
    expect(client.frames.map((f) => f.tick)).toEqual([50, 500]);
    server.status({ state: 'paused' });
    await until(() => client.last('status')?.thinned === 8);
    expect(client.last('status')!.dropped).toBe(0);
  });

  test('thinning keeps the last whole interval beside a frame within the next one', async () => {
    const server = await serve({ framesPerSecond: 5 });
    const client = await Client.connect(server);
    await until(() => client.last('hello'));
    const frame = sampleFrame(1);
    for (const tick of [0, 50, 60, 100, 110, 120]) server.publish({ ...frame, tick }, RATES);
    await until(() => client.frames.at(-1)?.tick === 120);
    expect(client.frames.map((f) => f.tick)).toEqual([0, 100, 120]);
  });

  test('of a very large run the first worlds of every arm are sent', async () => {
    const options = { arms: 4, worlds: 20 };
    const server = await serve({ header: sampleHeader(options) });
    const client = await Client.connect(server);
    server.publish(sampleFrame(1, options), RATES);
    await until(() => client.frames.length === 1);
    const { worlds } = client.frames[0]!;
    expect(worlds.length).toBe(WATCHED_WORLDS_MAX);
    expect(client.last('hello')!.watchedWorlds).toBe(WATCHED_WORLDS_MAX);
    expect(new Set(worlds.map((w) => w.arm))).toEqual(new Set([0, 1, 2, 3]));
    expect(Math.max(...worlds.map((w) => w.replicate))).toBe(15);
  });
});

describe('slow and vanished watchers', () => {
  test('a watcher that stops reading loses frames, is told how many, and delays nobody', async () => {
    const options = { arms: 1, worlds: WATCHED_WORLDS_MAX };
    const server = await serve({ header: sampleHeader(options) });
    const slow = await Client.connect(server);
    const quick = await Client.connect(server);
    await until(() => slow.last('hello') && quick.last('hello'));
    slow.socket.pause();
    const frame = sampleFrame(1, options);
    let tick = 0;
    while (server.dropped < 5) {
      tick += 50;
      server.publish({ ...frame, tick }, RATES);
      // The quick one is let read; the slow one never is.
      await until(() => quick.frames.at(-1)?.tick === tick);
    }
    slow.socket.resume();
    await until(() => slow.frames.at(-1)?.tick === tick);
    server.status({ state: 'paused' });
    await until(() => slow.last('status')?.state === 'paused' && quick.last('status')?.state === 'paused');
    expect(slow.last('status')!.dropped).toBe(server.dropped);
    expect(quick.last('status')!.dropped).toBe(0);
    expect(quick.frames.length).toBe(tick / 50);
    expect(slow.frames.length).toBe(tick / 50 - server.dropped);
    slow.socket.terminate();
    await until(() => server.clients === 1);
    expect(server.dropped).toBeGreaterThanOrEqual(5);
  });

  test('a watcher that no longer answers the heartbeat is let go', async () => {
    const server = await serve({ heartbeatMs: 30 });
    const vanished = new WebSocket(`${server.url.replace('http', 'ws')}api/live`, { autoPong: false });
    vanished.on('error', () => {});
    closing.push(() => vanished.terminate());
    const alive = await Client.connect(server);
    await until(() => vanished.readyState === WebSocket.CLOSED);
    expect(server.clients).toBe(1);
    expect(alive.closed).toBeNull();
  });
});

describe('memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };

  test('does not grow with watchers that vanish, stop reading or send nonsense, nor with frames', async () => {
    const options = { arms: 1, worlds: 16 };
    const server = await serve({ header: sampleHeader(options) });
    const frame = sampleFrame(1, options);
    let tick = 0;
    const round = async (): Promise<void> => {
      const url = `${server.url.replace('http', 'ws')}api/live`;
      const sockets = Array.from({ length: 8 }, () => new WebSocket(url));
      await Promise.all(sockets.map((socket) => once(socket, 'open')));
      sockets[0]!.pause();
      sockets[1]!.send('{"type":');
      sockets[2]!.send('x'.repeat(CONTROL_BYTES_MAX + 1));
      sockets[3]!.send(Buffer.alloc(64));
      for (let k = 0; k < 40; k++) {
        tick += 50;
        server.publish({ ...frame, tick }, RATES);
      }
      for (const socket of sockets) {
        socket.on('error', () => {});
        socket.terminate();
      }
      await until(() => server.clients === 0);
    };
    // the past fills up first
    while (tick < 50 * 2 * HISTORY_FRAMES_MAX) await round();
    const before = heap();
    for (let k = 0; k < 25; k++) await round();
    const frameBytes = encodeFrame(frame, { interval: 50, distributions: true }).length;
    // a thousand frames for two hundred watchers: what is left is less than a few of them
    expect(heap() - before).toBeLessThan(HISTORY_FRAMES_MAX * frameBytes);
  }, 60_000);

  test('is given back when another run takes the place of one: its watchers stay and see nothing of the old one', async () => {
    const server = await serve();
    const client = await Client.connect(server);
    server.publish(sampleFrame(3), RATES);
    await until(() => client.frames.length === 1);
    const header = { ...sampleHeader({ arms: 1, worlds: 2 }), name: 'second' };
    server.begin(header);
    await until(() => client.last('hello')?.run.name === 'second');
    expect(splitFrames(await (await fetch(`${server.url}api/history`)).arrayBuffer())).toEqual([]);
    server.publish(sampleFrame(1, { arms: 1, worlds: 2 }), RATES);
    await until(() => client.frames.length === 2);
    expect(client.frames[1]!.worlds.length).toBe(2);
    expect(client.closed).toBeNull();
    const late = await Client.connect(server);
    await until(() => late.frames.length === 1 && late.last('hello')?.run.name === 'second');
  });
});

describe('status', () => {
  test('state, message, speed and rates reach a watcher, and the end is announced also to late ones', async () => {
    const server = await serve();
    const client = await Client.connect(server);
    server.publish(sampleFrame(1), RATES);
    server.status({ state: 'paused', speed: 20 });
    await until(() => client.last('status')?.state === 'paused');
    expect(client.last('status')).toMatchObject({ ...RATES, speed: 20, message: '' });
    server.status({ state: 'failed', message: "law 'cash-conserved' broken at tick 50" });
    await until(() => client.last('ended'));
    expect(client.last('status')).toMatchObject({ state: 'failed', speed: 20 });
    expect(client.last('ended')).toEqual({
      type: 'ended',
      state: 'failed',
      message: "law 'cash-conserved' broken at tick 50",
    });
    const late = await Client.connect(server);
    await until(() => late.last('ended'));
    expect(late.last('ended')).toEqual(client.last('ended'));
  });

  test('laws reach a watcher, a violation at once', async () => {
    const server = await serve();
    const client = await Client.connect(server);
    server.publish(sampleFrame(1), RATES);
    await until(() => client.last('laws'));
    expect(client.last('laws')).toEqual({ type: 'laws', tick: 50, laws: sampleLaws(50) });
    server.publish({ ...sampleFrame(2), laws: sampleLaws(100, 'cash-conserved') }, RATES);
    await until(() => client.last('laws')!.tick === 100);
    expect(client.last('laws')!.laws[1]!.violated).toContain('agent 12 cash');
  });
});

describe('a law that ends the run', () => {
  test('is shown as violated although no frame follows', async () => {
    const server = await serve();
    const client = await Client.connect(server);
    server.publish(sampleFrame(1), RATES);
    const message = "law 'cash-conserved' broken at tick 51";
    server.status({ state: 'failed', message, brokenLaw: 'cash-conserved' });
    await until(() => client.last('ended'));
    const violated = client.last('laws')!.laws.filter((law) => law.violated !== null);
    expect(violated.map((law) => [law.name, law.violated])).toEqual([['cash-conserved', message]]);
  });
});

describe('controls', () => {
  test('what a watcher asks for reaches the driver, until it stops listening', async () => {
    const server = await serve();
    const heard: Control[] = [];
    const stop = server.onControl((control) => heard.push(control));
    const client = await Client.connect(server);
    const sent: Control[] = [
      { type: 'pause' },
      { type: 'step', ticks: 7 },
      { type: 'speed', ticksPerSecond: null },
    ];
    for (const control of sent) client.socket.send(JSON.stringify(control));
    await until(() => heard.length === 3);
    expect(heard).toEqual(sent);
    stop();
    client.socket.send('{"type":"resume"}');
    client.socket.send('this ends it');
    await until(() => client.closed);
    expect(heard).toEqual(sent);
  });

  test.each([
    ['not JSON', 'pause', 1008, 'message is not JSON'],
    ['an unknown type', '{"type":"format-disk"}', 1008, 'message type must be one of'],
    ['too long', '{"type":"pause"}'.padEnd(CONTROL_BYTES_MAX + 1), 1009, 'longer than 1024'],
    ['binary', Buffer.from([1, 2, 3]), 1003, 'not binary'],
  ])(
    'a message that is %s closes the connection with the reason, and no other',
    async (_, message, code, reason) => {
      const server = await serve();
      const heard: Control[] = [];
      server.onControl((control) => heard.push(control));
      const bad = await Client.connect(server);
      const good = await Client.connect(server);
      bad.socket.send(message);
      await until(() => bad.closed);
      expect(bad.closed!.code).toBe(code);
      expect(bad.closed!.reason).toContain(reason);
      good.socket.send('{"type":"pause"}');
      await until(() => heard.length === 1);
      expect(good.closed).toBeNull();
    },
  );

  test('a message far too long for the server to hold is cut off by the socket itself', async () => {
    const server = await serve();
    const client = await Client.connect(server);
    client.socket.send('x'.repeat(2 ** 20));
    await until(() => client.closed);
    expect(client.closed!.code).toBe(1009);
    expect(server.clients).toBe(0);
  });
});

describe('HTTP', () => {
  test('health and run answer with JSON of the run', async () => {
    const server = await serve();
    server.publish(sampleFrame(4), RATES);
    expect(await (await fetch(`${server.url}api/health`)).json()).toEqual({
      state: 'running',
      tick: 200,
      clients: 0,
      dropped: 0,
    });
    const run = await (await fetch(`${server.url}api/run`)).json();
    expect(run).toMatchObject({ type: 'hello', run: { name: 'sample market', ticks: 20_000 } });
    expect(run.metrics[METRIC_INDEX.tokenPrice].name).toBe('tokenPrice');
  });

  test('every answer carries the security headers, also of what does not exist', async () => {
    const server = await serve();
    for (const path of ['', 'api/run', 'nothing/here', '..%2f..%2fpackage.json']) {
      const { headers } = await fetch(`${server.url}${path}`);
      const policy = headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('x-powered-by')).toBeNull();
    }
    expect((await fetch(`${server.url}nothing/here`)).status).toBe(404);
  });

  test('the page directory is served, and a page that is not built says how to build it', async () => {
    const pageDirectory = await mkdtemp(join(tmpdir(), 'page-'));
    const unbuilt = await serve({ pageDirectory });
    const answer = await fetch(unbuilt.url);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm run build:page');
    await writeFile(join(pageDirectory, 'index.html'), '<!doctype html><title>built</title>');
    expect(await (await fetch(unbuilt.url)).text()).toContain('built');
  });

  test('the page is found from source and from the build', () => {
    expect(defaultPageDirectory('file:///home/a/viz/server.ts')).toBe('/home/a/dist/viz/client');
    expect(defaultPageDirectory('file:///home/a/dist/viz/server.js')).toBe('/home/a/dist/viz/client');
  });
});

describe('who may connect', () => {
  test('the page of another origin may not, this one and a script may', async () => {
    const server = await serve();
    const own = new URL(server.url).origin;
    expect(await refusal(server, 'api/live', { origin: 'https://example.org' })).toBe(403);
    expect(await refusal(server, 'api/live', { origin: 'null' })).toBe(403);
    expect(await refusal(server, 'api/other', { origin: own })).toBe(404);
    await Client.connect(server, { origin: own });
    await Client.connect(server);
    await until(() => server.clients === 2);
  });

  test('a foreign name that is pointed at this machine is not answered', async () => {
    const server = await serve();
    const { port } = new URL(server.url);
    expect(await refusal(server, 'api/live', { host: `evil.example:${port}` })).toBe(403);
    expect(await get(server.url, { host: `evil.example:${port}` })).toBe(403);
    expect(await get(`${server.url}api/health`, { host: `localhost:${port}` })).toBe(200);
  });

  test('beyond this machine a page must be of the own origin or an allowed one, token or not', async () => {
    const server = await serve({ host: '0.0.0.0', origins: ['https://proxy.example'] });
    const { port } = new URL(server.url);
    const host = `market.example:${port}`;
    const authorization = `Bearer ${server.token}`;
    const foreign = { host, origin: 'http://other.example', authorization };
    expect(await refusal(server, 'api/live', foreign)).toBe(403);
    await Client.connect(server, { host, origin: `http://${host}`, authorization });
    await Client.connect(server, { host, origin: 'https://proxy.example', authorization });
    await Client.connect(server, { host, authorization });
    await until(() => server.clients === 3);
  });
});

describe('the token', () => {
  const PATHS = ['', 'api/health', 'api/run', 'api/history', 'api/v1/runs', 'main.js', 'nothing/here'];

  test('on a loopback address there is none, and the link is the address', async () => {
    for (const host of ['127.0.0.1', '127.0.0.2', 'localhost']) {
      const server = await serve({ host });
      expect([server.token, server.link]).toEqual([null, server.url]);
    }
  });

  test('beyond it nothing is answered without the token but one line with 401, with the headers of every answer', async () => {
    const server = await serve({ host: '0.0.0.0' });
    for (const path of PATHS) {
      const response = await fetch(`${server.url}${path}`);
      expect([path, response.status]).toEqual([path, 401]);
      expect(await response.text()).toMatch(/^open the link that the server printed[^\n]+\n$/);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    }
    const own = new URL(server.url).origin;
    expect(await refusal(server, 'api/live', { origin: own })).toBe(401);
    expect(await refusal(server, 'api/live', {})).toBe(401);
    expect(server.clients).toBe(0);
  });

  test('the link turns into a cookie that no script reads, and the address is left without the token', async () => {
    const server = await serve({ host: '0.0.0.0' });
    const first = await fetch(`${server.link}&run=tiny`, { redirect: 'manual' });
    expect(first.status).toBe(303);
    expect(first.headers.get('location')).toBe('./?run=tiny');
    const [cookie = ''] = first.headers.getSetCookie();
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\/$/);
    const held = { cookie: `other=1; ${cookie.split(';')[0]}` };
    expect((await fetch(`${server.url}api/run`, { headers: held })).status).toBe(200);
    const client = await Client.connect(server, { ...held, origin: new URL(server.url).origin });
    await until(() => client.last('hello'));
  });

  test('a script shows it as a bearer token', async () => {
    const server = await serve({ host: '0.0.0.0' });
    const ask = async (authorization: string): Promise<number> =>
      (await fetch(`${server.url}api/run`, { headers: { authorization } })).status;
    expect(await ask(`Bearer ${server.token}`)).toBe(200);
    expect(await ask(`bearer ${server.token}`)).toBe(200);
    expect(await ask(`Basic ${server.token}`)).toBe(401);
  });

  test.each([
    ['empty', () => ''],
    ['one character short', (token: string) => token.slice(0, -1)],
    ['one character too long', (token: string) => `${token}x`],
    ['in other letters', (token: string) => token.toLowerCase()],
    ['of another server', () => 'A'.repeat(32)],
  ])('a token that is %s is none', async (_, wrong) => {
    const server = await serve({ host: '0.0.0.0' });
    const { port } = new URL(server.url);
    const token = wrong(server.token!);
    const headers = { authorization: `Bearer ${token}`, cookie: `darwin-${port}=${token}` };
    expect((await fetch(`${server.url}api/run`, { headers })).status).toBe(401);
    expect((await fetch(`${server.url}?token=${token}`, { redirect: 'manual' })).status).toBe(401);
  });

  test('two servers have two tokens of 192 bits, and the cookie of one is nothing to the other', async () => {
    const [one, other] = [await serve({ host: '0.0.0.0' }), await serve({ host: '0.0.0.0' })];
    expect(Buffer.from(one.token!, 'base64url').length).toBe(24);
    expect(one.token).not.toBe(other.token);
    const cookie = `darwin-${new URL(one.url).port}=${one.token}`;
    expect((await fetch(`${other.url}api/run`, { headers: { cookie } })).status).toBe(401);
  });
});

describe('limits', () => {
  test('a watcher that sends controls faster than anybody steers is let go with the reason, and no other', async () => {
    const server = await serve();
    const heard: Control[] = [];
    server.onControl((control) => heard.push(control));
    const good = await Client.connect(server);
    const bad = await Client.connect(server);
    for (let k = 0; k < 20 * CONTROLS_RATE.burst; k++) bad.socket.send('{"type":"pause"}');
    await until(() => bad.closed);
    expect(bad.closed).toEqual({ code: 1008, reason: 'more than 50 controls a second' });
    expect(heard.length).toBeGreaterThanOrEqual(CONTROLS_RATE.burst);
    expect(good.closed).toBeNull();
  });

  test('headers that are too long are refused by the parser, and a path that is no path by one line', async () => {
    const server = await serve();
    expect(await get(`${server.url}api/run`, { 'x-long': 'x'.repeat(64 * 1024) })).toBe(431);
    for (const path of ['%', '%ff', 'api/v1/runs/%', 'api/v1/runs/%ff', 'x%00y', 'api/v1/runs/a%00b']) {
      const status = (await get(`${server.url}${path}`, {}))!;
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
      expect(await (await fetch(`${server.url}${path}`)).text()).toMatch(/^[^<\n]+\n?$/);
    }
  });
});

describe('starting and closing', () => {
  test('a taken port is bad input that names the port', async () => {
    const server = await serve();
    const port = Number(new URL(server.url).port);
    const second = startServer({ port, header: sampleHeader() });
    await expect(second).rejects.toThrow(UsageError);
    await expect(second).rejects.toMatchObject({ exitCode: EXIT.badInput });
    await expect(second).rejects.toThrow(`port ${port}`);
  });

  test.each([-1, 65_536, 1.5])('there is no port %d', async (port) => {
    await expect(startServer({ port, header: sampleHeader() })).rejects.toThrow(UsageError);
  });

  test('an address that this machine does not have is bad input', async () => {
    await expect(startServer({ host: '192.0.2.1', header: sampleHeader() })).rejects.toThrow(UsageError);
  });

  test('closing says goodbye and frees the port', async () => {
    const server = await startServer({ header: sampleHeader() });
    const client = await Client.connect(server);
    await server.close();
    await until(() => client.closed);
    expect(client.closed).toEqual({ code: 1001, reason: 'the server was closed' });
    const again = await startServer({ header: sampleHeader(), port: Number(new URL(server.url).port) });
    await again.close();
  });
});
