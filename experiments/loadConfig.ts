/** From the command line's CONFIG and options to a validated run. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { type ResolvedRun, worldCount } from '../configs/arms.ts';
import { type Override, parseIntervene, parseSet } from '../configs/overrides.ts';
import { parseConfig } from '../configs/parse.ts';
import { ENGINE_NAMES } from '../configs/schema.ts';
import { suggestName } from '../configs/suggestions.ts';
import { UsageError } from '../sim/core/errors.ts';
import { type ChosenEngine, openEngine } from './engines/index.ts';
import { PACKAGE_ROOT } from './hardware.ts';

/** Options that change a config; each is short for a `--set`. */
export interface ConfigOptions {
  readonly set?: readonly string[];
  readonly intervene?: readonly string[];
  readonly seed?: string;
  readonly ticks?: string;
  readonly engine?: string;
  readonly threads?: string;
  /** Of `darwin run` alone. */
  readonly checkpointEvery?: string;
}

const repeated = (value: string, all: string[] = []): string[] => [...all, value];

/** Options of every command that reads a config. */
export function addConfigOptions(command: Command): Command {
  return command
    .option('--set <path=value>', 'change a value of the config, may be repeated', repeated)
    .option(
      '--intervene <tick:path=value>',
      'change a number of the worlds at a tick, may be repeated',
      repeated,
    )
    .option('--seed <phrase>', 'seed phrase')
    .option('--ticks <n>', 'ticks to simulate')
    .option('--engine <name>', `auto, ${ENGINE_NAMES.join(', ')}; darwin engines says which are here`)
    .option('--threads <n>', 'worker threads, 0 = one per core');
}

const PRESETS = join(PACKAGE_ROOT, 'configs');
/** Names of the configs that come with the program. */
export const presetNames = (): string[] =>
  readdirSync(PRESETS)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => basename(name, '.yaml'));

/** The file that CONFIG means: a path, or the name of a preset. Throws UsageError when there is none. */
function findConfig(config: string): string {
  if (existsSync(config)) {
    if (statSync(config).isDirectory())
      throw new UsageError(
        `${config} is a directory, not a config`,
        existsSync(join(config, 'manifest.json'))
          ? `darwin run --resume ${config} goes on with the run in it`
          : 'give a YAML file',
      );
    return config;
  }
  const preset = join(PRESETS, `${config.replace(/^configs\//, '').replace(/\.yaml$/, '')}.yaml`);
  if (existsSync(preset)) return preset;
  const names = presetNames();
  const name = basename(config, '.yaml');
  if (existsSync(join(PACKAGE_ROOT, 'experiments', `${name}.yaml`)))
    throw new UsageError(`${name} is an experiment, not a config`, `darwin sweep ${name}`);
  throw new UsageError(`there is no config file ${config}`, suggestName(name, names, 'presets'));
}

/** Text of the config and the name to show for it. */
export function readConfig(config: string): { file: string; text: string } {
  const file = findConfig(config);
  try {
    return { file, text: readFileSync(file, 'utf8') };
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${(cause as Error).message}`, 'check its permissions', {
      cause,
    });
  }
}

/** Opens the engine that a run asks for. Throws EnvironmentError where it is named and not available. */
export const openEngineOf = (run: ResolvedRun): Promise<ChosenEngine> =>
  openEngine(run.arms[0]!.engine, {
    agents: worldCount(run) * run.arms[0]!.slots,
    slots: run.arms[0]!.slots,
  });

/**
 * Reads, overrides and validates a config.
 *
 * @throws UsageError when the file is missing, ConfigError for what is wrong in it
 */
export function loadConfig(config: string, options: ConfigOptions): ResolvedRun {
  const { file, text } = readConfig(config);
  if (/^hypothesis:/m.test(text) && /^outcomes:/m.test(text))
    throw new UsageError(`${file} is an experiment, not a config`, `darwin sweep ${file}`);
  return parseConfig(text, { file, overrides: overridesOf(options) });
}

/** A number where the text is one; the schema refuses the rest. */
const numeric = (text: string): unknown =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;

/** The overrides that options ask for. Throws ConfigError. */
export function overridesOf(options: ConfigOptions): Override[] {
  const overrides = [...(options.set ?? []).map(parseSet), ...(options.intervene ?? []).map(parseIntervene)];
  const add = (path: string, text: string | undefined, value: unknown): void => {
    if (text !== undefined) overrides.push({ origin: `--${path} ${text}`, path, value });
  };
  add('seed', options.seed, options.seed);
  add('ticks', options.ticks, numeric(options.ticks ?? ''));
  add('threads', options.threads, numeric(options.threads ?? ''));
  if (options.checkpointEvery !== undefined)
    overrides.push({
      origin: `--checkpoint-every ${options.checkpointEvery}`,
      path: 'output.checkpointEvery',
      value: numeric(options.checkpointEvery),
    });
  add('engine', options.engine, options.engine);
  return overrides;
}
