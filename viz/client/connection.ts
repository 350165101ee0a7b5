/** The page's end of the connection: reads what arrives, asks for the past, comes back after a loss. */
import { decodeFrame, splitFrames, type WatchedFrame } from '../frameBytes.ts';
import { type Control, ProtocolError, parseServerMessage, type ServerMessage } from '../protocol.ts';
import { type Line, transport } from './transport.ts';

export type ConnectionState = 'connecting' | 'open' | 'lost';

export interface ConnectionHandlers {
  message(message: ServerMessage): void;
  frames(frames: readonly WatchedFrame[]): void;
  /** `retryMs`: when the next attempt is made, after a loss. */
  state(state: ConnectionState, retryMs: number): void;
  /** Something arrived that this page cannot read; it is left out. */
  problem(message: string): void;
}

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 8000;

export class Connection {
  private readonly handlers: ConnectionHandlers;
  private line: Line | null = null;
  private retryMs = RETRY_FIRST_MS;
  private retry: number | undefined;

  constructor(handlers: ConnectionHandlers) {
    this.handlers = handlers;
  }

  /** Connects now, also when an attempt was due later. */
  open(): void {
    clearTimeout(this.retry);
    this.line?.close();
    this.handlers.state('connecting', 0);
    const line = transport().connect({
      opened: () => {
        this.retryMs = RETRY_FIRST_MS;
        if (this.line === line) this.handlers.state('open', 0);
      },
      heard: (data) => {
        if (this.line === line) this.read(data);
      },
      lost: () => {
        if (this.line !== line) return;
        this.handlers.state('lost', this.retryMs);
        this.retry = window.setTimeout(() => this.open(), this.retryMs);
        this.retryMs = Math.min(RETRY_MAX_MS, this.retryMs * 2);
      },
    });
    this.line = line;
  }

  /** Ends the connection for good. */
  close(): void {
    clearTimeout(this.retry);
    const { line } = this;
    this.line = null;
    line?.close();
  }

  send(control: Control): void {
    this.line?.send(JSON.stringify(control));
  }

  private read(data: unknown): void {
    this.guard(() => {
      if (typeof data !== 'string') {
        this.handlers.frames([decodeFrame(data as ArrayBuffer)]);
        return;
      }
      const message = parseServerMessage(data);
      this.handlers.message(message);
      if (message.type === 'hello') void this.fetchPast();
    });
  }

  private async fetchPast(): Promise<void> {
    const { line } = this;
    try {
      const response = await transport().ask('api/history');
      if (!response.ok) return;
      const bytes = await response.arrayBuffer();
      // A later connection may be to another run, whose past this is not.
      if (this.line === line) this.guard(() => this.handlers.frames(splitFrames(bytes)));
    } catch {
      // The connection went away meanwhile; its own close says so.
    }
  }

  private guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.handlers.problem(error.line);
    }
  }
}
