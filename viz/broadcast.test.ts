import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUFFERED_BYTES_MAX, type Outlet, QUEUE_FRAMES_MAX, Watcher } from './broadcast.ts';

/** A socket whose network takes nothing until told to. */
class SlowOutlet implements Outlet {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  readonly sent: (string | number)[] = [];
  private readonly waiting: { size: number; done: (error?: Error | null) => void }[] = [];

  send(data: string | Uint8Array, done: (error?: Error | null) => void): void {
    this.sent.push(typeof data === 'string' ? data : data[0]!);
    this.bufferedAmount += data.length;
    this.waiting.push({ size: data.length, done });
  }

  /** The network takes the oldest message. */
  drain(): boolean {
    const next = this.waiting.shift();
    if (next === undefined) return false;
    this.bufferedAmount -= next.size;
    next.done(null);
    return true;
  }
}

const frame = (mark: number, bytes = BUFFERED_BYTES_MAX): Uint8Array => {
  const data = new Uint8Array(bytes);
  data[0] = mark;
  return data;
};

describe('Watcher', () => {
  test('a watcher that keeps up gets every frame in order', () => {
    const outlet = new SlowOutlet();
    const watcher = new Watcher(outlet);
    for (let k = 0; k < 20; k++) {
      watcher.frame(frame(k));
      outlet.drain();
    }
    expect(outlet.sent).toEqual(Array.from({ length: 20 }, (_, k) => k));
    expect(watcher.dropped).toBe(0);
  });

  test('a slow watcher loses its oldest waiting frames, is told how many, and still gets the newest', () => {
    const outlet = new SlowOutlet();
    const watcher = new Watcher(outlet);
    for (let k = 0; k <= QUEUE_FRAMES_MAX; k++) watcher.frame(frame(k));
    expect(watcher.dropped).toBe(0);
    watcher.frame(frame(90));
    watcher.frame(frame(91));
    expect(watcher.dropped).toBe(2);
    expect(watcher.waiting).toBe(QUEUE_FRAMES_MAX);
    while (outlet.drain()) {}
    expect(outlet.sent).toEqual([0, 3, 4, 90, 91]);
  });

  test('messages of one kind that wait are replaced by the newest, and go before frames', () => {
    const outlet = new SlowOutlet();
    const watcher = new Watcher(outlet);
    watcher.frame(frame(0));
    watcher.frame(frame(1));
    watcher.message('status', () => 'old');
    watcher.message('laws', () => 'laws');
    watcher.message('status', () => `dropped ${watcher.dropped}`);
    while (outlet.drain()) {}
    expect(outlet.sent).toEqual([0, 'dropped 0', 'laws', 1]);
  });

  test('nothing is sent to a connection that is closing', () => {
    const outlet = new SlowOutlet();
    const watcher = new Watcher(outlet);
    outlet.readyState = 2;
    watcher.frame(frame(1));
    watcher.message('status', () => 'x');
    expect(outlet.sent).toEqual([]);
  });

  test('whatever is sent and drained, memory is bounded, order is kept and every frame is sent, waiting or counted', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), (steps) => {
        const outlet = new SlowOutlet();
        const watcher = new Watcher(outlet);
        let published = 0;
        for (const publish of steps) {
          if (publish) watcher.frame(frame(published++ % 256, BUFFERED_BYTES_MAX / 2));
          else outlet.drain();
          expect(watcher.waiting).toBeLessThanOrEqual(QUEUE_FRAMES_MAX);
          expect(outlet.bufferedAmount).toBeLessThanOrEqual(BUFFERED_BYTES_MAX);
          expect(outlet.sent.length + watcher.waiting + watcher.dropped).toBe(published);
        }
        expect(outlet.sent).toEqual([...outlet.sent].sort((a, b) => Number(a) - Number(b)));
      }),
    );
  });
});
