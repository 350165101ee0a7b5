/** Where strategies trade: the simulator's pool, or one on a chain (chainVenue.ts). */

import { ASSET } from '../../market/accounts.ts';
import { amountOutNumber } from '../../market/amm.ts';
import type { Holdings, Order } from './strategy.ts';

/** What became of an order. */
export interface Fill {
  /** done: swapped; reverted: the pool refused it, below the limit for example; skipped: never sent, for its fee or the cap; lost: a block that held it was reverted. */
  readonly outcome: 'done' | 'reverted' | 'skipped' | 'lost';
  /** milli-units received. */
  readonly out: number;
  /** wei paid for gas. */
  readonly fee: bigint;
  readonly gas: number;
}

/** An order and whose it is; trader k of the venue. */
export interface Placed extends Order {
  readonly trader: number;
  /** Least output, milli-units. */
  readonly least: number;
}

export interface Venue {
  reserves(): Promise<Holdings>;
  holdings(trader: number): Promise<Holdings>;
  /** Carries out the orders of a tick in their order. */
  trade(orders: readonly Placed[]): Promise<Fill[]>;
}

/** Output of an order at reserves, milli-units. */
export const quote = (give: Order['give'], amount: number, { token, cash }: Holdings): number =>
  give === ASSET.token ? amountOutNumber(amount, token, cash) : amountOutNumber(amount, cash, token);

/** A pool in the simulator's integers, without fees of a chain or anything that could go wrong. */
export class SimulatedVenue implements Venue {
  private pool: Holdings;
  private readonly owned: Holdings[];

  constructor(pool: Holdings, owned: readonly Holdings[]) {
    this.pool = pool;
    this.owned = [...owned];
  }

  async reserves(): Promise<Holdings> {
    return this.pool;
  }

  async holdings(trader: number): Promise<Holdings> {
    return this.owned[trader]!;
  }

  async trade(orders: readonly Placed[]): Promise<Fill[]> {
    return orders.map(({ trader, give, amount, least }) => {
      const out = quote(give, amount, this.pool);
      if (out === 0 || out < least) return { outcome: 'reverted', out: 0, fee: 0n, gas: 0 };
      const [token, cash] = give === ASSET.token ? [amount, -out] : [-out, amount];
      const own = this.owned[trader]!;
      this.pool = { token: this.pool.token + token, cash: this.pool.cash + cash };
      this.owned[trader] = { token: own.token - token, cash: own.cash - cash };
      return { outcome: 'done', out, fee: 0n, gas: 0 };
    });
  }
}

/** A pool that is not there yet: what strategies own and the reserves stand still, and no order is sent. */
export class StillVenue implements Venue {
  private readonly pool: Holdings;
  private readonly owned: readonly Holdings[];

  constructor(pool: Holdings, owned: readonly Holdings[]) {
    this.pool = pool;
    this.owned = owned;
  }

  async reserves(): Promise<Holdings> {
    return this.pool;
  }

  async holdings(trader: number): Promise<Holdings> {
    return this.owned[trader]!;
  }

  async trade(orders: readonly Placed[]): Promise<Fill[]> {
    return orders.map(() => ({ outcome: 'skipped', out: 0, fee: 0n, gas: 0 }));
  }
}
