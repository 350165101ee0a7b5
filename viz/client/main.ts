/** The page: opens the run of the address, shows one view at a time and redraws it, a few times a second. */
import { LIVE_RUN } from '../dataApi.ts';
import type { ServerMessage } from '../protocol.ts';
import { Connection, type ConnectionState } from './connection.ts';
import type { PageContext, View } from './context.ts';
import { DataError, fetchRuns, RunData } from './data.ts';
import { formatCount } from './format.ts';
import { formatSelection, Header, parseSelection } from './header.ts';
import { hideNotice, notice } from './notice.ts';
import { Place, type PlaceChange, VIEWS, type ViewName } from './place.ts';
import { Recorded } from './recorded.ts';
import { Snapshots } from './snapshots.ts';
import { type Band, RunStore } from './store.ts';
import { followTheme } from './theme.ts';
import { Timeline } from './timeline.ts';
import { agentsView } from './views/agents.ts';
import { compareView } from './views/compare.ts';
import { evolution } from './views/evolution.ts';
import { explore } from './views/explore.ts';
import { lawsView } from './views/laws.ts';
import { marketView } from './views/market.ts';
import { overview } from './views/overview.ts';
import { runsView } from './views/runs.ts';

/** Redraws of all figures are at least so far apart: the run needs the machine more than the page does. */
const REDRAW_MS = 100;
const ROOMS: Readonly<Record<ViewName, (host: HTMLElement, context: PageContext) => View>> = {
  overview,
  evolution,
  market: marketView,
  agents: agentsView,
  explore,
  compare: compareView,
  laws: lawsView,
  runs: runsView,
};

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

/** The list of runs needs no run; every other view appears with the first frame of one. */
function showView(): void {
  const name = place.view;
  const ready = name === 'runs' || (store.hello !== null && store.frameCount > 0);
  if (!ready && store.hello !== null && connection !== null) {
    byId('blank-title').textContent = `Waiting for the first frame of ${store.hello.run.name}`;
    byId('blank-text').textContent = 'The run is being set up; the figures appear with its first tick.';
  }
  byId('blank').hidden = ready;
  byId('figures').hidden = !ready;
  if (!ready) return;
  const { hello } = store;
  const shape = JSON.stringify([name, openRun, hello?.run.populations, hello?.run.arms.length]);
  if (shape === built) return;
  built = shape;
  view?.close();
  const host = document.createElement('div');
  host.className = `room room-${name}`;
  byId('view').replaceChildren(host);
  view = ROOMS[name](host, context);
  markView(name);
}

function markView(name: ViewName): void {
  for (const link of byId('views').querySelectorAll<HTMLAnchorElement>('a')) {
    if (link.dataset.view === name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

/** Links between the views; their addresses follow the place, so that any of them can be opened in a new tab. */
function drawLinks(): void {
  const nav = byId('views');
  if (nav.childElementCount === 0)
    for (const name of VIEWS) {
      const link = document.createElement('a');
      link.dataset.view = name;
      link.textContent = name[0]!.toUpperCase() + name.slice(1);
      link.onclick = (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go({ view: name });
      };
      nav.append(link);
    }
  for (const link of nav.querySelectorAll('a')) link.href = place.link({ view: link.dataset.view! });
  markView(place.view);
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
    place.note({ view: 'runs' });
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
    opened: (problem) => {
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
    },
  });
  source = recorded;
  void recorded.open();
}

let connection: Connection | null = null;
let ended = false;

function receive(message: ServerMessage): void {
  switch (message.type) {
    case 'hello': {
      ended = false;
      store.begin(message);
      header.begin(message, connection === null);
      header.showSelection();
      const tick = place.get('tick');
      store.playhead = tick === null || !/^\d+$/.test(tick) ? null : Number(tick);
      break;
    }
    case 'status':
      store.status = message;
      if (connection === null && message.state === 'failed')
        notice('bad', message.message, 'Dismiss', hideNotice);
      break;
    case 'laws':
      store.laws = message;
      break;
    case 'ended':
      ended = true;
      if (message.state === 'failed') {
        notice('bad', message.message || 'The run failed.', 'Dismiss', hideNotice);
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
    if (!ended) hideNotice();
  } else if (state === 'lost') {
    let seconds = Math.ceil(retryMs / 1000);
    const tell = (): void =>
      notice('info', `The connection is lost. Trying again in ${seconds} s.`, 'Try now', () =>
        connection?.open(),
      );
    if (ended) {
      notice(
        'info',
        'The run has ended and its server has gone; these are its last figures.',
        'Dismiss',
        hideNotice,
      );
    } else if (byId('figures').hidden) {
      byId('blank-title').textContent = 'The run cannot be reached';
      byId('blank-text').textContent = 'The page keeps trying; is darwin run --serve still running?';
    } else {
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
};
const timeline = new Timeline(store, () => {
  place.note({ tick: store.playhead === null ? null : String(Math.round(store.playhead)) });
  drawLinks();
  schedule('all');
});
const header = new Header(store, {
  control: (control) => connection?.send(control),
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
if (place.view === 'runs') schedule('all');
void open(place.get('run'));
