/** What a form may ask about configs, answered without files: the same in a server and in a browser. */
import { type ResolvedRun, worldCount } from '../configs/arms.ts';
import { deriveWorld } from '../configs/derive.ts';
import { parseConfig } from '../configs/parse.ts';
import { PERMITTED } from '../configs/permitted.ts';
import type { RunConfig } from '../configs/schema.ts';
import { nodeAt, ruleOf, type SchemaNode, schemaTree } from '../configs/schemaTree.ts';
import { readYaml } from '../configs/yamlText.ts';
import { worldBytes } from '../sim/world.ts';
import type { Checked, ConfigRequest, FormNode, NumberInForce } from './controlApi.ts';

/** The run that a request describes. Throws ConfigError. */
export const resolveRequest = ({ text, name, overrides }: ConfigRequest): ResolvedRun =>
  parseConfig(text, {
    file: name,
    overrides: overrides.map(({ path, value }) => ({
      origin: `--set ${path}=${shown(value)}`,
      path,
      value,
    })),
  });

/** Memory of one world; the rows of a recorded series, which are not read yet, take none. */
function bytesOf(arm: RunConfig): number {
  const { world } = arm;
  const plain = { ...world, serviceMarket: { ...world.serviceMarket, shape: 'constant' as const } };
  const p = deriveWorld({ ...arm, world: plain }, { world: 0, arm: 0, replicate: 0, seed: 0 });
  return worldBytes({ ...p, market: p });
}

const SHOWN_MAX = 60;
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 3)}...` : text;
}

/** What a valid config would run. Throws ConfigError. */
export function checkConfig(request: ConfigRequest): Checked {
  const run = resolveRequest(request);
  const { worlds, slots, ticks } = run.arms[0]!;
  const bytes = worlds * run.arms.reduce((sum, arm) => sum + bytesOf(arm), 0);
  const values = readYaml(request.text, request.name).raw;
  return { arms: run.armLabels, worlds: worldCount(run), slots, ticks, bytes, values };
}

/** The numbers of a run that may change in flight. */
export function numbersInForce(arms: ResolvedRun['arms']): NumberInForce[] {
  if (arms.length === 0) return [];
  const tree = schemaTree();
  return PERMITTED.map((path) => {
    const keys = path.split('.');
    const node = nodeAt(tree, keys)!;
    const values = arms.map(
      (arm) => keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], arm) as number,
    );
    return { path, about: node.about, rule: `must be ${ruleOf(node)}`, values };
  });
}

/** Every key of a config. */
export const formOfConfigs = (): FormNode => formNode(schemaTree());

function formNode(node: SchemaNode): FormNode {
  const { kind, about, fallback, values, children, item, armable } = node;
  return {
    kind,
    about,
    fallback: fallback ?? null,
    rule: `must be ${ruleOf(node)}`,
    armable,
    ...(values ? { values } : {}),
    ...(children ? { children: Object.fromEntries([...children].map(([k, v]) => [k, formNode(v)])) } : {}),
    ...(item ? { item: formNode(item) } : {}),
  };
}
