/** The presets of a page without a server: the small ones that need no file beside them. */
import { parseConfig } from '../../../configs/parse.ts';
import type { Preset } from '../../controlApi.ts';

const TEXTS = import.meta.glob<string>(
  ['../../../configs/*.yaml', '!**/{baseline,ci,on-chain,recorded-demand,recorded-price}.yaml'],
  { query: '?raw', import: 'default', eager: true },
);

export const PRESETS: readonly Preset[] = Object.entries(TEXTS).map(([path, text]) => {
  const name = path.replace(/^.*\//, '').replace(/\.yaml$/, '');
  const { description } = parseConfig(text, { file: `configs/${name}.yaml` }).arms[0]!;
  return { name, description, text };
});
