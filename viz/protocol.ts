/**
 * What the server of a live run and its page say to each other, in one place and versioned. Text messages
 * are JSON objects with a `type`; frames are binary (frameBytes.ts). Both sides read whatever arrives through the parsers
 * below, which accept a message or throw a ProtocolError, and never anything else.
 *
 * Paths: `/api/live` (WebSocket), `/api/run` (the hello as JSON), `/api/history` (past frames, each
 * preceded by its length as u32), `/api/health`.
 */
import { inBrief } from '../sim/core/brief.ts';
import { DarwinError, EXIT } from '../sim/core/errors.ts';
import type { LawStatus } from '../sim/frame.ts';
import type { Metric } from '../sim/metrics/table.ts';

export const PROTOCOL_VERSION = 3;
/** Longest text message that the server accepts from a page, bytes. */
export const CONTROL_BYTES_MAX = 1024;
/** Most ticks of one step, and fastest speed that can be asked for. */
export const STEP_TICKS_MAX = 1_000_000;
export const TICKS_PER_SECOND_MAX = 1_000_000;

/** A message or frame that does not follow this file. Exit code 2. */
export class ProtocolError extends DarwinError {
  readonly code = 'protocol';
  readonly exitCode = EXIT.badInput;
}

/** What is fixed for a run; the command line fills it in from the config. */
export interface RunHeader {
  readonly name: string;
  readonly description: string;
  /** Ticks that the run is to have. */
  readonly ticks: number;
  /** Worlds (seeds) of each arm. */
  readonly worlds: number;
  /** Agent slots of each world. */
  readonly slots: number;
  /** Ticks of an interval of the metrics: what is counted per interval starts anew at its multiples. */
  readonly metricsEvery: number;
  readonly arms: readonly ArmHeader[];
  readonly populations: readonly PopulationHeader[];
  /** Metrics of the run's own, which follow the built-in ones in a frame. */
  readonly ownMetrics: readonly Metric[];
}
export interface ArmHeader {
  /** What sets the arm apart, such as `demography.lottery = uniform`. */
  readonly label: string;
  /** Token per cu at each level of the compute auction, increasing, [PRICE_LEVELS]. */
  readonly computePrices: readonly number[];
}
export interface PopulationHeader {
  readonly name: string;
  readonly kind: string;
  /** Whether its reward genes mutate. */
  readonly evolves: boolean;
}

/** First message on a connection, and again when another run begins in the place of the one before. */
export interface Hello {
  readonly type: 'hello';
  readonly version: typeof PROTOCOL_VERSION;
  readonly run: RunHeader;
  /** Worlds whose frames are sent; fewer than arms x worlds in a very large run. */
  readonly watchedWorlds: number;
  /** What the numbers of a frame are, in order. */
  readonly metrics: readonly Metric[];
  readonly populationMetrics: readonly Metric[];
  readonly rewardFeatures: readonly string[];
}

/** stopped: somebody ended it before its last tick, and it can go on. */
export const RUN_STATES = ['running', 'paused', 'finished', 'stopped', 'failed'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** How the run stands; sent when it changes and a few times a second. */
export interface Status {
  readonly type: 'status';
  readonly state: RunState;
  /** What the terminal says, such as the line of an error; empty when there is nothing to say. */
  readonly message: string;
  readonly ticksPerSecond: number;
  readonly agentStepsPerSecond: number;
  /** Speed limit in force; null = as fast as it goes. */
  readonly speed: number | null;
  /** Frames that this connection was too slow for. */
  readonly dropped: number;
  /** Frames left out for everybody because they came faster than a page redraws. */
  readonly thinned: number;
}

/** How each economic law stands at a tick. */
export interface Laws {
  readonly type: 'laws';
  readonly tick: number;
  readonly laws: readonly LawStatus[];
}

/** Last message of a run; the connection stays open so that the result can be looked at. */
export interface Ended {
  readonly type: 'ended';
  readonly state: 'finished' | 'stopped' | 'failed';
  readonly message: string;
}

export type ServerMessage = Hello | Status | Laws | Ended;

/** What a watcher may ask for. */
export type Control =
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  /** Advance so many ticks, then pause. */
  | { readonly type: 'step'; readonly ticks: number }
  /** Limit the speed; null = as fast as it goes. */
  | { readonly type: 'speed'; readonly ticksPerSecond: number | null };

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError('message is not JSON', 'send one JSON object per message', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('message is not a JSON object');
  }
  return value as JsonObject;
}

function requireKeys(message: JsonObject, keys: readonly string[]): void {
  for (const key of Object.keys(message)) {
    if (!keys.includes(key)) throw new ProtocolError(`message has an unknown key '${key.slice(0, 40)}'`);
  }
}

/** Whether a value is a whole number from 0 to a most. */
export const isCount = (value: unknown, max = Number.MAX_SAFE_INTEGER): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;

/** Reads a control message. Throws ProtocolError for anything that is not exactly one of Control. */
export function parseControl(text: string): Control {
  if (text.length > CONTROL_BYTES_MAX) {
    throw new ProtocolError(`message of ${text.length} characters is longer than ${CONTROL_BYTES_MAX}`);
  }
  const message = parseObject(text);
  switch (message.type) {
    case 'pause':
    case 'resume':
      requireKeys(message, ['type']);
      return { type: message.type };
    case 'step': {
      requireKeys(message, ['type', 'ticks']);
      if (!isCount(message.ticks, STEP_TICKS_MAX) || message.ticks === 0) {
        throw new ProtocolError(`step.ticks must be a whole number from 1 to ${STEP_TICKS_MAX}`);
      }
      return { type: 'step', ticks: message.ticks };
    }
    case 'speed': {
      requireKeys(message, ['type', 'ticksPerSecond']);
      const speed = message.ticksPerSecond;
      if (speed === null) return { type: 'speed', ticksPerSecond: null };
      if (typeof speed !== 'number' || !(speed > 0 && speed <= TICKS_PER_SECOND_MAX)) {
        throw new ProtocolError(
          `speed.ticksPerSecond must be null or above 0, at most ${TICKS_PER_SECOND_MAX}`,
        );
      }
      return { type: 'speed', ticksPerSecond: speed };
    }
    default:
      throw new ProtocolError('message type must be one of pause, resume, step, speed');
  }
}

/** Whether a value has the form that a message needs. */
type Check = (value: unknown) => boolean;
const text: Check = (value) => typeof value === 'string';
const count: Check = (value) => isCount(value);
const rate: Check = (value) => typeof value === 'number' && value >= 0;
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const shape =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(checks).every(([key, check]) => check((value as JsonObject)[key]));
const either =
  (...checks: Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));
const exactly =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);
const finite: Check = (value) => Number.isFinite(value);

const metric = shape({ name: text, unit: text, about: text });
const SERVER_MESSAGES: Readonly<Record<ServerMessage['type'], Check>> = {
  hello: shape({
    run: shape({
      name: text,
      description: text,
      ticks: count,
      worlds: count,
      slots: count,
      metricsEvery: count,
      arms: listOf(shape({ label: text, computePrices: listOf(finite) })),
      populations: listOf(shape({ name: text, kind: text, evolves: exactly(true, false) })),
      ownMetrics: listOf(metric),
    }),
    watchedWorlds: count,
    metrics: listOf(metric),
    populationMetrics: listOf(metric),
    rewardFeatures: listOf(text),
  }),
  status: shape({
    state: exactly(...RUN_STATES),
    message: text,
    ticksPerSecond: rate,
    agentStepsPerSecond: rate,
    speed: either(exactly(null), rate),
    dropped: count,
    thinned: count,
  }),
  laws: shape({
    tick: count,
    laws: listOf(
      shape({
        name: text,
        about: text,
        checks: count,
        lastTick: finite,
        violated: either(exactly(null), text),
        margin: either(
          exactly(undefined),
          shape({ what: text, unit: text, largest: either(exactly(null), finite), limit: finite }),
        ),
        noMargin: either(exactly(undefined), text),
      }),
    ),
  }),
  ended: shape({ state: exactly('finished', 'stopped', 'failed'), message: text }),
};

/** What somebody sent, for an error of one line. */
const brief = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, 40) : inBrief(value ?? null, 40);

/** Reads a text message of the server. Throws ProtocolError when it is malformed or of another version. */
export function parseServerMessage(message: string): ServerMessage {
  const value = parseObject(message);
  const type = brief(value.type);
  if (!Object.hasOwn(SERVER_MESSAGES, type)) throw new ProtocolError(`unknown message type '${type}'`);
  if (type === 'hello' && value.version !== PROTOCOL_VERSION) {
    throw new ProtocolError(
      `the server speaks protocol version ${brief(value.version)}, this page version ${PROTOCOL_VERSION}`,
      'reload the page',
    );
  }
  if (!SERVER_MESSAGES[type as ServerMessage['type']](value)) {
    throw new ProtocolError(
      `message '${type}' does not have the form of protocol version ${PROTOCOL_VERSION}`,
    );
  }
  return value as unknown as ServerMessage;
}
