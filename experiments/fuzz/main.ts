/** `npm run fuzz -- --target NAME --inputs N [--seed S] [--from K] | --input FILE`: wrong inputs on demand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { UsageError } from '../../sim/core/errors.ts';
import { countOf, wholeOf } from '../commandLine.ts';
import { makeDirectory } from '../makeDirectory.ts';
import { runScript, scriptOf } from '../script.ts';
import { encodeInput, type Finding, fuzz, readInput } from './fuzzer.ts';
import { TARGETS } from './targets.ts';

const NOTE_EVERY = 10_000;
/** Inputs that are kept of findings that say the same. */
const KEPT_OF_KIND = 2;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
/** What findings of one cause have in common. */
const kindOf = ({ problem }: Finding): string =>
  problem.replaceAll(/\d+|"[^"]*"|`[^`]*`/g, '#').slice(0, 120);

interface Options {
  readonly target?: string;
  readonly inputs: string;
  readonly seed: string;
  readonly from: string;
  readonly input?: string;
  readonly keep: string;
}
const script = scriptOf(
  'fuzz',
  'Gives wrong inputs to what reads what others wrote; none may crash it or hang.',
)
  .option('--target <name>', `one of ${Object.keys(TARGETS).join(', ')}`)
  .option('--inputs <n>', 'how many', '10000')
  .option('--seed <n>', 'of the inputs', '0')
  .option('--from <n>', 'number of the first', '0')
  .option('--input <file>', 'read an input again that was kept')
  .option('--keep <dir>', 'where inputs are kept that are findings', 'fuzz-findings');

async function main(values: Options): Promise<boolean> {
  if (values.input !== undefined) {
    const { target, input } = readInput(values.input);
    const { findings } = await fuzz({ target, inputs: 1, seed: 0, kept: input });
    say(
      findings[0] === undefined
        ? `${values.input}: answered or refused`
        : `${values.input}: ${findings[0].problem}`,
    );
    return findings.length === 0;
  }
  const { target } = values;
  if (target === undefined)
    throw new UsageError('--target is missing', `there are ${Object.keys(TARGETS).join(', ')}`);
  const seed = wholeOf('--seed', values.seed);
  const kinds = new Map<string, number>();
  let noted = 0;
  const figures = await fuzz({
    target,
    seed,
    inputs: countOf('--inputs', values.inputs)!,
    from: wholeOf('--from', values.from),
    onFinding: (finding) => {
      const kind = kindOf(finding);
      const seen = (kinds.get(kind) ?? 0) + 1;
      kinds.set(kind, seen);
      if (seen > KEPT_OF_KIND) return;
      makeDirectory(values.keep);
      const file = join(values.keep, `${target}-${seed}-${finding.number}.json`);
      writeFileSync(file, encodeInput(target, finding.input));
      say(`${finding.input.what}: ${finding.problem}`);
      say(`  again: npm run fuzz -- --input ${file}   (seed ${seed}, number ${finding.number})`);
    },
    onProgress: (read) => {
      if (read - noted < NOTE_EVERY) return;
      noted = read;
      process.stderr.write(`${read} inputs\n`);
    },
  });
  const { inputs, answered, refused, findings, unrepeated, seconds } = figures;
  say(
    `${target}: ${inputs} inputs of seed ${seed} in ${seconds.toFixed(0)} s: ${answered} answered, ${refused} refused in one line, ${findings.length} findings of ${kinds.size} kinds${unrepeated > 0 ? `; ${unrepeated} times a process ended and did not again` : ''}`,
  );
  return findings.length === 0;
}

await runScript(script, main);
