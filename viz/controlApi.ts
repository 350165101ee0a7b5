/**
 * Steering runs over HTTP, version 1: what the page does beside watching, and scripts on the same machine may. All paths
 * are below `/api/v1/control`. Questions are GET; what changes something is POST with a JSON object of at most
 * REQUEST_BYTES_MAX, answered only to this server's own pages and to scripts, 10 a second (429 beyond that).
 *
 *   GET  /presets                                    {presets: Preset[]}
 *   GET  /schema                                     FormNode: every key of a config
 *   GET  /numbers                                    {numbers: NumberInForce[]}: what may change in the run under way, if any
 *   POST /check      {text, name, overrides}         Checked, or ControlFailure where the config is wrong
 *   POST /start      {text, name, overrides, paused} {run}: the id of a run that has begun
 *   POST /resume     {run}                           {run}: one that was interrupted or failed goes on
 *   POST /stop       {}                              {run}: stopped with a checkpoint
 *   POST /reset      {}                              {run}: the same config from its first tick, paused, in a new directory
 *   POST /intervene  {path, value, arm}              {tick, path, value}: from that tick on
 *
 * Pause, step and speed go over the WebSocket (protocol.ts). A wrong request is answered by 400 and ControlFailure.
 */
import type { Intervention } from '../configs/interventions.ts';
import { UsageError } from '../sim/core/errors.ts';

/** Longest body of a request, bytes. */
export const REQUEST_BYTES_MAX = 256 * 1024;
const OVERRIDES_MAX = 2000;
const NAME_MAX = 200;

export interface Preset {
  readonly name: string;
  readonly description: string;
  /** YAML. */
  readonly text: string;
}

/** A key of a config, as a form needs it. */
export interface FormNode {
  readonly kind: 'section' | 'list' | 'number' | 'integer' | 'boolean' | 'choice' | 'text';
  readonly about: string;
  readonly fallback: unknown;
  /** What a value must be, in words. */
  readonly rule: string;
  readonly values?: readonly string[];
  readonly children?: Readonly<Record<string, FormNode>>;
  readonly item?: FormNode;
  /** Whether a list with one value per arm may stand in its place. */
  readonly armable: boolean;
}

/** A value that stands over the text, as `--set path=value` would. */
export interface FormOverride {
  readonly path: string;
  readonly value: unknown;
}

/** A config as text and what was changed of it. */
export interface ConfigRequest {
  /** YAML. */
  readonly text: string;
  /** What errors call the text. */
  readonly name: string;
  readonly overrides: readonly FormOverride[];
}
export interface StartRequest extends ConfigRequest {
  /** Whether it waits at its first tick. */
  readonly paused: boolean;
}

/** What a valid config would run. */
export interface Checked {
  readonly arms: readonly string[];
  readonly worlds: number;
  readonly slots: number;
  readonly ticks: number;
  /** Memory of all worlds. */
  readonly bytes: number;
  /** The text as plain data, without the overrides. */
  readonly values: unknown;
}

export interface ChangeRequest {
  readonly path: string;
  readonly value: number;
  /** The only arm that it concerns; null = all. */
  readonly arm: number | null;
}

/** A number of the run under way that may change. */
export interface NumberInForce {
  readonly path: string;
  readonly about: string;
  readonly rule: string;
  /** [arm] */
  readonly values: readonly number[];
}

/** The answer to a wrong request, in the words of the terminal. */
export interface ControlFailure {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    /** Key of the config that is wrong, such as `world.energy.price`; null where it is none. */
    readonly path: string | null;
  };
}

/** Who can start and steer runs; the server asks, `experiments` does it. */
export interface RunControl {
  presets(): readonly Preset[];
  schema(): FormNode;
  numbers(): readonly NumberInForce[];
  /** Throws ConfigError. */
  check(request: ConfigRequest): Checked;
  /** Each of these throws UsageError where it is not the time for it; answers the id of a run. */
  start(request: StartRequest): Promise<string>;
  resume(id: string): Promise<string>;
  stop(): Promise<string>;
  reset(): Promise<string>;
  intervene(change: ChangeRequest): Promise<Intervention>;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(body: unknown, keys: readonly string[]): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new UsageError('the request is not a JSON object', `send one with ${keys.join(', ') || 'no keys'}`);
  for (const key of Object.keys(body))
    if (!keys.includes(key))
      throw new UsageError(
        `the request has an unknown key ${key.slice(0, 40)}`,
        keys.length === 0 ? 'it takes none' : `it takes ${keys.join(', ')}`,
      );
  return body as Fields;
}

function textOf(fields: Fields, key: string, most: number): string {
  const value = fields[key];
  if (typeof value === 'string' && value.length <= most) return value;
  throw new UsageError(`${key} must be text of at most ${most} characters`);
}

function overridesOf(value: unknown): FormOverride[] {
  if (!Array.isArray(value) || value.length > OVERRIDES_MAX)
    throw new UsageError(`overrides must be a list of at most ${OVERRIDES_MAX}`);
  return value.map((entry) => {
    const fields = fieldsOf(entry, ['path', 'value']);
    if (fields.value === undefined) throw new UsageError('an override has no value');
    return { path: textOf(fields, 'path', NAME_MAX), value: fields.value };
  });
}

/** Each reads the body of a request. Throws UsageError naming the first thing that is wrong. */
export function parseConfigRequest(body: unknown): ConfigRequest {
  const fields = fieldsOf(body, ['text', 'name', 'overrides']);
  return {
    text: textOf(fields, 'text', REQUEST_BYTES_MAX),
    name: textOf(fields, 'name', NAME_MAX),
    overrides: overridesOf(fields.overrides),
  };
}

export function parseStartRequest(body: unknown): StartRequest {
  const { paused, ...rest } = fieldsOf(body, ['text', 'name', 'overrides', 'paused']);
  if (typeof paused !== 'boolean') throw new UsageError('paused must be true or false');
  return { ...parseConfigRequest(rest), paused };
}

export const parseResumeRequest = (body: unknown): string => textOf(fieldsOf(body, ['run']), 'run', NAME_MAX);

export function parseChangeRequest(body: unknown): ChangeRequest {
  const fields = fieldsOf(body, ['path', 'value', 'arm']);
  const { value, arm } = fields;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new UsageError('value must be a number');
  if (arm !== null && !(Number.isSafeInteger(arm) && (arm as number) >= 0))
    throw new UsageError('arm must be the number of an arm, or null for all');
  return { path: textOf(fields, 'path', NAME_MAX), value, arm: arm as number | null };
}

/** Reads the body of what takes nothing. */
export function parseNothing(body: unknown): void {
  fieldsOf(body, []);
}
