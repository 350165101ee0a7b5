/** The orders of a recorded tick, read when a market is looked at. */
import type { PageContext } from './context.ts';
import { DataError } from './data.ts';

export class Orders {
  private readonly context: PageContext;
  private asked: number | null = null;

  constructor(context: PageContext) {
    this.context = context;
  }

  /** Asks for those of the shown tick, where the latest frame does not bring them. */
  ask(): void {
    const { store, data, schedule } = this.context;
    const index = store.shownIndex;
    const latestBringsThem = store.playhead === null && store.latestWorlds.length > 0;
    if (data === null || index < 0 || latestBringsThem) return;
    const tick = store.tickOf(index);
    if (tick === this.asked) return;
    this.asked = tick;
    data.frames({ from: tick, to: tick }).then(
      ([frame]) => {
        if (this.asked !== tick) return;
        store.auction = frame ?? null;
        schedule('all');
      },
      (error: unknown) => {
        if (!(error instanceof DataError)) throw error;
        this.asked = null;
      },
    );
  }
}
