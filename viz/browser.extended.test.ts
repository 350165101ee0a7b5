import { expect, test, vi } from 'vitest';
import { findBrowser, launchBrowser } from './browser.ts';

test('on a machine without Chromium the one from npm is unpacked and draws a page', async () => {
  vi.stubEnv('CHROMIUM_PATH', '');
  const browser = await launchBrowser(await findBrowser([]));
  try {
    const page = await browser.newPage();
    await page.setContent('<p style="font: 40px sans-serif; display: inline-block">word</p>');
    // Text has a width only where a font was found.
    expect((await page.locator('p').boundingBox())!.width).toBeGreaterThan(40);
    expect((await page.screenshot()).length).toBeGreaterThan(500);
  } finally {
    await browser.close();
    vi.unstubAllEnvs();
  }
});
