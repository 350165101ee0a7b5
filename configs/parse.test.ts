import { describe, expect, it } from 'vitest';
import { ConfigError } from '../sim/core/errors.ts';
import { type Override, parseSet } from './overrides.ts';
import { parseConfig, resolveConfig } from './parse.ts';
import { BUILT_IN, extendRegistry } from './registry.ts';
import { isNear } from './suggestions.ts';

/** The one line that a user sees for a config that must be refused. */
function lineOf(text: string, overrides: readonly Override[] = [], file = 'a.yaml'): string {
  try {
    parseConfig(text, { file, overrides });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).line).not.toContain('\n');
    return (error as ConfigError).line;
  }
  throw new Error('the config was accepted');
}

describe('a valid config', () => {
  it('gets every default that it leaves out', () => {
    const { arms, armLabels } = parseConfig('ticks: 10\n');
    expect(arms).toHaveLength(1);
    expect(armLabels).toEqual(['base']);
    expect(arms[0]).toMatchObject({ ticks: 10, seed: 'darwin', slots: 128 });
    expect(arms[0]!.world.amm.token).toBe(200_000);
    expect(arms[0]!.populations).toMatchObject([{ name: 'learners', kind: 'learner', reward: 'random' }]);
  });

  it('may be given as a plain object, which is left untouched', () => {
    const input = { ticks: 5, world: { amm: { token: [1000, 2000] } } };
    const { arms } = resolveConfig(input, { overrides: [parseSet('world.energy.price=0.5')] });
    expect(arms.map((arm) => arm.world.amm.token)).toEqual([1000, 2000]);
    expect(arms[1]!.world.energy.price).toBe(0.5);
    expect(input).toEqual({ ticks: 5, world: { amm: { token: [1000, 2000] } } });
  });

  it('resolves to itself: a resolved arm is a valid config', () => {
    const { arms } = parseConfig('world:\n  amm:\n    token: [1000, 3000]\n');
    for (const arm of arms) expect(resolveConfig(arm).arms).toEqual([arm]);
  });

  it('may use names that were registered at run time', () => {
    const registry = extendRegistry(BUILT_IN, { environments: ['customWorld'] });
    const text = 'world: { environment: { kind: customWorld } }';
    expect(parseConfig(text, { registry }).arms[0]!.world.environment.kind).toBe('customWorld');
    expect(() => parseConfig(text)).toThrow(ConfigError);
  });
});

describe('a wrong config is refused in one line with place, key, value, rule and suggestion', () => {
  const cases: [title: string, text: string, parts: string[]][] = [
    [
      'an unknown key',
      'ticks: 5\nworld:\n  amm:\n    tokne: 5\n',
      ['a.yaml:4:5', 'unknown key `world.amm.tokne`', 'did you mean `token`?'],
    ],
    [
      'a key of another section',
      'world:\n  swapShare: 0.5\n',
      ['a.yaml:2:3', 'did you mean `world.consumers.swapShare`?'],
    ],
    [
      'a key like no other',
      'qqqqqqqqqqqq: 1\n',
      ['a.yaml:1:1', 'unknown key `qqqqqqqqqqqq`', 'keys here: name'],
    ],
    ['a word for a number', 'ticks: many\n', ['a.yaml:1:8', '`ticks` is `many`', 'a whole number from 1 to']],
    ['a quoted number', "ticks: '100'\n", ['`ticks` is `100`', 'write 100']],
    ['a number with underscores', 'ticks: 1_000\n', ['`1_000`', 'write 1000']],
    ['a fraction for a count', 'ticks: 1.5\n', ['`ticks` is `1.5`', 'whole number']],
    [
      'a negative amount',
      'world:\n  energy:\n    price: -1\n',
      ['a.yaml:3:12', '`world.energy.price` is `-1`', 'from 0 to'],
    ],
    [
      'a negative population share',
      'populations:\n  - name: a\n    kind: learner\n    share: -3\n',
      ['a.yaml:4:12', '`populations[0].share` is `-3`', 'from 0 to'],
    ],
    ['a share above one', 'world: { consumers: { swapShare: 1.5 } }', ['`1.5`', 'from 0 to 1']],
    [
      'an unknown choice',
      'populations:\n  - name: a\n    kind: lerner\n',
      ['a.yaml:3:11', '`lerner`', 'one of learner, random', 'did you mean `learner`?'],
    ],
    [
      'an unknown environment',
      'world: { environment: { kind: contextBandit } }',
      ['did you mean `contextualBandit`?'],
    ],
    [
      'yes for true',
      'world:\n  amm:\n    enabled: yes\n',
      ['a.yaml:3:14', '`yes`', 'true or false', 'write true'],
    ],
    ['an empty section', 'world:\n  amm:\n', ['a.yaml:2:7', '`world.amm` is empty', 'a section of keys']],
    [
      'a missing name',
      'populations:\n  - kind: learner\n',
      ['a.yaml:2:5', '`populations[0].name` is missing'],
    ],
    ['no populations', 'populations: []\n', ['`populations`', 'at least 1 entries']],
    [
      'two populations of one name',
      'populations:\n  - {name: a, kind: learner}\n  - {name: a, kind: random}\n',
      ['a.yaml:3:12', '`populations[1].name` is `a`', 'populations[0]'],
    ],
    [
      'lists of unequal length',
      'world:\n  amm:\n    token: [1, 2]\n    cash: [1, 2, 3]\n',
      ['a.yaml:4:11', '3 values', '2'],
    ],
    ['an empty list', 'world: { amm: { token: [] } }', ['`world.amm.token` is an empty list']],
    [
      'a list where arms cannot differ',
      'ticks: [10, 20]\n',
      ['a.yaml:1:8', '`ticks` is `[10,20]`', 'whole run'],
    ],
    [
      'a bad value in a list',
      'world:\n  amm:\n    token: [5, -5]\n',
      ['a.yaml:3:16', '`world.amm.token` is `-5`'],
    ],
    ['bad indentation', 'world:\n  amm:\n token: 3\n', ['a.yaml:2:7', 'not valid YAML', 'same column']],
    ['an unclosed list', 'world: [1, 2\n', ['a.yaml:', 'not valid YAML']],
    ['a key given twice', 'ticks: 1\nticks: 2\n', ['a.yaml:2:1', 'not valid YAML']],
    ['an empty file', '# nothing\n', ['a.yaml:1:1', 'empty', 'darwin config init']],
    ['a list instead of a section', '- 1\n', ['a.yaml:1:1', 'a section of keys']],
    [
      'a broken relation between constants',
      'world:\n  computeMarket:\n    priceMin: 5\n    priceMax: 5\n',
      ['a.yaml:4:15', '`world.computeMarket.priceMax`', '256 distinct prices'],
    ],
    [
      'more money than a ledger holds',
      'world: { treasury: { reserveEndowments: 1000000000 }, genesis: { token: 260000 } }',
      ['`world', 'lower'],
    ],
  ];
  it.each([
    ['a.yaml', false],
    ['a.YML', false],
    ['a.json', false],
    ['runs.old/economy', false],
    ['README.md', true],
    ['run.yaml.txt', true],
  ])('a YAML error of %s asks whether another file is meant: %s', (file, asks) => {
    expect(lineOf('world: [1, 2\n', [], file).includes('is another file meant')).toBe(asks);
  });

  it.each(cases)('%s', (_, text, parts) => {
    const line = lineOf(text);
    for (const part of parts) expect(line).toContain(part);
  });

  const odd: [title: string, text: string, parts: string[]][] = [
    [
      'a section that says how it becomes text, among arms',
      'world: { trust: { regime: [none, { toString: 1, valueOf: 1 }] } }\n',
      ['a.yaml:1:', '`world.trust.regime` is `{"toString":1,"valueOf":1}`', 'must be one of'],
    ],
    [
      'the same where a choice is expected',
      'world: { trust: { regime: { toString: 1, valueOf: 1 } } }\n',
      ['a.yaml:1:', '`world.trust.regime` is `{"toString":1,"valueOf":1}`', 'must be one of'],
    ],
    [
      'an infinite number that no rule is known of',
      'interventions: [{ tick: 5, path: world.serviceMarket.demand, value: [.inf, 6] }]\n',
      ['`.inf` is not a number here', 'give a finite number'],
    ],
    ['a list inside itself', 'name: &x [*x]\n', ['a.yaml:1:11', '`name[0]` contains itself', 'alias']],
    ['a section inside itself', 'world: &w\n  amm: *w\n', ['a.yaml:2:8', '`world.amm` contains itself']],
    ['a config inside itself', '&all\nworld: *all\n', ['a.yaml:2:8', '`world` contains itself']],
    ['an alias without anchor', 'ticks: *nothing\n', ['a.yaml:', 'not valid YAML', 'nothing']],
    ['a second document', 'ticks: 5\n---\nticks: 6\n', ['a.yaml:2:1', 'second YAML document', '`---`']],
    [
      'not a number',
      'ticks: .nan\n',
      ['a.yaml:1:8', '`ticks` is `.nan`: `.nan` is not a number here', 'whole'],
    ],
    [
      'infinity',
      'world: { energy: { price: .inf } }',
      ['`world.energy.price` is `.inf`', 'not a number here'],
    ],
    ['minus infinity for text', 'seed: -.inf\n', ['a.yaml:1:7', '`-.inf` is not a number here', 'text']],
    [
      'not a number in one arm',
      'world: { amm: { token: [5, .NaN] } }',
      ['a.yaml:1:28', '`world.amm.token[1]` is `.nan`'],
    ],
    [
      'nesting without end',
      `name: ${'['.repeat(40)}${']'.repeat(40)}\n`,
      ['a.yaml:1:7', 'more than 32 levels'],
    ],
    ['nesting beyond the parser', `name: ${'['.repeat(20_000)}`, ['a.yaml:1:', 'more than 32 levels']],
    ['a binary file', 'ticks: 5\nPK\u0003\u0004\u0000', ['a.yaml:2:3', 'not a text file', '\\x03', 'YAML']],
    ['a sequence for terminals', '# \u001b[2J\n', ['a.yaml:1:3', 'not a text file', '\\x1b']],
    ['one written as YAML', '"\\e[2J\\u009b": 1\n', ['a.yaml:1:1', 'unknown key `\\x1b[2J\\x9b`']],
    ['one as a value', 'ticks: "\\a"\n', ['a.yaml:1:8', '`ticks` is `\\x07`']],
  ];
  it.each(odd)('%s', (_, text, parts) => {
    const line = lineOf(text);
    for (const part of parts) expect(line).toContain(part);
    expect(line).not.toMatch(/\p{Cc}/u);
  });

  it('an endless key is shortened', () => {
    expect(lineOf(`${'k'.repeat(900)}: 1\n`)).toContain(`unknown key \`${'k'.repeat(57)}...\``);
  });

  it('tabs, line ends of any system and an anchor used beside itself are fine', () => {
    const text = '# a\tb\r\nseed: &s "x\ty"\r\nname: *s\r\n';
    expect(parseConfig(text).arms[0]!.name).toBe('x\ty');
  });

  it('a plain object inside itself', () => {
    const raw: Record<string, unknown> = { ticks: 5 };
    raw.world = raw;
    expect(() => resolveConfig(raw)).toThrow('`world` contains itself');
  });

  it('an override that is no number, or holds itself', () => {
    expect(lineOf('ticks: 1', [parseSet('ticks=.nan')])).toContain('--set ticks=.nan: `ticks` is `.nan`');
    expect(lineOf('ticks: 1', [parseSet('world=&x [*x]')])).toContain('`world[0]` contains itself');
  });

  it('suggests only names that a typing error can have changed', () => {
    for (const [a, b] of [
      ['c', 'ci'],
      ['tokne', 'token'],
      ['Quikstart', 'quickstart'],
      ['ic', 'cic'],
    ] as const)
      expect(isNear(a, b)).toBe(true);
    for (const [a, b] of [
      ['x', 'ci'],
      ['a', 'b'],
      ['abc', 'ci'],
      ['token', 'price'],
    ] as const)
      expect(isNear(a, b)).toBe(false);
    expect(lineOf('world: { environment: { kind: somethingElse } }')).not.toContain('did you mean');
  });

  it('a problem in one arm points at that arm, one in a scalar at the scalar', () => {
    expect(lineOf('world:\n  amm: { token: [5, x] }\n')).toContain('a.yaml:2:21');
    expect(lineOf('world:\n  amm: { token: [5, 6], cash: x }\n')).toContain('a.yaml:2:31');
  });
});

describe('an override', () => {
  const text = 'populations:\n  - { name: a, kind: learner }\n  - { name: b, kind: random }\n';

  it('wins over the file and is read as YAML', () => {
    const overrides = [
      'ticks=7',
      'world.amm.enabled=false',
      'populations[1].share=3',
      'populations.a.share=2',
    ];
    const arm = parseConfig(`ticks: 5\n${text}`, { overrides: overrides.map(parseSet) }).arms[0]!;
    expect(arm.ticks).toBe(7);
    expect(arm.world.amm.enabled).toBe(false);
    expect(arm.populations.map((p) => p.share)).toEqual([2, 3]);
  });

  it('may be a list with one value per arm', () => {
    const run = parseConfig(text, { overrides: [parseSet('populations.b.markup=[0.1, 0.2]')] });
    expect(run.arms.map((arm) => arm.populations[1]!.markup)).toEqual([0.1, 0.2]);
    expect(run.armLabels).toEqual(['b.markup=0.1', 'b.markup=0.2']);
  });

  it('reaches the default population', () => {
    const run = parseConfig('ticks: 5', { overrides: [parseSet('populations[0].markup=0.5')] });
    expect(run.arms[0]!.populations[0]).toMatchObject({ name: 'learners', markup: 0.5 });
  });

  it.each([
    ['world.amm.tokne=5', ['--set world.amm.tokne=5', 'unknown path', 'did you mean `world.amm.token`?']],
    ['amm.token=5', ['did you mean `world.amm.token`?']],
    ['tick=5', ['did you mean `ticks`?']],
    ['world.amm.token=-5', ['--set world.amm.token=-5', '`world.amm.token` is `-5`']],
    ['populations.z.share=1', ['has no entry `z`', '0 (a)']],
    ['populations[2].share=1', ['has no entry `2`']],
    ['populations[0]=[]', ['`populations[0]` is `[]`, must be a section of keys', 'keys here: name, ']],
    ['__proto__.x=1', ['unknown path']],
    ['ticks=', ['`ticks` is empty']],
  ])('%s is refused with its origin and the nearest path', (set, parts) => {
    const line = lineOf(text, [parseSet(set)]);
    for (const part of parts) expect(line).toContain(part);
  });

  it.each(['ticks', '=5', 'ticks=[1'])('%s is refused before any config is read', (set) => {
    expect(() => parseSet(set)).toThrow(ConfigError);
  });
});

describe('an option without end', () => {
  it.each([
    ['a value', `world.amm.token=[1, ${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}]`],
    ['a path', `${'world.'.repeat(2000)}x=1`],
    ['an entry', `populations.${'x'.repeat(2000)}.share=1`],
    ['text that is no assignment', 'x'.repeat(20_000)],
  ])('is told by its head and tail: %s', (_, option) => {
    const line = (() => {
      try {
        return lineOf('populations: [{ name: a, kind: learner }]\n', [parseSet(option)]);
      } catch (error) {
        return (error as ConfigError).line;
      }
    })();
    expect(line).toContain(`--set ${option.slice(0, 20)}`);
    expect(line.length).toBeLessThan(1000);
  });
});

describe('an entry that an override does not find', () => {
  it('is refused with the entries that there are, whatever their names are', () => {
    const text = 'populations: [{ name: a, kind: learner }, { name: { toString: 1 }, kind: ziC }]\n';
    expect(lineOf(text, [parseSet('populations.z.share=1')])).toContain(
      'has no entry `z` (entries: 0 (a), 1)',
    );
  });
});
