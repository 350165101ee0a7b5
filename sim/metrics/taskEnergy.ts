/** What the energy of a tick's tasks cost (MODEL 10): service welfare is their value less this. */
import { type MarketWorld, SIDE } from '../../market/columns.ts';
import { energyShare } from '../../market/ownership.ts';
import { mulDiv, portion } from '../core/fixed.ts';
import { U32_MAX } from '../core/units.ts';

/**
 * Energy of the tasks that were sold in this tick, delivered or not, milli-cash. A seller of tasks uses what it rented
 * first, as in its bill. The rest runs on its own machine, at that machine's energy share; what it rented costs what the
 * tick's sellers of compute pay for a unit on average, since nobody knows whose machine ran which task. Rounded down
 * once a machine and once for all that was rented; where size saves no energy, tasks x cuPerTask x price. Both
 * auctions' records tell, which births and deaths leave alone.
 */
export function taskEnergy({ parameters, columns }: MarketWorld): number {
  const { served, offerSold, orderFilled, orderSide, opened } = columns;
  const { cuPerTask } = parameters.serviceMarket;
  const { price } = parameters.energy;
  let tasks = 0;
  for (let c = 0; c < served.length; c++) tasks += served[c]!;
  if (tasks === 0 || parameters.ownership.scaleLog2 === 0) return tasks * cuPerTask * price;
  const shares = sharesOf(parameters.ownership);
  let energy = 0;
  let rented = 0;
  let sold = 0;
  let soldEnergy = 0;
  for (let i = 0; i < parameters.slots; i++) {
    const used = offerSold[i]! * cuPerTask;
    const filled = orderFilled[i]!;
    if (used === 0 && filled === 0) continue;
    const hired = orderSide[i] === SIDE.buy ? Math.min(used, filled) : 0;
    const capacity = opened[i]!;
    const share = capacity < shares.length ? shares[capacity]! : energyShare(parameters.ownership, capacity);
    energy += portion(Math.min(U32_MAX, (used - hired) * price), share);
    rented += hired;
    if (orderSide[i] !== SIDE.sell) continue;
    sold += filled;
    soldEnergy += portion(Math.min(U32_MAX, filled * price), share);
  }
  return rented === 0 ? energy : energy + mulDiv(soldEnergy, rented, sold);
}

/** Capacities whose energy share is kept: logarithms for each machine in each tick took 2 % of a run. */
const KEPT = 1024;
type Ownership = MarketWorld['parameters']['ownership'];
const kept = new WeakMap<Ownership, Uint32Array>();

/** Energy share by capacity, 2^-32. */
function sharesOf(ownership: Ownership): Uint32Array {
  let shares = kept.get(ownership);
  if (shares === undefined) {
    shares = Uint32Array.from({ length: KEPT }, (_, capacity) => energyShare(ownership, capacity));
    kept.set(ownership, shares);
  }
  return shares;
}
