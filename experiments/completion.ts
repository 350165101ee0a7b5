/** Scripts by which shells complete `darwin`, made of the commands themselves. */
import type { Command } from 'commander';

/** Shells that there are scripts for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Makes the program with all of its commands loaded. */
export type WholeProgram = () => Promise<Command>;

/** What may stand behind a command. */
interface Completions {
  /** `run`, or `config explain`. */
  readonly name: string;
  readonly about: string;
  readonly options: readonly { readonly flag: string; readonly about: string }[];
  /** Names that are known beside files: presets, experiments, subcommands, cases. */
  readonly words: readonly string[];
}

/** Words that commands take, by name of the command; whatever is no option may also be a file. */
export type KnownWords = Readonly<Record<string, readonly string[]>>;

function completionsOf(program: Command, known: KnownWords): Completions[] {
  const of = (command: Command, name: string): Completions[] => {
    const options = command.options
      .filter(({ hidden, long }) => !hidden && long !== undefined)
      .map(({ long, description }) => ({ flag: long!, about: description }));
    const below = command.commands.flatMap((child) => of(child, `${name} ${child.name()}`));
    const words = [...command.commands.map((child) => child.name()), ...(known[name] ?? [])];
    const help = { flag: '--help', about: 'display help for command' };
    return [{ name, about: command.summary(), options: [...options, help], words }, ...below];
  };
  return program.commands.flatMap((command) => of(command, command.name()));
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const flags = ({ options }: Completions): string => options.map(({ flag }) => flag).join(' ');

function bash(all: readonly Completions[], commands: readonly string[]): string {
  const cases = all.map(
    (entry) =>
      `    ${quoted(entry.name)}) options=${quoted(flags(entry))}; words=${quoted(entry.words.join(' '))} ;;`,
  );
  return `# bash completion of darwin
_darwin() {
  local current=\${COMP_WORDS[COMP_CWORD]} command=\${COMP_WORDS[1]} options= words= candidate
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(`${commands.join(' ')} help --help --version`)} -- "$current"))
    return
  fi
  if [ "$COMP_CWORD" -gt 2 ]; then
    case "$command \${COMP_WORDS[2]}" in
${all
  .filter(({ name }) => name.includes(' '))
  .map(({ name }) => `      ${quoted(name)}) command=${quoted(name)} ;;`)
  .join('\n')}
    esac
  fi
  case "$command" in
${cases.join('\n')}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *)
      COMPREPLY=($(compgen -W "$words" -- "$current"))
      while IFS= read -r candidate; do COMPREPLY+=("$candidate"); done < <(compgen -f -- "$current")
      compopt -o filenames 2>/dev/null
      ;;
  esac
}
complete -F _darwin darwin darwin-market
`;
}

/** zsh reads bash's own completions, so that there is one logic to keep right. */
const zsh = (
  all: readonly Completions[],
  commands: readonly string[],
): string => `#compdef darwin darwin-market
autoload -U +X bashcompinit && bashcompinit
${bash(all, commands).replace('# bash', '# zsh')}`;

function fish(all: readonly Completions[]): string {
  const line = (rest: string): string => `complete -c darwin ${rest}`;
  const lines = all.flatMap(({ name, about, options, words }) => {
    const [command = '', below] = name.split(' ');
    const seen = (word: string): string => `__fish_seen_subcommand_from ${word}`;
    const here = quoted(below === undefined ? seen(command) : `${seen(command)}; and ${seen(below)}`);
    return [
      ...(below === undefined ? [line(`-n __fish_use_subcommand -a ${command} -d ${quoted(about)}`)] : []),
      ...options.map(({ flag, about: what }) => line(`-n ${here} -l ${flag.slice(2)} -d ${quoted(what)}`)),
      ...(words.length === 0 ? [] : [line(`-n ${here} -a ${quoted(words.join(' '))}`)]),
    ];
  });
  return `# fish completion of darwin\n${lines.join('\n')}\n`;
}

/** The script for a shell. */
export function completionScript(shell: Shell, program: Command, known: KnownWords): string {
  const all = completionsOf(program, known);
  const commands = program.commands.map((command) => command.name());
  if (shell === 'fish') return fish(all);
  return shell === 'bash' ? bash(all, commands) : zsh(all, commands);
}
