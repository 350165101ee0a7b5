import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

const never = new AbortController().signal;
/** Whether a turn comes without a further control. */
const comes = (turn: Promise<number>): Promise<number | 'waits'> =>
  Promise.race([turn, new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits')))]);

describe('the pace of a watched run', () => {
  it('is unlimited until somebody asks for something', async () => {
    const pace = new Pace();
    expect(await pace.turn(never)).toBe(Number.POSITIVE_INFINITY);
    expect([pace.state, pace.speed]).toEqual(['running', null]);
  });

  it('waits while paused, says so once nothing moves, and goes on at resume', async () => {
    const seen: string[] = [];
    const pace: Pace = new Pace(() => seen.push(pace.state));
    pace.apply({ type: 'pause' });
    const turn = pace.turn(never);
    expect(await comes(turn)).toBe('waits');
    expect(pace.state).toBe('paused');
    pace.apply({ type: 'resume' });
    expect(await turn).toBe(Number.POSITIVE_INFINITY);
    expect(seen).toEqual(['running', 'paused', 'paused', 'running']);
    expect(pace.state).toBe('running');
  });

  it('makes exactly the ticks of a step, then waits', async () => {
    const pace = new Pace();
    pace.apply({ type: 'pause' });
    pace.apply({ type: 'step', ticks: 10 });
    expect(await pace.turn(never)).toBe(10);
    pace.spent(7);
    expect(await pace.turn(never)).toBe(3);
    pace.spent(3);
    expect(pace.state).toBe('running');
    expect(await comes(pace.turn(never))).toBe('waits');
    expect(pace.state).toBe('paused');
  });

  it('pauses at a step from full speed, and a pause takes back what is left of a step', async () => {
    const pace = new Pace();
    pace.apply({ type: 'step', ticks: 5 });
    expect(await pace.turn(never)).toBe(5);
    pace.apply({ type: 'pause' });
    expect(await comes(pace.turn(never))).toBe('waits');
  });

  it('keeps a speed in short stretches and waits in between', async () => {
    const pace = new Pace();
    pace.apply({ type: 'speed', ticksPerSecond: 50 });
    expect(await pace.turn(never)).toBe(5);
    pace.spent(5000);
    const turn = pace.turn(never);
    expect(await comes(turn)).toBe('waits');
    pace.apply({ type: 'speed', ticksPerSecond: null });
    expect(await turn).toBe(Number.POSITIVE_INFINITY);
    pace.apply({ type: 'speed', ticksPerSecond: 0.5 });
    expect(await pace.turn(never)).toBe(1);
  });

  it('lets an aborted run go at once', async () => {
    const controller = new AbortController();
    const pace = new Pace();
    pace.apply({ type: 'pause' });
    const turn = pace.turn(controller.signal);
    controller.abort();
    expect(await turn).toBe(0);
    expect(await pace.turn(controller.signal)).toBe(0);
  });
});
