/**
 * Sends frames to watchers without ever waiting for them. Each connection has a short queue; a watcher
 * that reads too slowly loses its oldest waiting frames and is told how many.
 */

/** What the broadcast needs of a socket; a `ws` WebSocket has it. */
export interface Outlet {
  readonly OPEN: number;
  readonly readyState: number;
  /** Bytes that are written but not yet taken by the network. */
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, done: (error?: Error | null) => void): void;
}

/** Frames that wait for one slow connection. */
export const QUEUE_FRAMES_MAX = 4;
/** Bytes handed to a socket before further frames wait in its queue. */
export const BUFFERED_BYTES_MAX = 2 ** 20;

/** One watcher. Memory is bounded by QUEUE_FRAMES_MAX frames + BUFFERED_BYTES_MAX + one frame. */
export class Watcher {
  /** Frames that were let go because the watcher was too slow. */
  dropped = 0;
  private readonly outlet: Outlet;
  private readonly frames: Uint8Array[] = [];
  /** Latest unsent message of each kind; a newer one takes the place of an older one. */
  private readonly messages = new Map<string, () => string>();

  constructor(outlet: Outlet) {
    this.outlet = outlet;
  }

  /** Frames waiting in the queue. */
  get waiting(): number {
    return this.frames.length;
  }

  /** Queues a frame, letting the oldest go when the queue is full. Never waits. */
  frame(bytes: Uint8Array): void {
    if (this.frames.length === QUEUE_FRAMES_MAX) {
      this.frames.shift();
      this.dropped++;
    }
    this.frames.push(bytes);
    this.pump();
  }

  /** Lets go of what waits, as when another run begins; nothing of it counts as dropped. */
  clear(): void {
    this.frames.length = 0;
    this.messages.clear();
  }

  /** Queues a message; one of the same kind that still waits is replaced. Written when it is sent. */
  message(kind: string, write: () => string): void {
    this.messages.set(kind, write);
    this.pump();
  }

  private readonly pump = (): void => {
    while (this.outlet.readyState === this.outlet.OPEN && this.outlet.bufferedAmount < BUFFERED_BYTES_MAX) {
      const [next] = this.messages;
      if (next !== undefined) {
        this.messages.delete(next[0]);
        this.outlet.send(next[1](), this.sent);
        continue;
      }
      const frame = this.frames.shift();
      if (frame === undefined) return;
      this.outlet.send(frame, this.sent);
    }
  };

  /** A failed send means that the connection is closing, which the server hears of separately. */
  private readonly sent = (error?: Error | null): void => {
    if (!error) this.pump();
  };
}
