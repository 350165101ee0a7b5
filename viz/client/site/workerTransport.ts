/** A worker of the same browser in the place of a server. */
import type { Line, LineEvents, Transport } from '../transport.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/** The part of a Worker that is used. */
export interface WorkerPort {
  postMessage(message: ToWorker): void;
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

const ENDED = 'the worker has ended';

interface Asked {
  readonly resolve: (answer: Response) => void;
  readonly reject: (error: Error) => void;
}

export class WorkerTransport implements Transport {
  readonly keepsRuns = false;
  private readonly worker: WorkerPort;
  private readonly asked = new Map<number, Asked>();
  private next = 0;
  private line: LineEvents | null = null;
  private dead = false;

  /** @param worker that runs worker.ts */
  constructor(worker: WorkerPort) {
    this.worker = worker;
    worker.onmessage = ({ data }) => this.hear(data);
    worker.onerror = () => this.end();
  }

  connect(events: LineEvents): Line {
    this.line = events;
    // as a socket would, after the caller has the line
    queueMicrotask(() => {
      if (this.line !== events) return;
      if (this.dead) {
        events.lost();
        return;
      }
      events.opened();
      this.worker.postMessage({ type: 'join' });
    });
    return {
      send: (text) => {
        if (this.line === events) this.worker.postMessage({ type: 'say', text });
      },
      close: () => {
        if (this.line === events) this.line = null;
      },
    };
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    const id = this.next++;
    const body = init.method === 'POST' ? String(init.body) : null;
    return new Promise((resolve, reject) => {
      if (this.dead) {
        reject(new Error(ENDED));
        return;
      }
      this.asked.set(id, { resolve, reject });
      this.worker.postMessage({ type: 'ask', id, path, body });
    });
  }

  private hear(message: FromWorker): void {
    if (message.type === 'heard') {
      this.worker.postMessage({ type: 'taken' });
      this.line?.heard(message.data);
      return;
    }
    const { id, status, body } = message;
    this.asked.get(id)?.resolve(new Response(body, { status }));
    this.asked.delete(id);
  }

  /** The worker has thrown: nothing that was asked will be answered. */
  private end(): void {
    this.dead = true;
    for (const { reject } of this.asked.values()) reject(new Error(ENDED));
    this.asked.clear();
    this.line?.lost();
  }
}
