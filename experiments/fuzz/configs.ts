/** Fuzzes what reads configs and experiments: text, plain objects, and options of the command line. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseIntervene, parseSet } from '../../configs/overrides.ts';
import { resolveConfig } from '../../configs/parse.ts';
import { readYaml } from '../../configs/yamlText.ts';
import { checkConfig } from '../../viz/configDesk.ts';
import { PACKAGE_ROOT } from '../hardware.ts';
import { presetNames } from '../loadConfig.ts';
import { experimentNames, parseExperiment } from '../sweep/experimentFile.ts';
import { type FuzzDraws, mutateText, mutateValue } from './mutation.ts';
import type { FuzzInput, FuzzTarget } from './target.ts';

const OPTIONS = [
  '--set world.amm.token=50000',
  '--set populations[0].share=2',
  '--set populations.learners.from.run=runs/a',
  '--set world.policy.wealthTaxPerTick=[0, 1e-3]',
  '--set interventions=[{tick: 5, path: world.energy.price, value: 1}]',
  '--intervene 20:world.energy.price=0.3',
  '--intervene 20:world.serviceMarket.demand=[3, 6]',
];
/** The file that errors of a fuzzed text name. */
const NAME = 'fuzzed.yaml';
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function inputOf(what: string, texts: readonly string[], draws: FuzzDraws): FuzzInput {
  const text = draws.from(texts);
  if (what === 'object') {
    const changed = mutateValue(readYaml(text, NAME).raw, draws);
    return { what, bytes: encode(JSON.stringify(changed) ?? 'null') };
  }
  return { what, bytes: encode(mutateText(what === 'option' ? draws.from(OPTIONS) : text, draws)) };
}

/** Reads an option as the command line does, over the starter. */
function readOption(text: string): void {
  const [, name, value = ''] = /^(--\w+) (.*)$/s.exec(text) ?? [];
  const override = name === '--intervene' ? parseIntervene(value) : parseSet(value);
  resolveConfig({ ticks: 40 }, { overrides: [override] });
}

export async function openConfigs(): Promise<FuzzTarget> {
  const textsOf = (folder: string, names: readonly string[]): string[] =>
    names.toSorted().map((name) => readFileSync(join(PACKAGE_ROOT, folder, `${name}.yaml`), 'utf8'));
  const presets = textsOf('configs', presetNames());
  const experiments = textsOf('experiments', experimentNames());
  return {
    toPeople: true,
    make: (draws) => {
      const what = draws.from(['text', 'text', 'text', 'object', 'object', 'option', 'option', 'experiment']);
      return inputOf(what, what === 'experiment' ? experiments : presets, draws);
    },
    read: async ({ what, bytes }) => {
      const text = new TextDecoder().decode(bytes);
      if (what === 'option') readOption(text);
      else if (what === 'experiment') parseExperiment(text, NAME);
      else if (what === 'object') resolveConfig(JSON.parse(text), { file: NAME });
      // the form of the page reads it as the command line does, and derives worlds from it
      else checkConfig({ text, name: NAME, overrides: [] });
    },
    close: async () => {},
  };
}
