import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { worldParameters } from '../../../configs/arms.ts';
import { launchBrowser } from '../../../viz/browser.ts';
import { CLOCK } from './batch.ts';
import { layOutDevice } from './layout.ts';
import { configOf, PARITY_CASES, type ParityCase } from './parityWorlds.ts';
import { shaderOf } from './phase.ts';
import { DEVICE_PHASES } from './phases/index.ts';

const INDUCED: ParityCase = {
  what: 'induced values',
  slots: 20,
  ticks: 0,
  world: { induced: { enabled: true }, serviceMarket: { enabled: false } },
};

/** The fast tier is content with worlds that have every phase between them. */
const CASES = [
  ...(process.env.CI === 'true'
    ? PARITY_CASES
    : PARITY_CASES.filter(({ what }) => /^(every mechanism|courts)/.test(what))),
  INDUCED,
];

/** The texts that the engine compiles for worlds of these kinds, each once, by phase. */
function shaderTexts(): Map<string, string> {
  const texts = new Map([[CLOCK, 'clock']]);
  for (const each of CASES) {
    const p = worldParameters(configOf(each, 'page'))[0]!;
    const layout = layOutDevice(p);
    for (const phase of DEVICE_PHASES.values())
      if (phase.idle?.(p) !== true) texts.set(shaderOf(phase, layout, p), `${phase.name}, ${each.what}`);
  }
  return texts;
}

/** What a page is asked to compile, and what it found wrong. */
interface Shader {
  readonly name: string;
  readonly code: string;
}

/** Compiles shaders in the page; what its compiler says, a line an error. Runs in the browser. */
async function compileInPage(shaders: readonly Shader[]): Promise<string[]> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return ['the page has no GPU'];
  const device = await adapter.requestDevice();
  const found: string[] = [];
  for (const { name, code } of shaders) {
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ label: name, code });
    const { messages } = await module.getCompilationInfo();
    for (const { type, lineNum, message } of messages)
      if (type === 'error') found.push(`${name}, line ${lineNum}: ${message}`);
    const refused = await device.popErrorScope();
    if (refused !== null && found.length === 0) found.push(`${name}: ${refused.message}`);
  }
  device.destroy();
  return found;
}

describe('in a browser with WebGPU', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchBrowser(null, ['--enable-unsafe-webgpu']);
    page = await browser.newPage();
    // pages of this machine's own may use a GPU, others only by encrypted connections
    await page.route('http://localhost/', (route) => route.fulfill({ contentType: 'text/html', body: '' }));
    await page.goto('http://localhost/');
  });
  afterAll(() => browser?.close());

  const compile = (shaders: readonly Shader[]): Promise<string[]> => page.evaluate(compileInPage, shaders);

  it('every shader of the engine compiles, the same texts as in Node', async () => {
    const shaders = [...shaderTexts()].map(([code, name]) => ({ name, code }));
    expect(new Set(shaders.map(({ name }) => name.split(',')[0]))).toEqual(
      new Set(['clock', ...DEVICE_PHASES.keys()]),
    );
    expect(await compile(shaders)).toEqual([]);
  });

  it('a shader with an error is found out', async () => {
    expect(await compile([{ name: 'wrong', code: 'fn f() -> u32 { return -1; }' }])).toEqual([
      expect.stringContaining('wrong, line 1'),
    ]);
  });
});
