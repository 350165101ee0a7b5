/** What watches the fills of the markets; a run records them as its trades table. */
export interface TradeSink {
  /** Whether the fills of this tick are wanted; asked once per market and tick. */
  wants(tick: number): boolean;
  /**
   * One fill.
   *
   * @param buyer slot of the buying agent, CONSUMERS for tasks
   * @param seller slot of the selling agent
   * @param taskClass class of the tasks; 0 for compute
   * @param quantity cu or tasks
   * @param price milli-token per unit
   */
  fill(
    tick: number,
    market: 'compute' | 'service',
    buyer: number,
    seller: number,
    taskClass: number,
    quantity: number,
    price: number,
  ): void;
}

/** The buyer that stands for the consumers in a fill. */
export const CONSUMERS = 0xffff_ffff;
