import { describe, expect, it } from 'vitest';
import { U32_MAX } from '../../sim/core/units.ts';
import { circulate, startTick } from '../circulation.ts';
import { ASSET, SYSTEM } from '../columns.ts';
import { REASON } from '../ledger.ts';
import { testWorld } from '../testWorld.ts';
import { bankFloat, courtIsBank } from './bank.ts';

const WORLDS: readonly [string, object, number][] = [
  ['bets to a target', { randomExchange: { kind: 'bets', target: 20 } }, 3 * 20_000],
  ['endless bets', { randomExchange: { kind: 'bets' } }, 3 * U32_MAX],
  ['kelly bets, whatever the target', { randomExchange: { kind: 'kelly', target: 20 } }, 3 * U32_MAX],
  ['contests', { contest: { enabled: true } }, 2 ** 52],
];

describe('the court', () => {
  it.each(WORLDS)('is a bank where there are %s, and keeps its money', (_, config, float) => {
    const world = testWorld({ slots: 3, world: config });
    expect(courtIsBank(world.parameters)).toBe(true);
    expect(bankFloat(world.parameters)).toBe(float);
    startTick(world, 0);
    circulate(world, 0);
    expect(world.balances.systemCash[SYSTEM.court]).toBe(float);
  });

  it.each(['off', 'kinetic', 'saving', 'yardSale'])(
    'is none where exchange is %s, and returns what it got',
    (kind) => {
      const world = testWorld({ slots: 3, world: { randomExchange: { kind } } });
      expect(bankFloat(world.parameters)).toBe(0);
      const { ledger } = world;
      ledger.transfer(ASSET.cash, 0, ledger.system(SYSTEM.court), 77, REASON.subsistence);
      startTick(world, 0);
      circulate(world, 0);
      expect(world.balances.systemCash[SYSTEM.court]).toBe(0);
    },
  );
});
