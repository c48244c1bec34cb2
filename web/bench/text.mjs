/** `node web/bench/text.mjs`: measures the texts of `tests/timeline/shapes.ts` in this Node, in milliseconds. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const { output } = await build({
  configFile: false,
  logLevel: 'error',
  build: {
    write: false,
    minify: false,
    rollupOptions: { input: fileURLToPath(new URL('text.ts', import.meta.url)), preserveEntrySignatures: false },
  },
});
await import(`data:text/javascript;base64,${Buffer.from(output[0].code).toString('base64')}`);
