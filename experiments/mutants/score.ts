/** What a mutation report says of a file. Source: the schema of mutation-testing-elements, version 2. */

/** A report in JSON, as far as it is read here. */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly statusReason?: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Numbers of mutants of a file by what became of them. */
export interface Score {
  readonly file: string;
  readonly killed: number;
  readonly survived: number;
  /** Mutants that are disabled with a reason. */
  readonly ignored: number;
  /** Share of the mutants that were tried which tests noticed, 0..1; 1 where none was tried. */
  readonly share: number;
  /** One line a survivor: place, what stood there and what stood there instead. */
  readonly survivors: readonly string[];
}

const KILLED = new Set(['Killed', 'Timeout', 'CompileError']);
const SURVIVED = new Set(['Survived', 'NoCoverage']);

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, 120);

function original(source: string, { start, end }: Mutant['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1)!.slice(0, end.column - 1);
  lines[0] = lines[0]!.slice(start.column - 1);
  return lines.join('\n');
}

/** The scores of all files of a report, in its order. */
export function scoresOf(report: MutationReport): Score[] {
  return Object.entries(report.files).map(([file, { source, mutants }]) => {
    const killed = mutants.filter(({ status }) => KILLED.has(status)).length;
    const survivors = mutants.filter(({ status }) => SURVIVED.has(status));
    const tried = killed + survivors.length;
    return {
      file,
      killed,
      survived: survivors.length,
      ignored: mutants.filter(({ status }) => status === 'Ignored').length,
      share: tried === 0 ? 1 : killed / tried,
      survivors: survivors.map(
        ({ location, replacement = '', status }) =>
          `${file}:${location.start.line}:${location.start.column} ${oneLine(original(source, location))} -> ${oneLine(replacement)}${status === 'NoCoverage' ? ' (no test comes here)' : ''}`,
      ),
    };
  });
}
