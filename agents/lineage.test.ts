import { describe, expect, it } from 'vitest';
import { REWARD_FEATURES } from './columns.ts';
import { LineageRecorder, LineageTree } from './lineage.ts';
import { testWorld, tickWithoutMarkets } from './testWorld.ts';

const world = (lineage: LineageRecorder | LineageTree, slots = 12) =>
  testWorld({
    slots,
    lineage,
    world: {
      energy: { subsistence: 5 },
      demography: { meanLife: 60, threshold: 100, endowmentFloor: 50, immigrationFloor: 0.5 },
    },
    populations: [{ name: 'r', kind: 'random', reward: 'random' }],
  });

describe('LineageRecorder', () => {
  it('records genesis first, and in all one row per birth, arrival and death, in columns of one length', () => {
    const recorder = new LineageRecorder();
    const w = world(recorder, 300); // more founders than the first room
    for (let tick = 0; tick < 20; tick++) tickWithoutMarkets(w, tick);
    const { rows, columns } = recorder.drain();
    for (const column of Object.values(columns)) expect(column).toHaveLength(rows);
    const events = columns.event as string[];
    const count = (...names: string[]): number => events.filter((e) => names.includes(e)).length;
    expect(events.slice(0, 300).every((e) => e === 'genesis')).toBe(true);
    const total = w.columns.total;
    expect([count('birth'), count('insolvency', 'age', 'random'), count('immigration')]).toEqual([
      total[1],
      total[2],
      total[3],
    ]);
    expect(columns.serial!.slice(0, 3)).toEqual(Float64Array.of(1, 2, 3));
    for (const feature of REWARD_FEATURES) expect(columns[`gene_${feature}`]).toBeDefined();
    expect(recorder.drain().rows).toBe(0);
  });

  it('gives the age and wealth at death, before the slot is cleared', () => {
    const recorder = new LineageRecorder();
    const w = world(recorder);
    for (let tick = 0; tick < 60; tick++) tickWithoutMarkets(w, tick);
    const { rows, columns } = recorder.drain();
    const born = new Map<number, number>();
    let deaths = 0;
    for (let k = 0; k < rows; k++) {
      const serial = columns.serial![k] as number;
      const tick = columns.tick![k] as number;
      if (['genesis', 'birth', 'immigration'].includes(columns.event![k] as string)) born.set(serial, tick);
      else {
        deaths++;
        expect(columns.age![k]).toBe(tick - born.get(serial)!);
      }
    }
    expect(deaths).toBeGreaterThan(5);
  });
});

describe('LineageTree', () => {
  it('leads every descendant back to a founder or an immigrant, generation by generation', () => {
    const tree = new LineageTree();
    const w = world(tree);
    for (let tick = 0; tick < 200; tick++) tickWithoutMarkets(w, tick);
    let deepest = 0;
    for (let i = 0; i < 12; i++) {
      const serial = w.agents.serial[i]!;
      if (serial === 0) continue;
      const line = tree.ancestors(serial);
      expect(line).toHaveLength(w.agents.generation[i]!);
      deepest = Math.max(deepest, line.length);
      if (line.length > 0) {
        expect(tree.life(line.at(-1)!)?.parent).toBe(0);
        expect(tree.children(line[0]!)).toContain(serial);
      }
      expect(tree.life(serial)?.died).toBeNull();
    }
    expect(deepest).toBeGreaterThan(0);
    expect(tree.size).toBe(w.columns.total[0]);
    expect(tree.ancestors(10_000)).toEqual([]);
  });
});
