/** What a node must answer to each method (Ethereum JSON-RPC specification): a wrong form is its fault, and told as such. */

/** Whether an answer has the form that a method promises. */
type Check = (answer: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

const text =
  (form: RegExp): Check =>
  (answer) =>
    typeof answer === 'string' && form.test(answer);
/** Nodes may write leading zeros, although the specification has none. */
const quantity = text(/^0x[0-9a-f]{1,64}$/i);
const data = text(/^0x(?:[0-9a-f]{2})*$/i);
const hash = text(/^0x[0-9a-f]{64}$/i);
const address = text(/^0x[0-9a-f]{40}$/i);
const orNothing =
  (check: Check): Check =>
  (answer) =>
    answer === null || answer === undefined || check(answer);
const listOf =
  (check: Check): Check =>
  (answer) =>
    Array.isArray(answer) && answer.every(check);
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (answer) =>
    typeof answer === 'object' &&
    answer !== null &&
    Object.entries(checks).every(([key, check]) => check((answer as Fields)[key]));

const receipt = fields({
  status: quantity,
  gasUsed: quantity,
  effectiveGasPrice: quantity,
  transactionHash: hash,
  contractAddress: orNothing(address),
  blockNumber: quantity,
  transactionIndex: quantity,
  logs: listOf(fields({ address, topics: listOf(hash), data })),
});
const block = fields({ number: quantity, hash, timestamp: quantity, baseFeePerGas: orNothing(quantity) });
const isNothing: Check = (answer) => answer === null;
const eitherOf =
  (...checks: Check[]): Check =>
  (answer) =>
    checks.some((check) => check(answer));

const ANSWERS: Readonly<Record<string, readonly [what: string, check: Check]>> = {
  eth_blockNumber: ['a number', quantity],
  eth_call: ['data', data],
  eth_estimateGas: ['an amount of gas', quantity],
  eth_gasPrice: ['a price', quantity],
  eth_getBalance: ['an amount', quantity],
  eth_getBlockByNumber: ['a block', eitherOf(isNothing, block)],
  eth_getBlockReceipts: ['receipts', listOf(receipt)],
  eth_getTransactionByHash: ['a transaction', eitherOf(isNothing, fields({}))],
  eth_getTransactionCount: ['a number', quantity],
  eth_getTransactionReceipt: ['a receipt', eitherOf(isNothing, receipt)],
  eth_maxPriorityFeePerGas: ['a price', quantity],
  eth_sendRawTransaction: ['a hash', hash],
};

/** What a method should have answered where it did not; null where the answer can be used. */
export function answerProblem(method: string, answer: unknown): string | null {
  const known = Object.hasOwn(ANSWERS, method) ? ANSWERS[method] : undefined;
  return known === undefined || known[1](answer) ? null : known[0];
}
