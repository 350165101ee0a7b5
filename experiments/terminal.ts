/** What a command says: exactly one JSON value on standard output with `--json`, text otherwise; notes go to standard error. */
import process from 'node:process';
import Table from 'cli-table3';
import colors from 'picocolors';

/** Writes a line to standard error. */
export const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** The one answer of a command. Numbers that JSON cannot hold become null. */
export function answer(json: boolean | undefined, value: unknown, text: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text()}\n`);
}

const isNumeric = (cell: string): boolean => /^[-+\d.,e %]*$/.test(cell);

/** An aligned table; columns of figures are set to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const grid = new Table({
    head: head.map((title) => colors.bold(title)),
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, k) => (rows.every((row) => isNumeric(row[k] ?? '')) ? 'right' : 'left')),
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  grid.push(...rows.map((row) => [...row]));
  return grid.toString();
}

/** Four significant digits, thousands in full. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-4) return value.toExponential(3);
  return size >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(4)));
}
