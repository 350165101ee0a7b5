/**
 * Entry point of a process that reads inputs (fuzzer.ts): what crashes, hangs or fills the memory takes this process with
 * it, and not the one that counts.
 */
import process from 'node:process';
import { assert } from '../../sim/core/assert.ts';
import { FuzzDraws } from './mutation.ts';
import { type FuzzInput, type FuzzTarget, judge, type Verdict } from './target.ts';
import { targetNamed } from './targets.ts';

/** What the process is to do. */
export interface FuzzTask {
  readonly target: string;
  readonly seed: number;
  /** Inputs [from, to). */
  readonly from: number;
  readonly to: number;
  readonly folder: string;
  /** Whether each input is told before it is read, so that it is known when there is no word after it. */
  readonly careful: boolean;
  /** Resident memory that no input may lead to, bytes. */
  readonly memoryMax: number;
  /** An input that was kept; read in place of those of a seed. */
  readonly kept: FuzzInput | null;
}

/** What it tells. */
export type FuzzNews =
  | { readonly kind: 'reading'; readonly number: number; readonly input: FuzzInput }
  | { readonly kind: 'wrong'; readonly number: number; readonly input: FuzzInput; readonly problem: string }
  /** All inputs before a number are read. */
  | { readonly kind: 'read'; readonly before: number; readonly answered: number; readonly refused: number }
  /** The memory limit is passed. */
  | { readonly kind: 'memory'; readonly before: number; readonly bytes: number };

const NEWS_EVERY = 64;
const KIB = 1024;

const tell = (news: FuzzNews): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send!(news, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });

/** What is thrown where nobody waits for it counts for the input that is being read. */
let stray: unknown = null;
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    stray ??= error;
  });

async function verdictOf(target: FuzzTarget, input: FuzzInput): Promise<Verdict> {
  try {
    await target.read(input);
  } catch (error) {
    return judge(error, target.toPeople);
  } finally {
    // whatever it left behind has its chance to fail
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { kind: 'answered' };
}

async function work({
  target: name,
  seed,
  from,
  to,
  folder,
  careful,
  memoryMax,
  kept,
}: FuzzTask): Promise<void> {
  const target = await targetNamed(name)(folder);
  const counts = { answered: 0, refused: 0 };
  for (let number = from; number < to; number++) {
    const input = kept ?? target.make(new FuzzDraws(seed, number));
    if (careful) await tell({ kind: 'reading', number, input });
    let verdict = await verdictOf(target, input);
    if (stray !== null) {
      verdict = judge(stray, target.toPeople);
      stray = null;
      if (verdict.kind !== 'wrong') verdict = { kind: 'wrong', problem: 'an error that nobody waited for' };
    }
    if (verdict.kind === 'wrong') await tell({ kind: 'wrong', number, input, problem: verdict.problem });
    else counts[verdict.kind]++;
    const before = number + 1;
    if (!careful && before % NEWS_EVERY !== 0 && before !== to) continue;
    await tell({ kind: 'read', before, ...counts });
    counts.answered = 0;
    counts.refused = 0;
    const bytes = process.resourceUsage().maxRSS * KIB;
    if (bytes > memoryMax) {
      await tell({ kind: 'memory', before, bytes });
      break;
    }
  }
  await target.close();
}

assert(process.send !== undefined, 'fuzzProcess.ts runs as a child process only');
process.once('message', (task: FuzzTask) => {
  work(task).then(
    () => process.exit(0),
    (error: Error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  );
});
// without its parent it would never end
process.on('disconnect', () => process.exit());
