import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OBSERVATIONS } from '../agents/observation.ts';
import { LAWS } from '../sim/invariants.ts';
import { METRICS } from '../sim/metrics/table.ts';
import { PACKAGE_ROOT } from './hardware.ts';
import { oddProtocol } from './odd.ts';

describe('the description by the ODD protocol', () => {
  it('in configs/ODD.md is that of this program (npm run odd)', () => {
    expect(readFileSync(join(PACKAGE_ROOT, 'configs', 'ODD.md'), 'utf8')).toBe(oddProtocol());
  });

  it('has the seven elements, and every observation, metric, law and mechanism', () => {
    const text = oddProtocol();
    expect([...text.matchAll(/^## (\d)\. /gm)].map(([, number]) => Number(number))).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
    for (const { name } of [...OBSERVATIONS, ...METRICS, ...LAWS]) expect(text).toContain(`| ${name} |`);
    expect(text).toContain('`world.serviceMarket.demand`');
    expect(text).toContain('`populations[].kind`');
    expect(text).not.toMatch(/undefined|\[object/);
  });
});
