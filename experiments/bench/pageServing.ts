/** Frames a second from the server of a live run to its watchers, over loopback; part of `darwin bench page`. */
import WebSocket from 'ws';
import { parseConfig } from '../../configs/parse.ts';
import type { RunFrame } from '../../sim/frame.ts';
import { createSimulation } from '../../sim/run.ts';
import { headerOf } from '../../viz/hello.ts';
import { startServer } from '../../viz/server.ts';
import { type BenchOptions, type BenchRow, type Contender, spreadOf, takeTurns } from './measure.ts';

const REPEATS = 5;
/** Frames published between two clock readings. */
const FRAMES = 200;
const WATCHERS = [1, 10, 50] as const;
/** Worlds of a frame: as many as the quickstart has. */
const WORLDS = 8;
const NO_RATES = { ticksPerSecond: 0, agentStepsPerSecond: 0 };

/** Frames that a run of a few ticks gives. */
export async function someFrames(worlds: number) {
  const run = parseConfig(
    `{ name: benchmark, ticks: 40, worlds: ${worlds}, slots: 64, output: { metricsEvery: 4, agentsEvery: 0 } }`,
    { file: 'benchmark' },
  );
  const simulation = createSimulation(run);
  try {
    const { frames } = await simulation.advance(run.arms[0]!.ticks);
    return { header: headerOf(run), frames: frames as readonly RunFrame[] };
  } finally {
    await simulation.close();
  }
}

/**
 * Publishes frames as fast as watchers take them: each frame is written once and sent to all. Watchers live in this
 * process, so that the figure holds writing, sending and receiving.
 */
export async function benchServing(options: BenchOptions = {}): Promise<BenchRow[]> {
  const { worlds = WORLDS, repeats = REPEATS } = options;
  const { header, frames } = await someFrames(worlds);
  const rows: BenchRow[] = [];
  for (const watchers of WATCHERS) {
    const server = await startServer({ header, framesPerSecond: Number.POSITIVE_INFINITY });
    let received = 0;
    let arrived: (() => void) | null = null;
    const sockets = Array.from({ length: watchers }, () => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}api/live`);
      socket.on('message', (_, binary) => {
        if (!binary) return;
        received++;
        arrived?.();
      });
      return socket;
    });
    try {
      await Promise.all(
        sockets.map(
          (socket) =>
            new Promise<void>((resolve, reject) => {
              socket.once('open', () => resolve());
              socket.once('error', reject);
            }),
        ),
      );
      const contender: Contender = {
        advance: async () => {
          for (let k = 0; k < FRAMES; k++) {
            const due = received + watchers;
            server.publish(frames[k % frames.length]!, NO_RATES);
            // the next frame when all have this one: nothing is dropped
            while (received < due) await new Promise<void>((resolve) => (arrived = resolve));
          }
          return FRAMES;
        },
      };
      await contender.advance();
      const [rates] = await takeTurns([contender], repeats);
      rows.push({
        name: `page ${watchers} ${watchers === 1 ? 'watcher' : 'watchers'}`,
        engine: 'cpu',
        threads: 1,
        agents: 64 * worlds,
        worlds,
        framesPerSecond: spreadOf(rates!),
        note: `frames of ${worlds} worlds, each received by all watchers before the next; ${server.dropped} dropped`,
      });
    } finally {
      for (const socket of sockets) socket.terminate();
      await server.close();
    }
  }
  return rows;
}
