/**
 * Deliberate corruptions, one or more for each law, to see the checker catch them: `darwin check --fault NAME` and
 * the tests. A fault strikes once, at the end of the first tick from FAULT_TICK on in which it can.
 */
import { GENE } from '../agents/columns.ts';
import { PRICE_LEVELS } from '../configs/worldParameters.ts';
import { ASSET, FREE_SLOT, SIDE, SPENDING, SWAP_FIELDS, SYSTEM, TOTAL, WORLD } from '../market/columns.ts';
import { REASON } from '../market/ledger.ts';
import { UsageError } from './core/errors.ts';
import { U32_MAX } from './core/units.ts';
import { LAWS } from './invariants.ts';
import type { World } from './world.ts';

export interface Fault {
  readonly name: string;
  /** The law that must catch it. */
  readonly law: string;
  readonly about: string;
  /** Corrupts the world; false when this tick gives no opportunity. */
  readonly strike: (world: World) => boolean;
}

/** First tick at whose end a fault may strike. */
export const FAULT_TICK = 5;

/** The first slot of which something holds, or -1. */
const slotWhere = (world: World, holds: (slot: number) => boolean): number => {
  for (let i = 0; i < world.parameters.slots; i++) if (holds(i)) return i;
  return -1;
};
const living = (world: World): number => slotWhere(world, (i) => world.columns.population[i] !== FREE_SLOT);
/** Corrupts the first slot of which something holds. */
const at = (world: World, holds: (slot: number) => boolean, corrupt: (slot: number) => void): boolean => {
  const slot = slotWhere(world, holds);
  if (slot >= 0) corrupt(slot);
  return slot >= 0;
};
const filled = (world: World, side: number): number =>
  slotWhere(world, (i) => world.columns.orderSide[i] === side && world.columns.orderFilled[i]! > 0);

export const FAULTS: readonly Fault[] = [
  {
    name: 'minted-token',
    law: 'conservation',
    about: 'an agent finds a milli-token that nobody paid',
    strike: (world) =>
      at(
        world,
        (i) => i === living(world),
        (i) => world.balances.token[i]!++,
      ),
  },
  {
    name: 'wrapped-balance',
    law: 'balances-in-range',
    about: 'a payment larger than a balance wraps it round',
    strike: (world) =>
      at(
        world,
        (i) => i === living(world),
        (i) => {
          world.balances.cash[i]! -= world.balances.cash[i]! + 1;
        },
      ),
  },
  {
    name: 'negative-treasury',
    law: 'balances-in-range',
    about: 'an account is overdrawn in favour of another',
    strike: ({ balances }) => {
      balances.systemCash[SYSTEM.consumers]! += balances.systemCash[SYSTEM.treasury]! + 1;
      balances.systemCash[SYSTEM.treasury] = -1;
      return true;
    },
  },
  {
    name: 'forgotten-escrow',
    law: 'escrow-empty',
    about: 'a payment stays in escrow',
    strike: ({ ledger, balances }) => {
      if (balances.systemToken[SYSTEM.treasury] === 0) return false;
      ledger.transfer(
        ASSET.token,
        ledger.system(SYSTEM.treasury),
        ledger.system(SYSTEM.escrow),
        1,
        REASON.compute,
      );
      return true;
    },
  },
  {
    name: 'stolen-compute',
    law: 'compute-used',
    about: 'an agent uses compute that it does not have',
    strike: (world) =>
      at(
        world,
        (i) => i === living(world),
        (i) => {
          world.columns.computeUsed[i] = U32_MAX;
        },
      ),
  },
  {
    name: 'sold-twice',
    law: 'bought-equals-sold',
    about: 'a unit of compute is sold to two buyers',
    strike: (world) => {
      const buyer = filled(world, SIDE.buy);
      if (buyer < 0) return false;
      world.columns.orderFilled[buyer]!++;
      world.columns.orderQuantity[buyer]!++;
      return true;
    },
  },
  {
    name: 'mutated-clearing',
    law: 'clearing',
    about: 'the auction stops one unit short of the largest volume',
    strike: ({ columns }) => {
      columns.bidHistogram[PRICE_LEVELS - 1]!++;
      columns.askHistogram[0]!++;
      return true;
    },
  },
  {
    name: 'beyond-limit',
    law: 'clearing',
    about: 'a buyer pays more than its limit',
    strike: (world) =>
      at(
        world,
        (i) => i === filled(world, SIDE.buy),
        (i) => {
          world.columns.orderLevel[i] = 0;
          world.columns.scalar[WORLD.computeLevel]! ||= 1;
        },
      ),
  },
  {
    name: 'dropped-order',
    law: 'clearing',
    about: 'the auction never counts an order that it admitted',
    strike: (world) =>
      at(
        world,
        (i) => world.columns.orderSide[i] === SIDE.buy && world.columns.orderFilled[i] === 0,
        (i) => {
          const { bidHistogram, orderLevel, orderQuantity } = world.columns;
          bidHistogram[orderLevel[i]!]! -= orderQuantity[i]!;
        },
      ),
  },
  {
    name: 'half-price',
    law: 'uniform-price',
    about: 'a buyer pays half of the clearing price',
    strike: (world) =>
      world.parameters.trust.regime !== 'programmatic' &&
      at(
        world,
        (i) => i === filled(world, SIDE.buy) && world.columns.orderAmount[i]! > 1,
        (i) => {
          world.columns.orderAmount[i] = world.columns.orderAmount[i]! >>> 1;
        },
      ),
  },
  {
    name: 'unwanted-task',
    law: 'tasks',
    about: 'consumers buy a task that costs more than it is worth to them',
    strike: (world) =>
      at(
        world,
        (i) => world.columns.offerSold[i]! > 0,
        (i) => {
          world.columns.offerAsk[i] = world.columns.offerWorth[i]! + 1;
        },
      ),
  },
  {
    name: 'underpaid-task',
    law: 'tasks',
    about: 'a seller receives half of what its tasks cost',
    strike: (world) =>
      at(
        world,
        (i) => world.columns.offerReceipt[i]! > 1,
        (i) => {
          world.columns.offerReceipt[i] = world.columns.offerReceipt[i]! >>> 1;
        },
      ),
  },
  {
    name: 'plundered-pool',
    law: 'amm-k',
    about: 'the pool pays out outside any swap',
    strike: ({ ledger, balances }) => {
      if (balances.systemToken[SYSTEM.amm] === 0) return false;
      ledger.transfer(
        ASSET.token,
        ledger.system(SYSTEM.amm),
        ledger.system(SYSTEM.consumers),
        1,
        REASON.redemption,
      );
      return true;
    },
  },
  {
    name: 'task-from-nothing',
    law: 'tasks',
    about: 'an agent sells more tasks than it offered',
    strike: (world) =>
      at(
        world,
        (i) => world.columns.tasksSold[i]! > 0,
        (i) => {
          world.columns.tasksSold[i] = world.columns.tasksOffered[i]! + 1;
        },
      ),
  },
  {
    name: 'leaking-pool',
    law: 'amm-k',
    about: 'a swap pays out more than the constant product allows',
    strike: ({ columns: { swapReserves } }) => {
      for (let row = 0; row < swapReserves.length; row += SWAP_FIELDS) {
        if (swapReserves[row]! === 0) continue;
        swapReserves[row + 2] = Math.floor(swapReserves[row + 2]! / 2);
        return true;
      }
      return false;
    },
  },
  {
    name: 'unlocked-slash',
    law: 'slashing-within-stake',
    about: 'more stake is slashed than was locked',
    strike: ({ columns: { slashed, stakeLocked } }) => {
      if (slashed.length === 0) return false;
      slashed[0] = stakeLocked[0]! + 1;
      return true;
    },
  },
  {
    name: 'locked-twice',
    law: 'slashing-within-stake',
    about: 'more stake is locked than an agent has',
    strike: ({ columns: { stakeOpened, stakeLocked } }) => {
      if (stakeLocked.length === 0) return false;
      stakeLocked[0] = stakeOpened[0]! + 1;
      return true;
    },
  },
  {
    name: 'forgiven-debt',
    law: 'claims-equal-liabilities',
    about: 'a debtor is let off and its creditors are not told',
    strike: ({ columns: { liabilities } }) => {
      const debt = liabilities.findIndex((owed) => owed > 0);
      if (debt < 0) return false;
      liabilities[debt]!--;
      return true;
    },
  },
  {
    name: 'embezzling-court',
    law: 'claims-equal-liabilities',
    about: 'the court spends what it holds for creditors',
    strike: ({ columns: { courtHeld }, balances }) => {
      let held = 0;
      for (const cash of courtHeld) held += cash;
      const { systemCash } = balances;
      if (held === 0) return false;
      const spent = systemCash[SYSTEM.court]! - held + 1;
      systemCash[SYSTEM.court]! -= spent;
      systemCash[SYSTEM.consumers]! += spent;
      return true;
    },
  },
  {
    name: 'free-hardware',
    law: 'capacity-total',
    about: 'an agent owns a unit of capacity that was never bought',
    strike: (world) =>
      at(
        world,
        (i) => i === living(world),
        (i) => world.columns.capacity[i]!++,
      ),
  },
  {
    name: 'printed-endowment',
    law: 'minted-equals-issued',
    about: 'a birth is paid with new money, correctly booked',
    strike: (world) =>
      at(
        world,
        (i) => i === living(world),
        (i) => world.ledger.mint(ASSET.cash, i, 1000, REASON.endowment),
      ),
  },
  {
    name: 'printed-issuance',
    law: 'minted-equals-issued',
    about: 'the token policy issues more than its rule allows, correctly booked and counted',
    strike: (world) =>
      at(
        world,
        (i) => i === living(world),
        (i) => {
          const amount = world.parameters.policy.issuancePerTick * (world.tick + 1) + 1;
          world.ledger.mint(ASSET.token, i, amount, REASON.issuance);
          world.columns.total[TOTAL.issued]! += amount;
        },
      ),
  },
  {
    name: 'copied-data',
    law: 'data-conserved',
    about: 'an agent copies a unit of data instead of buying it',
    strike: (world) =>
      at(
        world,
        (i) => i === living(world),
        (i) => world.columns.data[i]!++,
      ),
  },
  {
    name: 'pocketed-payment',
    law: 'welfare-accounting',
    about: 'a seller receives a milli-token less than consumers paid',
    strike: ({ columns: { spending } }) => {
      if (spending[SPENDING.receipts] === 0) return false;
      spending[SPENDING.receipts]!--;
      return true;
    },
  },
  {
    name: 'unbooked-spending',
    law: 'welfare-accounting',
    about: 'the statistics count a milli-token that no consumer spent',
    strike: ({ columns: { total } }) => {
      total[TOTAL.spentToken]!++;
      return true;
    },
  },
  {
    name: 'uncounted-death',
    law: 'population-balance',
    about: 'a death is counted that did not happen',
    strike: ({ columns }) => {
      columns.total[TOTAL.deaths]!++;
      return true;
    },
  },
  {
    name: 'ghost',
    law: 'empty-slots',
    about: 'an empty slot keeps its identity',
    strike: (world) =>
      at(
        world,
        (i) => world.columns.population[i] === FREE_SLOT,
        (i) => {
          world.agents.serial[i] = 1;
        },
      ),
  },
  {
    name: 'inflated-reward',
    law: 'unit-norm',
    about: 'a genome is scaled up',
    strike: (world) =>
      at(
        world,
        (i) => world.brain.columns.active[i] === 1,
        (i) => {
          for (let gene = GENE.linear; gene < GENE.hidden; gene++)
            world.agents.genes[gene * world.parameters.slots + i]! *= 2;
        },
      ),
  },
  {
    name: 'broken-softmax',
    law: 'probabilities',
    about: 'a policy stops being a distribution',
    strike: (world) =>
      at(
        world,
        (i) => world.brain.columns.active[i] === 1 && !world.brain.isFresh(i),
        (i) => {
          world.brain.writeRows('probability', i, new Float32Array(32).fill(Number.NaN));
        },
      ),
  },
  {
    name: 'lost-ancestor',
    law: 'price-equation',
    about: 'the census forgets an agent that has descendants',
    strike: (world) =>
      at(
        world,
        (i) =>
          world.agents.censusAlive[i] === 1 &&
          world.agents.censusAncestor[i] === i &&
          world.agents.censusTrait[i] !== 0,
        (i) => {
          world.agents.censusAlive[i] = 0;
        },
      ),
  },
];

/** A fault on its way. */
export interface FaultHook {
  /** For `TickHooks.afterPhase`. */
  readonly afterPhase: (world: World, phase: string) => void;
  readonly hasStruck: () => boolean;
}

/**
 * What strikes once, in the first world of a shard that gives an opportunity.
 *
 * @throws UsageError for an unknown name
 */
export function faultHook(name: string): FaultHook {
  const fault = FAULTS.find((candidate) => candidate.name === name);
  if (fault === undefined) {
    throw new UsageError(`no fault is called '${name}'`, `known: ${FAULTS.map((f) => f.name).join(', ')}`);
  }
  // rare laws would otherwise see a corruption that the next phases have already washed out
  const every = LAWS.find((law) => law.name === fault.law)!.every;
  let struck = false;
  return {
    afterPhase: (world, phase) => {
      if (struck || phase !== 'live' || world.tick < FAULT_TICK || world.tick % every !== 0) return;
      struck = fault.strike(world);
    },
    hasStruck: () => struck,
  };
}
