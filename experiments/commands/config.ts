/** `darwin config init|schema|explain`: a starter file, the JSON Schema, and what a key means. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { closest } from 'fastest-levenshtein';
import { type ResolvedRun, worldCount, worldParameters } from '../../configs/arms.ts';
import { configJsonSchema } from '../../configs/jsonSchema.ts';
import {
  allPaths,
  formatPath,
  nodeAt,
  type PathSegment,
  ruleOf,
  type SchemaNode,
  schemaTree,
} from '../../configs/schemaTree.ts';
import { isNear } from '../../configs/suggestions.ts';
import { METHODS } from '../../configs/worldParameters.ts';
import { UsageError } from '../../sim/core/errors.ts';
import { fromFraction32, fromMilli } from '../../sim/core/units.ts';
import { worldBytes } from '../../sim/world.ts';
import { assertWritable } from '../commandLine.ts';
import { configReference } from '../configReference.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { loadConfig, presetNames } from '../loadConfig.ts';
import { oddProtocol } from '../odd.ts';
import { experimentJsonSchema } from '../sweep/experimentSchema.ts';
import { answer, figure, table } from '../terminal.ts';

interface FileOptions {
  readonly out?: string;
  readonly json?: boolean;
  readonly experiment?: boolean;
}

export function register(program: Command): void {
  const config = program
    .command('config')
    .summary('write, document and explain configs')
    .description('Writes, documents and explains configs.');
  config
    .command('init')
    .summary('write a commented starter config')
    .argument('[file]', 'where to write it; an existing file is never overwritten', 'darwin.yaml')
    .option('--json', 'print one JSON object')
    .action(init);
  config
    .command('schema')
    .summary('write the JSON Schema of configs, for editors')
    .option('--out <file>', 'where to write it; default standard output')
    .option('--experiment', 'that of experiment files instead')
    .option('--json', 'print one JSON object')
    .action(schema);
  config
    .command('odd')
    .summary('describe the model by the ODD protocol, as Markdown')
    .option('--out <file>', 'where to write it; default standard output')
    .option('--json', 'print one JSON object')
    .action(page(oddProtocol));
  config
    .command('reference')
    .summary('list every key of a config, as Markdown')
    .option('--out <file>', 'where to write it; default standard output')
    .option('--json', 'print one JSON object')
    .action(page(configReference));
  config
    .command('explain')
    .summary('what a key means, or what follows from a config')
    .argument('[what]', 'path such as world.amm.token, a config file or a preset; default all keys')
    .option('--json', 'print one JSON value')
    .action(explain);
}

/** What prints a page or writes it into a file. */
const page =
  (write: () => string) =>
  ({ out, json }: FileOptions): void => {
    const text = write();
    if (out === undefined) {
      answer(json, { text }, () => text.trimEnd());
      return;
    }
    assertWritable('--out', out);
    writeFileSync(out, text);
    answer(json, { file: out }, () => `wrote ${out}`);
  };

/** A scalar or an empty list as YAML. */
const yaml = (value: unknown): string => JSON.stringify(value);

/**
 * The whole schema as YAML, every key with its meaning and default, commented out unless it is worth choosing.
 *
 * @param schemaFile where an editor finds the JSON Schema, relative to the config
 */
export function starter(schemaFile: string): string {
  const tree = schemaTree();
  const lines = [
    `# yaml-language-server: $schema=${schemaFile}`,
    '#',
    '# A darwin-market run. Keys that are commented out show their defaults: uncomment to change one.',
    '# Any number, switch or choice under `world` and `populations` may be a list, one value per arm of the run.',
    '',
    'name: my-economy',
    'seed: darwin',
    'ticks: 2000',
    'worlds: 2',
    'slots: 64',
    '',
    'populations:',
    '  - { name: learners, kind: learner, share: 3 }',
    '  - { name: zero-intelligence, kind: ziC, share: 1 }',
    '',
  ];
  const chosen = new Set(['name', 'seed', 'ticks', 'worlds', 'slots', 'populations']);
  const visit = (node: SchemaNode, depth: number): void => {
    for (const [key, child] of node.children!) {
      if (depth === 0 && chosen.has(key)) continue;
      const indent = '  '.repeat(depth);
      if (child.children) {
        lines.push(`# ${indent}${key}:  # ${child.about}`);
        visit(child, depth + 1);
      } else lines.push(`# ${indent}${key}: ${yaml(child.fallback ?? [])}  # ${child.about}`);
    }
  };
  visit(tree, 0);
  return `${lines.join('\n')}\n`;
}

function init(file: string, options: FileOptions): void {
  if (existsSync(file)) throw new UsageError(`${file} exists`, 'name another file');
  const schemaFile = relative(dirname(resolve(file)), join(PACKAGE_ROOT, 'configs', 'schema.json'));
  save(file, starter(schemaFile.replaceAll('\\', '/')));
  answer(options.json, { file }, () => `wrote ${file}; next: darwin run ${file}`);
}

function schema(options: FileOptions): void {
  const text = `${JSON.stringify(options.experiment ? experimentJsonSchema() : configJsonSchema(), null, 2)}\n`;
  if (options.out === undefined) process.stdout.write(text);
  else {
    save(options.out, text);
    answer(options.json, { file: options.out }, () => `wrote ${options.out}`);
  }
}

function save(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new UsageError(`cannot write ${file}: ${(cause as Error).message}`, 'name another file', { cause });
  }
}

/** Whether a config is meant, by its file or as a preset, and not a key. */
const isConfig = (what: string): boolean =>
  /\.ya?ml$/.test(what) || presetNames().includes(what) || (existsSync(what) && statSync(what).isFile());

function explain(what: string | undefined, options: FileOptions): void {
  if (what !== undefined && isConfig(what)) {
    explainRun(loadConfig(what, {}), options);
    return;
  }
  const tree = schemaTree();
  const path = pathOf(what ?? '');
  const node = nodeAt(tree, path);
  if (!node) {
    const known = allPaths(tree).map((entry) => formatPath(entry.path));
    const names = [...known, ...presetNames()];
    const nearest = closest(what!, names);
    throw new UsageError(
      `there is no config path ${what}, and no preset`,
      isNear(what!, nearest) ? `did you mean ${nearest}?` : 'darwin config explain lists all keys',
    );
  }
  const below =
    node.children || node.item
      ? allPaths(node).map((entry) => ({ ...entry, path: [...path, ...entry.path] }))
      : [{ path, node }];
  const value = below.map((entry) => describe(entry.path, entry.node));
  answer(options.json, value, () =>
    [
      ...(node.children || node.item ? [`${what ?? 'config'}: ${node.about || 'a run'}`] : []),
      ...value
        .filter((entry) => entry.kind !== 'section')
        .map((entry) =>
          [
            `${entry.path} = ${yaml(entry.default) ?? 'required'}`,
            `    ${entry.about}`,
            `    ${entry.rule}${entry.differsByArm ? '; or a list with one value per arm' : ''}`,
          ].join('\n'),
        ),
    ].join('\n'),
  );
}

/** `populations[0].share` and `populations.share` alike. */
const pathOf = (text: string): PathSegment[] =>
  text
    .replaceAll(/\[\d+\]/g, '.0')
    .split('.')
    .filter((word) => word !== '')
    .flatMap((word, k, words) => {
      if (/^\d+$/.test(word)) return [Number(word)];
      return k > 0 && words[k - 1] === 'populations' ? [0, word] : [word];
    });

const describe = (path: readonly PathSegment[], node: SchemaNode) => ({
  path: formatPath(path),
  kind: node.kind,
  about: node.about,
  rule: `must be ${ruleOf(node)}`,
  default: node.fallback ?? null,
  differsByArm: node.armable,
});

/** What follows from a config, per arm: derive.ts in figures. */
function explainRun(run: ResolvedRun, options: FileOptions): void {
  const single = { ...run, arms: run.arms.map((arm) => ({ ...arm, worlds: 1 })) };
  const arms = worldParameters(single).map((p, arm) => {
    const bytes = worldBytes({ ...p, market: p });
    return {
      label: run.armLabels[arm]!,
      derived: {
        'memory per world, MiB': bytes / 2 ** 20,
        'memory per agent slot, bytes': bytes / p.slots,
        'token supply, token': fromMilli(
          p.slots * p.genesis.token + p.consumers.token + p.amm.token + p.treasury.tokenReserve,
        ),
        'cash supply, cash': fromMilli(
          p.slots * p.genesis.cash + p.consumers.cash + p.amm.cash + p.treasury.cashReserve,
        ),
        'token price at genesis, cash': p.amm.token > 0 ? p.amm.cash / p.amm.token : Number.NaN,
        'tasks wanted per tick': p.serviceMarket.demand.reduce((sum, d) => sum + d, 0),
        'tasks that genesis capacity could serve per tick':
          (p.slots * p.genesis.capacity) / p.serviceMarket.cuPerTask,
        'energy of one task, cash': fromMilli(p.energy.price * p.serviceMarket.cuPerTask),
        'lowest and highest compute price, token': [
          fromMilli(p.computeMarket.priceTable[0]!),
          fromMilli(p.computeMarket.priceTable.at(-1)!),
        ],
        'wealth that must remain after buying hardware, cash': fromMilli(p.hardware.runway),
        'wealth that must remain after buying labels, cash': fromMilli(p.hardware.trainingRunway),
        'price of one cu of capacity at genesis, cash': fromMilli(
          p.hardware.priceBase + p.hardware.priceScale,
        ),
        'mean life by age, ticks':
          p.demography.hazard > 0 ? 1 / fromFraction32(p.demography.hazard) : Number.NaN,
        'living agents below which immigrants arrive': p.demography.immigrationFloor,
        'training methods': METHODS.join(', '),
      } as Record<string, number | string | number[]>,
    };
  });
  const { ticks, worlds, slots } = run.arms[0]!;
  const value = { ticks, worldsPerArm: worlds, slots, worlds: worldCount(run), arms, config: run.arms };
  answer(options.json, value, () => {
    const shown = (v: number | string | number[]): string =>
      typeof v === 'string' ? v : Array.isArray(v) ? v.map(figure).join(' .. ') : figure(v);
    const rows = Object.keys(arms[0]!.derived).map((name) => [
      name,
      ...arms.map((arm) => shown(arm.derived[name]!)),
    ]);
    return `${worldCount(run)} worlds = ${arms.length} arms x ${worlds} seeds, ${slots} slots, ${ticks} ticks\n${table(['derived', ...arms.map((arm) => arm.label)], rows)}`;
  });
}
