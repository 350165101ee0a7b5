/** JSON-RPC over HTTP, one call or many in one request. */
import { DarwinError, EXIT } from '../../sim/core/errors.ts';

/** The chain answered a call with an error. Exit code 1. */
export class RpcError extends DarwinError {
  readonly code = 'rpc';
  readonly exitCode = EXIT.checkFailed;
  /** What a reverted call returned. */
  readonly data: unknown;

  constructor(method: string, message: string, data?: unknown) {
    super(`${method}: ${message}`);
    this.data = data;
  }
}

/** The chain did not answer. Exit code 3. */
export class NodeDownError extends DarwinError {
  readonly code = 'node-down';
  readonly exitCode = EXIT.environment;
}

export interface RpcRequest {
  readonly method: string;
  readonly params: readonly unknown[];
}

interface RpcAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly data?: unknown };
}

const TIMEOUT_MS = 60_000;

export class Rpc {
  readonly url: string;
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

  /** Many calls in one request; each result, or the error it met, in their order. */
  async batch(requests: readonly RpcRequest[]): Promise<unknown[]> {
    const from = this.nextId;
    this.nextId += requests.length;
    const calls = requests.map(({ method, params }, k) => ({
      jsonrpc: '2.0',
      id: from + k,
      method,
      params,
    }));
    const answers = await this.post(calls.length === 1 ? calls[0] : calls);
    const byId = new Map((Array.isArray(answers) ? answers : [answers]).map((a: RpcAnswer) => [a.id, a]));
    return requests.map(({ method }, k) => {
      const answer = byId.get(from + k);
      if (answer === undefined) return new RpcError(method, 'no answer');
      if (answer.error) return new RpcError(method, answer.error.message, answer.error.data);
      return answer.result;
    });
  }

  private async post(body: unknown): Promise<RpcAnswer | RpcAnswer[]> {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return (await response.json()) as RpcAnswer | RpcAnswer[];
    } catch (cause) {
      // the address may hold an access key: only its host is named
      throw new NodeDownError(`the chain at ${hostOf(this.url)} does not answer`, 'is it running?', {
        cause,
      });
    }
  }
}

/** Host and port of an address, without what may be secret in it. */
export function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return 'an address that is none';
  }
}
