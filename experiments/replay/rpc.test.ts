import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../sim/core/errors.ts';
import { NodeDownError, Rpc, RpcError } from './rpc.ts';

interface Reply {
  readonly status?: number;
  /** Text, or what is made of the questions. */
  readonly body: string | ((questions: { id: number; method: string }[]) => unknown);
}
let server: Server;
afterEach(() => server.close());

/** A chain that gives these answers, one a request, the last one again and again. */
async function answering(...replies: Reply[]): Promise<Rpc> {
  let asked = 0;
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (part) => {
      text += part;
    });
    request.on('end', () => {
      const { status = 200, body } = replies[Math.min(asked++, replies.length - 1)]!;
      const questions = [JSON.parse(text)].flat() as { id: number; method: string }[];
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body(questions)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new Rpc(`http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-key`);
}

const one = (result: unknown): Reply => ({ body: ([q]) => ({ jsonrpc: '2.0', id: q!.id, result }) });

describe('a chain', () => {
  it('that is asked too often is asked again after a pause', async () => {
    const rpc = await answering({ status: 429, body: 'Too Many Requests' }, one('0x7'));
    expect(await rpc.call('eth_chainId')).toBe('0x7');
    expect(rpc.limited).toBe(1);
  });

  it('that refuses some questions of a request as too many is asked those again', async () => {
    const rpc = await answering(
      {
        body: (questions) =>
          questions.map(({ id, method }) =>
            method === 'second'
              ? { id, error: { code: -32005, message: 'limit exceeded' } }
              : { id, result: method },
          ),
      },
      { body: ([q]) => ({ id: q!.id, result: `${q!.method} again` }) },
    );
    const requests = ['first', 'second', 'third'].map((method) => ({ method, params: [] }));
    expect(await rpc.batch(requests)).toEqual(['first', 'second again', 'third']);
  });

  it('that takes no requests of several questions refuses each of them', async () => {
    const rpc = await answering({
      body: () => ({ id: null, error: { code: -32600, message: 'no batches' } }),
    });
    const answers = await rpc.batch(['a', 'b'].map((method) => ({ method, params: [] })));
    expect(answers.map(String)).toEqual(['RpcError: a: no batches', 'RpcError: b: no batches']);
    expect(answers[0]).toBeInstanceOf(RpcError);
  });

  it.each([
    ['null', 'null', UsageError, 'no JSON-RPC'],
    ['a list that holds none', '[null, 5]', UsageError, 'no JSON-RPC'],
    ['another question', '{"id":99,"result":"0x1"}', RpcError, 'no answer'],
    [
      'no amount',
      '{"id":1,"result":{"toString":1}}',
      RpcError,
      'the answer is not an amount: {"toString":1}',
    ],
    ['nothing', '{"id":1}', RpcError, 'the answer is not an amount: nothing'],
    ['an error in text', '{"id":1,"error":"no\\nmore"}', RpcError, '"no more"'],
    ['an error of another form', '{"id":1,"error":{"message":[1]}}', RpcError, '{"message":"[...]"}'],
  ])('that answers %s is at fault, in one line', async (_, body, kind, problem) => {
    const rpc = await answering({ body });
    const error = (await rpc.call('eth_getBalance').catch((e: unknown) => e)) as RpcError;
    expect(error).toBeInstanceOf(kind);
    expect(error.line).toContain(problem.replaceAll('"no more"', 'no'));
    expect(error.line).not.toMatch(/\p{Cc}/u);
    expect(error.hint).not.toBe('');
  });

  it('is named by its host alone where it is none, or is down', async () => {
    for (const [status, kind] of [
      [401, UsageError],
      [200, UsageError],
      [502, NodeDownError],
    ] as const) {
      const rpc = await answering({ status, body: '<html>no</html>' });
      const error = await rpc.call('eth_chainId').catch((e: unknown) => e);
      expect(error).toBeInstanceOf(kind);
      expect((error as Error).message).toMatch(new RegExp(`127\\.0\\.0\\.1:\\d+ .*HTTP ${status}`));
      expect((error as Error).message).not.toContain('secret');
      server.close();
    }
  });
});
