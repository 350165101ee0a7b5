/** Fuzzes what reads directories of sweeps: one file is changed, and a report is made, or the sweep would be gone on with. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { experimentReport } from '../report/experimentReport.ts';
import { loadSweep } from '../sweep/analysis.ts';
import { runCell } from '../sweep/cell.ts';
import { loadExperiment } from '../sweep/experimentFile.ts';
import { planSweep, unfinished } from '../sweep/sweep.ts';
import { SweepDirectory, type SweepPlan } from '../sweep/sweepDirectory.ts';
import { type FuzzDraws, mutateBytes, mutateText, mutateValue } from './mutation.ts';
import type { FuzzInput } from './target.ts';

/** Every kind of outcome and side, little to compute. */
const EXPERIMENT = `
name: fuzzed
question: Does demand raise welfare?
hypothesis: It does.
config: quickstart
set:
  output.tradesEvery: 5
  populations: [{ name: learners, kind: learner }, { name: zi, kind: ziC }]
arms:
  - { name: low, set: { world.serviceMarket.demand: 2 } }
  - { name: high, set: { world.serviceMarket.demand: 6 } }
seeds: { search: fuzzed }
axis: { path: world.serviceMarket.demand, label: demand }
outcomes:
  - { name: welfare, metric: serviceWelfare, per: tick, window: whole }
  - { name: profit, metric: profitPerTick, window: secondHalf }
  - { name: shift, metric: geneShift, gene: profit }
contrasts:
  - { name: high against low, of: { arm: high }, against: { arm: low }, expect: higher }
  - name: learners against traders
    outcome: profit
    of: { arm: high, population: learners }
    against: { arm: high, population: zi }
    expect: different
scales:
  smoke: { worlds: 2, ticks: 10, slots: 8 }
  modest: { worlds: 2, ticks: 10, slots: 8 }
  full: { worlds: 2, ticks: 10, slots: 8 }
`;
const MANIFEST = 'sweep.json';
const COPY = 'experiment.yaml';
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
/** What depends on machine and moment. */
const SAME = {
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: null,
  commit: null,
  seconds: 1.5,
  hardware: { cpu: 'a machine', cores: 2, memoryGiB: 8, os: 'linux', node: 'v20.0.0' },
};

/** A finished sweep of two arms and two seeds. */
export class SavedSweep {
  private readonly directory: string;
  private readonly plan: SweepPlan;
  private readonly files: ReadonlyMap<string, Uint8Array>;

  private constructor(directory: string, plan: SweepPlan) {
    this.directory = directory;
    this.plan = plan;
    const cells = readdirSync(join(directory, 'cells')).toSorted();
    const names = [MANIFEST, COPY, ...cells.map((name) => join('cells', name))];
    this.files = new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(directory, name)))]));
  }

  /** Runs it into a directory that is not there yet; `file` is where its experiment is written. */
  static async run(directory: string, file: string): Promise<SavedSweep> {
    writeFileSync(file, EXPERIMENT);
    const plan = planSweep(loadExperiment(file), 'smoke', 1);
    const sweep = new SweepDirectory(directory, plan, false);
    // the same bytes whenever they are made
    for (const cell of plan.cells) sweep.keep({ ...(await runCell(cell)), seconds: 1 });
    sweep.close('interrupted');
    rmSync(file);
    const manifest = join(directory, MANIFEST);
    const stated = JSON.parse(readFileSync(manifest, 'utf8'));
    const statements = [{ ...stated.statements[0], at: SAME.startedAt }];
    writeFileSync(manifest, JSON.stringify({ ...stated, ...SAME, statements, file: 'fuzzed.yaml' }));
    return new SavedSweep(directory, plan);
  }

  make(draws: FuzzDraws): FuzzInput {
    const [, , ...cells] = this.files.keys();
    const what = draws.from([MANIFEST, MANIFEST, COPY, draws.from(cells)]);
    return { what, bytes: changed(this.files.get(what)!, what, draws) };
  }

  /** Whether an input is a file of the sweep. */
  has({ what }: FuzzInput): boolean {
    return this.files.has(what);
  }

  read({ what, bytes }: FuzzInput): void {
    const file = join(this.directory, what);
    writeFileSync(file, bytes);
    try {
      // what `darwin sweep --resume` asks of its directory, and `darwin report`
      if (what !== COPY) unfinished(this.plan, this.directory);
      experimentReport(loadSweep(this.directory));
    } finally {
      writeFileSync(file, this.files.get(what)!);
    }
  }
}

function changed(bytes: Uint8Array, what: string, draws: FuzzDraws): Uint8Array {
  if (draws.below(8) === 0) return mutateBytes(bytes, draws);
  const isCell = what.endsWith('.gz');
  const text = new TextDecoder().decode(isCell ? gunzipSync(bytes) : bytes);
  const asText = what === COPY || draws.below(4) === 0;
  const other = asText
    ? mutateText(text, draws)
    : (JSON.stringify(mutateValue(JSON.parse(text), draws)) ?? '');
  return isCell ? new Uint8Array(gzipSync(other, { level: 1 })) : encode(other);
}
