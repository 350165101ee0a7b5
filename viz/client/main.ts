/** The page: opens the run of the address, shows one view at a time and redraws it, a few times a second. */
import { LIVE_RUN } from '../dataApi.ts';
import type { RunState, ServerMessage } from '../protocol.ts';
import { changesOf } from './changes.ts';
import { Connection, type ConnectionState } from './connection.ts';
import type { PageContext, View } from './context.ts';
import { DataError, fetchRuns, RunData } from './data.ts';
import { formatCount } from './format.ts';
import { formatSelection, Header, parseSelection } from './header.ts';
import { hideNotice, notice } from './notice.ts';
import { Place, type PlaceChange, type ViewName } from './place.ts';
import { Recorded } from './recorded.ts';
import { Snapshots } from './snapshots.ts';
import { steer } from './steer.ts';
import { type Band, RunStore } from './store.ts';
import { followTheme } from './theme.ts';
import { Timeline } from './timeline.ts';
import { transport } from './transport.ts';
import { ViewLinks } from './viewLinks.ts';
import { agentsView } from './views/agents.ts';
import { compareView } from './views/compare.ts';
import { controlView } from './views/control.ts';
import { evolution } from './views/evolution.ts';
import { explore } from './views/explore.ts';
import { lawsView } from './views/laws.ts';
import { marketView } from './views/market.ts';
import { overview } from './views/overview.ts';
import { runsView } from './views/runs.ts';

/** Redraws of all figures are at least so far apart: the run needs the machine more than the page does. */
const REDRAW_MS = 100;
/** What another page may have changed is asked for so often. */
const CHANGES_MS = 5000;
const ROOMS: Readonly<Record<ViewName, (host: HTMLElement, context: PageContext) => View>> = {
  overview,
  evolution,
  market: marketView,
  agents: agentsView,
  explore,
  compare: compareView,
  laws: lawsView,
  runs: runsView,
  control: controlView,
};
/** Views that need no run. */
const BY_THEMSELVES: readonly ViewName[] = ['runs', 'control'];

const byId = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

const store = new RunStore();
let data = new RunData(LIVE_RUN);
let snapshots = new Snapshots(data, store, () => schedule('all'));
let view: View | null = null;
/** What the view was built for: its name and the shape of its run. */
let built = '';
let source: { close(): void } | null = null;
/** Id of the run that is open; null = none yet. */
let openRun: string | null = null;
/** Whether it is known which run is open, or that none can be: what is built before would be built again. */
let met = false;
let drawnAt = Number.NEGATIVE_INFINITY;
let scheduled = false;
let wanted: 'all' | 'cursor' = 'cursor';

function schedule(what: 'all' | 'cursor'): void {
  if (what === 'all') wanted = 'all';
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(redraw);
}

function redraw(now: number): void {
  if (wanted === 'all' && now - drawnAt < REDRAW_MS) {
    requestAnimationFrame(redraw);
    return;
  }
  scheduled = false;
  const all = wanted === 'all';
  wanted = 'cursor';
  if (all) {
    drawnAt = now;
    header.draw();
    timeline.draw();
    showView();
  }
  if (!byId('figures').hidden) view?.draw(all);
}

/** Some views need no run; every other one appears with the first frame of one. */
function showView(): void {
  const name = place.view;
  const ready = BY_THEMSELVES.includes(name) ? met : store.hello !== null && store.frameCount > 0;
  if (!ready && store.hello !== null && connection !== null) {
    byId('blank-title').textContent = `Waiting for the first frame of ${store.hello.run.name}`;
    byId('blank-text').textContent = 'The run is being set up; the figures appear with its first tick.';
  }
  byId('blank').hidden = ready;
  byId('figures').hidden = !ready;
  if (!ready) return;
  const { hello } = store;
  // with the figures, so that what waits for them has not moved
  byId('run-controls').hidden = connection === null && hello !== null;
  const shape = JSON.stringify([name, openRun, hello?.run.populations, hello?.run.arms.length]);
  if (shape === built) return;
  built = shape;
  view?.close();
  const host = document.createElement('div');
  host.className = `room room-${name}`;
  byId('view').replaceChildren(host);
  view = ROOMS[name](host, context);
  links.mark();
}

/** Leaves out the links to what this page cannot do. */
function drawLinks(): void {
  links.draw((name) => (name === 'control' && !store.control) || (name === 'runs' && !transport().keepsRuns));
}

function go(change: PlaceChange): void {
  const before = place.view;
  place.go(change);
  follow();
  if (place.view !== before) scrollTo(0, 0);
}

/** Brings the page to where the address says. */
function follow(): void {
  drawLinks();
  store.select(parseSelection(place.get('show')), place.get('band') === 'quartiles' ? 'quartiles' : 'range');
  header.showSelection();
  const run = place.get('run');
  if (run !== null && run !== openRun) void open(run);
  else {
    const tick = place.get('tick');
    store.playhead = tick === null || !/^\d+$/.test(tick) ? null : Number(tick);
  }
  schedule('all');
}

/** Opens a run by id, or the one that the server would show. */
async function open(asked: string | null): Promise<void> {
  timeline.stop();
  openRun = asked;
  let live = asked === LIVE_RUN;
  let id = asked;
  try {
    const runs = await fetchRuns();
    if (openRun !== asked) return;
    store.control = runs.control;
    drawLinks();
    live ||= runs.live && (asked === null || runs.runs.some((run) => run.id === asked && run.live));
    if (asked === null) id = live ? LIVE_RUN : runs.shown;
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    // A server that cannot be reached may come back; the live connection keeps trying.
    if (asked === null || live) [live, id] = [true, LIVE_RUN];
  }
  if (openRun !== asked) return;
  source?.close();
  built = '';
  openRun = asked ?? id;
  if (id === null) {
    met = true;
    if (!BY_THEMSELVES.includes(place.view)) place.note({ view: 'runs' });
    follow();
    return;
  }
  data = new RunData(live ? LIVE_RUN : id);
  snapshots = new Snapshots(data, store, () => schedule('all'));
  if (live) openLive();
  else openRecorded(id);
}

function openLive(): void {
  const opened = new Connection({
    message: receive,
    frames: (frames) => {
      store.add(frames);
      schedule('all');
    },
    state: followConnection,
    problem: (message) =>
      notice('bad', `The page could not read what the server sent: ${message}`, 'Reload', () =>
        location.reload(),
      ),
  });
  connection = opened;
  source = opened;
  opened.open();
}

function openRecorded(id: string): void {
  connection = null;
  byId('blank-title').textContent = `Reading ${id}`;
  byId('blank-text').textContent = 'The figures appear when its tables have been read.';
  const recorded = new Recorded(data, {
    message: receive,
    frames: (frames) => {
      store.add(frames);
      schedule('all');
    },
    changes: (changes) => {
      store.changes = changes;
    },
    opened: (problem) => {
      met = true;
      byId('run-controls').hidden = true;
      if (problem === null) hideNotice();
      else if (store.frameCount > 0 && store.hello !== null) notice('bad', problem, 'Dismiss', hideNotice);
      else {
        byId('blank-title').textContent = 'This run cannot be shown';
        byId('blank-text').textContent = problem;
      }
      if (problem === null && store.frameCount === 0) {
        byId('blank-title').textContent = `${id} holds no frames`;
        byId('blank-text').textContent = 'It ended before its first metrics were written.';
      }
      schedule('all');
    },
  });
  source = recorded;
  void recorded.open();
}

let connection: Connection | null = null;
/** How the live run ended; null = it has not. */
let ended: RunState | null = null;
/** Whether this connection has said which run it is about; when it says so again, another one has begun. */
let greeted = false;

/** Another run stands in the place of the live one: what was read of that is gone. */
function takeUpAnother(): void {
  data = new RunData(LIVE_RUN);
  snapshots = new Snapshots(data, store, () => schedule('all'));
  built = '';
  openRun = LIVE_RUN;
  place.note({ run: LIVE_RUN, tick: null, agent: null, show: null, preset: null, seed: null });
}

/** Reads again what was changed in the live run: at its beginning, and while anybody can change it. */
async function readChanges(): Promise<void> {
  const asked = data;
  if (asked.id !== LIVE_RUN || store.hello === null) return;
  try {
    const { interventions } = await asked.detail();
    if (asked !== data) return;
    const changes = changesOf(interventions);
    if (JSON.stringify(changes) === JSON.stringify(store.changes)) return;
    store.changes = changes;
    schedule('all');
  } catch (error) {
    // a server that only sends frames has no details of them; one that is gone is told of by its line
    if (!(error instanceof DataError)) throw error;
  }
}

/** Ends the run, begins it anew, or goes on; what is wrong is said in a line. */
async function steerRun(what: 'stop' | 'reset' | 'goOn'): Promise<void> {
  try {
    await (what === 'goOn' ? steer.resume(LIVE_RUN) : steer[what]());
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    notice('bad', error.message, 'Dismiss', hideNotice);
  }
}

function receive(message: ServerMessage): void {
  switch (message.type) {
    case 'hello': {
      ended = null;
      hideNotice();
      if (connection !== null && greeted) takeUpAnother();
      greeted = true;
      store.begin(message);
      header.begin(message, connection === null ? data.id : null);
      header.showSelection();
      const tick = place.get('tick');
      store.playhead = tick === null || !/^\d+$/.test(tick) ? null : Number(tick);
      if (connection !== null && store.control) void readChanges();
      break;
    }
    case 'status':
      met = true;
      store.status = message;
      if (connection === null && message.state === 'failed')
        notice('bad', message.message, 'Dismiss', hideNotice);
      break;
    case 'laws':
      store.laws = message;
      break;
    case 'ended':
      ended = message.state;
      if (message.state === 'failed') {
        notice('bad', message.message || 'The run failed.', 'Dismiss', hideNotice);
      } else if (message.state === 'stopped') {
        const words = `The run was stopped ${message.message}.`;
        if (store.control) notice('info', words, 'Go on', () => void steerRun('goOn'));
        else notice('info', words, 'Dismiss', hideNotice);
      } else {
        const ticks = formatCount(store.lastTick || (store.hello?.run.ticks ?? 0));
        const more = message.message === '' ? '.' : `: ${message.message}`;
        notice('good', `The run has ended after ${ticks} ticks${more}`, 'Dismiss', hideNotice);
      }
  }
  schedule('all');
}

let countdown: number | undefined;
function followConnection(state: ConnectionState, retryMs: number): void {
  clearInterval(countdown);
  header.setConnection(state);
  if (state === 'open') {
    greeted = false;
    if (ended === null) hideNotice();
  } else if (state === 'lost') {
    met = true;
    let seconds = Math.ceil(retryMs / 1000);
    const tell = (): void =>
      notice('info', `The connection is lost. Trying again in ${seconds} s.`, 'Try now', () =>
        connection?.open(),
      );
    // the words of a failure stay, whatever becomes of the server
    if (ended !== null && ended !== 'failed') {
      notice(
        'info',
        'The run has ended and its server has gone; these are its last figures.',
        'Dismiss',
        hideNotice,
      );
    } else if (ended === null && byId('figures').hidden) {
      byId('blank-title').textContent = 'The run cannot be reached';
      byId('blank-text').textContent = 'The page keeps trying; is darwin run --serve still running?';
    } else if (ended === null) {
      tell();
      countdown = window.setInterval(() => {
        seconds = Math.max(1, seconds - 1);
        tell();
      }, 1000);
    }
  }
  schedule('all');
}

const place = new Place(follow);
const links = new ViewLinks(place, (view) => go({ view }));
const context: PageContext = {
  store,
  place,
  get data() {
    return data;
  },
  get snapshots() {
    return snapshots;
  },
  schedule,
  go,
  changed: () => void readChanges(),
};
const timeline = new Timeline(store, () => {
  place.note({ tick: store.playhead === null ? null : String(Math.round(store.playhead)) });
  drawLinks();
  schedule('all');
});
const header = new Header(store, {
  control: (control) => connection?.send(control),
  steer: (what) => void steerRun(what),
  select: (selection, band: Band) => {
    const show = formatSelection(selection);
    place.note({ show: show === 'all' ? null : show, band: band === 'range' ? null : band });
    store.select(selection, band);
    drawLinks();
    schedule('all');
  },
});

followTheme(byId<HTMLButtonElement>('theme'), () => schedule('all'));
drawLinks();
store.select(parseSelection(place.get('show')), place.get('band') === 'quartiles' ? 'quartiles' : 'range');
if (BY_THEMSELVES.includes(place.view)) schedule('all');
void open(place.get('run'));
setInterval(() => {
  if (store.control && connection !== null && ended === null) void readChanges();
}, CHANGES_MS);
