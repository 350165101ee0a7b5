/**
 * The desk of a page without a server: one run, simulated in this thread by the same code as everywhere, its rows in
 * memory. It answers what a server would (dataApi.ts, controlApi.ts), and its results are those of the terminal.
 */

import type { ResolvedRun } from '../../../configs/arms.ts';
import type { Intervention } from '../../../configs/interventions.ts';
import { DarwinError, LawViolation, UsageError } from '../../../sim/core/errors.ts';
import type { LawStatus, RunFrame, TableName } from '../../../sim/frame.ts';
import { type Advance, createSimulation, type Simulation } from '../../../sim/run.ts';
import { SNAPSHOT_TABLES } from '../../../sim/tables.ts';
import { checkConfig, formOfConfigs, numbersInForce, resolveRequest } from '../../configDesk.ts';
import type {
  ChangeRequest,
  Checked,
  ConfigRequest,
  FormNode,
  NumberInForce,
  Preset,
  RunControl,
  StartRequest,
} from '../../controlApi.ts';
import {
  DATA_API_VERSION,
  FRAMES_MAX,
  type FrameQuery,
  LIVE_RUN,
  NoSuchRun,
  type RunCatalog,
  type RunDetail,
  type RunList,
  type RunSummary,
  type TableQuery,
  TICKS_MAX,
  thinned,
} from '../../dataApi.ts';
import { drive } from '../../drive.ts';
import { Feed, type Rates } from '../../feed.ts';
import { headerOf, helloOf } from '../../hello.ts';
import { FrameHistory } from '../../history.ts';
import { Steering } from '../../steering.ts';
import type { TableFrame } from '../../tableFrame.ts';
import { MemoryTables, rowsOf } from './memoryTables.ts';

/** Frames kept with their orders and Lorenz curves: of a run with 64 worlds, some hundred megabytes. */
const KEPT_FRAMES_MAX = 800;
/** Rates are averages over about this long. */
const RATE_WINDOW_MS = 1000;

/** Refuses what a browser lacks, by the key of the config. Throws UsageError. */
function refuseWhatIsMissing({ arms }: ResolvedRun): void {
  const { engine, demandSeries, priceSeries, populations } = arms[0]!;
  const refuse = (key: string, why: string): never => {
    throw new UsageError(`${key}: ${why}`, 'darwin run --serve on a machine of your own has it');
  };
  if (engine !== 'auto' && engine !== 'cpu') refuse('engine', `a browser has the engine cpu, not ${engine}`);
  if (demandSeries.file !== '') refuse('demandSeries', 'a browser reads no files');
  if (priceSeries.file !== '') refuse('priceSeries', 'a browser reads no files');
  if (populations.some(({ from }) => from !== undefined))
    refuse('populations', 'a browser has no saved runs to take founders from');
}

/** The run of the page. */
class Session {
  /** The run as it began. */
  readonly asked: ResolvedRun;
  steering: Steering;
  /** The run with all that has happened to it. */
  run: ResolvedRun;
  status: RunSummary['status'] = 'running';
  finalHash: string | null = null;
  error: string | null = null;
  laws: readonly LawStatus[] = [];
  rates: Rates = { ticksPerSecond: 0, agentStepsPerSecond: 0 };
  readonly simulation: Simulation;
  readonly tables = new MemoryTables();
  readonly frames = new FrameHistory<RunFrame>(KEPT_FRAMES_MAX);
  readonly startedAt = new Date().toISOString();
  /** Tick of the last snapshot that was taken because the run ended there. */
  endedAt = -1;
  private window = { sinceMs: performance.now(), ticks: 0, steps: 0 };

  constructor(asked: ResolvedRun, steering: Steering) {
    this.asked = asked;
    this.steering = steering;
    this.run = asked;
    this.simulation = createSimulation(asked);
  }

  add({ frames, batches, agentSteps }: Advance, ticks: number): void {
    const { metricsEvery } = this.run.arms[0]!.output;
    for (const frame of frames) if (frame.tick % metricsEvery === 0) this.frames.offer(() => frame);
    this.laws = frames.at(-1)?.laws ?? this.laws;
    this.tables.append(batches);
    const { window } = this;
    window.ticks += ticks;
    window.steps += agentSteps;
    const now = performance.now();
    const seconds = (now - window.sinceMs) / 1000;
    if (seconds * 1000 < RATE_WINDOW_MS && this.rates.ticksPerSecond > 0) return;
    this.rates = { ticksPerSecond: window.ticks / seconds, agentStepsPerSecond: window.steps / seconds };
    this.window = { sinceMs: now, ticks: 0, steps: 0 };
  }
}

export class SiteDesk implements RunControl, RunCatalog {
  readonly feed: Feed;
  private readonly offered: readonly Preset[];
  private readonly nextTurn: () => Promise<unknown>;
  private session: Session | null = null;

  /**
   * @param presets on offer
   * @param nextTurn lets messages of the page have their turn
   * @param feed what those who watch are sent
   */
  constructor(presets: readonly Preset[], nextTurn: () => Promise<unknown>, feed = new Feed()) {
    this.offered = presets;
    this.nextTurn = nextTurn;
    this.feed = feed;
  }

  /** Pause, step and speed. */
  get pace(): Steering['pace'] | null {
    return this.session?.steering.isOver === false ? this.session.steering.pace : null;
  }

  // --- control ---

  presets(): readonly Preset[] {
    return this.offered;
  }

  schema(): FormNode {
    return formOfConfigs();
  }

  numbers(): NumberInForce[] {
    return this.pace === null ? [] : numbersInForce(this.session!.run.arms);
  }

  check(request: ConfigRequest): Checked {
    refuseWhatIsMissing(resolveRequest(request));
    return checkConfig(request);
  }

  /** Starts a run in the place of the one before, which ends: a browser has memory for one. */
  async start(request: StartRequest): Promise<string> {
    const run = resolveRequest(request);
    refuseWhatIsMissing(run);
    return this.begin(run, request.paused);
  }

  /** Goes on with the run that was stopped. */
  async resume(id: string): Promise<string> {
    const session = this.find(id);
    if (session.status !== 'interrupted')
      throw new UsageError('the run has not been stopped', 'start another one');
    session.steering = this.steering(false);
    session.status = 'running';
    this.feed.begin(headerOf(session.run));
    void this.conduct(session);
    return LIVE_RUN;
  }

  async stop(): Promise<string> {
    const { session } = this;
    if (session === null || session.steering.isOver) throw new UsageError('no run is under way', 'start one');
    session.steering.stop();
    await session.steering.ended;
    return LIVE_RUN;
  }

  async reset(): Promise<string> {
    if (this.session === null) throw new UsageError('there is no run to reset', 'start one');
    return this.begin(this.session.asked, true);
  }

  intervene(change: ChangeRequest): Promise<Intervention> {
    if (this.session === null) throw new UsageError('no run is under way', 'start one');
    return this.session.steering.intervene(change);
  }

  /** Resolves when the run under way is over; for tests. */
  get ended(): Promise<void> {
    return this.session?.steering.ended ?? Promise.resolve();
  }

  // --- data ---

  async list(): Promise<RunList> {
    return { runs: this.session === null ? [] : [summaryOf(this.session)], shown: null };
  }

  async detail(id: string): Promise<RunDetail> {
    const session = this.find(id);
    return {
      version: DATA_API_VERSION,
      summary: summaryOf(session),
      hello: helloOf(headerOf(session.run)),
      laws: session.laws,
      interventions: session.run.arms.map(({ interventions = [] }) => interventions),
      ...session.rates,
      tables: session.tables.names,
    };
  }

  async frames(id: string, { from, to }: FrameQuery) {
    const session = this.find(id);
    const kept = session.frames.kept.filter(({ tick }) => tick >= from && tick <= to);
    return { metricsEvery: session.run.arms[0]!.output.metricsEvery, frames: thinned(kept, FRAMES_MAX) };
  }

  async ticks(id: string, table: TableName): Promise<readonly number[]> {
    return thinned(this.find(id).tables.ticks(table), TICKS_MAX);
  }

  async table(id: string, query: TableQuery): Promise<TableFrame> {
    const session = this.find(id);
    if (query.from !== 'now') return session.tables.rows(query);
    if (!SNAPSHOT_TABLES.some((name) => name === query.table))
      throw new UsageError(`from=now is for ${SNAPSHOT_TABLES.join(' and ')}`, 'give a tick');
    const batches = await session.simulation.snapshot();
    return rowsOf(
      batches.filter(({ table }) => table === query.table),
      query,
    );
  }

  async wallets(): Promise<null> {
    return null;
  }

  private find(id: string): Session {
    if (id !== LIVE_RUN || this.session === null) throw new NoSuchRun(id);
    return this.session;
  }

  // --- the run ---

  private steering(paused: boolean): Steering {
    const steering: Steering = new Steering(() => {
      const { state, speed } = steering.pace;
      if (!steering.isOver) this.feed.status({ state, speed });
    }, paused);
    return steering;
  }

  private async begin(run: ResolvedRun, paused: boolean): Promise<string> {
    if (this.session !== null && !this.session.steering.isOver) await this.stop();
    // its memory is free before that of the next one is asked for
    this.session = null;
    const session = new Session(run, this.steering(paused));
    this.session = session;
    this.feed.begin(headerOf(run));
    if (paused) this.feed.status({ state: 'paused' });
    void this.conduct(session);
    return LIVE_RUN;
  }

  private async conduct(session: Session): Promise<void> {
    const { simulation, steering, run } = session;
    let tick = simulation.tick;
    try {
      session.status = await drive(simulation, run, {
        signal: steering.signal,
        pace: steering.pace,
        nextTurn: this.nextTurn,
        onBoundary: async () => {
          session.run = await steering.take(session.run, simulation, async () => {});
        },
        onAdvance: (advance) => {
          session.add(advance, simulation.tick - tick);
          tick = simulation.tick;
          for (const frame of advance.frames) this.feed.publish(frame, session.rates);
        },
      });
      if (session.endedAt !== tick) session.tables.append(await simulation.lastSnapshot());
      session.endedAt = tick;
      session.finalHash = await simulation.finalHash();
      this.feed.status(
        session.status === 'finished'
          ? { state: 'finished', message: `hash ${session.finalHash}` }
          : { state: 'stopped', message: `at tick ${tick}` },
      );
    } catch (error) {
      session.status = 'failed';
      session.error = error instanceof DarwinError ? error.line : String(error);
      this.feed.status({
        state: 'failed',
        message: session.error,
        ...(error instanceof LawViolation ? { brokenLaw: error.law } : {}),
      });
    } finally {
      steering.end();
    }
  }
}

function summaryOf({ run, simulation, status, startedAt, finalHash, error }: Session): RunSummary {
  const { name, description, worlds, slots } = run.arms[0]!;
  return {
    id: LIVE_RUN,
    name,
    description,
    status,
    ticks: simulation.tick,
    plannedTicks: simulation.ticks,
    arms: run.arms.length,
    worlds,
    slots,
    startedAt,
    finalHash,
    error,
    live: true,
  };
}
