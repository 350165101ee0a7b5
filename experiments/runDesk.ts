/**
 * The desk of a page: the server, the run under way if there is one, and what the page may ask for. One run at a time; the
 * first may be the command line's own.
 */
import { basename } from 'node:path';
import type { ResolvedRun } from '../configs/arms.ts';
import { type Intervention, inOrder, withInterventions } from '../configs/interventions.ts';
import { parseConfig } from '../configs/parse.ts';
import { DarwinError, UsageError } from '../sim/core/errors.ts';
import { checkConfig, formOfConfigs, numbersInForce, resolveRequest } from '../viz/configDesk.ts';
import type {
  ChangeRequest,
  Checked,
  ConfigRequest,
  FormNode,
  NumberInForce,
  Preset,
  RunControl,
  StartRequest,
} from '../viz/controlApi.ts';
import { headerOf } from '../viz/hello.ts';
import type { RunHeader } from '../viz/protocol.ts';
import { type LiveServer, startServer } from '../viz/server.ts';
import { Steering } from '../viz/steering.ts';
import { conduct, type Watch } from './conduct.ts';
import { assertConfined } from './confinement.ts';
import { openEngineOf, presetNames, readConfig } from './loadConfig.ts';
import { readManifest } from './manifest.ts';
import { DirectoryCatalog } from './runCatalog.ts';
import { type Start, startFresh, startResumed } from './starts.ts';
import { note } from './terminal.ts';

export interface DeskOptions {
  readonly port: number;
  /** Address to listen on; only this machine by default. */
  readonly host?: string;
  /** Directory that run directories are read from and written to. */
  readonly folder: string;
  /** Id of the run that the page opens first. */
  readonly shown?: string;
  /** The run that the caller is about to conduct. */
  readonly header?: RunHeader;
  /** Directory of the built page. */
  readonly pageDirectory?: string;
}

/** The run under way, or the one before. */
interface Session {
  readonly start: Start;
  readonly steering: Steering;
  directory: string | null;
}

export class RunDesk implements RunControl {
  private readonly catalog: DirectoryCatalog;
  private server!: LiveServer;
  private session: Session | null = null;
  /** Whether a request that begins a run is at work. */
  private beginning = false;
  private readonly closing = new AbortController();

  private constructor(catalog: DirectoryCatalog) {
    this.catalog = catalog;
  }

  /** Starts the server. Throws UsageError where the port is taken. */
  static async open({ port, folder, shown, ...options }: DeskOptions): Promise<RunDesk> {
    const catalog = new DirectoryCatalog(folder, shown ?? null);
    const desk = new RunDesk(catalog);
    desk.server = await startServer({
      port,
      catalog,
      control: desk,
      ...options,
    });
    desk.server.onControl((control) => {
      if (desk.session?.steering.isOver === false) desk.session.steering.pace.apply(control);
    });
    return desk;
  }

  get url(): string {
    return this.server.url;
  }

  /** What a browser opens first; beyond this machine it carries the token. */
  get link(): string {
    return this.server.link;
  }

  /** A run begins, which the caller conducts with what it is given. */
  take(start: Start, paused = false): Watch {
    const steering: Steering = new Steering(() => {
      const { state, speed } = steering.pace;
      if (!steering.isOver) this.server.status({ state, speed });
    }, paused);
    this.session = { start, steering, directory: null };
    return { server: this.server, catalog: this.catalog, steering };
  }

  /** Waits until the signal is aborted; whatever runs is stopped then. */
  async stayOpen(signal: AbortSignal): Promise<void> {
    note(`the page stays at ${this.url} until Ctrl-C`);
    if (signal.aborted) return;
    await new Promise<void>((done) => {
      const keepAlive = setInterval(() => {}, 2 ** 30);
      signal.addEventListener('abort', () => {
        clearInterval(keepAlive);
        done();
      });
    });
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.session?.steering.stop();
    await this.session?.steering.ended;
    await this.server.close();
  }

  // --- what a page asks ---

  presets(): Preset[] {
    return presetNames().map((name) => {
      const { text, file } = readConfig(name);
      const { description } = parseConfig(text, { file }).arms[0]!;
      return { name, description, text };
    });
  }

  schema(): FormNode {
    return formOfConfigs();
  }

  numbers(): NumberInForce[] {
    return numbersInForce(this.armsInForce());
  }

  check(request: ConfigRequest): Checked {
    this.resolved(request);
    return checkConfig(request);
  }

  start(request: StartRequest): Promise<string> {
    return this.begin(async () => {
      this.refuseWhileRunning();
      await this.launch(await startFresh(this.resolved(request)), request.paused);
    });
  }

  resume(id: string): Promise<string> {
    return this.begin(async () => {
      this.refuseWhileRunning();
      await this.launch(await startResumed(this.catalog.pathOf(id), []), false);
    });
  }

  async stop(): Promise<string> {
    const { steering } = this.running('no run is under way', 'the runs list shows those that ended');
    steering.stop();
    await steering.ended;
    return this.id;
  }

  reset(): Promise<string> {
    return this.begin(async () => {
      const { session } = this;
      if (session === null) throw new UsageError('there is no run to reset', 'start one');
      if (session.start.parent !== null)
        throw new UsageError('a branch cannot be reset', 'darwin run --from branches again');
      session.steering.stop();
      await session.steering.ended;
      await this.launch(await startFresh(session.start.run), true);
    });
  }

  intervene(change: ChangeRequest): Promise<Intervention> {
    const { steering } = this.running('no run is under way', 'start one');
    return steering.intervene(change);
  }

  // --- runs ---

  private resolved(request: ConfigRequest): ResolvedRun {
    const run = resolveRequest(request);
    assertConfined(run, this.catalog.parent);
    return run;
  }

  /** One request that begins a run at a time; answers the id of the run. */
  private async begin(work: () => Promise<void>): Promise<string> {
    if (this.beginning) throw new UsageError('a run is being set up', 'wait for it');
    this.beginning = true;
    try {
      await work();
      return this.id;
    } finally {
      this.beginning = false;
    }
  }

  private get id(): string {
    return basename(this.session?.directory ?? this.catalog.livePath ?? '');
  }

  private running(problem: string, hint: string): Session {
    const { session } = this;
    if (session === null || session.steering.isOver) throw new UsageError(problem, hint);
    return session;
  }

  private refuseWhileRunning(): void {
    if (this.session !== null && !this.session.steering.isOver)
      throw new UsageError('a run is under way', 'stop it first: it keeps a checkpoint and can go on later');
  }

  /** Conducts a run in this process; resolves once its directory is there. */
  private async launch(start: Start, paused: boolean): Promise<void> {
    const chosen = await openEngineOf(start.run);
    chosen.engine.plan(start.run, start.run.arms[0]!.threads);
    const watch = this.take(start, paused);
    const session = this.session!;
    const signal = AbortSignal.any([this.closing.signal, watch.steering.signal]);
    await new Promise<void>((begun, failed) => {
      const onBegin = (directory: string): void => {
        session.directory = directory;
        this.server.begin(headerOf(start.run));
        if (paused) this.server.status({ state: 'paused' });
        begun();
      };
      conduct(start, chosen, { parent: this.catalog.parent, signal, watch, onBegin })
        .then(({ directory, status, manifest }) =>
          note(`${directory}: ${status} at tick ${manifest.ticks}, hash ${manifest.finalHash}`),
        )
        .catch((error: unknown) => {
          note(error instanceof DarwinError ? error.line : String((error as Error).stack));
          failed(error);
        })
        .finally(() => chosen.engine.close());
    });
  }

  /** The configs of the run under way with all that has happened to them; none where there is no run. */
  private armsInForce(): ResolvedRun['arms'] {
    const path = this.catalog.livePath;
    if (path === null || this.session?.steering.isOver !== false) return [];
    return readManifest(path).arms.map((arm) => withInterventions(arm, inOrder(arm.interventions ?? [])));
  }
}
