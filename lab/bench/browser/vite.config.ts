import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { sourceConditions } from '../../../conditions.ts';

/** The plain list as one file, which the benchmark answers with where the browser asks for its page. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  logLevel: 'warn',
  resolve: { conditions: sourceConditions },
  build: {
    outDir: fileURLToPath(new URL('../../../.cache/bench/plain', import.meta.url)),
    emptyOutDir: true,
    rollupOptions: {
      input: fileURLToPath(new URL('plain.ts', import.meta.url)),
      output: { entryFileNames: 'plain.js' },
    },
  },
});
