/** The header and the toolbar: how the run stands, and what a watcher can ask for. */
import type { Control, Hello, Status } from '../protocol.ts';
import type { ConnectionState } from './connection.ts';
import { formatCount, formatValue } from './format.ts';
import type { Band, RunStore, Selection } from './store.ts';

/** Speeds on offer, ticks per second. */
const SPEEDS = [1, 5, 20, 100, 500, 2000, 10_000];
const FASTEST = 'null';

const byId = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

export interface HeaderActions {
  control(control: Control): void;
  /** Ends the run, begins it anew, or goes on with one that was stopped. */
  steer(what: 'stop' | 'reset' | 'goOn'): void;
  select(selection: Selection, band: Band): void;
}

export class Header {
  private readonly store: RunStore;
  private readonly actions: HeaderActions;
  private connection: ConnectionState = 'connecting';
  private readonly pause = byId<HTMLButtonElement>('pause');
  private readonly step = byId<HTMLButtonElement>('step');
  private readonly stepTicks = byId<HTMLSelectElement>('step-ticks');
  private readonly speed = byId<HTMLSelectElement>('speed');
  private readonly stop = byId<HTMLButtonElement>('stop');
  private readonly reset = byId<HTMLButtonElement>('reset');
  private readonly selection = byId<HTMLSelectElement>('selection');
  private readonly band = byId<HTMLSelectElement>('band');
  /** Whether the run is read from its directory; it cannot be steered then. */
  private recorded = false;

  constructor(store: RunStore, actions: HeaderActions) {
    this.store = store;
    this.actions = actions;
    this.offerSpeeds(null);
    this.pause.onclick = () => {
      if (store.status?.state === 'stopped') actions.steer('goOn');
      else actions.control({ type: store.state === 'paused' ? 'resume' : 'pause' });
    };
    this.stop.onclick = () => actions.steer('stop');
    this.reset.onclick = () => actions.steer('reset');
    this.step.onclick = () => actions.control({ type: 'step', ticks: Number(this.stepTicks.value) });
    this.speed.onchange = () =>
      actions.control({
        type: 'speed',
        ticksPerSecond: this.speed.value === FASTEST ? null : Number(this.speed.value),
      });
    this.selection.onchange = () => this.select();
    this.band.onchange = () => this.select();
  }

  /**
   * A run was met: its name and its worlds.
   *
   * @param recorded its id in the list of runs, or null where it is live
   */
  begin(hello: Hello, recorded: string | null): void {
    const { run } = hello;
    this.recorded = recorded !== null;
    if (recorded === null) byId('run-controls').hidden = false;
    // several runs may have one name
    const id = recorded === null || recorded === run.name ? '' : recorded;
    document.title = `${id || run.name} \u00b7 darwin-market`;
    setText('product', ['darwin-market', id].filter((part) => part !== '').join(' \u00b7 '));
    byId('run-name').textContent = run.name;
    const shape = [
      `${formatCount(run.slots)} slots`,
      run.arms.length > 1 ? `${run.arms.length} arms` : '',
      `${formatCount(run.arms.length * run.worlds)} ${run.arms.length * run.worlds === 1 ? 'world' : 'worlds'}`,
      hello.watchedWorlds < run.arms.length * run.worlds ? `${hello.watchedWorlds} of them shown` : '',
    ].filter((part) => part !== '');
    const about = byId('run-description');
    const facts = document.createElement('span');
    facts.className = 'facts';
    facts.textContent = shape.join(' \u00b7 ');
    const said = document.createElement('span');
    said.id = 'said';
    about.replaceChildren(run.description, ' ', facts, ' ', said);
    this.offerWorlds(hello);
  }

  setConnection(state: ConnectionState): void {
    this.connection = state;
    this.draw();
  }

  draw(): void {
    const { status } = this.store;
    const open = this.recorded || this.connection === 'open';
    const ended = status !== null && status.state !== 'running' && status.state !== 'paused';
    const away = this.connection === 'lost' ? 'lost' : 'connecting';
    const state = open || ended ? (status?.state ?? 'connecting') : away;
    setText('run-state', state === 'lost' ? 'disconnected' : state, state);
    const link = ended && !open ? 'closed' : this.connection;
    if (this.recorded) setText('connection', 'recorded', 'open');
    else setText('connection', link === 'open' ? 'live' : link, link);
    this.drawProgress();
    const said = document.getElementById('said');
    if (said !== null) said.textContent = status !== null && !ended ? status.message : '';
    setText('ticks-per-second', status === null ? '\u2013' : formatValue(round(status.ticksPerSecond)));
    setText(
      'agent-steps-per-second',
      status === null ? '\u2013' : formatValue(round(status.agentStepsPerSecond)),
    );
    setText('dropped', formatCount(status?.dropped ?? 0), (status?.dropped ?? 0) > 0 ? 'some' : 'none');
    if (status !== null) {
      byId('dropped-help').title =
        `${formatCount(status.dropped)} frames that this page was too slow for; ${formatCount(status.thinned)} left out because they came faster than a page redraws. Every tick is still simulated and recorded.`;
    }
    this.drawControls(status, open);
  }

  private drawProgress(): void {
    const ticks = this.store.hello?.run.ticks ?? 0;
    const tick = this.store.lastTick;
    setText('tick', ticks === 0 ? '\u2013' : `${formatCount(tick)} / ${formatCount(ticks)}`);
    const share = ticks === 0 ? 0 : Math.min(1, tick / ticks);
    byId('progress-bar').style.transform = `scaleX(${share})`;
    byId('progress').setAttribute('aria-valuenow', String(Math.round(100 * share)));
  }

  private drawControls(status: Status | null, open: boolean): void {
    const steerable = open && (status?.state === 'running' || status?.state === 'paused');
    const { control } = this.store;
    const goesOn = open && control && status?.state === 'stopped';
    this.pause.disabled = !steerable && !goesOn;
    this.pause.textContent = goesOn ? 'Go on' : status?.state === 'paused' ? 'Resume' : 'Pause';
    // whether they can be asked for is known before the first run is
    byId('run-ends').hidden = !control && this.store.hello !== null;
    this.stop.disabled = !steerable;
    this.reset.disabled = !open || !control;
    this.step.disabled = !steerable;
    this.stepTicks.disabled = !steerable;
    this.speed.disabled = !steerable;
    if (status !== null && document.activeElement !== this.speed) {
      this.offerSpeeds(status.speed);
    }
    this.selection.disabled = this.store.hello === null;
    this.band.disabled = this.store.hello === null;
  }

  /** Offers the usual speeds, and the one in force when it is another. */
  private offerSpeeds(current: number | null): void {
    const speeds = current === null || SPEEDS.includes(current) ? SPEEDS : [current, ...SPEEDS];
    if (this.speed.options.length !== speeds.length + 1) {
      this.speed.replaceChildren(
        new Option('as fast as it goes', FASTEST),
        ...speeds.map((speed) => new Option(`${formatValue(speed)} ticks/s`, String(speed))),
      );
    }
    this.speed.value = current === null ? FASTEST : String(current);
  }

  private offerWorlds({ run, watchedWorlds }: Hello): void {
    const perArm = Math.min(
      run.worlds,
      Math.max(1, Math.floor(watchedWorlds / Math.max(1, run.arms.length))),
    );
    const groups = run.arms.map((arm, a) => {
      const group = document.createElement('optgroup');
      group.label = arm.label;
      if (run.arms.length > 1) group.append(new Option(`${arm.label}: mean`, `arm ${a}`));
      for (let r = 0; r < perArm; r++) {
        const world = a * run.worlds + r;
        group.append(new Option(`world ${world}`, `world ${world}`));
      }
      return group;
    });
    this.selection.replaceChildren(new Option('all worlds: mean', 'all'), ...groups);
    this.showSelection();
  }

  /** Sets the lists to what is selected. */
  showSelection(): void {
    const { selection, band } = this.store;
    this.selection.value = formatSelection(selection);
    this.band.value = band;
  }

  private select(): void {
    const selection = parseSelection(this.selection.value);
    this.actions.select(selection, this.band.value as Band);
  }
}

/** `all`, `arm 1` or `world 3`, as in the list and in the address. */
export const formatSelection = (selection: Selection): string =>
  selection.kind === 'all'
    ? 'all'
    : selection.kind === 'arm'
      ? `arm ${selection.arm}`
      : `world ${selection.world}`;

/** Reads what formatSelection writes; anything else is all worlds. */
export function parseSelection(text: string | null): Selection {
  const [, kind, index] = /^(arm|world) (\d{1,9})$/.exec(text ?? '') ?? [];
  if (kind === 'arm') return { kind, arm: Number(index) };
  return kind === 'world' ? { kind, world: Number(index) } : { kind: 'all' };
}

/** Rates above ten without decimals: they change too fast to be read. */
const round = (value: number): number => (value >= 10 ? Math.round(value) : value);

function setText(id: string, text: string, state?: string): void {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
  if (state !== undefined) element.dataset.state = state;
}
