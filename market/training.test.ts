import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METHODS } from '../configs/worldParameters.ts';
import { fromFraction32, U32_MAX } from '../sim/core/units.ts';
import { startTick } from './circulation.ts';
import { ASSET, MODE, SYSTEM, TOTAL } from './columns.ts';
import { REASON } from './ledger.ts';
import { testWorld } from './testWorld.ts';
import { train, trainingGain } from './training.ts';

const { methods } = testWorld().parameters.training;
/** The config's numbers, for the formula in floating point. */
const FORMULA = [
  { eta: 4e-4, a: 0.3, b: 0.05, l: 0.5, labels: 2 },
  { eta: 1e-4, a: 0.5, b: 0.2, l: 0, labels: 0 },
  { eta: 2.5e-4, a: 0.4, b: 0.1, l: 0.3, labels: 1 },
  { eta: 2e-4, a: 0.6, b: 0, l: 0, labels: 0 },
] as const;

describe.each(METHODS.map((name, k) => [name, k] as const))('%s training', (_, k) => {
  it('gains eta x compute^a x (1 + data)^b x (1 + labels)^l x (1 - q), to 2^-12 relative', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4096 }),
        fc.nat(1e6),
        fc.integer({ min: 0, max: 4e9 }),
        (compute, data, skill) => {
          const { eta, a, b, l, labels } = FORMULA[k]!;
          const exact =
            eta * compute ** a * (1 + data) ** b * (1 + labels) ** l * (1 - fromFraction32(skill));
          const gain = fromFraction32(trainingGain(methods[k]!, compute, data, skill));
          expect(Math.abs(gain - exact)).toBeLessThan(exact * 2 ** -12 + 2 ** -31);
        },
      ),
    );
  });

  it('gains more from more compute, never less from more data, less from more skill', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.nat(1e6), fc.nat(2 ** 31), (compute, data, skill) => {
        const gain = trainingGain(methods[k]!, compute, data, skill);
        expect(trainingGain(methods[k]!, compute * 2, data, skill)).toBeGreaterThan(gain);
        expect(trainingGain(methods[k]!, compute, data + 1000, skill)).toBeGreaterThanOrEqual(gain);
        expect(trainingGain(methods[k]!, compute, data, skill + 2 ** 30)).toBeLessThan(gain);
      }),
    );
  });

  it('gains nothing without compute or at full skill, and survives the largest inputs', () => {
    expect(trainingGain(methods[k]!, 0, 5, 0)).toBe(0);
    expect(trainingGain(methods[k]!, 16, 5, U32_MAX)).toBe(0);
    for (const skill of [0, 1, 2 ** 31, U32_MAX - 1, U32_MAX]) {
      expect(trainingGain(methods[k]!, U32_MAX, U32_MAX, skill) + skill).toBeLessThanOrEqual(U32_MAX);
    }
  });
});

const PATHS = [
  ['the kernel', true],
  ['the specification', false],
] as const;

describe.each(PATHS)('a training tick by %s', (_, passes) => {
  const training = (method: number, world: object = {}) => {
    const w = testWorld({ slots: 1, passes, world: { training: { depreciation: 0 }, ...world } });
    startTick(w, 0);
    w.columns.mode[0] = MODE.train;
    w.columns.taskClass[0] = 2;
    w.columns.method[0] = method;
    return w;
  };

  it('raises the chosen class alone, uses compute up to the most, and bills labels and environment', () => {
    const w = training(0);
    w.columns.compute[0] = 40;
    const q0 = w.parameters.genesis.skill;
    const gain = trainingGain(methods[0]!, 16, 0, q0);
    train(w, 0);
    expect([...w.columns.skill]).toEqual([q0, q0, q0 + gain, q0]);
    expect(w.columns.skillGain[0]).toBe(gain);
    expect(w.columns.computeUsed[0]).toBe(16);
    expect(w.columns.labelsUsed[0]).toBe(2);
    expect(w.columns.bill[0]).toBe(2 * 50);
    expect(w.columns.total[TOTAL.labels]).toBe(2);
    const r = training(3);
    train(r, 0);
    expect([r.columns.bill[0], r.columns.labelsUsed[0], r.columns.computeUsed[0]]).toEqual([50, 0, 8]);
  });

  it('does not take place without compute: no labels are bought for nothing', () => {
    const w = training(0);
    w.columns.compute[0] = 0;
    train(w, 0);
    expect([w.columns.skillGain[0], w.columns.bill[0], w.columns.labelsUsed[0]]).toEqual([0, 0, 0]);
  });

  it.each([
    [0, 100],
    [1, 0],
  ])('leaves the runway: %i milli-cash too little bills %i', (missing, bill) => {
    const w = training(0);
    const { ledger } = w;
    const consumers = ledger.system(SYSTEM.consumers);
    const keep = w.parameters.hardware.trainingRunway + 100 - missing;
    ledger.transfer(ASSET.token, 0, consumers, 2e6, REASON.task);
    ledger.transfer(ASSET.cash, 0, consumers, 5e5 - keep, REASON.task);
    train(w, 0);
    expect(w.columns.bill[0]).toBe(bill);
    expect(w.columns.computeUsed[0]).toBe(bill === 0 ? 0 : 8);
  });

  it('that costs nothing is open to the poorest', () => {
    const w = training(1);
    w.ledger.transfer(ASSET.token, 0, w.ledger.system(SYSTEM.consumers), 2e6, REASON.task);
    w.ledger.transfer(ASSET.cash, 0, w.ledger.system(SYSTEM.consumers), 5e5, REASON.task);
    train(w, 0);
    expect(w.columns.skillGain[0]).toBeGreaterThan(0);
  });
});

describe.each(PATHS)('a tick of many agents by %s', (_, passes) => {
  const many = (slots: number, living: number, world: object = {}) => {
    const w = testWorld({ slots, living, passes, world: { training: { depreciation: 0 }, ...world } });
    startTick(w, 0);
    return w;
  };

  it('trains those in train mode, none of the others and nobody in an empty slot', () => {
    const { rentOut, serve, train: trains, idle } = MODE;
    const w = many(8, 6);
    w.columns.mode.set([rentOut, serve, trains, idle, trains, trains, trains, serve]);
    w.columns.compute.set([8, 8, 8, 8, 3, 0, 8, 8]);
    train(w, 0);
    expect([...w.columns.computeUsed]).toEqual([0, 0, 8, 0, 3, 0, 0, 0]);
    expect([...w.columns.skillGain].map((gain) => gain > 0)).toEqual(
      [0, 0, 1, 0, 1, 0, 0, 0].map((one) => one === 1),
    );
    const { skill } = w.parameters.genesis;
    for (let i = 0; i < 8; i++) {
      const learned = [...w.columns.skill.subarray(4 * i, 4 * i + 4)];
      expect(learned).toEqual(i < 6 ? [skill + w.columns.skillGain[i]!, skill, skill, skill] : [0, 0, 0, 0]);
    }
  });

  it('trains with what was left of the compute, and forgets the gains of the last tick', () => {
    const w = many(2, 2);
    w.columns.mode.set([MODE.train, MODE.idle]);
    w.columns.computeUsed.set([5, 0]);
    w.columns.skillGain.fill(77);
    train(w, 0);
    expect([...w.columns.computeUsed]).toEqual([8, 0]);
    const { skill } = w.parameters.genesis;
    expect([...w.columns.skillGain]).toEqual([trainingGain(methods[0]!, 3, 0, skill), 0]);
  });

  it('counts agents, labels and gains by method, tick after tick', () => {
    const w = many(6, 6);
    w.columns.mode.fill(MODE.train);
    w.columns.method.set([0, 0, 1, 2, 2, 3]);
    const gains = [0, 0, 0, 0];
    for (let tick = 0; tick < 2; tick++) {
      startTick(w, tick);
      train(w, tick);
      w.columns.skillGain.forEach((gain, i) => {
        gains[w.columns.method[i]!]! += gain;
      });
    }
    const of = (from: number): number[] => [...w.columns.total.subarray(from, from + METHODS.length)];
    expect(of(TOTAL.methodTicks)).toEqual([4, 2, 4, 2]);
    expect(of(TOTAL.methodLabels)).toEqual([8, 0, 4, 0]);
    expect(of(TOTAL.methodSkill)).toEqual(gains);
    expect(w.columns.total[TOTAL.labels]).toBe(12);
  });

  it('adds to what is already due, up to the most that a bill can hold', () => {
    const w = many(2, 2);
    w.columns.mode.fill(MODE.train);
    w.columns.bill.set([11, U32_MAX - 5]);
    train(w, 0);
    expect([...w.columns.bill]).toEqual([11 + 100, U32_MAX]);
  });

  it('gains as much per class as the skill of that class leaves to learn, with the data that it owns', () => {
    const w = many(2, 2);
    w.columns.mode.fill(MODE.train);
    w.columns.method.fill(1);
    w.columns.taskClass.set([3, 1]);
    w.columns.data.set([0, 5000]);
    w.columns.skill.set([9, 9, 9, 2 ** 31, 9, 2 ** 30, 9, 9]);
    train(w, 0);
    const [own, other] = [
      trainingGain(methods[1]!, 8, 0, 2 ** 31),
      trainingGain(methods[1]!, 8, 5000, 2 ** 30),
    ];
    expect([...w.columns.skillGain]).toEqual([own, other]);
    expect([...w.columns.skill]).toEqual([9, 9, 9, 2 ** 31 + own, 9, 2 ** 30 + other, 9, 9]);
  });
});

describe.each(PATHS)('depreciation by %s', (_, passes) => {
  it('takes its share of every skill of the living in every tick, whatever they do', () => {
    const w = testWorld({ slots: 2, living: 1, passes, world: { training: { depreciation: 0.01 } } });
    w.columns.skill.fill(2 ** 31);
    w.columns.mode[0] = MODE.idle;
    train(w, 0);
    const left = 2 ** 31 - Math.floor((2 ** 31 * Math.floor(0.01 * 2 ** 32)) / 2 ** 32);
    expect([...w.columns.skill]).toEqual([left, left, left, left, 2 ** 31, 2 ** 31, 2 ** 31, 2 ** 31]);
  });

  it.each([0, 1e-9, 0.0004, 0.0006, 0.3, 0.999])('of %d is exact whatever the skill', (share) => {
    const w = testWorld({ slots: 6, passes, world: { training: { depreciation: share } } });
    const skills = [0, 1, 2, 1000, 2 ** 20 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, U32_MAX];
    w.columns.skill.forEach((_skill, k) => {
      w.columns.skill[k] = skills[k % skills.length]!;
    });
    w.columns.mode.fill(MODE.idle);
    train(w, 0);
    const { depreciation } = w.parameters.training;
    w.columns.skill.forEach((left, k) => {
      const q = skills[k % skills.length]!;
      expect(left).toBe(q - Number((BigInt(q) * BigInt(depreciation)) >> 32n));
    });
  });

  it('stops with training where that is off', () => {
    const w = testWorld({ slots: 1, passes, world: { training: { enabled: false, depreciation: 0.01 } } });
    const before = [...w.columns.skill];
    w.columns.mode[0] = MODE.train;
    train(w, 0);
    expect([...w.columns.skill]).toEqual(before);
  });
});
