import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../sim/core/errors.ts';
import { Allowance, Overloaded, Turns } from './allowance.ts';

describe('an allowance', () => {
  test('lets the burst through at once and then one for each part of a second', () => {
    let now = 0;
    const allowance = new Allowance({ burst: 3, perSecond: 2 }, () => now);
    const take = (): boolean => allowance.take();
    expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
    now = 499;
    expect(take()).toBe(false);
    now = 1000;
    expect([take(), take(), take()]).toEqual([true, true, false]);
  });

  test('never lets more through than the burst and the rate allow, however requests are spaced', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 200 }), (pauses) => {
        let now = 0;
        const allowance = new Allowance({ burst: 5, perSecond: 10 }, () => now);
        const passed = pauses.filter((pause) => {
          now += pause;
          return allowance.take();
        }).length;
        expect(passed).toBeLessThanOrEqual(5 + (now / 1000) * 10);
        // whoever keeps to the rate is never refused
        now += 100;
        expect(allowance.take()).toBe(true);
      }),
    );
  });
});

describe('turns', () => {
  /** Work that ends when it is told to. */
  function held() {
    const ends: ((value?: unknown) => void)[] = [];
    const work = (): Promise<unknown> => new Promise((end) => ends.push(end));
    return { ends, work };
  }
  const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

  test('as many as are allowed run at once, the others in the order in which they came', async () => {
    const turns = new Turns(2, 10);
    const { ends, work } = held();
    const done: number[] = [];
    const all = [0, 1, 2, 3].map((k) => turns.take(work).then(() => done.push(k)));
    await settled();
    expect(ends.length).toBe(2);
    for (let k = 0; k < 4; k++) {
      ends[k]!();
      await settled();
      expect(ends.length).toBe(Math.min(4, k + 3));
    }
    await Promise.all(all);
    expect(done).toEqual([0, 1, 2, 3]);
  });

  test('work that fails gives its place on', async () => {
    const turns = new Turns(1, 10);
    const bad = turns.take(() => Promise.reject(new Error('no')));
    const good = turns.take(async () => 7);
    await expect(bad).rejects.toThrow('no');
    expect(await good).toBe(7);
  });

  test('one more than may wait is refused at once', async () => {
    const turns = new Turns(1, 1);
    const { ends, work } = held();
    const running = turns.take(work);
    const waiting = turns.take(async () => 'waited');
    const refused = turns.take(async () => 'never');
    await expect(refused).rejects.toThrow(Overloaded);
    await expect(refused).rejects.toMatchObject({ exitCode: EXIT.environment });
    ends[0]!();
    await running;
    expect(await waiting).toBe('waited');
  });
});
