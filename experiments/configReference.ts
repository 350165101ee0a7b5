/** Every key of a config as Markdown, made of the schema that configs are checked by. */
import { allPaths, formatPath, ruleOf, type SchemaNode, schemaTree } from '../configs/schemaTree.ts';

const cell = (value: unknown): string => String(value).replaceAll('|', '\\|').replaceAll('\n', ' ');

/** A table in Markdown. */
export function tableOf(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The keys that `isMeant` picks by their names, with meaning, rule and default. */
const parameters = (isMeant: (name: string) => boolean): string =>
  tableOf(
    ['key', 'meaning', 'rule', 'default'],
    allPaths(schemaTree())
      .map(({ path, node }) => ({ name: formatPath(path).replaceAll('[0]', '[]'), node }))
      .filter(({ name, node }) => isMeant(name) && node.kind !== 'section')
      .map(({ name, node }) => [
        `\`${name}\``,
        node.about,
        ruleOf(node),
        node.fallback === undefined ? '' : `\`${JSON.stringify(node.fallback)}\``,
      ]),
  );

/** Keys of a part of the config. */
export const parametersUnder = (prefix: string): string =>
  parameters((name) => name === prefix || name.startsWith(`${prefix}.`));

const parametersOf = (names: readonly string[]): string => parameters((name) => names.includes(name));

/** Sections that have a heading of their own: the mechanisms of a world are read one at a time. */
function sections(): { readonly name: string; readonly node: SchemaNode }[] {
  const [...top] = schemaTree().children ?? [];
  const parts = top.filter(([, { kind }]) => kind === 'section' || kind === 'list');
  return parts.flatMap(([key, node]) => {
    if (key === 'world')
      return [...node.children!].map(([name, child]) => ({ name: `world.${name}`, node: child }));
    return [{ name: node.kind === 'list' ? `${key}[]` : key, node }];
  });
}

/** The reference as Markdown. */
export function configReference(): string {
  const [...top] = schemaTree().children ?? [];
  const scalars = top.filter(([, { kind }]) => kind !== 'section' && kind !== 'list').map(([key]) => key);
  return `${[
    '# Keys of a config',
    'Made by `npm run reference` of the schema; not written by hand. `darwin config explain KEY` says the same of one key, `darwin config init` writes a file to start from, and [README.md](README.md) tells of the presets. A number, switch or choice of `world` and `populations` may be a list with one value for each arm. `--set KEY=VALUE` changes any of them.',
    '## The run',
    parametersOf(scalars),
    ...sections().flatMap(({ name, node }) => [`## ${name}`, node.about, parametersUnder(name)]),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}
