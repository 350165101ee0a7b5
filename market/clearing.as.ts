// AssemblyScript, integers alone: the loops over agents of training.ts, serviceMarket.ts and computeMarket.ts, which
// are the specifications. An amount of an agent is u32, products and sums are u64, and nothing is rounded that is not
// rounded there. Comments in the parts say only what the specification cannot.

export { columns, parameters, results, log2Table, exp2Table } from './descriptor.as';
export { train } from './training.as';
export { sellTasks, payTasks } from './serviceMarket.as';
export { clearCompute, payCompute } from './computeMarket.as';
