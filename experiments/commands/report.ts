/** `darwin report DIR...`: a page with figures and statistics for each sweep. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../sim/core/errors.ts';
import { makeDirectory } from '../makeDirectory.ts';
import { experimentReport } from '../report/experimentReport.ts';
import { standaloneSvg } from '../report/page.ts';
import { finding, loadSweep, warningsOf } from '../sweep/analysis.ts';
import { answer } from '../terminal.ts';

interface ReportOptions {
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('report')
    .summary('write the reports of sweeps')
    .description(
      'Writes DIR/report.html, one self-contained page, and DIR/figures/*.svg for each sweep, from the cells that are finished.',
    )
    .argument('<dir...>', 'directories of sweeps')
    .option('--json', 'print one JSON array')
    .action(reportCommand);
}

function reportCommand(directories: readonly string[], options: ReportOptions): void {
  const reports = directories.map((directory) => {
    const data = loadSweep(directory);
    const { html, figures, contrasts } = experimentReport(data);
    const file = join(directory, 'report.html');
    try {
      writeFileSync(file, html);
      makeDirectory(join(directory, 'figures'));
      for (const { name, svg } of figures)
        writeFileSync(
          join(directory, 'figures', `${name.replaceAll(/[^\w.-]+/g, '-')}.svg`),
          standaloneSvg(svg),
        );
    } catch (cause) {
      throw new UsageError(`cannot write ${file}: ${(cause as Error).message}`, 'check its permissions', {
        cause,
      });
    }
    return {
      dir: directory,
      file,
      scale: data.manifest.scale,
      finished: data.finished,
      cells: data.manifest.cells.length,
      warnings: warningsOf(data),
      contrasts: contrasts.map((one) => ({
        name: one.contrast.name,
        outcome: one.outcome.name,
        primary: one.primary,
        ...one.comparison,
        adjusted: one.adjusted,
        verdict: one.verdict,
        seedsNeeded: one.seedsNeeded,
        finding: finding(one),
      })),
    };
  });
  answer(options.json, reports, () =>
    reports
      .map(({ file, warnings, contrasts }) =>
        [
          `${file}`,
          ...warnings.map((text) => `  ! ${text}`),
          ...contrasts.map((one) => `  - ${one.finding}`),
        ].join('\n'),
      )
      .join('\n'),
  );
}
