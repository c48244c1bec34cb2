import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { sourceConditions } from '../conditions.ts';
import { iconImports } from './iconImports.ts';
import { chunkOf } from './lazyChunks.ts';
import { precompress } from './precompress.ts';
import { serviceWorker } from './serviceWorker.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env['BACKCHANNEL_DEV_SERVER'] ?? 'http://127.0.0.1:8000';
const proxied = { target: server, changeOrigin: false };

/**
 * Two entries, both in `manifest.json`:
 * - `src/theme.ts`: a few lines without imports, loaded by a blocking `<script src>` in the head so that the first
 * paint has the right theme. The page's CSP forbids inline scripts.
 * - `src/main.tsx`: the app, as `<script type="module">` with its stylesheets.
 */
export default defineConfig(({ command }) => ({
  root: here('.'),
  // The development server serves the app at the root, as its routes expect; only it uses index.html.
  base: command === 'build' ? '/static/web/' : '/',
  plugins: [iconImports(), react(), tailwindcss(), serviceWorker(), precompress()],
  resolve: { conditions: sourceConditions },
  build: {
    outDir: here('../server/backchannel/web/dist'),
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'baseline-widely-available',
    // The page's CSP forbids `data:` URLs outside images, so small files are not inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { theme: here('src/theme.ts'), main: here('src/main.tsx') },
      // What two lazy chunks share: in a third chunk, a failed import of it could not be retried (src/app/lazyWithRetry.ts).
      output: { codeSplitting: { groups: [{ name: chunkOf(here('src/main.tsx')) }] } },
    },
  },
  // Pre-bundle these at the start: the dev server reloads the page when it discovers a dependency later.
  optimizeDeps: { entries: ['src/main.tsx', 'src/features/timeline/markdown/highlight.ts'] },
  server: {
    proxy: {
      '/api': proxied,
      '/account': proxied,
      '/_allauth': proxied,
      '/ws': { target: server, ws: true },
    },
  },
}));
