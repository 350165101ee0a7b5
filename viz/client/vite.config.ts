import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The page is a handful of files that server.ts serves; relative, so that it also works below a path. */
export default defineConfig({
  root: here('.'),
  base: './',
  publicDir: false,
  build: {
    outDir: here('../../dist/viz/client'),
    emptyOutDir: true,
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // Inlined assets would be data: URLs, which the page's content security policy forbids for scripts.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
});
