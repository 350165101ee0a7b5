import { describe, expect, it } from 'vitest';
import { boardWords, helpTeam, Team } from './team.ts';

const boardOf = (threads: number) => new Int32Array(new SharedArrayBuffer(4 * boardWords(threads)));

describe('a team', () => {
  it('of one thread does every block of a phase once, in order', () => {
    for (const blocks of [0, 1, 63, 64, 65, 1000]) {
      const done: number[] = [];
      const team = new Team(boardOf(1), 1);
      for (let phase = 0; phase < 3; phase++)
        team.share(phase, 7, blocks, (from, to) => {
          for (let block = from; block < to; block++) done.push(block);
        });
      expect(done).toEqual([0, 1, 2].flatMap(() => Array.from({ length: blocks }, (_, block) => block)));
    }
  });

  it('takes chunks of threads that are behind', () => {
    // two helpers that come to the barrier without having done anything
    const board = boardOf(3);
    const team = new Team(board, 3);
    const done: number[] = [];
    const arrive = () => Atomics.store(board, 4, 0);
    team.share(0, 0, 500, (from, to) => {
      arrive();
      for (let block = from; block < to; block++) done.push(block);
    });
    expect(done).toEqual(Array.from({ length: 500 }, (_, block) => block));
  });

  it('leaves what others did alone: a helper that comes late finds nothing to do', () => {
    const board = boardOf(2);
    const worked: number[] = [];
    const work = () => {
      Atomics.store(board, 4, 0);
    };
    new Team(board, 2).share(5, 9, 300, work);
    // the helper's next phase ends its thread here
    class Ended extends Error {}
    const late = () =>
      helpTeam(board, 2, 1, (phase, tick, from) => {
        if (phase === 6) throw new Ended();
        worked.push(phase, tick, from);
      });
    board[1] = 6;
    board[3] = 64;
    expect(Atomics.load(board, 0)).toBe(1);
    board[16] = 0;
    board[32] = 0;
    expect(late).toThrow(Ended);
    expect(worked).toEqual([]);
  });

  it('says so when a helper has failed', () => {
    const board = boardOf(2);
    const team = new Team(board, 2);
    const share = () =>
      team.share(0, 0, 640, () => {
        Atomics.store(board, 5, 1);
        Atomics.store(board, 4, 0);
      });
    expect(share).toThrow('a thread that shares this world has failed');
  });
});
