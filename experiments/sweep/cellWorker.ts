/** Entry point of a worker thread that runs the cells of a sweep. */
import { parentPort } from 'node:worker_threads';
import { assert } from '../../sim/core/assert.ts';
import { serveTasks } from '../taskPool.ts';
import { type Cell, runCell } from './cell.ts';

assert(parentPort !== null, 'cellWorker.ts runs in a worker thread only');
serveTasks(parentPort, (cell: Cell) => runCell(cell));
