/**
 * A real Chromium for tests and benchmarks, whatever the machine has. CHROMIUM_PATH is taken at its word, then the
 * usual places are looked at, and a bare machine gets the browser that npm brought along.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { EnvironmentError } from '../sim/core/errors.ts';

/** Where systems put Chromium. */
const SYSTEM_PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Of the package, whether this runs from source or from `dist`. */
const ROOT = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '..' : '../..', import.meta.url));
/** One folder per version of the package, so that an update never meets old files. */
const CACHE = join(ROOT, 'node_modules/.cache/darwin-market/chromium-147.0.0');
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];

export interface BrowserPlace {
  readonly path: string;
  /** Variables that the browser needs beside those of this process. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * The browser to test with. Throws EnvironmentError when CHROMIUM_PATH names no file or the npm browser
 * cannot be unpacked.
 *
 * @param systemPaths where to look before falling back to npm's
 */
export async function findBrowser(systemPaths: readonly string[] = SYSTEM_PATHS): Promise<BrowserPlace> {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return { path: named, environment: {} };
    throw new EnvironmentError(
      `CHROMIUM_PATH names '${named}', which does not exist`,
      'unset it or correct it',
    );
  }
  const found = systemPaths.find((path) => existsSync(path));
  return found === undefined ? unpackedBrowser() : { path: found, environment: {} };
}

/**
 * Starts the browser with a fresh profile.
 *
 * @param place the browser; the one that findBrowser finds by default
 * @param flags beside those that every test starts it with
 */
export async function launchBrowser(
  place: BrowserPlace | null = null,
  flags: readonly string[] = [],
): Promise<Browser> {
  const { path, environment } = place ?? (await findBrowser());
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...process.env, ...environment })) {
    if (value !== undefined) env[name] = value;
  }
  return chromium.launch({ executablePath: path, args: [...FLAGS, ...flags], env });
}

/** The folder of npm's Chromium and of its libraries, SwiftShader and Vulkan's loader among them. */
export async function unpackedChromium(): Promise<string> {
  if (!existsSync(CACHE)) await unpack();
  return CACHE;
}

/** npm's @sparticuz/chromium with the NSS libraries and fonts that it carries for systems without any. */
async function unpackedBrowser(): Promise<BrowserPlace> {
  await unpackedChromium();
  return {
    path: join(CACHE, 'chromium'),
    environment: {
      LD_LIBRARY_PATH: join(CACHE, 'al2023/lib'),
      FONTCONFIG_FILE: join(CACHE, 'fonts.conf'),
    },
  };
}

/** Unpacks aside and renames, so that two test files never see half a browser. */
async function unpack(): Promise<void> {
  await mkdir(dirname(CACHE), { recursive: true });
  const stage = await mkdtemp(`${CACHE}-`);
  try {
    // The package unpacks to the temporary directory, and its libraries only where it believes to be on Lambda.
    await promisify(execFile)(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        "import chromium from '@sparticuz/chromium'; await chromium.executablePath();",
      ],
      { cwd: ROOT, env: { ...process.env, TMPDIR: stage, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' } },
    );
    await writeFile(
      join(stage, 'fonts.conf'),
      `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<dir>/usr/share/fonts</dir><dir>${CACHE}/fonts</dir><cachedir>${CACHE}/fonts-cache</cachedir></fontconfig>\n`,
    );
    await rename(stage, CACHE);
  } catch (cause) {
    await rm(stage, { recursive: true, force: true });
    // Another test file may have been faster; its copy is as good.
    if (existsSync(CACHE)) return;
    throw new EnvironmentError(
      'no browser was found and the one from npm could not be unpacked',
      'install Chromium or set CHROMIUM_PATH',
      { cause },
    );
  }
}
