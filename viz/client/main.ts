/** The live page: connects, keeps what arrives, and redraws what is in view, a few times a second. */
import type { ServerMessage } from '../protocol.ts';
import type { Figure } from './charts/figure.ts';
import { Connection, type ConnectionState } from './connection.ts';
import { buildFigures } from './figures.ts';
import { formatCount } from './format.ts';
import { Header } from './header.ts';
import { drawLaws } from './lawTable.ts';
import { RunStore } from './store.ts';
import { followTheme } from './theme.ts';
import { Tiles } from './tiles.ts';

/** Redraws of all figures are at least so far apart: the run needs the machine more than the page does. */
const REDRAW_MS = 100;

const byId = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

const store = new RunStore();
let figures = new Map<Element, Figure>();
let tiles: Tiles | null = null;
const inView = new Set<Element>();
const stale = new Set<Element>();
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
    for (const card of figures.keys()) stale.add(card);
    header.draw();
    if (store.laws !== null) drawLaws(byId('laws'), store.laws.laws);
    showFigures();
  }
  tiles?.draw();
  for (const [card, figure] of figures) {
    if (!inView.has(card)) {
      if (!all) stale.add(card);
    } else if (stale.delete(card)) figure.draw();
    else figure.drawCursor();
  }
}

/** The figures take the place of the blank page once there is something to show. */
function showFigures(): void {
  const ready = store.hello !== null && store.frameCount > 0;
  if (!ready && store.hello !== null) {
    byId('blank-title').textContent = `Waiting for the first frame of ${store.hello.run.name}`;
    byId('blank-text').textContent = 'The run is being set up; the figures appear with its first tick.';
  }
  if (!ready || !byId('figures').hidden) return;
  byId('blank').hidden = true;
  byId('figures').hidden = false;
}

const sizes = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const card = target.parentElement!;
    figures.get(card)?.resize(Math.floor(contentRect.width));
    stale.add(card);
  }
  schedule('cursor');
});
const views = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inView.add(target);
      else inView.delete(target);
    }
    schedule('cursor');
  },
  { rootMargin: '120px' },
);

function build(): void {
  sizes.disconnect();
  views.disconnect();
  inView.clear();
  stale.clear();
  figures = buildFigures(store, () => schedule('cursor'));
  tiles = new Tiles(byId('tiles'), store);
  for (const card of figures.keys()) {
    sizes.observe(card.querySelector('.plot')!);
    views.observe(card);
  }
}

type NoticeKind = 'info' | 'good' | 'bad';
function notice(kind: NoticeKind, text: string, action: string, act: () => void): void {
  const element = byId('notice');
  element.dataset.kind = kind;
  element.setAttribute('role', kind === 'bad' ? 'alert' : 'status');
  element.hidden = false;
  byId('notice-text').textContent = text;
  const button = byId<HTMLButtonElement>('notice-action');
  button.textContent = action;
  button.onclick = act;
}
const hideNotice = (): void => {
  byId('notice').hidden = true;
};

let ended = false;
/** What the figures were built for; the same run needs no new ones after a reconnection. */
let builtFor = '';

function receive(message: ServerMessage): void {
  switch (message.type) {
    case 'hello': {
      ended = false;
      store.begin(message);
      header.begin(message);
      const shape = JSON.stringify([message.run.populations, message.rewardFeatures]);
      if (shape !== builtFor) build();
      builtFor = shape;
      break;
    }
    case 'status':
      store.status = message;
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
function follow(state: ConnectionState, retryMs: number): void {
  clearInterval(countdown);
  header.setConnection(state);
  if (state === 'open') {
    if (!ended) hideNotice();
  } else if (state === 'lost') {
    let seconds = Math.ceil(retryMs / 1000);
    const tell = (): void =>
      notice('info', `The connection is lost. Trying again in ${seconds} s.`, 'Try now', () =>
        connection.open(),
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

const connection = new Connection({
  message: receive,
  frames: (frames) => {
    store.add(frames);
    schedule('all');
  },
  state: follow,
  problem: (message) =>
    notice('bad', `The page could not read what the server sent: ${message}`, 'Reload', () =>
      location.reload(),
    ),
});
const header = new Header(store, {
  control: (control) => connection.send(control),
  select: (selection, band) => {
    store.select(selection, band);
    schedule('all');
  },
});

followTheme(byId<HTMLButtonElement>('theme'));
connection.open();
