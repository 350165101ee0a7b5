/**
 * `npm run mutants -- [FILES] [--least PERCENT] [--threads N] [--every N]`: mutation testing of `market/`, file by file, by Stryker's instrumenter, which is fetched
 * once into a folder of the temporary directory. Exit codes: 0 every file has its share killed, 1 one has not, 2 bad input, 3 no
 * registry or the tests do not run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { EnvironmentError, UsageError } from '../../sim/core/errors.ts';
import { countOf } from '../commandLine.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { fetchPackages } from '../onDemand.ts';
import { runScript, scriptOf } from '../script.ts';
import { mutableFiles, reasonLeftOut, testsOf } from './mutable.ts';
import { type MutationReport, type Score, scoresOf } from './score.ts';

const VERSION = '9.6.1';
const REPORT = join(PACKAGE_ROOT, 'reports', 'mutation', 'mutation.json');

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A file of the fetched package, from which its modules are found. */
function fetchInstrumenter(): string {
  const name = '@stryker-mutator/instrumenter';
  const folder = fetchPackages({ purpose: 'make the mutants', packages: [`${name}@${VERSION}`] });
  return join(folder, 'package.json');
}

function filesOf(given: readonly string[]): string[] {
  const all = mutableFiles(PACKAGE_ROOT);
  if (given.length === 0) return all;
  return given.map((path) => {
    const file = relative(PACKAGE_ROOT, path);
    if (all.includes(file)) return file;
    const why = file.startsWith('market/') && existsSync(path) ? reasonLeftOut(file) : null;
    throw new UsageError(
      why === null ? `${path} is no source file of market/` : `${path} has no mutants: ${why}`,
      'for example: npm run mutants -- market/amm.ts',
    );
  });
}

/** The score of one file; throws EnvironmentError where there is none. */
function tryFile(instrumenter: string, file: string, threads: number, every: number): Score {
  const tests = testsOf(PACKAGE_ROOT, file).join(',');
  rmSync(REPORT, { force: true });
  const program = join('experiments', 'mutants', 'tryMutants.mjs');
  const { status } = spawnSync(
    process.execPath,
    [program, instrumenter, file, tests, String(threads), String(every), REPORT],
    { cwd: PACKAGE_ROOT, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (!existsSync(REPORT))
    throw new EnvironmentError(
      `the mutants of ${file} could not be tried (${status}) on the tests ${tests || 'none'}`,
      'its tests must pass without mutants: npx vitest run market',
    );
  return scoresOf(JSON.parse(readFileSync(REPORT, 'utf8')) as MutationReport)[0]!;
}

interface Options {
  readonly least: string;
  readonly threads: string;
  readonly every: string;
}
const script = scriptOf(
  'mutants',
  'Mutation testing of market/, file by file, by the instrumenter of Stryker, which is fetched once.',
)
  .argument('[files...]', 'of market/; default all')
  .option('--least <percent>', 'of its mutants that tests must kill in every file', '80')
  .option('--threads <n>', 'mutants at a time', '1')
  .option('--every <n>', 'try one mutant of so many', '1');

function main(values: Options, positionals: readonly string[]): boolean {
  const least = Number(values.least);
  if (!(least >= 0 && least <= 100))
    throw new UsageError(`--least ${values.least} is no percentage`, '0 to 100');
  const threads = countOf('--threads', values.threads)!;
  const every = countOf('--every', values.every)!;
  const files = filesOf(positionals);
  const instrumenter = fetchInstrumenter();
  const scores: Score[] = [];
  for (const file of files) {
    const score = tryFile(instrumenter, file, threads, every);
    scores.push(score);
    const { killed, survived, ignored, share, survivors } = score;
    say(
      `${file}: ${(100 * share).toFixed(1)} % killed (${killed} of ${killed + survived}, ${ignored} disabled)`,
    );
    for (const line of survivors) say(`  ${line}`);
  }
  const below = scores.filter(({ share }) => 100 * share < least);
  const killed = scores.reduce((sum, score) => sum + score.killed, 0);
  const tried = scores.reduce((sum, score) => sum + score.killed + score.survived, 0);
  say(
    `${scores.length} files: ${((100 * killed) / Math.max(1, tried)).toFixed(1)} % of ${tried} mutants killed; below ${least} %: ${below.map(({ file }) => file).join(', ') || 'none'}`,
  );
  return below.length === 0;
}

await runScript(script, main);
