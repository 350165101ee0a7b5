import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../sim/core/errors.ts';
import { asked } from './asking.ts';

describe('a question to a server under load', () => {
  let server: Server;
  afterEach(() => server.close());

  /** A server that breaks so many connections before it answers with a status. */
  async function breaking(broken: number, status: number): Promise<string> {
    let left = broken;
    server = createServer((request, response) => {
      if (left-- > 0) request.socket.resetAndDestroy();
      else response.writeHead(status).end('four');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it('is asked again where its connection breaks, once', async () => {
    expect((await asked(await breaking(1, 200))).bytes.byteLength).toBe(4);
  });

  it.each([
    ['nothing answers', 2, 200, /is not answered: Error: read ECONNRESET/],
    ['the answer is a failure', 0, 503, /is answered with HTTP 503/],
  ])('fails in one line where %s', async (_, broken, status, problem) => {
    const answer = asked(await breaking(broken, status));
    await expect(answer).rejects.toThrow(EnvironmentError);
    await expect(answer).rejects.toThrow(problem);
  });
});
