import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, test } from 'vitest';
import { Allowance } from './allowance.ts';
import type { RunControl } from './controlApi.ts';
import { controlRoutes } from './controlRoutes.ts';

test('changes beyond the rate are told to wait and change nothing; questions are not counted', async () => {
  let now = 0;
  let stops = 0;
  const stop = async (): Promise<string> => `run-${++stops}`;
  const control: Partial<RunControl> = { stop, numbers: () => [] };
  const allowance = new Allowance({ burst: 2, perSecond: 1 }, () => now);
  const app = express().use(controlRoutes(control as RunControl, () => true, allowance));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const headers = { 'Content-Type': 'application/json' };
  const ask = () => fetch(`${url}/stop`, { method: 'POST', headers, body: '{}' });
  try {
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
    const refused = await ask();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect((await refused.json()).error.message).toContain('requests a second');
    for (let k = 0; k < 5; k++) expect((await fetch(`${url}/numbers`)).status).toBe(200);
    now = 1000;
    expect(await (await ask()).json()).toEqual({ run: 'run-3' });
    expect(stops).toBe(3);
  } finally {
    server.close();
  }
});
