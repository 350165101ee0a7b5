/**
 * A run's worlds on one device, behind the interface of shards. Ticks run in command buffers of many; what a sampled tick
 * shows is read back, and measured, recorded, hashed and saved by the CPU's own code.
 */
import { type ResolvedRun, worldParameters } from '../../../configs/arms.ts';
import { afterIssuance, Course, parametersAfter } from '../../../configs/interventions.ts';
import type { WorldParameters } from '../../../configs/worldParameters.ts';
import { issuedRate } from '../../../market/laws.ts';
import { decodeWorld, encodeWorld, pieceCount, type RestoreOptions } from '../../checkpoint.ts';
import { assert } from '../../core/assert.ts';
import { CheckpointError, UsageError } from '../../core/errors.ts';
import type { RecordBatch, ShardReport, WorldFrame } from '../../frame.ts';
import { askAll, askEveryTick, createLawBook, lawStatus, noteScreened } from '../../invariants.ts';
import { type IntervalStart, measure, startInterval } from '../../metrics/measure.ts';
import type { Tally } from '../../metrics/tally.ts';
import { Recorder } from '../../recorder.ts';
import type { InterventionByArm, RecordedActions, ShardHandle, ShardOptions } from '../../shard.ts';
import { integerHash, ledgerHash, stateHash } from '../../stateHash.ts';
import type { World } from '../../world.ts';
import { Batch } from './batch.ts';
import type { GpuDevice } from './device.ts';
import { HALT_LIVES } from './gathered.ts';
import { type DeviceColumn, deviceColumn } from './layout.ts';
import { wordsOfWorld } from './mirror.ts';
import type { DevicePhase } from './phase.ts';
import { devicePhases, planBatches, refuseChange } from './plan.ts';
import { LIVES_TAKEN, READOUTS, type Readout } from './readouts.ts';
import { emptyTally, Shadow } from './shadow.ts';
import { Stretch } from './stretch.ts';

/** Columns that the CPU writes when an interval begins. */
const CENSUS = ['agents.censusAncestor', 'agents.censusTrait', 'agents.censusAlive'] as const;

/** What a shard on a device is given beside what every shard is given. */
export interface GpuShardOptions extends ShardOptions {
  /** Phases of a tick; all that the worlds need by default. */
  readonly phases?: readonly DevicePhase[];
}

/** A world on the device. */
interface Resident {
  /** Those in force, and those that it began with. */
  parameters: WorldParameters;
  readonly founded: WorldParameters;
  /** Which parameters it has when. */
  readonly course: Course;
  readonly batch: Batch;
  /** Its place in the batch. */
  readonly index: number;
  readonly shadow: Shadow;
  readonly stretch: Stretch;
  readonly tally: Tally;
  since: IntervalStart;
  /** Pieces of a saved state that it has taken up and not yet put on the device. */
  pieces: number;
}

/** The phase that screens the laws. */
const LAWS = 'laws';

/** Takes what the device has gathered of a world, and clears it there. */
function takeFrom(
  world: World,
  batch: Batch,
  index: number,
  words: Uint32Array<ArrayBuffer>,
  readouts: readonly Readout[],
): void {
  for (const { take, clears } of readouts) {
    take(world, batch.layout, words);
    for (const name of clears) {
      const column = deviceColumn(batch.layout, `device.${name}`)!;
      batch.writeColumn(index, column, new Uint32Array(column.words));
    }
  }
}

function writeActions(
  batch: Batch,
  index: number,
  column: DeviceColumn,
  actions: ReturnType<RecordedActions>,
): void {
  assert(actions.length === column.words, `${actions.length} recorded actions, not ${column.words}`);
  batch.writeColumn(index, column, actions);
}

export class GpuShard implements ShardHandle {
  readonly worlds: readonly number[];
  private readonly gpu: GpuDevice;
  private readonly run: ResolvedRun;
  private readonly options: GpuShardOptions;
  private readonly residents: readonly Resident[];
  private readonly recorder: Recorder;
  private readonly lawBook = createLawBook();
  private tick = 0;
  /** The world that was looked at last, while all of it still stands in its shadow. */
  private whole: { readonly resident: Resident; readonly tick: number } | null = null;
  /** Whether the state that founded the worlds has been reported. */
  private founded = false;

  private constructor(
    gpu: GpuDevice,
    run: ResolvedRun,
    worlds: readonly number[],
    residents: readonly Resident[],
    recorder: Recorder,
    options: GpuShardOptions,
  ) {
    this.gpu = gpu;
    this.run = run;
    this.worlds = worlds;
    this.residents = residents;
    this.recorder = recorder;
    this.options = options;
  }

  /**
   * Founds worlds and puts them on the device.
   *
   * @throws CapacityError when they do not fit, EngineError when the device fails, UsageError for a fault to inject
   */
  static async create(
    gpu: GpuDevice,
    run: ResolvedRun,
    worlds: readonly number[],
    options: GpuShardOptions = {},
  ): Promise<GpuShard> {
    if (options.fault !== undefined)
      throw new UsageError(`fault ${options.fault} strikes on the cpu engine alone`, '--engine cpu');
    const laws = options.laws !== false;
    const all = worldParameters(run);
    const parameters = worlds.map((world) => all[world]!);
    const recorder = new Recorder(run.arms[0]!.output);
    const residents: Resident[] = [];
    for (const plan of planBatches(parameters, gpu.bindingBytesMax)) {
      const own = plan.worlds.map((world) => all[world]!);
      const batch = await Batch.allocate(gpu, own);
      const phases = options.phases ?? devicePhases(own).filter(({ name }) => name !== LAWS || laws);
      const stretch = await Stretch.compile(batch, phases);
      const shadow = new Shadow(own[0]!);
      own.forEach((p, index) => {
        const { world } = shadow.found(p, recorder.lineageSink(), options.founders?.[p.arm] ?? null);
        const since = startInterval(world);
        batch.upload(index, wordsOfWorld(world, batch.layout));
        residents.push({
          parameters: p,
          founded: p,
          course: new Course(run.arms[p.arm]!, p),
          batch,
          index,
          shadow,
          stretch,
          tally: emptyTally(p),
          since,
          pieces: 0,
        });
      });
    }
    const inOrder = worlds.map((world) => residents.find(({ parameters: p }) => p.world === world)!);
    return new GpuShard(gpu, run, worlds, inOrder, recorder, options);
  }

  async advance(toTick: number): Promise<ShardReport> {
    const frames: WorldFrame[] = [];
    const before = this.agentSteps();
    const phaseNs: Record<string, number> | null = this.options.clock === undefined ? null : {};
    if (!this.founded) await this.sample(frames, true);
    this.founded = true;
    while (this.tick < toTick) {
      this.steer();
      const next = this.nextStop(toTick);
      for (const stretch of this.stretches())
        for (let tick = this.tick; tick < next; ) {
          tick = await this.runStretch(stretch, tick, next, phaseNs);
          await this.heed(stretch, tick);
        }
      if (this.options.laws !== false) noteScreened(this.lawBook, this.worlds.length, this.tick, next);
      this.tick = next;
      await this.stop(frames, toTick);
    }
    return {
      tick: toTick,
      frames,
      laws: lawStatus(this.lawBook),
      batches: this.recorder.drain(),
      agentSteps: this.agentSteps() - before,
      faultStruck: false,
      phaseNs,
    };
  }

  async hashes(): Promise<readonly string[]> {
    const hashes: string[] = [];
    for (const resident of this.residents) hashes.push(stateHash(await this.look(resident, true)));
    return hashes;
  }

  async lastSnapshot(): Promise<readonly RecordBatch[]> {
    const { agentsEvery } = this.run.arms[0]!.output;
    if (agentsEvery === 0 || this.tick % agentsEvery !== 0)
      for (const resident of this.residents) this.recorder.agents(await this.look(resident, false));
    return this.recorder.drain();
  }

  async snapshot(): Promise<readonly RecordBatch[]> {
    const watcher = new Recorder(this.run.arms[0]!.output);
    for (const resident of this.residents) watcher.agents(await this.look(resident, false));
    return watcher.drain();
  }

  async saveWorld(number: number, piece = 0): Promise<Uint8Array<ArrayBuffer>> {
    const resident = this.residentOf(number);
    return encodeWorld(await this.look(resident, true), resident.since, piece);
  }

  async restoreWorld(number: number, saved: Uint8Array, options: RestoreOptions = {}): Promise<number> {
    const resident = this.residentOf(number);
    const { parameters: p, batch, index, shadow, tally } = resident;
    this.whole = null;
    // pieces of one world come one after the other: the first begins what the others complete
    const world = shadow.show(p, this.tick, tally, null);
    const since = decodeWorld(world, saved, options);
    if (since !== null) {
      const same = since.length === resident.since.length;
      if (!same && !options.branch)
        throw new CheckpointError(
          `${options.place ?? 'checkpoint'}: its open interval has ${since.length} totals, this world ${resident.since.length}`,
          'resume with the config that the run was started with',
        );
      resident.since = same ? since : startInterval(world);
      this.tick = world.tick;
      // what was issued before is judged by the rate of then
      const rate = issuedRate(world, world.tick);
      resident.course.hasIssued(rate);
      resident.parameters = afterIssuance(p, rate);
      batch.setParameters(index, resident.parameters);
    }
    resident.pieces++;
    if (resident.pieces === pieceCount(p.slots)) {
      resident.pieces = 0;
      batch.upload(index, wordsOfWorld(world, batch.layout));
      batch.resume(this.tick);
    }
    // rows of a genesis that is not this run's
    this.recorder.drain();
    this.founded = true;
    return this.tick;
  }

  async intervene(byArm: InterventionByArm): Promise<void> {
    const asked = this.residents.flatMap(({ founded, course }) => {
      const intervention = byArm[founded.arm] ?? null;
      return intervention === null ? [] : [{ founded, course, intervention }];
    });
    // all of them or none
    for (const { founded, intervention } of asked)
      refuseChange(
        founded,
        parametersAfter(this.run.arms[founded.arm]!, founded, [intervention]),
        intervention.path,
      );
    for (const { course, intervention } of asked) course.add(intervention);
  }

  async close(): Promise<void> {
    for (const batch of this.batches()) batch.destroy();
  }

  /** A world as it stands on the device, on the CPU. Only until the next one is looked at. */
  private async look(resident: Resident, brains: boolean): Promise<World> {
    const { parameters: p, batch, index, shadow, tally } = resident;
    const { whole } = this;
    // the pieces of a large world are asked for one by one
    if (whole?.resident === resident && whole.tick === this.tick)
      return shadow.show(p, this.tick, tally, null);
    const words = brains ? await batch.download(index) : await batch.downloadState(index);
    this.whole = brains ? { resident, tick: this.tick } : null;
    return shadow.show(p, this.tick, tally, words);
  }

  /** Runs ticks until one is reached or a world wants to be looked at; returns the tick that comes next. */
  private async runStretch(
    stretch: Stretch,
    from: number,
    to: number,
    phaseNs: Record<string, number> | null,
  ): Promise<number> {
    const { actions, onActions } = this.options;
    const exchanges = actions !== undefined || onActions !== undefined;
    if (phaseNs !== null && !exchanges) return stretch.profile(from, to, phaseNs);
    const visit = { before: 'decide', meet: (tick: number) => this.exchangeActions(stretch, tick) };
    return stretch.run(from, to, exchanges ? visit : null);
  }

  /** Gives worlds the parameters that hold from the next tick on. */
  private steer(): void {
    for (const resident of this.residents) {
      const { course, batch, index } = resident;
      if (this.tick < course.next) continue;
      resident.parameters = course.parametersAt(this.tick);
      batch.setParameters(index, resident.parameters);
    }
  }

  /**
   * Looks at worlds of a stretch that have asked for it, after tick `tick` - 1.
   *
   * @throws LawViolation where a law that the device suspects is broken
   */
  private async heed(stretch: Stretch, tick: number): Promise<void> {
    const { batch } = stretch;
    const halts = await batch.assertWell();
    this.gpu.assertWell();
    if (halts.every((reasons) => reasons === 0)) return;
    this.whole = null;
    for (const { parameters: p, index, shadow, tally, stretch: own } of this.residents) {
      const reasons = halts[index]!;
      if (own !== stretch || reasons === 0) continue;
      const words = await batch.downloadState(index);
      const world = shadow.show(p, tick, tally, words);
      if (reasons !== HALT_LIVES) askEveryTick(world, this.lawBook);
      if (reasons >= HALT_LIVES) takeFrom(world, batch, index, words.state, [LIVES_TAKEN]);
    }
    batch.resume(tick);
  }

  /** Replaces what agents have chosen, where it is given, and tells what they do, where somebody asks. */
  private async exchangeActions(stretch: Stretch, tick: number): Promise<void> {
    const { actions, onActions } = this.options;
    for (const { parameters: p, batch, index, stretch: own } of this.residents) {
      if (own !== stretch) continue;
      const column = deviceColumn(batch.layout, 'brain.action')!;
      if (actions !== undefined) writeActions(batch, index, column, actions(p.world, tick));
      onActions?.(p.world, tick, await batch.readColumn(index, column));
    }
  }

  /** The next tick at which something is looked at. */
  private nextStop(toTick: number): number {
    const { metricsEvery, agentsEvery } = this.run.arms[0]!.output;
    const after = (every: number): number =>
      every > 0 ? this.tick + every - (this.tick % every) : Number.POSITIVE_INFINITY;
    const { onTickHash, onTickIntegers } = this.options;
    const change = Math.min(...this.residents.map(({ course }) => course.next));
    const everyTick = (onTickHash ?? onTickIntegers) === undefined ? Number.POSITIVE_INFINITY : this.tick + 1;
    return Math.min(toTick, after(metricsEvery), after(agentsEvery), everyTick, change);
  }

  /** What is due at the tick that has been reached. */
  private async stop(frames: WorldFrame[], toTick: number): Promise<void> {
    const { metricsEvery, agentsEvery } = this.run.arms[0]!.output;
    const { onTickHash, onTickIntegers } = this.options;
    const boundary = this.tick % metricsEvery === 0;
    if (onTickHash !== undefined)
      for (const resident of this.residents)
        onTickHash(resident.parameters.world, this.tick, ledgerHash(await this.look(resident, false)));
    if (onTickIntegers !== undefined)
      for (const resident of this.residents)
        onTickIntegers(resident.parameters.world, this.tick, integerHash(await this.look(resident, false)));
    if (boundary || this.tick === toTick) await this.sample(frames, boundary);
    if (agentsEvery > 0 && this.tick % agentsEvery === 0)
      for (const resident of this.residents) this.recorder.agents(await this.look(resident, false));
  }

  /** Measures all worlds; on a boundary of the metrics schedule also records them and starts new intervals. */
  private async sample(frames: WorldFrame[], boundary: boolean): Promise<void> {
    this.whole = null;
    for (const resident of this.residents) {
      const { batch, index, shadow, parameters: p, tally } = resident;
      const { layout } = batch;
      const words = await batch.downloadState(index);
      const world = shadow.show(p, this.tick, tally, words);
      if (this.options.laws !== false && this.tick > 0) askAll(world, this.lawBook);
      takeFrom(world, batch, index, words.state, READOUTS);
      const frame = measure(world, resident.since);
      frames.push(frame);
      if (!boundary) continue;
      this.recorder.frame(
        frame,
        p.populations.map(({ name }) => name),
        p.computeMarket.priceTable,
      );
      resident.since = startInterval(world);
      const { state } = wordsOfWorld(world, layout, { state: words.state, apart: [] });
      for (const name of CENSUS) {
        const column = deviceColumn(layout, name)!;
        batch.writeColumn(index, column, state, column.offset);
      }
    }
  }

  private agentSteps(): number {
    return this.residents.reduce((sum, { tally }) => sum + tally.agentSteps, 0);
  }

  private batches(): Set<Batch> {
    return new Set(this.residents.map(({ batch }) => batch));
  }

  private stretches(): Set<Stretch> {
    return new Set(this.residents.map(({ stretch }) => stretch));
  }

  private residentOf(number: number): Resident {
    const resident = this.residents[this.worlds.indexOf(number)];
    assert(resident !== undefined, `world ${number} is not among the worlds ${this.worlds.join(', ')}`);
    return resident;
  }
}
