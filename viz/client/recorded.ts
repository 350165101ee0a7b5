/** A recorded run as the page's source: read at once, and followed while another process still writes it. */
import type { RunDetail } from '../dataApi.ts';
import type { WatchedFrame } from '../frameBytes.ts';
import type { ServerMessage, Status } from '../protocol.ts';
import { type Change, changesOf } from './changes.ts';
import { DataError, type RunData } from './data.ts';

const FOLLOW_MS = 2000;

export interface RecordedHandlers {
  message(message: ServerMessage): void;
  frames(frames: readonly WatchedFrame[]): void;
  /** What was changed in flight, when the run has been read or read again. */
  changes(changes: readonly Change[]): void;
  /** The run was read, or why it was not. */
  opened(problem: string | null): void;
}

export class Recorded {
  private readonly data: RunData;
  private readonly handlers: RecordedHandlers;
  private timer: number | undefined;
  private closed = false;
  private lastTick = -1;

  constructor(data: RunData, handlers: RecordedHandlers) {
    this.data = data;
    this.handlers = handlers;
  }

  /** Reads the run and hands it on, then follows it as long as it grows. */
  async open(): Promise<void> {
    try {
      const detail = await this.data.detail();
      if (this.closed) return;
      this.handlers.message(detail.hello);
      await this.read(detail);
      if (!this.closed) this.handlers.opened(null);
    } catch (error) {
      if (!this.closed) this.handlers.opened(words(error));
    }
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async read(detail: RunDetail): Promise<void> {
    const frames = await this.data.frames({ from: this.lastTick + 1, to: Number.MAX_SAFE_INTEGER });
    if (this.closed) return;
    this.lastTick = frames.at(-1)?.tick ?? this.lastTick;
    this.handlers.message(statusOf(detail));
    this.handlers.message({ type: 'laws', tick: this.lastTick, laws: detail.laws });
    this.handlers.changes(changesOf(detail.interventions));
    this.handlers.frames(frames);
    if (detail.summary.status === 'running')
      this.timer = window.setTimeout(() => void this.follow(), FOLLOW_MS);
  }

  private async follow(): Promise<void> {
    try {
      await this.read(await this.data.detail());
    } catch (error) {
      if (!this.closed) this.handlers.opened(words(error));
    }
  }
}

const words = (error: unknown): string => {
  if (error instanceof DataError || (error as { line?: string }).line !== undefined)
    return (error as { line?: string }).line ?? (error as Error).message;
  throw error;
};

function statusOf({ summary, ticksPerSecond, agentStepsPerSecond }: RunDetail): Status {
  const { status, error, finalHash } = summary;
  const said = { running: 'being written by another process', failed: error ?? 'failed' };
  return {
    type: 'status',
    state: status === 'interrupted' ? 'stopped' : status,
    message:
      status === 'running' || status === 'failed'
        ? said[status]
        : `${status}${finalHash === null ? '' : `, hash ${finalHash}`}`,
    ticksPerSecond,
    agentStepsPerSecond,
    speed: null,
    dropped: 0,
    thinned: 0,
  };
}
