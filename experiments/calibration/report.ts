/**
 * `npm run calibration [-- --quick]`: runs configs/baseline.yaml and the studies beside this file on worker threads,
 * holds them against MODEL 12's criteria and writes report.md. Everything in the report comes from these runs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type ResolvedRun, worldCount } from '../../configs/arms.ts';
import { type Override, parseConfig } from '../../configs/parse.ts';
import type { WorldFrame } from '../../sim/frame.ts';
import { openRun } from '../simulate.ts';
import { ArmRecord, type Criterion, criteriaOf } from './criteria.ts';

interface Studies {
  readonly common: Readonly<Record<string, unknown>>;
  readonly studies: readonly {
    readonly name: string;
    readonly why: string;
    readonly set: Readonly<Record<string, unknown>>;
  }[];
}

/** The sources, found from both the source tree and the build. */
const root = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url),
);
const baselineText = readFileSync(`${root}configs/baseline.yaml`, 'utf8');
const studies = parse(readFileSync(`${root}experiments/calibration/studies.yaml`, 'utf8')) as Studies;
/** Ticks of a stretch between reports of progress. */
const STRETCH = 2000;
/** What `--quick` divides ticks and worlds by: a smoke run of the report itself. */
const QUICK = { ticks: 1000, worlds: 2 };

const override = (path: string, value: unknown): Override => ({ origin: path, path, value });
const baseline = (overrides: readonly Override[]): ResolvedRun =>
  parseConfig(baselineText, {
    file: 'configs/baseline.yaml',
    // only what the criteria read is kept
    overrides: [
      override('output.agentsEvery', 0),
      override('output.tradesWorlds', 0),
      override('output.metricsEvery', 100),
      ...overrides,
    ],
  });

/** Runs all worlds and returns one record per arm. */
async function record(name: string, run: ResolvedRun): Promise<ArmRecord[]> {
  const { simulation, threads } = openRun(run);
  const started = performance.now();
  const frames: WorldFrame[] = [];
  const lives = run.arms.map(() => new Map<number, number[]>());
  const worldsPerArm = worldCount(run) / run.arms.length;
  try {
    for (let tick = 0; tick < simulation.ticks; ) {
      tick = Math.min(simulation.ticks, tick + STRETCH);
      const advance = await simulation.advance(tick);
      frames.push(...advance.frames.flatMap((frame) => frame.worlds));
      for (const batch of advance.batches) {
        if (batch.table !== 'lineage') continue;
        const { event, world, population, age } = batch.columns;
        for (let row = 0; row < batch.rows; row++) {
          if (!['insolvency', 'age', 'random'].includes(String(event![row]))) continue;
          const spans = lives[Math.floor(Number(world![row]) / worldsPerArm)]!;
          const of = Number(population![row]);
          if (!spans.has(of)) spans.set(of, []);
          spans.get(of)!.push(Number(age![row]));
        }
      }
      process.stderr.write(`${name}: tick ${tick}/${simulation.ticks}\n`);
    }
  } finally {
    await simulation.close();
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stderr.write(`${name}: ${seconds} s on ${threads} threads\n`);
  return run.arms.map(
    (arm, k) =>
      new ArmRecord(
        arm,
        frames.filter((frame) => frame.arm === k),
        lives[k]!,
      ),
  );
}

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
const mark = ({ holds }: Criterion): string => (holds ? 'yes' : '**no**');

async function main(): Promise<void> {
  const quick = process.argv.includes('--quick');
  const shrink = quick ? [override('ticks', QUICK.ticks), override('worlds', QUICK.worlds)] : [];
  const [base] = await record('baseline', baseline(shrink));
  const { ticks, worlds, slots, world } = base!.config;
  const lives = ticks / world.demography.meanLife;
  const parts = [
    '# Calibration',
    'Written by `npm run calibration`; change the configs, not this file.',
    `## configs/baseline.yaml: ${worlds} worlds x ${slots} slots, ${ticks} ticks, ${lives} mean lives`,
    table(
      ['criterion', 'found: mean over worlds (least to most)', 'bound', 'holds'],
      criteriaOf(base!).map((c) => [c.name, c.found, c.bound, mark(c)]),
    ),
    '## What each criterion depends on',
  ];
  for (const study of studies.studies) {
    const settings = { ...studies.common, ...(quick ? QUICK : {}), ...study.set };
    const run = baseline(Object.entries(settings).map(([path, value]) => override(path, value)));
    const arms = await record(study.name, run);
    const results = arms.map(criteriaOf);
    parts.push(
      `### ${study.name}`,
      `${study.why}. ${arms[0]!.worlds.length} worlds an arm, ${run.arms[0]!.ticks} ticks.`,
      table(
        ['criterion', ...run.armLabels],
        results[0]!.map((criterion, row) => [
          `${criterion.name} (${criterion.bound})`,
          ...results.map((list) => `${list[row]!.found}${list[row]!.holds ? '' : ' **no**'}`),
        ]),
      ),
    );
  }
  const file = quick ? `${root}runs/calibration-quick.md` : `${root}experiments/calibration/report.md`;
  writeFileSync(file, `${parts.join('\n\n')}\n`);
  process.stderr.write(`${file}\n`);
}

await main();
