/** What carries the page's questions and a live run's messages: a server, or a worker of the same browser. */

/** What a line tells of itself and of what came over it. */
export interface LineEvents {
  opened(): void;
  /** A message of protocol.ts as text, a frame as bytes. */
  heard(data: unknown): void;
  lost(): void;
}

/** A connection to the live run. */
export interface Line {
  /** Nothing happens where the line is not open. */
  send(text: string): void;
  close(): void;
}

export interface Transport {
  /** Whether there are recorded runs beside the live one. */
  readonly keepsRuns: boolean;
  connect(events: LineEvents): Line;
  /** Answers a path relative to the page, such as `api/v1/runs`. Rejects where nobody answers. */
  ask(path: string, init?: RequestInit): Promise<Response>;
}

const SERVER: Transport = {
  keepsRuns: true,
  connect: (events) => {
    const url = new URL('api/live', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => events.heard(data);
    socket.onopen = () => events.opened();
    socket.onclose = () => events.lost();
    return {
      send: (text) => {
        if (socket.readyState === WebSocket.OPEN) socket.send(text);
      },
      close: () => socket.close(),
    };
  },
  ask: (path, init) => fetch(new URL(path, location.href), init),
};

let current = SERVER;

/** The transport of this page: its server, unless another one is used. */
export const transport = (): Transport => current;

/** Uses another transport, before anything is asked. */
export function useTransport(other: Transport): void {
  current = other;
}
