import { describe, expect, it } from 'vitest';
import { parseConfig } from '../configs/parse.ts';
import { FREE_SLOT, MODE } from '../market/columns.ts';
import { Shard } from '../sim/shard.ts';
import { REWARD_FEATURES } from './columns.ts';
import { type FeatureValue, registerRewardFeature } from './ownFeatures.ts';

const TICKS = 150;
const IDLE = REWARD_FEATURES.indexOf('idle');
const feature = (name: string, range: readonly [number, number] = [-1, 1]) => ({
  name,
  formula: 'a test',
  range,
});

registerRewardFeature(feature('idleAgain'), ({ columns }, _, agent) =>
  columns.mode[agent] === MODE.idle ? 1 : 0,
);
registerRewardFeature(feature('tooLarge', [-0.5, 0.25]), (_, tick) => (tick % 2 === 0 ? 7 : -7));
registerRewardFeature(feature('nothing'), () => Number.NaN);
// what a module without types gives that forgets to return
registerRewardFeature(feature('forgotten'), (() => {}) as unknown as FeatureValue);
registerRewardFeature(feature('broken'), () => {
  throw new TypeError('x is undefined');
});

/** A small world that has lived for some ticks, and the hash of its state. */
function live(extensions: string, ticks = TICKS) {
  const run = parseConfig(`
seed: own features
ticks: ${ticks}
slots: 24
world: { demography: { meanLife: 100 }, serviceMarket: { demand: 8 } }
${extensions}`);
  const shard = new Shard(run, [0]);
  shard.advance(ticks);
  const [world] = shard.inside();
  return { world: world!, hash: shard.hashes()[0] };
}
const inPlaceOf = (name: string, replaces = 'idle'): string =>
  `extensions: { rewardFeatures: [{ name: ${name}, replaces: ${replaces} }] }`;

describe('a reward feature of one’s own', () => {
  it('that says what the built-in one says changes no bit of a run', () => {
    expect(live(inPlaceOf('idleAgain')).hash).toBe(live('').hash);
    expect(live(inPlaceOf('tooLarge')).hash).not.toBe(live('').hash);
  });

  it.each([
    ['even', 2, 0.25],
    ['odd', 3, -0.5],
  ])('is what learners are told, within its range: after %s ticks', (_, ticks, clipped) => {
    const { agents, columns, parameters } = live(inPlaceOf('tooLarge'), ticks + 1).world;
    // newcomers have been told nothing yet
    const old = Array.from(agents.bornAt.keys()).filter(
      (agent) => columns.population[agent] !== FREE_SLOT && agents.bornAt[agent] === 0,
    );
    const told = old.map((agent) => agents.features[IDLE * parameters.slots + agent]);
    expect(new Set(told)).toEqual(new Set([clipped]));
  });

  it.each(['nothing', 'forgotten'])(
    'that is not a number ends the run, with its name and the place: %s',
    (name) => {
      expect(() => live(inPlaceOf(name))).toThrow(
        new RegExp(`^reward feature '${name}' is not a number at tick 0, world 0, agent \\d+$`),
      );
    },
  );

  it('that throws ends the run as the fault of its own code', () => {
    expect(() => live(inPlaceOf('broken'))).toThrow("reward feature 'broken' failed: x is undefined");
  });

  it.each([
    ['idle', [-1, 1], 'is built in'],
    ['tooLarge', [-1, 1], 'already registered'],
    ['beyond', [-1.5, 1], 'is -1.5 to 1, not within -1 to 1'],
    ['empty', [1, 1], 'is 1 to 1, not within -1 to 1'],
  ] as const)('is refused as %s of %j', (name, range, message) => {
    const value: FeatureValue = () => 0;
    expect(() => registerRewardFeature(feature(name, range), value)).toThrow(message);
  });

  it.each([
    [inPlaceOf('unheard'), '`extensions.rewardFeatures[0].name` is `unheard`, which is not registered'],
    [inPlaceOf('nothing', 'idel'), 'did you mean `idle`?'],
    [
      'extensions: { rewardFeatures: [{ name: nothing, replaces: idle }, { name: tooLarge, replaces: idle }] }',
      '`extensions.rewardFeatures[1].replaces` is `idle` a second time',
    ],
    [
      'extensions: { rewardFeatures: [{ name: nothing, replaces: idle }, { name: nothing, replaces: fill }] }',
      '`extensions.rewardFeatures[1].name` is `nothing` a second time',
    ],
  ])('is refused in a config: %s', (text, message) => {
    expect(() => parseConfig(text)).toThrow(
      expect.objectContaining({ line: expect.stringContaining(message) }),
    );
  });
});
