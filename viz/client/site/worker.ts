/** The thread of a page without a server: simulates its run and answers what the page asks. */
import './noEval.ts';
import { DarwinError } from '../../../sim/core/errors.ts';
import { type Outlet, Watcher } from '../../broadcast.ts';
import { ProtocolError, parseControl } from '../../protocol.ts';
import { answerRequest } from './answer.ts';
import { FIRST_PRESET, type FromWorker, type ToWorker } from './messages.ts';
import { PRESETS } from './presets.ts';
import { SiteDesk } from './siteDesk.ts';

/** The part of a worker's global scope that is used; the page's is another. */
const scope = self as unknown as {
  postMessage(message: FromWorker): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

/** Lets messages that wait be heard; a timer would wait longer. */
const turns = new MessageChannel();
let takeTurn: () => void = () => {};
turns.port1.onmessage = () => takeTurn();
const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    takeTurn = resolve;
    turns.port2.postMessage(null);
  });

/** The page as a watcher: what it has not taken yet counts as under way, so that a slow page loses frames, not memory. */
class PageOutlet implements Outlet {
  readonly OPEN = 1;
  readonly readyState = 1;
  bufferedAmount = 0;
  private readonly underWay: { readonly bytes: number; readonly done: () => void }[] = [];

  send(data: string | Uint8Array, done: () => void): void {
    const bytes = data.length;
    this.bufferedAmount += bytes;
    this.underWay.push({ bytes, done });
    scope.postMessage({ type: 'heard', data });
  }

  /** The oldest of what is under way has arrived. */
  taken(): void {
    const arrived = this.underWay.shift();
    if (arrived === undefined) return;
    this.bufferedAmount -= arrived.bytes;
    arrived.done();
  }
}

const desk = new SiteDesk(PRESETS, nextTurn);
let outlet = new PageOutlet();
let watcher = new Watcher(outlet);

/** A fresh watcher in the place of the one before: a page has one line. */
function join(): void {
  desk.feed.leave(watcher);
  outlet = new PageOutlet();
  watcher = new Watcher(outlet);
  desk.feed.join(watcher);
}

async function begin(preset: string, seed: string): Promise<void> {
  const { name, text } =
    PRESETS.find((candidate) => candidate.name === preset) ??
    PRESETS.find((candidate) => candidate.name === FIRST_PRESET)!;
  const overrides = seed === '' ? [] : [{ path: 'seed', value: seed }];
  try {
    await desk.start({ text, name: `configs/${name}.yaml`, overrides, paused: false });
  } catch (error) {
    if (!(error instanceof DarwinError)) throw error;
    watcher.message('ended', () => JSON.stringify({ type: 'ended', state: 'failed', message: error.line }));
  }
}

scope.onmessage = ({ data: message }) => {
  switch (message.type) {
    case 'begin':
      void begin(message.preset, message.seed);
      break;
    case 'join':
      join();
      break;
    case 'taken':
      outlet.taken();
      break;
    case 'say':
      try {
        desk.pace?.apply(parseControl(message.text));
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
      }
      break;
    case 'ask': {
      const { id, path, body } = message;
      void answerRequest(desk, { path, body }).then((answer) =>
        scope.postMessage({ type: 'answer', id, ...answer }),
      );
    }
  }
};
