/**
 * `npm run audit`: known vulnerabilities of what the program needs to run, but for stated exceptions (auditExceptions.json:
 * advisory, package, reason, and the day on which the exception ends). Exit codes: 0 none, 1 some, 3 no registry answers.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * What is wrong: advisories that are not excepted, and exceptions that are over, have no reason or except nothing.
 *
 * @param {{vulnerabilities?: Record<string, {via: unknown[]}>}} report of `npm audit --json`
 * @param {{advisory: string, package: string, reason: string, until: string}[]} exceptions
 * @param {string} today as 2026-01-31
 * @returns {string[]} one line each
 */
export function problemsOf(report, exceptions, today) {
  const found = new Map();
  for (const { via } of Object.values(report.vulnerabilities ?? {}))
    for (const advisory of via)
      if (typeof advisory === 'object')
        found.set(`${advisory.url.split('/').at(-1)} ${advisory.name}`, advisory);
  const excepted = new Set();
  const problems = [];
  for (const { advisory, package: name, reason, until } of exceptions) {
    const key = `${advisory} ${name}`;
    if (!reason) problems.push(`the exception of ${key} has no reason`);
    else if (!(until > today)) problems.push(`the exception of ${key} ended on ${until}`);
    else if (!found.has(key)) problems.push(`the exception of ${key} excepts nothing: remove it`);
    else excepted.add(key);
  }
  for (const [key, { severity, title, range }] of found)
    if (!excepted.has(key)) problems.push(`${key} ${range}: ${severity}, ${title}`);
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { stdout } = spawnSync('npm', ['audit', '--json', '--omit=dev'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    timeout: 120_000,
  });
  let report = {};
  try {
    report = JSON.parse(stdout);
  } catch {
    // said below
  }
  if (report.vulnerabilities === undefined) {
    process.stderr.write('no registry answers npm audit here: nothing was checked\n');
    process.exitCode = 3;
  } else {
    const exceptions = JSON.parse(readFileSync(new URL('auditExceptions.json', import.meta.url), 'utf8'));
    const problems = problemsOf(report, exceptions, new Date().toISOString().slice(0, 10));
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    process.stdout.write(`${problems.length} problems, ${exceptions.length} exceptions\n`);
    process.exitCode = problems.length === 0 ? 0 : 1;
  }
}
