import { describe, expect, it } from 'vitest';
import { lineChart } from './lineChart.ts';
import { htmlPage } from './page.ts';

const OPTIONS = { title: 'Cost', xLabel: 'agents', yLabel: 'ns', logX: true };
const series = (label: string, ...points: [number, number][]) => ({
  label,
  points: points.map(([x, y]) => ({ x, y })),
});
const circles = (svg: string): { x: number; y: number }[] =>
  [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }));

describe('lineChart', () => {
  it('puts equal factors at equal distances on a logarithmic axis', () => {
    const [a, b, c] = circles(lineChart([series('s', [100, 1], [1000, 1], [10_000, 1])], OPTIONS));
    expect(b!.x - a!.x).toBeCloseTo(c!.x - b!.x, 0);
    expect(a!.x).toBeLessThan(b!.x);
  });

  it('draws larger values higher, from zero', () => {
    const [low, high] = circles(lineChart([series('s', [1, 2], [2, 4])], OPTIONS));
    expect(high!.y).toBeLessThan(low!.y);
  });

  it('names series only where there is more than one', () => {
    const one = lineChart([series('alone', [1, 1])], OPTIONS);
    expect(one).not.toContain('class="legend"');
    const two = lineChart([series('first', [1, 1]), series('second', [1, 2])], OPTIONS);
    expect(two.match(/class="legend"/g)).toHaveLength(2);
  });

  it('is empty without points', () => {
    expect(lineChart([series('none')], OPTIONS)).toBe('');
  });

  it('escapes what is not markup', () => {
    expect(lineChart([series('a<b', [1, 1]), series('c', [1, 1])], OPTIONS)).toContain('a&lt;b');
    expect(htmlPage('<t>', '', [{ kind: 'text', text: 'x & y' }])).toContain('<p>x &amp; y</p>');
  });
});
