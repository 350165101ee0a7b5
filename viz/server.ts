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
import express, { type Express, type Request, type Response } from 'express';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { UsageError } from '../sim/core/errors.ts';
import type { RunFrame } from '../sim/frame.ts';
import { Access } from './access.ts';
import { Allowance } from './allowance.ts';
import { answerFailure, LOOPBACK_HEADERS, SECURITY_HEADERS } from './answers.ts';
import { Watcher } from './broadcast.ts';
import type { RunControl } from './controlApi.ts';
import { controlRoutes } from './controlRoutes.ts';
import type { RunCatalog } from './dataApi.ts';
import { dataRoutes, NO_RUNS } from './dataRoutes.ts';
import { Feed, type Rates, type RunStatus, type Stage } from './feed.ts';
import { joinFrames } from './frameBytes.ts';
import { listenError, ownAddress } from './listening.ts';
import { CONTROL_BYTES_MAX, type Control, ProtocolError, parseControl, type RunHeader } from './protocol.ts';

/** Watchers at a time. */
export const WATCHERS_MAX = 1000;
/** Connections at a time; a browser opens up to six beside the one that watches. */
const CONNECTIONS_MAX = 4096;
/** Controls of one watcher: more than hands can give, and than a page sends while a slider is drawn. */
export const CONTROLS_RATE = { burst: 100, perSecond: 50 } as const;
/** How long a client may take to send the headers and the whole of a request, milliseconds. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
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
  /** Who starts and steers runs; nobody by default. */
  readonly control?: RunControl;
  /** Further origins that may connect, such as `https://example.org` in front of a proxy. */
  readonly origins?: readonly string[];
  /** Directory of the built page. */
  readonly pageDirectory?: string;
  /** Frames a second sent to watchers, 20 by default; Infinity = each one. */
  readonly framesPerSecond?: number;
  /** Milliseconds between heartbeats; a watcher that misses two is let go. 15,000 by default. */
  readonly heartbeatMs?: number;
}

export interface LiveServer extends Stage {
  /** Where the page is, such as `http://127.0.0.1:4100/`. */
  readonly url: string;
  /** What a browser opens first: the address, with the token where one must be shown. */
  readonly link: string;
  /** What must be shown beyond this machine; null on a loopback address. */
  readonly token: string | null;
  /** Connected watchers. */
  readonly clients: number;
  /** Frames that slow watchers lost, all connections together. */
  readonly dropped: number;
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

const UNAUTHORIZED = 'open the link that the server printed: it carries the token that is needed here';

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

class Live implements LiveServer {
  url = '';
  link = '';
  private readonly options: ServerOptions;
  private readonly host: string;
  private readonly access: Access;
  private port = 0;
  private readonly http: Server;
  private readonly sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * CONTROL_BYTES_MAX });
  private readonly watchers = new Map<WebSocket, Watcher>();
  private readonly listeners = new Set<(control: Control) => void>();
  private readonly feed: Feed;
  private readonly heartbeat: NodeJS.Timeout;

  private droppedByGone = 0;
  private alive = new WeakSet<WebSocket>();

  constructor(options: ServerOptions, host: string) {
    this.options = options;
    this.host = host;
    this.access = new Access(host, options.origins);
    this.feed = new Feed(options.framesPerSecond);
    if (options.header !== undefined) this.feed.describe(options.header);
    this.http = createServer(
      { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: HEADERS_MS },
      this.routes(),
    );
    this.http.maxConnections = CONNECTIONS_MAX;
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.sockets.on('connection', (socket) => this.welcome(socket));
    this.heartbeat = setInterval(() => this.beat(), options.heartbeatMs ?? HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  get token(): string | null {
    return this.access.token;
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
        this.port = (this.http.address() as AddressInfo).port;
        const shown = this.host === '0.0.0.0' || this.host === '::' ? ownAddress() : this.host;
        this.url = `http://${shown.includes(':') ? `[${shown}]` : shown}:${this.port}/`;
        this.link = this.token === null ? this.url : `${this.url}?token=${this.token}`;
        resolve();
      });
    });
  }

  begin(header: RunHeader): void {
    this.feed.begin(header);
  }

  publish(frame: RunFrame, rates: Rates): void {
    this.feed.publish(frame, rates);
  }

  status(status: RunStatus): void {
    this.feed.status(status);
  }

  onControl(callback: (control: Control) => void): () => void {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  }

  async close(): Promise<void> {
    clearInterval(this.heartbeat);
    this.feed.close();
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

  private welcome(socket: WebSocket): void {
    const watcher = new Watcher(socket);
    this.watchers.set(socket, watcher);
    this.alive.add(socket);
    socket.on('pong', () => this.alive.add(socket));
    const allowance = new Allowance(CONTROLS_RATE);
    socket.on('message', (data, isBinary) => {
      if (allowance.take()) this.hear(socket, data, isBinary);
      else closeWith(socket, CLOSE.policy, `more than ${CONTROLS_RATE.perSecond} controls a second`);
    });
    // The close that follows says all; without a listener the error would end the process.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.watchers.delete(socket);
      this.feed.leave(watcher);
      this.droppedByGone += watcher.dropped;
    });
    this.feed.join(watcher);
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
    const { access } = this;
    if (!access.hostAllowed(request.headers.host))
      return ['403 Forbidden', 'the Host header is not this machine'];
    if (!access.originAllowed(request)) return ['403 Forbidden', 'pages of other origins may not connect'];
    if (!access.authorized(request, this.port)) return ['401 Unauthorized', UNAUTHORIZED];
    if (request.url?.split('?', 1)[0] !== '/api/live') {
      return ['404 Not Found', 'no such path; frames are at /api/live'];
    }
    if (this.feed.greeting === null)
      return ['404 Not Found', 'no run is live here; recorded ones are at /api/v1/runs'];
    if (this.watchers.size >= WATCHERS_MAX) {
      return ['503 Service Unavailable', `already ${WATCHERS_MAX} watchers`];
    }
    return null;
  }

  /** Lets a request in, answers why not, or takes the token of the link. */
  private admit(request: Request, response: Response): boolean {
    const { access, port } = this;
    response.set(SECURITY_HEADERS);
    if (access.token === null) response.set(LOOPBACK_HEADERS);
    const refuse = (status: number, why: string): false => {
      response.status(status).set('Cache-Control', 'no-store').type('text/plain').send(`${why}\n`);
      return false;
    };
    if (!access.hostAllowed(request.headers.host)) return refuse(403, 'the Host header is not this machine');
    if (access.token === null) return true;
    if (request.path === '/' && access.matches(request.query.token)) {
      // the address bar and the history are left without the token
      const { token: _, ...rest } = request.query as Record<string, string>;
      const query = new URLSearchParams(rest).toString();
      response.set('Cache-Control', 'no-store').append('Set-Cookie', access.cookie(port));
      response.redirect(303, query === '' ? './' : `./?${query}`);
      return false;
    }
    if (access.authorized(request, port)) return true;
    response.set('WWW-Authenticate', 'Bearer');
    return refuse(401, UNAUTHORIZED);
  }

  private routes(): Express {
    const app = express();
    app.disable('x-powered-by');
    app.use((request, response, next) => {
      if (this.admit(request, response)) next();
    });
    app.get('/api/health', (_request, response) => {
      response.set('Cache-Control', 'no-store').json({
        state: this.feed.state,
        tick: this.feed.tick,
        clients: this.clients,
        dropped: this.dropped,
      });
    });
    app.get('/api/run', (_request, response) => {
      response.set('Cache-Control', 'no-store');
      if (this.feed.greeting === null) response.status(404).type('text/plain').send('No run is live here\n');
      else response.json(this.feed.greeting);
    });
    const { control, catalog = NO_RUNS } = this.options;
    if (control !== undefined)
      app.use(
        '/api/v1/control',
        controlRoutes(control, (request) => this.access.originAllowed(request)),
      );
    app.use(
      '/api/v1',
      dataRoutes(catalog, () => ({ live: this.feed.greeting !== null, control: control !== undefined })),
    );
    app.get('/api/history', (_request, response) => {
      response
        .set('Cache-Control', 'no-store')
        .type('application/octet-stream')
        .send(Buffer.from(joinFrames(this.feed.history).buffer));
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
    app.use(answerFailure);
    return app;
  }
}

/** Closes with a reason, which must be short; anything but printable ASCII could be cut within a character. */
function closeWith(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason.replace(/[^ -~]/g, '?').slice(0, CLOSE_REASON_BYTES_MAX));
}
