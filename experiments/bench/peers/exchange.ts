/** Agents that exchange money in random pairs, beside the same model in npm's `flocc`. */
import { parseConfig } from '../../../configs/parse.ts';
import { EnvironmentError } from '../../../sim/core/errors.ts';
import { Shard } from '../../../sim/shard.ts';
import { BLANK_WORLD, QUIET_OUTPUT } from '../../validate/case.ts';
import { type PeerContender, timed } from './contender.ts';

type PeerModule = typeof import('flocc');

/** Units of money of each agent at the start. */
export const MEAN_MONEY = 20;

/**
 * The peer's module.
 *
 * @throws EnvironmentError when it is not installed
 */
export async function loadFlocc(): Promise<PeerModule> {
  return await import('flocc').catch((cause: unknown) => {
    throw new EnvironmentError(
      'comparing exchange economies needs the development dependency flocc',
      'npm install --save-dev flocc',
      { cause },
    );
  });
}

/**
 * The model as flocc's guides write one: an environment, agents with data, and a function that each of them runs in
 * every tick. Each agent that has money gives one unit to another one drawn at random.
 */
export function floccEconomy({ Agent, Environment, utils }: PeerModule, agents: number) {
  const environment = new Environment();
  const give = (agent: InstanceType<PeerModule['Agent']>): void => {
    if (agent.get('money') < 1) return;
    let other = agent;
    while (other === agent) other = utils.sample(environment.getAgents());
    agent.decrement('money');
    other.increment('money');
  };
  for (let k = 0; k < agents; k++) environment.addAgent(new Agent({ money: MEAN_MONEY, tick: give }));
  return environment;
}

/** The same economy of ours: as many exchanges a tick as agents, in two random matchings of all. */
export function ownEconomy(agents: number): Shard {
  const run = parseConfig(
    JSON.stringify({
      seed: 'peers',
      ticks: 1_000_000_000,
      worlds: 1,
      slots: agents,
      output: QUIET_OUTPUT,
      world: {
        ...BLANK_WORLD,
        genesis: { token: 0, cash: MEAN_MONEY / 1000, capacity: 0 },
        randomExchange: { kind: 'kinetic', stake: 0.001, roundsPerTick: 2 },
      },
      populations: [{ name: 'traders', kind: 'passive' }],
    }),
    { file: 'benchmark' },
  );
  return new Shard(run, [0]);
}

/** Both economies; a tick of all agents is a portion of work. */
export async function openExchanges(
  agents: number,
): Promise<{ ours: PeerContender[]; theirs: PeerContender }> {
  const from = performance.now();
  const environment = floccEconomy(await loadFlocc(), agents);
  const theirStartMs = performance.now() - from;
  const { made: shard, ms: ourStartMs } = timed(() => ownEconomy(agents));
  const [world] = [...shard.inside()];
  const contender = (engine: string, startMs: number, tick: (ticks: number) => void): PeerContender => ({
    engine,
    startMs,
    work: (amount) => ({ units: amount * agents, ms: timed(() => tick(amount)).ms }),
  });
  return {
    ours: [contender('darwin-market', ourStartMs, (ticks) => shard.advance(world!.tick + ticks))],
    theirs: contender('flocc', theirStartMs, (ticks) => environment.tick(ticks)),
  };
}
