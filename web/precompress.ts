import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const COMPRESSIBLE = /\.(?:js|css|svg|json)$/;
/** Smaller files do not gain from compression. */
const MIN_BYTES = 1024;

/** Writes `.br` and `.gz` beside every text file of the build, so that the server need not compress at run time. */
export function precompress(): Plugin {
  let outDir = '';
  return {
    name: 'backchannel:precompress',
    apply: 'build',
    configResolved(config) {
      outDir = config.build.outDir;
    },
    async closeBundle() {
      for (const name of await readdir(outDir, { recursive: true })) {
        const path = join(outDir, name);
        if (!COMPRESSIBLE.test(name) || (await stat(path)).size < MIN_BYTES) continue;
        const body = await readFile(path);
        const brotli = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
        await Promise.all([writeFile(`${path}.br`, brotli), writeFile(`${path}.gz`, gzipSync(body, { level: 9 }))]);
      }
    },
  };
}
