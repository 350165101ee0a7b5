import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULTS } from '../sim/faults.ts';
import { assertCompiled, darwin } from './compiled.ts';

beforeAll(assertCompiled);

// empty, so that no file there is taken for the preset
const work = mkdtempSync(join(tmpdir(), 'darwin-check-'));
afterAll(() => rmSync(work, { recursive: true }));

describe.concurrent('darwin check exits with 1', () => {
  it.each(FAULTS.map(({ name, law }) => [law, name] as const))(
    'when %s is broken by %s',
    async (law, name) => {
      const args = ['check', 'ci', '--ticks', '60', '--threads', '1', '--fault', name, '--json'];
      const { code, stdout, stderr } = await darwin(args, work);
      expect(code, stderr).toBe(1);
      const result = JSON.parse(stdout);
      expect(result).toMatchObject({ pass: false, status: 'failed', finalHash: null });
      expect(result.violation).toMatchObject({ law, world: expect.any(Number), tick: expect.any(Number) });
      expect(result.violation.account).not.toBe('');
    },
  );
});
