/** The commands of `darwin`: what the help says of each, and its code, which is loaded when it is asked for. */
import { Command } from 'commander';
import type { WholeProgram } from './completion.ts';
import { packageVersion } from './hardware.ts';

/** A command as the help shows it, word for word what it says of itself once it is loaded. */
interface Outline {
  readonly takes: string;
  readonly summary: string;
  /** Default true. */
  readonly hasOptions?: boolean;
  /** Lines to try, which the help of the command ends with, or that of the one below it that they name. */
  readonly examples: readonly string[];
  readonly load: () => Promise<{ register: (program: Command, whole: WholeProgram) => void }>;
}

/** In the order of the help. */
const COMMANDS: Readonly<Record<string, Outline>> = {
  run: {
    takes: '[config]',
    summary: 'simulate a config and write a run directory',
    examples: [
      'darwin run quickstart --serve',
      'darwin run quickstart --set world.amm.token=20000 --ticks 2000',
      "darwin run quickstart --set 'world.serviceMarket.demand=[20,50,80]'",
      'darwin run baseline --checkpoint-every 5000 --out runs/mine',
      'darwin run --resume runs/mine',
      'darwin run --from runs/mine@5000 --set world.computeMarket.feeBps=50',
    ],
    load: () => import('./commands/run.ts'),
  },
  sweep: {
    takes: '<experiment>',
    summary: 'run the arms and seeds of an experiment',
    examples: [
      'darwin sweep trust --scale smoke --dry-run',
      'darwin sweep trust --scale smoke --out runs/trust',
      'darwin sweep runs/my-experiment.yaml --queue redis://localhost:6379',
    ],
    load: () => import('./commands/sweep.ts'),
  },
  worker: {
    takes: '',
    summary: 'run cells of sweeps that were sent to a queue',
    examples: ['darwin worker --queue redis://localhost:6379 --threads 4'],
    load: () => import('./commands/worker.ts'),
  },
  report: {
    takes: '<dir...>',
    summary: 'write the reports of sweeps',
    examples: ['darwin report runs/trust-smoke'],
    load: () => import('./commands/report.ts'),
  },
  serve: {
    takes: '[dir]',
    summary: 'show recorded runs in a browser',
    examples: [
      'darwin serve',
      'darwin serve runs/quickstart-darwin-1 --port 4100',
      'darwin serve --host 0.0.0.0 --port 4100',
    ],
    load: () => import('./commands/serve.ts'),
  },
  check: {
    takes: '<config>',
    summary: 'run a config with all economic laws checked on every tick',
    examples: [
      'darwin check configs/ci.yaml',
      'darwin check configs/ci.yaml --fault minted-token',
      'darwin check economy.yaml --baseline economy.baseline.json --accept',
    ],
    load: () => import('./commands/check.ts'),
  },
  verify: {
    takes: '<dir>',
    summary: 're-run a run directory and compare hashes',
    examples: ['darwin verify runs/quickstart-darwin-1', 'darwin verify runs/on-a-gpu --ledger'],
    load: () => import('./commands/verify.ts'),
  },
  validate: {
    takes: '[name]',
    summary: 'reproduce closed forms and published results',
    examples: [
      'darwin validate --list',
      'darwin validate',
      'darwin validate --full --threads 2 --markdown results.md',
    ],
    load: () => import('./commands/validate.ts'),
  },
  replay: {
    takes: '<dir>',
    summary: 'replay a recorded world on an EVM chain',
    examples: [
      'darwin replay runs/on-chain',
      'darwin replay runs/on-chain --strategy champion --trade-ticks 100',
    ],
    load: () => import('./commands/replay.ts'),
  },
  bench: {
    takes: '[names...]',
    summary: 'measure agent-steps per second',
    examples: [
      'darwin bench',
      'darwin bench clearing ledger --repeats 7',
      'darwin bench scaling --quick --html scaling.html',
    ],
    load: () => import('./commands/bench.ts'),
  },
  engines: {
    takes: '',
    summary: 'what is available here, and why not',
    examples: ['darwin engines', 'darwin engines --json'],
    load: () => import('./commands/engines.ts'),
  },
  completion: {
    takes: '<shell>',
    summary: 'print a script by which bash, zsh or fish completes commands',
    examples: [
      'darwin completion bash > ~/.local/share/bash-completion/completions/darwin',
      'darwin completion zsh > ~/.zfunc/_darwin',
      'darwin completion fish > ~/.config/fish/completions/darwin.fish',
    ],
    load: () => import('./commands/completion.ts'),
  },
  config: {
    takes: '',
    summary: 'write, document and explain configs',
    hasOptions: false,
    examples: [
      'darwin config init economy.yaml',
      'darwin config schema --out economy.schema.json',
      'darwin config odd --out ODD.md',
      'darwin config reference --out REFERENCE.md',
      'darwin config explain world.amm.token',
      'darwin config explain quickstart',
    ],
    load: () => import('./commands/config.ts'),
  },
};

/** Usage errors come as exceptions, so that they too can be JSON. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const child of command.commands) throwInsteadOfExit(child);
}

/** What the help shows of a command that is not loaded; some option makes it say that there are any. */
function outline(program: Command, name: string, { takes, summary, hasOptions = true }: Outline): void {
  const command = program.command(`${name} ${takes}`).summary(summary);
  if (hasOptions) command.option('--json');
}

/** Ends the help of a command and of those below it with the examples that begin with its name. */
function showExamples(command: Command, name: string): void {
  const { examples = [] } = COMMANDS[name.split(' ')[1]!] ?? {};
  const own = examples.filter((example) => example === name || example.startsWith(`${name} `));
  if (own.length > 0)
    command.addHelpText('after', `\nExamples:\n${own.map((line) => `  ${line}`).join('\n')}`);
  for (const child of command.commands) showExamples(child, `${name} ${child.name()}`);
}

/** The command that arguments name, to run it or to be told about it. */
function namedIn(args: readonly string[]): Outline | undefined {
  const name = args.find((word) => !word.startsWith('-') && word !== 'help') ?? '';
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}

/**
 * The program with the one command that `args` name, or, where they name none, with what there is to know of all of
 * them without their code.
 *
 * @param loaded load all of them all the same
 */
export async function buildProgram(args: readonly string[], loaded = false): Promise<Command> {
  const program = new Command('darwin')
    .description('A Darwinian intelligence market: learning agents that evolve their own reward functions.')
    .version(packageVersion());
  const named = loaded ? undefined : namedIn(args);
  const whole = (): Promise<Command> => buildProgram([], true);
  if (named !== undefined) (await named.load()).register(program, whole);
  else
    for (const [name, { load }] of Object.entries(COMMANDS)) {
      if (loaded) (await load()).register(program, whole);
      else outline(program, name, COMMANDS[name]!);
    }
  for (const command of program.commands) showExamples(command, `darwin ${command.name()}`);
  throwInsteadOfExit(program);
  return program;
}
