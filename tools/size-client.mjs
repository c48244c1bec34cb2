/**
 * The size gate of @backchannel/client: everything it exports, minified and gzipped, as a site that bundles it pays.
 */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT_KB = 14;

// Not Vite's library mode, which leaves whitespace in: a site's own bundle does not.
const { output } = await build({
  configFile: false,
  logLevel: 'error',
  build: {
    write: false,
    rolldownOptions: {
      input: fileURLToPath(new URL('../client/src/index.ts', import.meta.url)),
      preserveEntrySignatures: 'strict',
    },
  },
});
const code = output.map((chunk) => chunk.code ?? '').join('');
const kb = gzipSync(code, { level: 9 }).length / 1000;
console.log(`${kb.toFixed(1).padStart(7)} kB  @backchannel/client, limit ${LIMIT_KB} kB`);
if (kb > LIMIT_KB) process.exit(1);
