/**
 * The server of the page: the data of recorded runs over HTTP (dataApi.ts) and, where this process simulates a
 * run, its header and past over HTTP and its frames over a WebSocket.
 * Watching never changes or slows a result: publishing writes each frame once, hands it to bounded queues
 * and returns. What a watcher asks for (pause, step, speed) goes to whoever drives the run and to nobody
 * else; the model never sees it.
 */
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { EnvironmentError, UsageError } from '../sim/core/errors.ts';
import type { LawStatus, RunFrame } from '../sim/frame.ts';
import { Watcher } from './broadcast.ts';
import type { RunCatalog } from './dataApi.ts';
import { dataRoutes, NO_RUNS } from './dataRoutes.ts';
import { helloOf, replicatesWatched, WATCHED_WORLDS_MAX } from './hello.ts';
import { FrameHistory } from './history.ts';
import {
  CONTROL_BYTES_MAX,
  type Control,
  type Ended,
  encodeFrame,
  type Hello,
  joinFrames,
  ProtocolError,
  parseControl,
  type RunHeader,
  type Status,
} from './protocol.ts';

/** Watchers at a time. */
const WATCHERS_MAX = 64;
/** Past frames kept for late watchers; a chart has fewer pixels. */
export const HISTORY_FRAMES_MAX = 400;
/** Frames a second sent to a page, which redraws no faster than it can be read. */
const FRAMES_PER_SECOND = 20;
const STATUS_INTERVAL_MS = 250;
const HEARTBEAT_MS = 15_000;
/** Time that watchers have to answer the goodbye. */
const CLOSE_MS = 500;
const PORT_MAX = 65_535;

/** WebSocket close codes, RFC 6455 section 7.4.1. */
const CLOSE = { goingAway: 1001, unsupported: 1003, policy: 1008, tooBig: 1009 } as const;
/** Longest reason that fits a close frame, bytes. */
const CLOSE_REASON_BYTES_MAX = 123;

export interface ServerOptions {
  /** 0 or left out: any free port. */
  readonly port?: number;
  /** Address to listen on; only this machine by default. */
  readonly host?: string;
  /** The run that this process simulates; left out where there are only recorded ones. */
  readonly header?: RunHeader;
  /** The runs whose data are served; none by default. */
  readonly catalog?: RunCatalog;
  /** Further origins that may connect, such as `https://example.org` in front of a proxy. */
  readonly origins?: readonly string[];
  /** Directory of the built page. */
  readonly pageDirectory?: string;
  /** Frames a second sent to watchers, 20 by default; Infinity = each one. */
  readonly framesPerSecond?: number;
  /** Milliseconds between heartbeats; a watcher that misses two is let go. 15,000 by default. */
  readonly heartbeatMs?: number;
}

/** How fast the run is. */
export interface Rates {
  readonly ticksPerSecond: number;
  readonly agentStepsPerSecond: number;
}

/** How the run stands, as far as its driver says. */
export interface RunStatus {
  readonly state: Status['state'];
  /** What the terminal says too; an error's line when the run failed. */
  readonly message?: string;
  /** Speed limit in force, ticks per second; null = none. */
  readonly speed?: number | null;
  /** Name of the law whose violation ended the run; no frame comes after it, so the table learns of it here. */
  readonly brokenLaw?: string;
}

export interface LiveServer {
  /** Where a browser finds the page, such as `http://127.0.0.1:4100/`. */
  readonly url: string;
  /** Connected watchers. */
  readonly clients: number;
  /** Frames that slow watchers lost, all connections together. */
  readonly dropped: number;
  /** Shows a frame to everyone who watches. O(worlds) to write it, O(1) for each watcher; never waits. */
  publish(frame: RunFrame, rates: Rates): void;
  /** Shows how the run stands; `finished` and `failed` end the run for the watchers. */
  status(status: RunStatus): void;
  /** Calls back on what watchers ask for; returns how to stop that. */
  onControl(callback: (control: Control) => void): () => void;
  /** Says goodbye to all watchers and frees the port. */
  close(): Promise<void>;
}

/** The built page beside this module: `dist/viz/client`, whether this runs from source or from `dist`. */
export function defaultPageDirectory(moduleUrl: string = import.meta.url): string {
  const fromSource = moduleUrl.endsWith('.ts');
  return fileURLToPath(new URL(fromSource ? '../dist/viz/client' : './client', moduleUrl));
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\]|::1)$/i;
const isLoopback = (host: string): boolean => LOOPBACK.test(host);
const hostName = (hostHeader: string): string => hostHeader.replace(/:\d+$/, '');

/** Headers of every answer: nothing but the page's own files, no embedding, no guessing of types. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/**
 * Starts the server. Throws UsageError when the port is taken or may not be used (exit code 2), and
 * EnvironmentError when listening fails otherwise.
 */
export async function startServer(options: ServerOptions): Promise<LiveServer> {
  const host = options.host ?? '127.0.0.1';
  const live = new Live(options, host);
  try {
    await live.listen(options.port ?? 0);
  } catch (error) {
    await live.close();
    throw error;
  }
  return live;
}

interface Published {
  readonly frame: RunFrame;
  /** Ticks that its counts cover. */
  readonly interval: number;
  /** Whether that is a whole interval of the metrics. */
  readonly whole: boolean;
}

class Live implements LiveServer {
  url = '';
  private readonly options: ServerOptions;
  private readonly host: string;
  private readonly http: Server;
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * CONTROL_BYTES_MAX });
  private readonly watchers = new Map<WebSocket, Watcher>();
  private readonly listeners = new Set<(control: Control) => void>();
  private readonly history = new FrameHistory(HISTORY_FRAMES_MAX);
  private readonly watchedReplicates: number;
  /** null without a live run. */
  private readonly hello: Hello | null;
  private readonly metricsEvery: number;
  private readonly heartbeat: NodeJS.Timeout;

  /** Latest frame, not yet written; null before the first. */
  private latest: Published | null = null;
  /** Frames that wait for their turn: the last one of a whole interval, and one within the next. */
  private pending: Published[] = [];
  private flushTimer: NodeJS.Timeout | null = null;
  private frameSentAt = Number.NEGATIVE_INFINITY;
  private statusSentAt = Number.NEGATIVE_INFINITY;
  private laws: { tick: number; laws: readonly LawStatus[] } | null = null;
  private violations = 0;
  private rates: Rates = { ticksPerSecond: 0, agentStepsPerSecond: 0 };
  private run: Pick<Status, 'state' | 'message' | 'speed'> = { state: 'running', message: '', speed: null };
  private thinned = 0;
  private droppedByGone = 0;
  private alive = new WeakSet<WebSocket>();

  constructor(options: ServerOptions, host: string) {
    this.options = options;
    this.host = host;
    const { header } = options;
    this.metricsEvery = header?.metricsEvery ?? 1;
    this.watchedReplicates = replicatesWatched(header?.arms.length ?? 1);
    this.hello = header === undefined ? null : helloOf(header);
    this.http = createServer(this.routes());
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.sockets.on('connection', (socket) => this.welcome(socket));
    this.heartbeat = setInterval(() => this.beat(), options.heartbeatMs ?? HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  get clients(): number {
    return this.watchers.size;
  }

  get dropped(): number {
    let sum = this.droppedByGone;
    for (const watcher of this.watchers.values()) sum += watcher.dropped;
    return sum;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (cause: NodeJS.ErrnoException): void => reject(listenError(cause, this.host, port));
      this.http.once('error', fail);
      if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) {
        reject(new UsageError(`there is no port ${port}`, `ports are whole numbers from 0 to ${PORT_MAX}`));
        return;
      }
      this.http.listen(port, this.host, () => {
        this.http.off('error', fail);
        const bound = (this.http.address() as AddressInfo).port;
        const shown = this.host === '0.0.0.0' || this.host === '::' ? 'localhost' : this.host;
        this.url = `http://${shown.includes(':') ? `[${shown}]` : shown}:${bound}/`;
        resolve();
      });
    });
  }

  publish(frame: RunFrame, rates: Rates): void {
    const watched = this.watchedPart(frame);
    const { metricsEvery } = this;
    // Counts of a frame cover the ticks since the last multiple of metricsEvery before it.
    const interval = frame.tick === 0 ? 0 : ((frame.tick - 1) % metricsEvery) + 1;
    const whole = frame.tick % metricsEvery === 0;
    this.rates = rates;
    // Frames within an interval (a pause, a step) are of the moment; the past is made of whole intervals.
    if (whole) this.history.offer(() => encodeFrame(watched, { interval, distributions: false }));
    const kept = whole ? [] : this.pending.filter((waiting) => waiting.whole);
    this.thinned += this.pending.length - kept.length;
    this.latest = { frame: watched, interval, whole };
    this.pending = [...kept, this.latest];

    const violations = frame.laws.reduce((sum, law) => sum + (law.violated === null ? 0 : 1), 0);
    this.laws = { tick: frame.tick, laws: frame.laws };
    const now = performance.now();
    if (now - this.statusSentAt >= STATUS_INTERVAL_MS || violations !== this.violations) this.sendStatus(now);
    this.violations = violations;

    const due = this.frameSentAt + 1000 / (this.options.framesPerSecond ?? FRAMES_PER_SECOND);
    if (now >= due) this.flush(now);
    else if (this.flushTimer === null) {
      this.flushTimer = setTimeout(() => this.flush(performance.now()), due - now);
      this.flushTimer.unref();
    }
  }

  status(status: RunStatus): void {
    const { state, message = '', speed = this.run.speed, brokenLaw } = status;
    this.run = { state, message, speed };
    if (brokenLaw !== undefined && this.laws !== null) {
      const laws = this.laws.laws.map((law) =>
        law.name === brokenLaw ? { ...law, violated: message } : law,
      );
      this.laws = { ...this.laws, laws };
    }
    const now = performance.now();
    if (this.run.state !== 'running') this.flush(now);
    this.sendStatus(now);
    const ended = this.ended();
    if (ended !== null) {
      for (const watcher of this.watchers.values()) watcher.message('ended', () => JSON.stringify(ended));
    }
  }

  onControl(callback: (control: Control) => void): () => void {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  }

  async close(): Promise<void> {
    clearInterval(this.heartbeat);
    if (this.flushTimer !== null) clearTimeout(this.flushTimer);
    this.listeners.clear();
    const goodbyes = [...this.watchers.keys()].map((socket) => {
      const gone = new Promise((resolve) => socket.once('close', resolve));
      closeWith(socket, CLOSE.goingAway, 'the server was closed');
      return gone;
    });
    const patience = setTimeout(() => {
      for (const socket of this.watchers.keys()) socket.terminate();
    }, CLOSE_MS);
    await Promise.all(goodbyes);
    clearTimeout(patience);
    this.sockets.close();
    await new Promise<void>((resolve) => {
      this.http.close(() => resolve());
      this.http.closeAllConnections();
    });
  }

  /** The worlds that are sent: the first replicates of every arm. */
  private watchedPart(frame: RunFrame): RunFrame {
    if (frame.worlds.length <= WATCHED_WORLDS_MAX) return frame;
    const worlds = frame.worlds
      .filter((world) => world.replicate < this.watchedReplicates)
      .slice(0, WATCHED_WORLDS_MAX);
    return { ...frame, worlds };
  }

  /** Sends what waits, if anything. */
  private flush(now: number): void {
    if (this.flushTimer !== null) clearTimeout(this.flushTimer);
    this.flushTimer = null;
    const waiting = this.pending;
    if (waiting.length === 0) return;
    this.pending = [];
    this.frameSentAt = now;
    if (this.watchers.size === 0) return;
    for (const { frame, interval } of waiting) {
      const bytes = encodeFrame(frame, { interval, distributions: true });
      for (const watcher of this.watchers.values()) watcher.frame(bytes);
    }
  }

  private sendStatus(now: number): void {
    this.statusSentAt = now;
    for (const watcher of this.watchers.values()) this.tellStatus(watcher);
  }

  private tellStatus(watcher: Watcher): void {
    watcher.message('status', () => {
      const status: Status = {
        type: 'status',
        ...this.run,
        ...this.rates,
        dropped: watcher.dropped,
        thinned: this.thinned,
      };
      return JSON.stringify(status);
    });
    if (this.laws !== null) watcher.message('laws', () => JSON.stringify({ type: 'laws', ...this.laws }));
  }

  private ended(): Ended | null {
    const { state, message } = this.run;
    return state === 'finished' || state === 'failed' ? { type: 'ended', state, message } : null;
  }

  private welcome(socket: WebSocket): void {
    const watcher = new Watcher(socket);
    this.watchers.set(socket, watcher);
    this.alive.add(socket);
    socket.on('pong', () => this.alive.add(socket));
    socket.on('message', (data, isBinary) => this.hear(socket, data, isBinary));
    // The close that follows says all; without a listener the error would end the process.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.watchers.delete(socket);
      this.droppedByGone += watcher.dropped;
    });
    watcher.message('hello', () => JSON.stringify(this.hello));
    this.tellStatus(watcher);
    const ended = this.ended();
    if (ended !== null) watcher.message('ended', () => JSON.stringify(ended));
    if (this.latest !== null) {
      const { frame, interval } = this.latest;
      watcher.frame(encodeFrame(frame, { interval, distributions: true }));
    }
  }

  private hear(socket: WebSocket, data: RawData, isBinary: boolean): void {
    const bytes = data as Buffer;
    if (isBinary) {
      closeWith(socket, CLOSE.unsupported, 'send controls as text, not binary');
    } else if (bytes.length > CONTROL_BYTES_MAX) {
      closeWith(socket, CLOSE.tooBig, `message of ${bytes.length} bytes is longer than ${CONTROL_BYTES_MAX}`);
    } else {
      let control: Control;
      try {
        control = parseControl(bytes.toString('utf8'));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        closeWith(socket, CLOSE.policy, error.line);
        return;
      }
      for (const listener of this.listeners) listener(control);
    }
  }

  private beat(): void {
    for (const socket of this.watchers.keys()) {
      if (!this.alive.has(socket)) socket.terminate();
      else {
        this.alive.delete(socket);
        socket.ping();
      }
    }
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.refusal(request);
    if (refusal !== null) {
      const [status, reason] = refusal;
      socket.end(
        `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(reason)}\r\n\r\n${reason}`,
      );
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (client) => this.sockets.emit('connection', client));
  }

  /** Why a connection is refused, or null. */
  private refusal(request: IncomingMessage): [status: string, reason: string] | null {
    if (request.url?.split('?', 1)[0] !== '/api/live') {
      return ['404 Not Found', 'no such path; frames are at /api/live'];
    }
    if (this.hello === null)
      return ['404 Not Found', 'no run is live here; recorded ones are at /api/v1/runs'];
    if (!this.hostAllowed(request.headers.host))
      return ['403 Forbidden', 'the Host header is not this machine'];
    if (!this.originAllowed(request)) {
      return ['403 Forbidden', 'pages of other origins may not connect'];
    }
    if (this.watchers.size >= WATCHERS_MAX) {
      return ['503 Service Unavailable', `already ${WATCHERS_MAX} watchers`];
    }
    return null;
  }

  /** On a loopback address only loopback names are answered, so that no foreign name can be pointed here. */
  private hostAllowed(header: string | undefined): boolean {
    if (header === undefined) return false;
    if (!isLoopback(this.host) || isLoopback(hostName(header))) return true;
    return (this.options.origins ?? []).some((origin) => hostOf(origin) === header);
  }

  /**
   * A browser names the origin of the page that connects; it must be this server's own page. A script that
   * names none may connect on a loopback address only.
   */
  private originAllowed(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined) return isLoopback(this.host);
    if (this.options.origins?.includes(origin)) return true;
    return hostOf(origin) === request.headers.host;
  }

  private routes(): Express {
    const app = express();
    app.disable('x-powered-by');
    app.use((request, response, next) => {
      response.set(SECURITY_HEADERS);
      if (this.hostAllowed(request.headers.host)) next();
      else response.status(403).type('text/plain').send('the Host header is not this machine\n');
    });
    app.get('/api/health', (_request, response) => {
      response.set('Cache-Control', 'no-store').json({
        state: this.run.state,
        tick: this.latest?.frame.tick ?? 0,
        clients: this.clients,
        dropped: this.dropped,
      });
    });
    app.get('/api/run', (_request, response) => {
      response.set('Cache-Control', 'no-store');
      if (this.hello === null) response.status(404).type('text/plain').send('No run is live here\n');
      else response.json(this.hello);
    });
    app.use('/api/v1', dataRoutes(this.options.catalog ?? NO_RUNS, this.hello !== null));
    app.get('/api/history', (_request, response) => {
      response
        .set('Cache-Control', 'no-store')
        .type('application/octet-stream')
        .send(Buffer.from(joinFrames(this.history.kept).buffer));
    });
    const page = this.options.pageDirectory ?? defaultPageDirectory();
    app.use(express.static(page, { index: 'index.html', redirect: false }));
    app.use((request, response) => {
      const unbuilt = request.path === '/' && !existsSync(join(page, 'index.html'));
      response
        .status(unbuilt ? 503 : 404)
        .type('text/plain')
        .send(unbuilt ? 'The page is not built; run: npm run build:page\n' : 'Not found\n');
    });
    return app;
  }
}

/** Closes with a reason, which must be short; anything but printable ASCII could be cut within a character. */
function closeWith(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason.replace(/[^ -~]/g, '?').slice(0, CLOSE_REASON_BYTES_MAX));
}

/** Host and port of an origin, or null when it is none. */
const hostOf = (origin: string): string | null => (URL.canParse(origin) ? new URL(origin).host : null);

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new UsageError(
        `port ${port} on ${host} is already in use`,
        'name another port, or none for a free one',
        { cause },
      );
    case 'EACCES':
      return new UsageError(`port ${port} may not be used by this user`, 'name a port above 1023', { cause });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new UsageError(`this machine has no address '${host}' to serve on`, 'use 127.0.0.1', { cause });
    default:
      return new EnvironmentError(`cannot serve on ${host}:${port}: ${cause.message}`, '', { cause });
  }
}
