/** Entry point of a process of apart.ts: founds its worlds, then advances them when it is told to. */
import process from 'node:process';
import { assert } from '../../sim/core/assert.ts';
import { Shard } from '../../sim/shard.ts';
import type { ApartReply, ApartStart, ApartTurn } from './apart.ts';

assert(process.send !== undefined, 'apartProcess.ts runs as a child process only');
let shard: Shard | null = null;
process.on('message', (told: ApartStart | ApartTurn) => {
  if ('run' in told) {
    shard = new Shard(told.run, told.worlds);
    return;
  }
  assert(shard !== null, 'a process is told its worlds first');
  const { agentSteps } = shard.advance(told.toTick);
  process.send?.({ agentSteps } satisfies ApartReply);
});
// without its parent it would never end
process.on('disconnect', () => process.exit());
