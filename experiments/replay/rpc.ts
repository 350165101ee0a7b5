/** JSON-RPC over HTTP, one call or many in one request. */
import { inBrief } from '../../sim/core/brief.ts';
import { DarwinError, EXIT, UsageError } from '../../sim/core/errors.ts';
import { answerProblem } from './rpcAnswers.ts';

/** Characters of what a chain says that an error repeats. */
const SAID_MAX = 300;
/** What a chain says on one line, without what could steer a terminal. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, SAID_MAX);

/** The chain answered a call with an error. Exit code 1. */
export class RpcError extends DarwinError {
  readonly code = 'rpc';
  readonly exitCode = EXIT.checkFailed;
  /** What a reverted call returned. */
  readonly data: unknown;
  /** Code of the error by JSON-RPC 2.0 and EIP-1474; undefined where there is none. */
  readonly number: number | undefined;

  constructor(
    method: string,
    message: string,
    data?: unknown,
    number?: number,
    hint = 'the log of the node may say more',
  ) {
    super(`${method}: ${printable(message)}`, hint);
    this.data = data;
    this.number = number;
  }
}

/** The chain did not answer. Exit code 3. */
export class NodeDownError extends DarwinError {
  readonly code = 'node-down';
  readonly exitCode = EXIT.environment;
}

/** The chain refuses to answer so many questions. Exit code 3. */
class RateLimitedError extends DarwinError {
  readonly code = 'rate-limited';
  readonly exitCode = EXIT.environment;
}

export interface RpcRequest {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** An answer as it came: whether it has this form is to be seen. */
interface RpcAnswer {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

const TIMEOUT_MS = 60_000;
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;
/** `limit exceeded` of EIP-1474. */
const LIMIT_EXCEEDED = -32005;
/** Pauses after a question that was one too many grow from the first to the second; then follows the last attempt. */
const PAUSE_LEAST_MS = 250;
const PAUSE_MOST_MS = 16_000;

export class Rpc {
  readonly url: string;
  /** Times that the chain asked for a pause. */
  limited = 0;
  private nextId = 1;

  constructor(url: string) {
    this.url = url;
  }

  /**
   * One call.
   *
   * @throws RpcError for an error that the chain answers with, NodeDownError when there is no answer
   */
  async call<T = unknown>(method: string, params: readonly unknown[] = []): Promise<T> {
    const [answer] = await this.batch([{ method, params }]);
    if (answer instanceof Error) throw answer;
    return answer as T;
  }

  /**
   * Many calls in one request; each result, or the error it met, in their order. Where the chain limits the rate of
   * questions, those are asked again after a pause.
   *
   * @throws NodeDownError when there is no answer, RateLimitedError where pauses do not help, UsageError where the address
   * answers with another protocol
   */
  async batch(requests: readonly RpcRequest[]): Promise<unknown[]> {
    let answers = await this.ask(requests);
    for (let pause = PAUSE_LEAST_MS; ; pause *= 2) {
      const again = requests.flatMap((_, k) => (isLimit(answers[k]) ? [k] : []));
      if (again.length === 0) return answers;
      if (pause > PAUSE_MOST_MS) return answers;
      await this.pause(pause);
      const late = await this.ask(again.map((k) => requests[k]!));
      answers = answers.map((answer, k) => (again.includes(k) ? late[again.indexOf(k)] : answer));
    }
  }

  private async ask(requests: readonly RpcRequest[]): Promise<unknown[]> {
    const from = this.nextId;
    this.nextId += requests.length;
    const calls = requests.map(({ method, params }, k) => ({
      jsonrpc: '2.0',
      id: from + k,
      method,
      params,
    }));
    const answers = await this.post(calls.length === 1 ? calls[0] : calls);
    // a request that is refused as a whole gets one error for all
    const all = isList(answers) ? undefined : answers.error;
    const byId = new Map((isList(answers) ? answers : [answers]).map((answer) => [answer.id, answer]));
    return requests.map(({ method }, k) => resultOf(method, byId.get(from + k), all));
  }

  private async post(body: unknown): Promise<RpcAnswer | readonly RpcAnswer[]> {
    const text = JSON.stringify(body);
    for (let pause = PAUSE_LEAST_MS; ; pause *= 2) {
      const { status, retryAfter, answer } = await this.send(text);
      if (answer !== null && status !== TOO_MANY_REQUESTS) return answer;
      // the address may hold an access key: only its host is named
      const host = hostOf(this.url);
      if (status !== TOO_MANY_REQUESTS) {
        if (status >= SERVER_ERROR)
          throw new NodeDownError(`the chain at ${host} does not answer: HTTP ${status}`, 'is it running?');
        throw new UsageError(`${host} answers HTTP ${status} and no JSON-RPC`, 'check --rpc');
      }
      if (pause > PAUSE_MOST_MS)
        throw new RateLimitedError(
          `the chain at ${host} answers no more questions: HTTP ${status}`,
          'try later, or another provider',
        );
      await this.pause(Math.min(PAUSE_MOST_MS, Math.max(pause, 1000 * retryAfter)));
    }
  }

  private async pause(ms: number): Promise<void> {
    this.limited++;
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** One exchange; the answer is null where it is no JSON. */
  private async send(
    body: string,
  ): Promise<{ status: number; retryAfter: number; answer: RpcAnswer | readonly RpcAnswer[] | null }> {
    let text: string;
    let response: Response;
    try {
      response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await response.text();
    } catch (cause) {
      throw new NodeDownError(`the chain at ${hostOf(this.url)} does not answer`, 'is it running?', {
        cause,
      });
    }
    const seconds = Number(response.headers.get('retry-after') ?? 0);
    return {
      status: response.status,
      retryAfter: Number.isFinite(seconds) ? seconds : 0,
      answer: answerOf(text),
    };
  }
}

const isList = (answers: RpcAnswer | readonly RpcAnswer[]): answers is readonly RpcAnswer[] =>
  Array.isArray(answers);
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function answerOf(text: string): RpcAnswer | readonly RpcAnswer[] | null {
  try {
    const answer: unknown = JSON.parse(text);
    return isObject(answer) && (!Array.isArray(answer) || answer.every(isObject)) ? answer : null;
  } catch {
    return null;
  }
}

/** The result of one call, or the error that it met. */
function resultOf(method: string, answer: RpcAnswer | undefined, all: unknown): unknown {
  const error = answer?.error ?? all;
  if (error !== undefined && error !== null) return errorOf(method, error);
  if (answer === undefined) return wrongAnswer(method, 'no answer');
  const expected = answerProblem(method, answer.result);
  if (expected === null) return answer.result;
  return wrongAnswer(method, `the answer is not ${expected}: ${shown(answer.result)}`);
}

/** The error of an answer that no node may give. */
const wrongAnswer = (method: string, problem: string): RpcError =>
  new RpcError(
    method,
    problem,
    undefined,
    undefined,
    'give a node as --rpc that keeps the Ethereum JSON-RPC specification',
  );

const shown = (value: unknown): string => (value === undefined ? 'nothing' : inBrief(value));

/** The error of an answer, whatever form it has. */
function errorOf(method: string, error: unknown): RpcError {
  const { message, data, code } = (isObject(error) ? error : { message: error }) as {
    readonly message?: unknown;
    readonly data?: unknown;
    readonly code?: unknown;
  };
  const text = typeof message === 'string' ? message : shown(error);
  return new RpcError(method, text, data, typeof code === 'number' ? code : undefined);
}

/** Whether a chain answered that it was asked too often. */
const isLimit = (answer: unknown): boolean =>
  answer instanceof RpcError && (answer.number === LIMIT_EXCEEDED || answer.number === TOO_MANY_REQUESTS);

/** Host and port of an address, without what may be secret in it. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'an address that is none';
  }
}
