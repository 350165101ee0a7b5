/** How far a run is, on standard error: a bar on a terminal, a line now and then elsewhere. */
import process from 'node:process';
import { Presets, SingleBar } from 'cli-progress';

/** A short figure: 950, 12.3k, 4.56M. */
export function compact(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return '-';
  if (size >= 1e9) return `${(value / 1e9).toFixed(2)}G`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)}M`;
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return size >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}

/** A time span: 42s, 3m05s, 2h10m. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-';
  const whole = Math.ceil(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}

const LINE_INTERVAL_MS = 10_000;
/** Rates are averages over about this long. */
const RATE_WINDOW_MS = 2000;

export class Progress {
  private readonly ticks: number;
  private readonly bar: SingleBar | null;
  private lineAt: number;
  private sinceMs: number;
  private tick: number;
  private agentSteps = 0;
  private ticksSince = 0;
  private stepsSince = 0;
  /** Rates of the last window. */
  ticksPerSecond = 0;
  agentStepsPerSecond = 0;

  /**
   * @param stream where to draw; a bar needs a terminal
   * @param from tick at which the run goes on
   */
  constructor(ticks: number, stream: NodeJS.WriteStream = process.stderr, from = 0) {
    this.ticks = ticks;
    this.tick = from;
    this.sinceMs = performance.now();
    this.lineAt = this.sinceMs + LINE_INTERVAL_MS;
    this.bar = stream.isTTY
      ? new SingleBar(
          {
            stream,
            format:
              '{bar} {percentage}% | tick {value}/{total} | {rate} ticks/s | {steps} agent-steps/s | {left} left',
            clearOnComplete: true,
            hideCursor: true,
            etaBuffer: 1,
          },
          Presets.shades_classic,
        )
      : null;
    this.bar?.start(ticks, from, { rate: '-', steps: '-', left: '-' });
  }

  /** Reports that the run reached `tick` after `agentSteps` further agent-steps. */
  update(tick: number, agentSteps: number): void {
    const now = performance.now();
    this.ticksSince += tick - this.tick;
    this.stepsSince += agentSteps;
    this.agentSteps += agentSteps;
    this.tick = tick;
    const elapsed = now - this.sinceMs;
    if (elapsed >= RATE_WINDOW_MS || this.ticksPerSecond === 0) {
      this.ticksPerSecond = (this.ticksSince * 1000) / Math.max(1e-3, elapsed);
      this.agentStepsPerSecond = (this.stepsSince * 1000) / Math.max(1e-3, elapsed);
      this.sinceMs = now;
      this.ticksSince = 0;
      this.stepsSince = 0;
    }
    const rate = compact(this.ticksPerSecond);
    const steps = compact(this.agentStepsPerSecond);
    const left = duration((this.ticks - tick) / this.ticksPerSecond);
    if (this.bar) this.bar.update(tick, { rate, steps, left });
    else if (now >= this.lineAt) {
      this.lineAt = now + LINE_INTERVAL_MS;
      process.stderr.write(
        `tick ${tick}/${this.ticks}, ${rate} ticks/s, ${steps} agent-steps/s, ${left} left\n`,
      );
    }
  }

  stop(): void {
    this.bar?.stop();
  }
}
