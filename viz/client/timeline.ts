/** The time line: which tick is shown, dragged or played, of a recorded run and of a live one's past. */
import { formatCount } from './format.ts';
import type { RunStore } from './store.ts';

/** Seconds in which the whole run is played. */
const DURATIONS = [10, 20, 60, 180] as const;
const DURATION_DEFAULT = 20;

const byId = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

export class Timeline {
  private readonly store: RunStore;
  private readonly moved: () => void;
  private readonly play = byId<HTMLButtonElement>('play');
  private readonly scrub = byId<HTMLInputElement>('scrub');
  private readonly duration = byId<HTMLSelectElement>('play-speed');
  private readonly latest = byId<HTMLButtonElement>('to-latest');
  private playing = false;
  private lastFrame = 0;

  /** @param moved called when another tick is shown */
  constructor(store: RunStore, moved: () => void) {
    this.store = store;
    this.moved = moved;
    this.duration.replaceChildren(
      ...DURATIONS.map((s) => new Option(`in ${s < 60 ? `${s} s` : `${s / 60} min`}`, String(s))),
    );
    this.duration.value = String(DURATION_DEFAULT);
    this.scrub.oninput = () => {
      const tick = Number(this.scrub.value);
      this.playing = false;
      this.show(tick);
    };
    this.play.onclick = () => (this.playing ? this.stop() : this.start());
    this.latest.onclick = () => {
      this.stop();
      this.show(null);
    };
  }

  /** Ends playing, as when another run is opened. */
  stop(): void {
    this.playing = false;
    this.draw();
  }

  draw(): void {
    const { store } = this;
    const last = store.lastTick;
    const none = store.frameCount === 0;
    const tick = store.playhead ?? last;
    this.scrub.max = String(last);
    this.scrub.disabled = none;
    this.play.disabled = none;
    this.duration.disabled = none;
    this.latest.disabled = store.playhead === null;
    if (document.activeElement !== this.scrub || Number(this.scrub.value) !== tick)
      this.scrub.value = String(tick);
    this.scrub.style.setProperty('--share', last === 0 ? '1' : String(tick / last));
    this.scrub.setAttribute('aria-valuetext', `tick ${formatCount(tick)} of ${formatCount(last)}`);
    byId('shown-tick').textContent = none ? '\u2013' : formatCount(tick);
    const label = this.playing ? 'Stop playing' : 'Play';
    if (this.play.textContent !== label) this.play.textContent = label;
  }

  private start(): void {
    const { store } = this;
    if (store.playhead === null || store.playhead >= store.lastTick) store.playhead = store.tickOf(0);
    this.playing = true;
    this.lastFrame = performance.now();
    requestAnimationFrame(this.advance);
    this.draw();
  }

  private readonly advance = (now: number): void => {
    if (!this.playing) return;
    const { store } = this;
    const step = ((now - this.lastFrame) / 1000 / Number(this.duration.value)) * store.lastTick;
    this.lastFrame = now;
    const to = (store.playhead ?? store.lastTick) + step;
    if (to >= store.lastTick) {
      this.playing = false;
      this.show(null);
      return;
    }
    this.show(to);
    requestAnimationFrame(this.advance);
  };

  private show(tick: number | null): void {
    this.store.playhead = tick;
    this.draw();
    this.moved();
  }
}
