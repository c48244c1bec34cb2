/**
 * The size gate of @backchannel/client: everything it exports, minified and gzipped, as a site that bundles it pays.
 */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT_KB = Number(process.env.CLIENT_LIMIT_KB ?? 16);

const built = await build({
  configFile: false,
  logLevel: 'error',
  build: {
    write: false,
    minify: true,
    lib: { entry: fileURLToPath(new URL('../client/src/index.ts', import.meta.url)), formats: ['es'] },
  },
});
const code = built[0].output.map((chunk) => chunk.code ?? '').join('');
const kb = gzipSync(code, { level: 9 }).length / 1000;
console.log(`${kb.toFixed(1).padStart(7)} kB  @backchannel/client, limit ${LIMIT_KB} kB`);
if (kb > LIMIT_KB) process.exit(1);
