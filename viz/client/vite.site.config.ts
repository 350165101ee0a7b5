import { fileURLToPath } from 'node:url';
import { mergeConfig, type Plugin } from 'vite';
import page from './vite.config.ts';

/** What server.ts sends as headers, for hosts that send none; the engine compiles WebAssembly. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** The same document with another entry. */
const entry: Plugin = {
  name: 'page-without-server',
  transformIndexHtml: {
    order: 'pre',
    handler: (html) =>
      html
        .replace('src="./main.ts"', 'src="./site/main.ts"')
        .replace(
          '<meta name="color-scheme"',
          `<meta http-equiv="Content-Security-Policy" content="${POLICY}" />\n    $&`,
        ),
  },
};

/** The page and the engine as a folder of files that any host serves, below any path. */
export default mergeConfig(page, {
  plugins: [entry],
  worker: { format: 'es' },
  build: { outDir: fileURLToPath(new URL('../../dist/site', import.meta.url)) },
});
