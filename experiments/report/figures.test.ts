import { describe, expect, it } from 'vitest';
import {
  axisChart,
  bandChart,
  contrastPlot,
  effectPlot,
  heatMap,
  lineageTree,
  type TreeLife,
} from './figures.ts';
import { standaloneSvg } from './page.ts';

const count = (svg: string, what: string): number => svg.split(what).length - 1;

describe('figures of reports', () => {
  it('a contrast without an interval is a point alone, and one without a value only a name', () => {
    const row = { label: 'a & b', estimate: 1, low: 0.5, high: 2, seeds: [1, 2], emphasised: true };
    expect(count(contrastPlot([row], 'cash'), 'stroke-width="3"')).toBe(1);
    const missing = contrastPlot(
      [{ ...row, low: Number.NaN, high: Number.NaN, estimate: Number.NaN, seeds: [] }],
      '',
    );
    expect(missing).toContain('a &amp; b');
    expect(missing).not.toContain('NaN');
    expect(missing).not.toContain('r="5"');
  });

  it('a course breaks where there is no value', () => {
    const point = (x: number, y: number) => ({ x, y, low: y - 1, high: y + 1 });
    const svg = bandChart(
      [{ label: 'a', points: [point(0, 1), point(1, Number.NaN), point(2, 3), point(3, 4)] }],
      {
        title: 't',
        xLabel: 'tick',
        yLabel: 'y',
      },
    );
    expect(svg).not.toContain('NaN');
    expect(count(svg, 'fill="none"')).toBe(1);
    expect(/ d="([^"]*)" fill="none"/.exec(svg)![1]!.split('M')).toHaveLength(3);
  });

  it('an estimate without an interval has no whisker on an axis', () => {
    const point = { x: 1, y: 2, low: 1, high: 3 };
    const alone = { x: 2, y: 3, low: Number.NaN, high: Number.NaN };
    const svg = axisChart([{ label: 'a', points: [point, alone] }], {
      title: 't',
      xLabel: 'x',
      yLabel: 'y',
      log: false,
      marks: [],
    });
    expect(count(svg, 'stroke-opacity="0.55"')).toBe(1);
    expect(count(svg, '<circle')).toBe(2);
    expect(svg.replaceAll(/<title>.*?<\/title>/g, '')).not.toContain('NaN');
  });

  it('a heat map shows sign by hue and size by opacity', () => {
    const svg = heatMap(['gene'], ['a', 'b', 'c'], [[1, -0.5, Number.NaN]], {
      title: 't',
      xLabel: '',
      unit: 'u',
    });
    expect(svg).toContain('fill="var(--c1)" fill-opacity="1.000"');
    expect(svg).toContain('fill="var(--c0)" fill-opacity="0.500"');
    expect(svg).toContain('gene, c: none');
  });

  it('a lineage tree keeps the ancestors of the living and nobody else', () => {
    const life = (serial: number, parent: number, from: number, to: number): TreeLife => ({
      serial,
      parent,
      population: 0,
      from,
      to,
    });
    const { svg, founders, living } = lineageTree(
      [life(1, 0, 0, 50), life(2, 0, 0, 40), life(3, 1, 20, -1), life(4, 3, 30, -1), life(5, 2, 10, 30)],
      ['learners'],
      100,
    );
    expect({ founders, living }).toEqual({ founders: 1, living: 2 });
    expect(count(svg, 'stroke="var(--c0)"')).toBe(3);
    // two births among those who are shown
    expect(count(svg, 'class="grid"')).toBe(2);
  });

  it('effects are named by the end of their path', () => {
    expect(effectPlot([{ path: 'world.energy.price', effect: 1, spread: 0.5 }], 'cash')).toContain(
      'energy.price',
    );
  });

  it('a figure of its own brings its colours', () => {
    const svg = standaloneSvg(effectPlot([], 'cash'));
    expect(svg).toMatch(/^<svg [^>]*><style>[\s\S]*--c0[\s\S]*<\/style>/);
  });
});
